"""The rates against a recomputation that shares no line with them; and what they must never do."""

import csv
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app.answer.tables import Obligation
from app.db import Database
from app.disaster.tables import Disaster
from app.ids import new_id
from app.origin import Origin
from app.reports import rates, rows
from app.reports.rates import Row
from app.reports.rows import Asked

pytestmark = pytest.mark.anyio

T0 = datetime(2026, 7, 15, 18, 47, tzinfo=UTC)
HOUR = timedelta(hours=1)
DISTRICT = "500153"


def row(state: str = "met", minutes: float | None = 5, **more: Any) -> Row:
    done = None if minutes is None else T0 + timedelta(minutes=minutes)
    given: dict[str, Any] = {
        "id": new_id(),
        "town": "500153105",
        "hazard": "11B03",
        "level": "red",
        "channels": ("voice",),
        "state": state,
        "since": T0,
        "done_at": done,
        "round": 1,
    }
    return Row(**{**given, **more})


def test_each_rate_counts_what_its_name_says() -> None:
    held = [
        row("met", 3, round=1),
        row("met", 9, round=2),
        row("late", 60),
        row("late", 60.01),
        row("missed", None, round=None, no_contact=True),
        row("open", None, round=None, cannot=True),
        row("missed", None, round=None, excluded=True),
    ]
    got = {kind: rates.figures("all", held, kind) for kind in rates.KINDS}
    one = got["answered"]
    assert (one.due, one.open, one.met, one.late, one.missed, one.cannot, one.excluded, one.no_contact) == (
        6,
        1,
        2,
        2,
        1,
        1,
        1,
        1,
    )
    assert got["answered"].rate == pytest.approx(4 / 6)
    assert got["answered_in_time"].rate == pytest.approx(2 / 6)
    assert got["answered_in_hour"].rate == pytest.approx(3 / 6)
    assert got["first_call"].rate == pytest.approx(3 / 6)
    assert (one.p50_s, one.p90_s) == (540.0, 3600.6)


def test_nothing_due_gives_no_rate_and_never_a_hundred_percent() -> None:
    for held in ([], [row(excluded=True)]):
        one = rates.figures("all", held, "answered")
        assert (one.due, one.rate, one.p50_s, one.p90_s) == (0, None, None, None)


@pytest.mark.parametrize(
    ("after", "state"),
    [(None, "missed"), (HOUR, "met"), (HOUR + timedelta(microseconds=1), "late"), (timedelta(), "met")],
)
def test_an_event_is_in_time_to_the_microsecond(after: timedelta | None, state: str) -> None:
    first = None if after is None else T0 + after
    assert rates.event_state(T0, first, T0 + 2 * HOUR) == state
    assert rates.event_state(T0, None, T0 + HOUR) == "open"


def test_by_channel_a_target_stands_in_every_group_that_called_it() -> None:
    held = [
        row(channels=("sms", "voice")),
        row("missed", None, channels=("sms",)),
        row("missed", None, channels=()),
    ]
    groups = {one.key: (one.due, one.rate) for one in rates.grouped(held, "answered", "channel")}
    assert groups == {"sms": (2, 0.5), "voice": (1, 1.0), "none": (1, 0.0)}


_row = st.builds(
    row,
    state=st.sampled_from(["open", "met", "late", "missed"]),
    minutes=st.floats(0, 200, allow_nan=False),
    town=st.sampled_from(["a", "b", "c"]),
    round=st.sampled_from([None, 1, 2, 3]),
    excluded=st.booleans(),
)


@given(st.lists(_row))
def test_groups_add_up_and_no_rate_leaves_its_bounds(held: list[Row]) -> None:
    for kind in rates.KINDS:
        whole, groups = rates.figures("all", held, kind), rates.grouped(held, kind, "town")
        assert (
            sum(one.due for one in groups) == whole.due == whole.open + whole.met + whole.late + whole.missed
        )
        assert sum(one.due + one.excluded for one in groups) == len(held)
        for one in (whole, *groups):
            assert one.rate is None or 0 <= one.rate <= 1
            assert (one.rate is None) == (one.due == 0)
            assert one.p50_s is None or one.p90_s is None or one.p50_s <= one.p90_s


def recomputed(path: Path, kind: str) -> dict[str, Any]:
    """docs/rates.md's own program, run on rows as exported."""
    text = (Path(__file__).parents[2] / "docs" / "rates.md").read_text(encoding="utf-8")
    code = text.split("```python\n", 1)[1].split("```", 1)[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 20
    space: dict[str, Any] = {}
    exec(compile(code, "docs/rates.md", "exec"), space)  # noqa: S102 - our own page
    result: dict[str, Any] = space["rate"](path, kind)
    return result


def obligation(number: int, **more: Any) -> Obligation:
    given: dict[str, Any] = {
        "district": DISTRICT,
        "origin": "real",
        "warning_id": "w",
        "opened_for": "w",
        "version": 1,
        "plan_id": "p",
        "part": "responsible",
        "hazard": "11B03",
        "level": 4,
        "town": f"50015310{number % 3}",
        "place_id": f"place-{number}",
        "layer": "L2",
        "duty": "town-duty",
        "channels": "voice,sms",
        "no_contact": number % 7 == 0,
        "released_at": T0 + timedelta(minutes=number),
        "due_at": T0 + timedelta(minutes=number + 10),
        "state": ("open", "met", "late", "missed")[number % 4],
        "cannot": number % 5 == 0,
        "excluded_reason": "道路中断" if number % 11 == 0 else None,
        "excluded_by": "u1" if number % 11 == 0 else None,
    }
    if given["state"] in ("met", "late"):
        given |= {
            "answered_at": given["released_at"] + timedelta(seconds=number * 97 % 4000),
            "answered_round": 1 + number % 3,
            "via": "voice",
        }
    return Obligation(**{**given, **more})


async def test_the_rates_equal_the_recomputation_from_the_rows(db: Database, tmp_path: Path) -> None:
    async with db.transaction() as session:
        session.add_all(obligation(number) for number in range(120))
        session.add_all(
            obligation(
                number,
                origin="exercise",
                place_id=f"drill-{number}",
                state="missed",
                answered_at=None,
                answered_round=None,
            )
            for number in range(40)
        )
    asked = Asked(DISTRICT, Origin.REAL)
    async with db.reading() as session:
        table = Obligation.__table__
        exported = (await session.execute(sa.select(table).where(table.c.origin == "real"))).mappings().all()
        found = {
            kind: rates.figures("all", await rows.due(session, asked, kind, at=T0), kind)
            for kind in rates.KINDS[:4]
        }
    file = tmp_path / "rows.csv"
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, ["state", "released_at", "answered_at", "round", "excluded"])
        writer.writeheader()
        for one in exported:
            writer.writerow(
                {
                    "state": one["state"],
                    "released_at": one["released_at"].isoformat(),
                    "answered_at": one["answered_at"].isoformat() if one["answered_at"] else "",
                    "round": one["answered_round"] or "",
                    "excluded": one["excluded_reason"] or "",
                }
            )
    for kind, figures in found.items():
        told = recomputed(file, kind)
        assert told["due"] == figures.due > 0
        assert math.isclose(told["rate"], figures.rate or -1)
        assert math.isclose(told["p50_s"], figures.p50_s or -1)
        assert math.isclose(told["p90_s"], figures.p90_s or -1)


async def test_a_period_and_a_place_narrow_and_origins_never_mix(db: Database) -> None:
    async with db.transaction() as session:
        session.add_all(obligation(number) for number in range(60))
        session.add_all(obligation(number, origin="simulated", place_id=f"s-{number}") for number in range(5))
    async with db.reading() as session:
        period = Asked(DISTRICT, Origin.REAL, T0 + timedelta(minutes=10), T0 + timedelta(minutes=20))
        assert len(await rows.due(session, period, "answered", at=T0)) == 10
        assert len(await rows.due(session, Asked(DISTRICT, Origin.SIMULATED), "answered", at=T0)) == 5
        assert len(await rows.due(session, Asked("500999", Origin.REAL), "answered", at=T0)) == 0
        town = await rows.due(session, Asked(DISTRICT, Origin.REAL, place="500153101"), "answered", at=T0)
        assert {one.town for one in town} == {"500153101"}


async def test_behind_every_figure_are_its_rows(db: Database) -> None:
    async with db.transaction() as session:
        session.add_all(obligation(number) for number in range(50))
    asked = Asked(DISTRICT, Origin.REAL)
    async with db.reading() as session:
        held = await rows.due(session, asked, "answered", at=T0)
        for by in rates.BYS:
            for group in rates.grouped(held, "answered", by):
                seen: list[Any] = []
                cursor = None
                while True:
                    page = await rows.behind(
                        session, asked, "answered", by, group.key, at=T0, limit=7, cursor=cursor
                    )
                    seen += page.items
                    if (cursor := page.next) is None:
                        break
                assert len(seen) == len({one["id"] for one in seen}) == group.due + group.excluded
                assert sum(one["state"] == "met" and one["excluded"] is None for one in seen) == group.met


async def test_a_disaster_counts_if_it_had_to_be_reported_and_is_excluded_only_with_a_reason(
    db: Database,
) -> None:
    def disaster(first: float | None, **more: Any) -> Disaster:
        given: dict[str, Any] = {
            "district": DISTRICT,
            "origin": "real",
            "place": "500153105",
            "place_text": "后山",
            "kind": "landslide",
            "kinds": ["landslide"],
            "t0": T0,
            "t0_source": "occurrence",
            "state": "known",
            "created_at": T0,
            "first_report_at": None if first is None else T0 + timedelta(minutes=first),
        }
        return Disaster(**{**given, **more})

    async with db.transaction() as session:
        session.add_all(
            [
                disaster(59),
                disaster(61),
                disaster(None),
                disaster(30, reportable=False),
                disaster(None, excluded_reason="同一事件", excluded_by="u1"),
                disaster(1, origin="exercise"),
            ]
        )
    async with db.reading() as session:
        held = await rows.due(session, Asked(DISTRICT, Origin.REAL), "reported_in_hour", at=T0 + 2 * HOUR)
        one = rates.figures("all", held, "reported_in_hour")
        page = await rows.behind(
            session,
            Asked(DISTRICT, Origin.REAL),
            "reported_in_hour",
            "town",
            "500153105",
            at=T0 + 2 * HOUR,
            limit=9,
            cursor=None,
        )
    assert (one.due, one.met, one.late, one.missed, one.excluded) == (3, 1, 1, 1, 1)
    assert one.rate == pytest.approx(1 / 3)
    assert sorted(item["state"] for item in page.items) == ["late", "met", "missed", "missed"]
