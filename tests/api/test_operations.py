"""Alive, ready and counted: what a machine asks of the process, and what it is told when all is not well."""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import beats, main
from app.api import schema
from app.channels import registry as channels
from app.settings import Settings
from tests.api.conftest import WANLING, Web
from tests.support.world import entries, secrets

pytestmark = pytest.mark.anyio


async def stamp(web: Web, revision: str | None = None) -> None:
    """Give the database its revision, as a migration does."""
    async with web.world.db.raw() as connection:
        await connection.execute(
            sa.text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)")
        )
        await connection.execute(sa.text("DELETE FROM alembic_version"))
        await connection.execute(
            sa.text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision or schema.head()}
        )


async def test_alive_needs_nothing(bare: Web) -> None:
    assert (await bare.client().get("/healthz")).json() == {"status": "alive"}


async def test_ready_needs_the_schema_and_a_database_that_takes_writes(bare: Web) -> None:
    client = bare.client()
    async with bare.world.db.raw() as connection:
        await connection.execute(sa.text("DROP TABLE alembic_version"))
    unready = await client.get("/readyz")
    assert unready.status_code == 503
    assert not unready.json()["checks"]["schema"]["ok"]
    assert "retry-after" in unready.headers
    await stamp(bare, "0000")
    assert (await client.get("/readyz")).status_code == 503
    await stamp(bare)
    ready = await client.get("/readyz")
    assert ready.status_code == 200, ready.text
    body = ready.json()
    assert body["mode"] == "simulated"
    assert {"database", "schema", "beats", "channels", "numbers", "clock"} <= set(body["checks"])
    assert not body["checks"]["channels"]["ok"]


async def test_what_falls_silent_is_named_and_does_not_take_the_desk_away(bare: Web) -> None:
    await stamp(bare)
    async with bare.world.db.transaction() as session:
        await beats.touch(session, "sweep:escalate", bare.world.clock.now(), expected=timedelta(seconds=30))
    assert (await bare.client().get("/readyz")).json()["checks"]["beats"]["ok"]
    bare.world.clock.advance(timedelta(seconds=31))
    answer = await bare.client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["beats"] == {
        "ok": False,
        "detail": "silent: sweep:escalate",
        "needed": False,
    }
    text = (await bare.client().get("/metrics")).text
    assert 'jiaoying_silent_seconds{name="sweep:escalate"} 1.0' in text


async def test_live_channels_for_invented_numbers_and_a_shifted_clock_are_told(
    bare: Web, tmp_path: Path
) -> None:
    await stamp(bare)
    w = bare.world
    live = channels.build(entries(live=True), secrets(("sms", "voice", "broadcast")))
    bare.app = main.build(Settings(test_clock=tmp_path / "shift"), w.db, w.scheme, live, w.clock)
    body = (await bare.client().get("/readyz")).json()
    assert (body["mode"], body["ready"]) == ("normal", True)
    assert [name for name, check in body["checks"].items() if not check["ok"]] == ["numbers", "clock"]
    await live.aclose()


async def test_the_gauges_are_read_from_the_rows_when_scraped(web: Web) -> None:
    await web.world.issues("red", WANLING)
    text = (await web.client().get("/metrics")).text
    open_ = len(await web.world.obligations(state="open"))
    assert f'jiaoying_obligations_open{{level="red"}} {open_}.0' in text
    assert 'jiaoying_obligations_open{level="blue"} 0.0' in text


async def test_metrics_ask_for_their_token_where_one_is_set(bare: Web) -> None:
    w = bare.world
    bare.app = main.build(Settings(metrics_token="scrape-me-only"), w.db, w.scheme, w.registry, w.clock)  # type: ignore[arg-type]
    client = bare.client()
    assert (await client.get("/metrics")).status_code == 401
    assert (await client.get("/metrics", headers={"Authorization": "Bearer scrape-me"})).status_code == 401
    assert (
        await client.get("/metrics", headers={"Authorization": "Bearer scrape-me-only"})
    ).status_code == 200
