"""The town's page without a script: one question, the ladder, orders, reports; nothing of another town."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.access import passwords, users
from app.answer.tables import Answer, Obligation
from app.audit import SYSTEM
from app.clock import local
from app.disaster import signs
from app.disaster.tables import Disaster, ReportRow
from app.ids import new_id
from app.origin import Origin
from app.tasks.tables import Task
from tests.support.desk_data import PASSWORD, YUANJUE
from tests.support.phone_data import Night

pytestmark = pytest.mark.anyio


async def _answer(client: httpx.AsyncClient, night: Night, rung: str, **more: Any) -> httpx.Response:
    data = {"warning": night.warning, "rung": rung, "event": new_id(), **more}
    return await client.post("/town/answer", data=data)


async def _duty(night: Night) -> Obligation:
    return await night.world.duty(YUANJUE)


async def test_who_is_not_signed_in_is_sent_to_sign_in_and_back(night: Night) -> None:
    async with httpx.AsyncClient(base_url=night.url) as client:
        for path in ("/town", f"/town/doors/{night.village}", "/town/report"):
            answer = await client.get(path, headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/login")
        assert (await client.post("/town/answer", data={"rung": "confirmed"})).status_code == 401


async def test_one_question_then_the_ladder(night: Night) -> None:
    async with night.signed_in() as client:
        page = (await client.get("/town")).text
        assert "收到了吗？能办吗？" in page
        assert "会马上有人找你" in page
        assert "打开本页不算应，点了才算。" in page
        assert "叫到村社区" not in page
        event = new_id()
        for _ in range(2):
            answer = await _answer(client, night, "confirmed", event=event)
            assert (answer.status_code, answer.headers["location"]) == (303, "/town")
        row = await _duty(night)
        assert (row.state, row.rung, row.via) == ("met", 4, "page")
        page = (await client.get("/town")).text
        released = row.released_at + timedelta(minutes=30)
        assert f"首次反馈</span> <b>{local(released):%H:%M} 前" in page
        assert "之后每 30 分" in page
        assert "0 / 2 已应" in page
        assert "已告知 0 · 没到" in page
        await _answer(client, night, "acting")
        assert "■ 办完了" in (await client.get("/town")).text
        await _answer(client, night, "done", words="危险区已撤完")
    async with night.db.reading() as session:
        said = list(
            await session.scalars(sa.select(Answer).where(Answer.obligation_id == row.id).order_by(Answer.id))
        )
    assert [one.rung for one in said] == ["confirmed", "acting", "done"]
    assert said[-1].words == "危险区已撤完"


async def test_difficulty_is_told_at_once_and_the_question_stays_answerable(night: Night) -> None:
    async with night.signed_in() as client:
        await _answer(client, night, "cannot")
        page = (await client.get("/town")).text
        assert "已报有困难，正在叫人找你。" in page
        assert "✓ 收到，去办" in page
        night.world.clock.advance(timedelta(seconds=5))
        await _answer(client, night, "confirmed")
    assert (await _duty(night)).state in {"met", "late"}


async def test_a_script_gets_facts_and_a_stamp_that_changes_with_what_is_shown(night: Night) -> None:
    async with night.signed_in() as client:
        before = (await client.get("/town/now")).json()
        assert before["csrf"] == client.headers["X-CSRF-Token"]
        answer = await client.post(
            "/town/answer",
            data={"warning": night.warning, "rung": "confirmed", "event": new_id()},
            headers={"Accept": "application/json"},
        )
        assert answer.json()["ok"] is True
        after = (await client.get("/town/now")).json()
    assert before["stamp"] != after["stamp"]


async def test_without_the_session_s_token_nothing_is_taken(night: Night) -> None:
    async with night.signed_in() as client:
        del client.headers["X-CSRF-Token"]
        assert (await _answer(client, night, "confirmed")).status_code == 403
    assert (await _duty(night)).answered_at is None


@pytest.mark.parametrize(
    "wrong", [{"event": "x"}, {"rung": "read"}, {"occurred_at": "yesterday"}, {"words": "x" * 501}]
)
async def test_a_form_that_is_none_is_refused(night: Night, wrong: dict[str, str]) -> None:
    async with night.signed_in() as client:
        data = {"warning": night.warning, "rung": "confirmed", "event": new_id(), **wrong}
        assert (await client.post("/town/answer", data=data)).status_code == 422
    assert (await _duty(night)).answered_at is None


async def test_another_town_sees_and_touches_nothing_of_this_one(night: Night) -> None:
    async with night.db.transaction() as session:
        order = await session.scalar(sa.select(Task.id).where(Task.kind == "order", Task.town == YUANJUE))
        event = await signs.heard(
            session,
            district="500153",
            origin="simulated",
            place=YUANJUE,
            place_text="桥头",
            kinds=["landslide"],
            source="119",
            occurred_at=night.world.clock.now(),
            by=SYSTEM,
            at=night.world.clock.now(),
            event_id="119-7",
        )
    async with night.signed_in("guansheng") as client:
        assert "远觉" not in (await client.get("/town")).text
        for path in (f"/town?place={YUANJUE}", f"/town/now?place={YUANJUE}"):
            assert "远觉" not in (await client.get(path)).text
        assert (await client.get(f"/town/doors/{night.village}")).status_code == 404
        assert (await client.get(f"/town/disasters/{event}")).status_code == 404
        tries = {
            f"/town/orders/{order}": {"act": "done", "event": new_id()},
            f"/town/disasters/{event}": {"kind": "final", "kinds": "landslide", "event": new_id()},
            f"/town/doors/{night.village}": {"door": new_id(), "mark": "told", "event": new_id()},
        }
        for path, data in tries.items():
            assert (await client.post(path, data=data)).status_code == 404
        # Under the same warning it owes an answer of its own; the neighbour's stays open.
        await _answer(client, night, "confirmed")
    assert (await _duty(night)).answered_at is None


async def test_the_desk_may_look_and_not_answer_and_a_viewer_may_not_even_look(night: Night) -> None:
    async with night.signed_in("lixia") as client:
        page = await client.get(f"/town?place={YUANJUE}")
        assert "远觉镇" in page.text
        assert '<button class="primary"' not in page.text
        assert (await client.get("/town")).status_code == 404
    async with night.signed_in("viewer") as client:
        assert (await client.get(f"/town?place={YUANJUE}")).status_code == 403


async def test_an_order_is_taken_done_or_refused_with_a_reason(night: Night) -> None:
    async with night.signed_in() as client:
        await _answer(client, night, "confirmed")
        page = (await client.get("/town")).text
        cut, stop = re.findall(r"/town/orders/([0-9a-f-]{36})", page)
        for act in ("taken", "done"):
            night.world.clock.advance(timedelta(seconds=5))
            await client.post(f"/town/orders/{cut}", data={"act": act, "event": new_id(), "words": "已封"})
        refusal = {"act": "refused", "event": new_id(), "words": ""}
        assert (await client.post(f"/town/orders/{stop}", data=refusal)).status_code == 422
        await client.post(f"/town/orders/{stop}", data={**refusal, "words": "工地没人接"})
        page = (await client.get("/town")).text
    assert f"✓ {local(night.world.clock.now()):%H:%M} 已办" in page
    assert "✕ 办不了" in page
    async with night.db.reading() as session:
        assert (await session.get_one(Task, stop)).reason == "工地没人接"
        kinds = list(
            await session.scalars(sa.select(Task.what).where(Task.kind == "alarm", Task.state == "open"))
        )
    assert "order-refused" in kinds


async def test_a_village_s_answer_by_phone_counts_only_with_the_three_ticks(night: Night) -> None:
    async with night.signed_in() as client:
        page = (await client.get(f"/town/below/villages?warning={night.warning}")).text
        place = re.findall(r'name="place" value="(\d{12})"', page)[0]
        data = {
            "warning": night.warning,
            "place": place,
            "duty": "village-head",
            "rung": "confirmed",
            "event": new_id(),
        }
        assert (await client.post("/town/below/villages", data=data)).status_code == 422
        ticks = {"named": "1", "hazard": "1", "area": "1"}
        assert (await client.post("/town/below/villages", data={**data, **ticks})).status_code == 303
        await _answer(client, night, "confirmed")
        assert "1 / 2 已应" in (await client.get("/town")).text
    (row,) = await night.world.obligations(place_id=place, duty="village-head", part="responsible")
    assert (row.state, row.via) == ("met", "phone")


def _first(**more: Any) -> dict[str, Any]:
    return {
        "event": new_id(),
        "when": "now",
        "village": "狮子桥村",
        "place_text": "二组桥头",
        "kinds": ["house-flooded", "road-cut"],
        "trapped": "2",
        "hurt": "0",
        "missing": "",
        "dead": "",
        "moved": "23",
        "words": "水到一楼",
        **more,
    }


async def test_a_first_report_is_one_event_and_what_nobody_knows_stays_unknown(night: Night) -> None:
    async with night.signed_in() as client:
        form = (await client.get("/town/report")).text
        assert "不知道就点“不知”，不要填 0" in form
        assert "狮子桥村" in form
        first = _first()
        for _ in range(2):
            answer = await client.post("/town/report", data=first)
            assert answer.status_code == 303
        shown = (await client.get(answer.headers["location"])).text
        assert "被困 2 · 受伤 0 · 失踪 不知 · 死亡 不知 · 已转移 23" in shown
        assert "水到一楼" in shown
        assert "已首报" in (await client.get("/town")).text
    async with night.db.reading() as session:
        (event,) = await session.scalars(sa.select(Disaster).where(Disaster.place == YUANJUE))
    assert (event.t0, event.t0_source) == (night.world.clock.now(), "occurrence")
    assert (event.origin, event.warning_id, event.hazard) == ("simulated", night.warning, "11B03")
    assert event.kinds == ["house-flooded", "road-cut"]
    assert event.place_text == "狮子桥村 二组桥头"


async def test_while_an_exercise_runs_what_is_real_counts_as_real(night: Night) -> None:
    await night.world.issues("red", YUANJUE, hazard="11B05", origin=Origin.EXERCISE)
    async with night.signed_in() as client:
        assert "真实灾情" in (await client.get("/town/report")).text
        await client.post("/town/report", data=_first(exercise="no"))
        await client.post("/town/report", data=_first(exercise="yes"))
    async with night.db.reading() as session:
        events = list(
            await session.scalars(sa.select(Disaster).where(Disaster.place == YUANJUE).order_by(Disaster.id))
        )
    assert [event.origin for event in events] == ["simulated", "exercise"]
    assert [event.hazard for event in events] == ["11B03", "11B05"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kinds": []}, "还没选是什么灾"),
        ({"trapped": "两个"}, "被困要填数字"),
        ({"when": "at", "time": ""}, "发生的时间没有填"),
    ],
)
async def test_a_report_with_a_hole_comes_back_as_it_was_filled_in(
    night: Night, wrong: dict[str, Any], said: str
) -> None:
    async with night.signed_in() as client:
        page = await client.post("/town/report", data=_first(**wrong))
        assert page.status_code == 422
        assert said in page.text
        assert "水到一楼" in page.text
    async with night.db.reading() as session:
        assert not list(await session.scalars(sa.select(Disaster.id).where(Disaster.place == YUANJUE)))


async def test_a_time_of_yesterday_evening_is_yesterday_s(night: Night) -> None:
    async with night.signed_in() as client:
        await client.post("/town/report", data=_first(when="at", time="23:30"))
    async with night.db.reading() as session:
        (event,) = await session.scalars(sa.select(Disaster).where(Disaster.place == YUANJUE))
    began = local(event.t0)
    assert (began.hour, began.minute) == (23, 30)
    assert timedelta() < night.world.clock.now() - event.t0 < timedelta(hours=24)


async def test_what_119_told_waits_for_the_first_report_and_then_goes_on(night: Night) -> None:
    at = night.world.clock.now()
    async with night.db.transaction() as session:
        event = await signs.heard(
            session,
            district="500153",
            origin="simulated",
            place=YUANJUE,
            place_text="狮子桥",
            kinds=["landslide"],
            source="119",
            occurred_at=at - timedelta(minutes=9),
            by=SYSTEM,
            at=at,
            event_id="119-1",
        )
    async with night.signed_in() as client:
        assert "等首报" in (await client.get("/town")).text
        form = (await client.get(f"/town/report?event={event}")).text
        assert f'name="disaster" value="{event}"' in form
        answer = await client.post("/town/report", data=_first(disaster=event, when="unknown"))
        assert answer.headers["location"] == f"/town/disasters/{event}"
        more = {**_first(), "kind": "final", "trapped": "0"}
        assert (await client.post(f"/town/disasters/{event}", data=more)).status_code == 303
        assert "终报" in (await client.get(f"/town/disasters/{event}")).text
    async with night.db.reading() as session:
        row = await session.get_one(Disaster, event)
        assert (row.t0, row.t0_source, row.state) == (at - timedelta(minutes=9), "119", "final")
        assert row.first_report_at == at
        kinds = list(await session.scalars(sa.select(ReportRow.kind).order_by(ReportRow.id)))
    assert kinds == ["first", "final"]


async def test_the_page_of_a_quiet_night_says_what_was_looked_at(quiet: Any) -> None:
    hashed = await passwords.hashed(PASSWORD)
    async with quiet.db.transaction() as session:
        await users.add(
            session,
            "yuanjue",
            "town",
            district="500153",
            place=YUANJUE,
            password_hash=hashed,
            by=SYSTEM,
            at=quiet.world.clock.now(),
        )
    async with Night(quiet.world, quiet.url, quiet.app).signed_in() as client:
        page = (await client.get("/town")).text
    assert "现在没有要应的预警" in page
    assert "查过" in page
