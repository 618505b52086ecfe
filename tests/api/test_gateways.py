"""Vendors at their doors: signed bodies move states and answer duties; the unknown is kept."""

import hashlib
import hmac
import json
from typing import Any

import pytest
import sqlalchemy as sa

from app.dispatch.tables import ReceiptRow
from tests.api.conftest import WANLING, Web
from tests.support.world import SECRET

pytestmark = pytest.mark.anyio


async def post(web: Web, door: str, body: Any, *, secret: str = SECRET) -> Any:
    """Post as the plain channel's vendor does: signed over ``t.body``."""
    raw = json.dumps(body).encode()
    stamp = int(web.world.clock.now().timestamp())
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
    headers = {"Jiaoying-Signature": f"t={stamp},v1={mac}", "Content-Type": "application/json"}
    return await web.client().post(f"/api/v1/gateways/{door}", content=raw, headers=headers)


async def test_a_pressed_key_is_an_answer_and_a_receipt_moves_its_delivery(web: Web) -> None:
    await web.world.issues("red", WANLING)
    asked = await web.world.duty(WANLING)
    (call,) = web.world.phones.to(await web.world.number(asked.a_person))
    at = web.world.clock.now().isoformat()
    told = await post(
        web, "voice/receipts", {"key": call.key, "state": "delivered", "at": at, "event_id": "e1"}
    )
    assert told.status_code == 200, told.text
    assert [row.state for row in await web.world.deliveries(key=call.key)] == ["delivered"]
    pressed = await post(
        web, "voice/replies", {"from": call.to, "digit": "1", "key": call.key, "at": at, "event_id": "e2"}
    )
    assert pressed.status_code == 200
    met = await web.world.duty(WANLING)
    assert (met.state, met.via) == ("met", "voice")
    again = await post(
        web, "voice/replies", {"from": call.to, "digit": "1", "key": call.key, "at": at, "event_id": "e2"}
    )
    assert again.status_code == 200


async def test_an_unknown_id_is_kept_and_counted_and_answered_like_any_other(web: Web) -> None:
    at = web.world.clock.now().isoformat()
    told = await post(
        web,
        "sms/receipts",
        [{"id": "nobody", "state": "failed", "at": at, "event_id": f"e{n}"} for n in range(3)],
    )
    assert told.status_code == 200
    async with web.world.db.reading() as session:
        kept = await session.scalar(
            sa.select(sa.func.count()).select_from(ReceiptRow).where(ReceiptRow.delivery_id.is_(None))
        )
    assert kept == 3
    assert 'jiaoying_receipts_unmatched_total{channel="sms"}' in (await web.client().get("/metrics")).text


async def test_who_cannot_sign_is_refused_and_an_unknown_channel_is_none(bare: Web) -> None:
    at = bare.world.clock.now().isoformat()
    receipt = {"key": "k", "state": "delivered", "at": at, "event_id": "e"}
    wrong = await post(bare, "sms/receipts", receipt, secret="another secret altogether")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "bad-signature")
    assert (await post(bare, "nonsense/receipts", receipt)).status_code == 404
    unsigned = await bare.client().post("/api/v1/gateways/sms/receipts", json=receipt)
    assert unsigned.status_code == 401
    big = await bare.client().post("/api/v1/gateways/sms/receipts", content=b"x" * (1024 * 1024 + 1))
    assert (big.status_code, big.json()["code"]) == (413, "too-large")
