"""The plan: pure, complete, and never less at a higher level."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.warning.level import Level
from app.warning.plan import Plan, PlanLine
from app.warning.planner import plan
from tests.warning.situations import (
    MIDNIGHT,
    NOON,
    PANLONG,
    QINGLIU,
    WUJIA,
    holdings,
    rain,
    rules,
    scheme,
    situation,
    towns,
    warning,
)

COLOURS = [level for level in Level if level is not Level.HINT]
HAZARDS = ["11B03", "11A01", "11D01", "11B09", "11G01", "11B06", "12D01"]
FOREVER = timedelta(days=999)


def lines(held: Plan) -> dict[tuple[str, str, str, str], PlanLine]:
    return {(line.place, line.layer, line.duty, line.part): line for line in held.lines}


def duties(held: Plan, place: str = PANLONG) -> set[str]:
    return {f"{line.layer}/{line.duty}" for line in held.lines if line.place == place}


hazards = st.sampled_from(HAZARDS)
leads = st.one_of(st.none(), st.integers(-2, 80))
places = st.sets(st.sampled_from([town.code for town in towns()]), min_size=1).map(tuple)


@given(
    hazard=hazards,
    lead=leads,
    where=places,
    low=st.sampled_from(list(Level)),
    high=st.sampled_from(list(Level)),
)
def test_a_higher_level_never_removes_a_person_lengthens_a_clock_or_drops_a_channel(
    hazard, lead, where, low, high
) -> None:
    low, high = sorted((low, high))
    onset = NOON + timedelta(hours=lead) if lead is not None else NOON + timedelta(hours=4)
    weaker = lines(plan(situation(warning(low, hazard=hazard, places=where, onset=onset)), rules()))
    stronger = lines(plan(situation(warning(high, hazard=hazard, places=where, onset=onset)), rules()))
    for key, line in weaker.items():
        other = stronger[key]
        assert (other.answer_within or FOREVER) <= (line.answer_within or FOREVER)
        assert set(line.channels) <= set(other.channels)


@given(
    hazard=hazards, where=places, level=st.sampled_from(COLOURS), leads=st.tuples(*[st.integers(0, 80)] * 2)
)
def test_a_later_segment_only_adds(hazard, where, level, leads) -> None:
    near, far = sorted(leads)

    def planned(lead: int) -> Plan:
        onset = NOON + timedelta(hours=lead)
        return plan(situation(warning(level, hazard=hazard, places=where, onset=onset)), rules())

    assert set(lines(planned(far))) <= set(lines(planned(near)))
    assert {a.text for a in planned(far).actions} <= {a.text for a in planned(near).actions}


@given(hazard=hazards, where=places, level=st.sampled_from(list(Level)), lead=leads)
def test_the_same_input_gives_the_same_plan_and_every_line_says_why(hazard, where, level, lead) -> None:
    onset = None if lead is None else NOON + timedelta(hours=lead)
    now = situation(warning(level, hazard=hazard, places=where, onset=onset))
    held = plan(now, rules())
    assert held == plan(now, rules())
    assert held.digest("s") == plan(now, rules()).digest("s")
    assert all(line.because and all(reason.text for reason in line.because) for line in held.lines)
    chosen = {line.place for line in held.lines} - {"500153"}
    assert chosen == set(where)
    assert {n.place for n in held.not_chosen} == {t.code for t in towns()} - chosen
    assert all(n.because for n in held.not_chosen)


@given(data=st.data())
def test_the_order_of_the_input_does_not_matter(data) -> None:
    now = situation(windows=(rain(1000, 3), rain(500, 6, place=WUJIA, station="SIM-P011")))
    shuffled = replace(
        now,
        towns=tuple(data.draw(st.permutations(now.towns))),
        windows=tuple(data.draw(st.permutations(now.windows))),
        holdings=tuple(reversed(now.holdings)),
    )
    assert plan(shuffled, rules()) == plan(now, rules())


def test_the_digest_stays_while_rain_grows_and_minutes_pass() -> None:
    first = plan(situation(windows=(rain(1000, 3),)), rules())
    later = plan(situation(windows=(rain(1100, 3),), at=NOON + timedelta(minutes=5)), rules())
    assert first.lines != later.lines  # the reasons tell the new sum
    assert first.digest("s") == later.digest("s")


@pytest.mark.parametrize("change", ["level", "place", "people", "scheme", "segment"])
def test_the_digest_changes_with_what_would_be_done(change) -> None:
    base = plan(situation(warning(Level.ORANGE, onset=NOON + timedelta(hours=4))), rules())
    about = warning(Level.RED if change == "level" else Level.ORANGE, onset=NOON + timedelta(hours=4))
    if change == "place":
        about = replace(about, places=about.places | {QINGLIU})
    if change == "segment":
        about = replace(about, onset=NOON + timedelta(hours=1))
    held = holdings()
    if change == "people":
        held = tuple(replace(h, people=99) if h.town == PANLONG else h for h in holdings())
    other = plan(situation(about, held=held), rules())
    assert base.digest("s") != other.digest("t" if change == "scheme" else "s")


@pytest.mark.parametrize(
    ("hours", "level", "added"),
    [
        (30, Level.BLUE, {"L2/town-duty"}),
        (30, Level.YELLOW, {"L2/town-duty", "L2/town-deputy"}),
        (30, Level.ORANGE, {"L2/town-duty", "L2/town-deputy", "L2/town-mayor"}),
        (30, Level.RED, {"L2/town-duty", "L2/town-deputy", "L2/town-mayor", "L2/town-secretary"}),
        (4, Level.BLUE, {"L2/town-duty"}),
        (
            4,
            Level.YELLOW,
            {
                "L2/town-duty",
                "L2/town-deputy",
                "L3/village-head",
                "L3/keeper",
                "L3/reservoir-keeper",
                "L3/facility",
            },
        ),
    ],
)
def test_who_is_called_follows_the_matrix(hours, level, added) -> None:
    held = plan(situation(warning(level, places=(WUJIA,), onset=NOON + timedelta(hours=hours))), rules())
    assert duties(held, WUJIA) == added


def test_what_reaches_the_public_and_what_orders_are_parts_of_their_own() -> None:
    held = plan(situation(warning(Level.RED, places=(WUJIA,))), rules())
    by_part: dict[str, set[str]] = {}
    for line in held.lines:
        by_part.setdefault(line.part, set()).add(f"{line.layer}/{line.duty}")
    assert by_part["public"] == {"L6/household", "L6/broadcast"}
    assert by_part["orders"] == {"L2/orders", "L3/orders", "L4/orders", "key/orders"}
    assert "L5/group-leader" in by_part["responsible"]
    broadcast = lines(held)[(WUJIA, "L6", "broadcast", "public")]
    assert broadcast.answer_within is None
    assert broadcast.channels == ("broadcast",)


def test_a_measurement_alone_calls_the_responsible_and_orders_nothing() -> None:
    held = plan(situation(warning(Level.RED, observed=True), windows=(rain(1000, 3),)), rules())
    assert {line.part for line in held.lines} == {"responsible"}
    assert {line.layer for line in held.lines} == {"L1", "L2"}
    assert (held.measures, held.controls, held.actions) == ((), (), ())
    assert all("实测" in line.because[0].text for line in held.lines)
    assert held.response_level == "III"  # a suggestion it may make
    assert [s.kind for s in held.suggestions] == ["response"]


def test_a_town_where_nobody_holds_a_duty_still_has_its_line_and_says_so() -> None:
    held = plan(situation(held=holdings((WUJIA,))), rules())
    line = lines(held)[(PANLONG, "L3", "keeper", "responsible")]
    assert (line.units, line.people) == (0, 0)
    assert line.because[-1].text == "盘龙镇没有登记隐患点监测员，叫不到人"


def test_units_nobody_can_be_reached_for_are_counted_and_said() -> None:
    few = tuple(replace(h, no_contact=1) if h.duty == "village-head" else h for h in holdings())
    line = lines(plan(situation(held=few), rules()))[(PANLONG, "L3", "village-head", "responsible")]
    assert line.no_contact == 1
    assert "1处叫不到人" in line.because[-1].text


def test_a_town_s_own_plan_changes_its_clock_and_channels_and_says_so() -> None:
    held = lines(plan(situation(), rules()))
    own, other = (
        held[(PANLONG, "L2", "town-duty", "responsible")],
        held[(WUJIA, "L2", "town-duty", "responsible")],
    )
    assert (own.answer_within, other.answer_within) == (timedelta(minutes=5), timedelta(minutes=10))
    assert any("盘龙镇预案" in reason.text for reason in own.because)
    assert held[(PANLONG, "L3", "village-head", "responsible")].channels == ("voice", "sms", "door")


def test_a_town_may_call_a_duty_earlier_than_the_district() -> None:
    blue = plan(situation(warning(Level.BLUE, onset=NOON + timedelta(hours=1))), rules())
    assert "L3/village-head" in duties(blue, PANLONG)
    assert "L3/village-head" not in duties(blue, WUJIA)


def test_a_town_that_is_not_chosen_says_when_its_own_gauge_is_over() -> None:
    held = plan(situation(warning(Level.RED, places=(WUJIA,)), windows=(rain(1000, 3),)), rules())
    (panlong,) = [n for n in held.not_chosen if n.place == PANLONG]
    assert [r.rule for r in panlong.because] == ["area.outside", "area.measured"]


def test_an_empty_area_is_refused_and_never_read_as_everywhere() -> None:
    with pytest.raises(ValueError, match="no town"):
        plan(situation(replace(warning(), places=frozenset())), rules())
    with pytest.raises(ValueError, match="no town"):
        plan(situation(warning(places=("510521100",))), rules())


def test_a_level_the_hazard_does_not_have_is_planned_as_it_came_and_said() -> None:
    held = plan(situation(warning(Level.BLUE, hazard="11B09")), rules())
    assert held.because[-1].text == "高温没有蓝色这一级，按来报级别执行"


def test_heat_calls_no_reservoir_and_no_household() -> None:
    held = plan(situation(warning(Level.RED, hazard="11B09", onset=NOON)), rules())
    assert duties(held) == {
        *("L2/town-duty", "L2/town-deputy", "L2/town-mayor", "L2/town-secretary"),
        *("L3/village-head", "L3/facility"),
    }
    assert held.controls == ()


def test_a_plan_is_made_again_when_night_falls() -> None:
    held = plan(situation(warning(Level.YELLOW, onset=NOON + timedelta(hours=50))), rules())
    assert held.next_cut == MIDNIGHT - timedelta(hours=2)
    red = plan(situation(warning(Level.RED, onset=NOON + timedelta(hours=50))), rules())
    assert red.next_cut == NOON + timedelta(hours=26)


def test_every_duty_of_a_plan_stands_in_the_scheme() -> None:
    for line in plan(situation(), rules()).lines:
        assert scheme().duty(line.layer, line.duty).part == line.part
