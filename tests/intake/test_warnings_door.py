"""A bureau posts a warning: what it is answered, and what is kept."""

import asyncio
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.intake import accept
from app.intake.tables import Key, Raw
from app.tasks.tables import Task
from tests.intake.support import message
from tests.support.due import next_due

pytestmark = pytest.mark.anyio

PANLONG, WUJIA = "500153102", "500153103"


async def raws(bureau) -> list[Raw]:
    async with bureau.world.db.reading() as session:
        return list(await session.scalars(sa.select(Raw).order_by(Raw.received_at, Raw.id)))


async def alarms(bureau) -> list[str]:
    async with bureau.world.db.reading() as session:
        return list(await session.scalars(sa.select(Task.what).where(Task.kind == "alarm")))


@pytest.mark.parametrize(
    ("name", "media", "places"),
    [
        ("national_a.xml", "text/xml", [PANLONG, WUJIA]),
        ("cap.xml", "application/cap+xml", [PANLONG]),
        ("warning.json", "application/json", [PANLONG]),
    ],
)
async def test_each_form_becomes_a_planned_warning(bureau, name: str, media: str, places: list[str]) -> None:
    answer = await bureau.post(message(name), media)
    said = answer.json()
    assert (answer.status_code, said["disposition"], said["state"]) == (201, "applies", "in-force"), said
    assert (said["level"], said["places"]) == ("orange", places)
    assert {part["part"] for part in said["parts"]} >= {"responsible"}
    assert answer.headers["location"] == f"/api/v1/warnings/{said['id']}"
    assert said["plan"] == f"/api/v1/warnings/{said['id']}/plan"
    (raw,) = await raws(bureau)
    assert (raw.body, raw.state, raw.warning_id) == (message(name), "taken", said["id"])


async def test_the_same_message_again_is_answered_with_the_same_id_and_calls_nobody_again(door) -> None:
    first = await door.post(message("national_a.xml"))
    await door.world.worker.drain()
    calls = len(door.world.phones.rang)
    again = await door.post(message("national_a.xml", ("\n    ", "\n")))
    await door.world.worker.drain()
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert len(door.world.phones.rang) == calls > 0


async def test_fifty_copies_at_once_make_one_warning(bureau) -> None:
    body = message("national_a.xml")
    await bureau.key("qx")
    answers = await asyncio.gather(*(bureau.post(body) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(raw.state for raw in await raws(bureau)) == ["repeated"] * 49 + ["taken"]


async def test_the_same_identifier_with_other_content_is_a_conflict_before_the_desk(bureau) -> None:
    first = await bureau.post(message("national_a.xml"))
    other = await bureau.post(message("national_a.xml", ("Orange", "Red")))
    said = other.json()
    assert (other.status_code, said["code"]) == (409, "conflicting-duplicate")
    assert said["conflicts_with"] == first.json()["id"]
    kept = next(raw for raw in await raws(bureau) if raw.id == said["kept"])
    assert (kept.state, kept.warning_id) == ("conflict", first.json()["id"])
    assert await alarms(bureau) == ["warning-conflict"]


async def test_the_same_identifier_for_another_event_is_another_warning(door) -> None:
    rain = await door.post(message("national_a.xml"))
    wind = await door.post(message("national_a.xml", ("11B03", "11B06"), ("暴雨", "大风")))
    assert wind.status_code == 201
    assert wind.json()["id"] != rain.json()["id"]


async def test_what_is_refused_is_kept_raw_and_stands_before_the_desk(door) -> None:
    answer = await door.post(message("national_b.xml", ("2026-07-16 08:30:00+08:00", "soon")))
    said = answer.json()
    assert (answer.status_code, said["code"]) == (422, "validation")
    assert [fault["pointer"] for fault in said["errors"]] == ["/alert/info/expires"]
    assert "soon" not in answer.text
    (raw,) = await raws(door)
    assert (raw.id, raw.state, raw.problem) == (said["kept"], "refused", "validation")
    assert raw.pointers == ["/alert/info/expires"]
    assert await alarms(door) == ["warning-refused"]


async def test_a_cancel_that_comes_first_waits_and_then_nothing_is_sent(door) -> None:
    cancel = await door.post(message("national_cancel.xml"))
    assert (cancel.status_code, cancel.json()["disposition"]) == (202, "waiting")
    assert "misspelt-cancel" in [problem["code"] for problem in cancel.json()["problems"]]
    alert = await door.post(message("national_a.xml"))
    assert (alert.status_code, alert.json()["state"]) == (201, "cancelled")
    await door.world.worker.drain()
    assert door.world.phones.rang == []


async def test_update_and_cancel_find_theirs(bureau) -> None:
    alert = (await bureau.post(message("national_a.xml"))).json()
    update = await bureau.post(message("national_b.xml"))
    assert (update.status_code, update.json()["affects"]) == (201, [alert["id"]])
    assert update.json()["level"] == "red"
    cancel = await bureau.post(message("national_cancel.xml"))
    assert (cancel.status_code, cancel.json()["state"]) == (201, "closed")
    assert cancel.json()["affects"] == [update.json()["id"]]


async def test_a_cancel_of_an_update_that_waits_waits_with_it(door) -> None:
    update = await door.post(message("national_b.xml"))
    cancel = await door.post(
        message("national_cancel.xml", ("50015341600000_20260716090400_3", "50015341600000_20260716103000"))
    )
    assert update.json()["disposition"] == cancel.json()["disposition"] == "waiting"
    await door.post(message("national_a.xml"))
    await door.world.worker.drain()
    assert (await door.world.warning(update.json()["id"])).state == "cancelled"


@pytest.mark.parametrize(
    ("changed", "disposition", "code"),
    [
        ([("<status>Actual", "<status>Test")], "not-applicable", "status-test"),
        ([("<secClassification>None", "<secClassification>Inner")], "not-applicable", "scope-restricted"),
        ([("<msgType>Alert", "<msgType>Ack")], "not-applicable", "type-ack"),
        (
            [
                ("50015310200000,50015310300000", "500112001,510000"),
                ("盘龙镇,吴家镇</areaDesc>", "荣昌区盘龙镇,四川</areaDesc>"),
            ],
            "needs-review",
            "name-differs",
        ),
        (
            [
                ("50015310200000,50015310300000", "500112001,510000"),
                ("盘龙镇,吴家镇</areaDesc>", "渝北区某镇,四川</areaDesc>"),
            ],
            "not-applicable",
            "elsewhere",
        ),
        ([("<expires></expires>", "<expires>2026-07-16 02:35:00+08:00</expires>")], "expired", "expired"),
        (
            [("<expires></expires>", "<expires>2026-07-16 02:00:00+08:00</expires>")],
            "expired",
            "expires-before-sent",
        ),
        ([("2026-07-16 02:30:00+08:00", "2026-07-14 02:30:00+08:00")], "expired", "old"),
        ([("<severity>Orange", "<severity>Unknown")], "needs-review", "unknown-severity"),
        ([("11B03", "11B73")], "needs-review", "unknown-event"),
        ([("<geocode>50015310200000,50015310300000</geocode>", "")], "needs-review", "no-place"),
        (
            [("<geocode>50015310200000,50015310300000</geocode>", "<geocode>500153999</geocode>")],
            "needs-review",
            "unknown-code",
        ),
        ([("盘龙镇,吴家镇</areaDesc>", "古昌镇,吴家镇</areaDesc>")], "needs-review", "name-differs"),
        (
            [("2026-07-16 02:30:00+08:00</sendTime>", "2026-07-16 02:46:00+08:00</sendTime>")],
            "needs-review",
            "sent-in-future",
        ),
    ],
)
async def test_what_is_not_planned_is_kept_and_shown_with_its_reason(
    door, changed, disposition: str, code: str
) -> None:
    answer = await door.post(message("national_a.xml", *changed))
    said = answer.json()
    assert (answer.status_code, said["disposition"], said["plan"]) == (202, disposition, None), said
    assert code in [problem["code"] for problem in said["problems"]]
    await door.world.worker.drain()
    assert door.world.phones.rang == []


async def test_a_time_of_sending_that_cannot_be_does_not_end_what_is_still_to_run_out(bureau) -> None:
    ahead = ("2026-07-16T02:30:00+08:00", "2030-07-16T02:30:00+08:00")
    answer = await bureau.post(message("warning.json", ahead), "application/json")
    said = answer.json()
    assert (answer.status_code, said["disposition"], said["state"]) == (202, "needs-review", "needs-review")
    assert {"sent-in-future", "expires-before-sent"} <= {problem["code"] for problem in said["problems"]}
    over = message(
        "warning.json",
        ahead,
        ("W-2026-0716-1", "W-2026-0716-2"),
        ("2026-07-16T14:04:00+08:00", "2026-07-16T01:00:00+08:00"),
    )
    gone = (await bureau.post(over, "application/json")).json()
    assert (gone["disposition"], [one["code"] for one in gone["problems"]]) == ("expired", ["expired"])


async def test_a_province_that_holds_us_means_all_our_towns(door) -> None:
    answer = await door.post(
        message(
            "national_a.xml",
            ("50015310200000,50015310300000", "500000"),
            ("盘龙镇,吴家镇</areaDesc>", "重庆市</areaDesc>"),
        )
    )
    assert answer.status_code == 201
    assert len(answer.json()["places"]) == 21


async def test_the_other_code_list_gives_the_other_town(door) -> None:
    body = message(
        "national_a.xml",
        ("50015310200000,50015310300000", "500153110"),
        ("盘龙镇,吴家镇</areaDesc>", "盘龙镇</areaDesc>"),
    )
    assert (await door.post(body, name="mca", codes="mca")).json()["places"] == [PANLONG]
    read_wrongly = await door.post(body.replace(b"20260716090400_3", b"20260716090400_4"), name="nbs")
    assert read_wrongly.json()["disposition"] == "needs-review"


async def test_an_exercise_is_planned_as_an_exercise(door) -> None:
    answer = await door.post(message("national_a.xml", ("<status>Actual", "<status>Exercise")))
    assert answer.status_code == 201
    assert (await door.world.warning(answer.json()["id"])).origin == "exercise"


@pytest.mark.parametrize(
    ("changed", "status", "code", "pointer"),
    [
        ({"areas": [{"codes": ["500153999"]}]}, 422, "validation", "/areas"),
        ({"areas": []}, 422, "validation", "/areas"),
        ({"areas": [{"codes": []}]}, 422, "validation", "/areas/0"),
        ({"event_code": "11B73"}, 422, "validation", "/event_code"),
        ({"level": "purple"}, 422, "validation", "/level"),
        ({"colour": "red"}, 422, "validation", "/colour"),
        ({"sent": "2026-07-16T02:30:00"}, 422, "validation", "/sent"),
        ({"sent": True}, 422, "validation", "/sent"),
        (
            {
                "areas": [
                    {"polygon": [[105.5, 29.4], [105.6, 29.5], [105.6, 29.4], [105.5, 29.5], [105.5, 29.4]]}
                ]
            },
            422,
            "invalid-geometry",
            "/areas/0/polygon",
        ),
        (
            {"areas": [{"polygon": [[29.4, 105.5], [29.4, 105.6], [29.5, 105.6], [29.4, 105.5]]}]},
            422,
            "invalid-geometry",
            "/areas/0/polygon",
        ),
        (
            {"areas": [{"circle": {"centre": [105.5, 29.4], "radius_km": -1}}]},
            422,
            "validation",
            "/areas/0/circle/radius_km",
        ),
        ({"msg_type": "Cancel"}, 422, "validation", "/references"),
    ],
)
async def test_a_json_sender_is_told_at_once_what_to_mend(
    door, changed, status: int, code: str, pointer: str
) -> None:
    body = json.dumps({**json.loads(message("warning.json")), **changed})
    answer = await door.post(body, "application/json")
    said = answer.json()
    assert (answer.status_code, said["code"]) == (status, code), said
    assert pointer in [fault["pointer"] for fault in said["errors"]]
    assert said["kept"]


async def test_a_json_polygon_is_placed_by_the_towns_it_touches(door) -> None:
    ring = [[105.32, 29.50], [105.42, 29.50], [105.42, 29.56], [105.32, 29.56], [105.32, 29.50]]
    body = json.dumps({**json.loads(message("warning.json")), "areas": [{"polygon": ring}]})
    answer = await door.post(body, "application/json")
    assert answer.status_code == 201
    assert answer.json()["places"]


async def test_a_key_sends_only_what_its_bureau_may(door) -> None:
    flood = message("national_a.xml", ("11B03", "11A01"))
    answer = await door.post(flood)
    assert (answer.status_code, answer.json()["code"]) == (403, "out-of-scope")
    assert (await door.post(flood, name="sl", bureau="water")).status_code == 201
    narrow = await door.post(message("national_a.xml"), name="north", districts=["500153106"])
    assert (narrow.status_code, narrow.json()["code"]) == (403, "out-of-scope")


async def test_one_bureau_cannot_end_anothers_warning(door) -> None:
    await door.post(message("national_a.xml"))
    cancel = await door.post(message("national_cancel.xml"), name="any", bureau="other")
    assert cancel.json()["disposition"] == "needs-review"
    assert "reference-other-bureau" in [problem["code"] for problem in cancel.json()["problems"]]


@pytest.mark.parametrize("header", [None, "Bearer jys_wrong", "Basic abc", "Bearer "])
async def test_nobody_without_a_key_is_heard(door, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    answer = await door.http.post(
        "/api/v1/warnings", content=message("cap.xml"), headers={"Content-Type": "text/xml", **headers}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert await raws(door) == []


async def test_what_a_dead_process_left_is_finished_within_seconds(bureau) -> None:
    await bureau.key("qx")
    world = bureau.world
    async with world.db.transaction() as session:
        source = await session.scalar(sa.text("SELECT id FROM source"))
        for name, body in (("good", message("national_a.xml")), ("bad", b"<alert")):
            session.add(
                Raw(
                    id=name,
                    district="500153",
                    source_id=source,
                    source="qx",
                    received_at=world.clock.now(),
                    content_type="text/xml",
                    body=body,
                    sha256="0" * 64,
                    state="received",
                    pointers=[],
                )
            )

    async def sweep() -> int:
        async with world.db.transaction() as session:
            return await accept.resume(
                session, "500153", scheme=world.scheme, registry=world.registry, at=world.clock.now()
            )

    assert await sweep() == 0  # it may still be at work
    async with world.db.reading() as session:
        assert await next_due(session, accept.unfinished("500153")) == world.clock.now() + accept.GRACE
    world.clock.advance(timedelta(seconds=4))
    assert [await sweep(), await sweep(), await sweep()] == [1, 1, 0]
    assert {raw.id: raw.state for raw in await raws(bureau)} == {"good": "taken", "bad": "refused"}
    async with world.db.reading() as session:
        assert len(list(await session.scalars(sa.select(Key)))) == 1
    assert (await bureau.post(message("national_a.xml"))).status_code == 200


async def test_a_loop_of_one_key_does_not_shut_out_another(door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.intake.pace.BURST", 2)
    statuses = [(await door.post(b"<a/>")).status_code for _ in range(4)]
    assert statuses == [422, 422, 429, 429]
    assert (await door.post(b"<a/>", name="other")).status_code == 422


async def test_the_desk_sees_what_was_kept_and_may_take_a_conflict_as_its_own(bureau) -> None:
    alert = (await bureau.post(message("national_a.xml"))).json()
    red = message("national_a.xml", ("Orange", "Red"))
    kept = (await bureau.post(red)).json()["kept"]
    duty = {"Authorization": f"Bearer {await bureau.token('duty')}"}
    listed = (await bureau.http.get("/api/v1/kept?state=conflict", headers=duty)).json()
    assert [(item["id"], item["warning_id"]) for item in listed["items"]] == [(kept, alert["id"])]
    shown = (await bureau.http.get(f"/api/v1/kept/{kept}", headers=duty)).json()
    assert "<severity>Red</severity>" in shown["text"]
    url = f"/api/v1/kept/{kept}/accept"
    viewer = {"Authorization": f"Bearer {await bureau.token('viewer')}"}
    assert (await bureau.http.post(url, json={"reason": "x"}, headers=viewer)).status_code == 403
    taken = await bureau.http.post(url, json={"reason": "两条不同的预警"}, headers=duty)
    assert (taken.status_code, taken.json()["state"], taken.json()["level"]) == (202, "in-force", "red")
    assert taken.json()["identifier"] == f"{alert['identifier']}#2"
    assert (await bureau.http.post(url, json={"reason": "x"}, headers=duty)).json()["code"] == "wrong-state"
    again = await bureau.post(red)
    assert (again.status_code, again.json()["id"]) == (200, taken.json()["id"])
    assert (await bureau.post(message("national_a.xml", ("Orange", "Blue")))).status_code == 409


async def test_pages_of_what_was_kept_join_without_a_gap(door) -> None:
    for number in range(5):
        await door.post(f"<a>{number}</a>".encode())
    duty = {"Authorization": f"Bearer {await door.token('duty')}"}
    seen, cursor = [], ""
    while cursor is not None:
        page = (await door.http.get(f"/api/v1/kept?limit=2{cursor}", headers=duty)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == [raw.id for raw in sorted(await raws(door), key=lambda raw: raw.id, reverse=True)]
    assert (await door.http.get("/api/v1/kept/nothing", headers=duty)).status_code == 404
