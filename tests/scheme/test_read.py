"""The bundled config reads into one frozen, digested Scheme."""

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.warning.level import Level
from app.warning.planner import plan
from tests.scheme.configs import Config, copied
from tests.warning.situations import NOON, PANLONG, WUJIA, rain, scheme, situation, warning


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copied(tmp_path / "config")


def test_the_district_of_the_seed_is_whole() -> None:
    held = scheme()
    assert (held.district.code, held.district.aliases, held.district.city_code) == (
        "500153",
        ("500226",),
        "5001",
    )
    assert len(held.towns) == 21
    assert {h.id for h in held.ruleset.hazards} >= {"rain", "river", "rise", "flash-flood", "geology", "any"}
    assert len(held.digest) == 64


@pytest.mark.parametrize(
    ("hop", "minutes"),
    [
        ("H0", [15, 10, 5, 3]),
        ("H1", [60, 30, 15, 10]),
        ("H2", [120, 60, 30, 20]),
        ("H3", [None, 90, 45, 30]),
        ("H4", [None, None, 60, 40]),
    ],
)
def test_the_clocks_are_those_of_the_table(hop, minutes) -> None:
    clock = scheme().clocks[hop]
    colours = (Level.BLUE, Level.YELLOW, Level.ORANGE, Level.RED)
    held = [clock.get(level) for level in colours]
    assert held == [None if m is None else timedelta(minutes=m) for m in minutes]


def seconds(level: Level, hop: str) -> list[tuple[int, str, int]]:
    steps = scheme().escalation.steps(level, hop)
    return [(int(s.after.total_seconds()), s.who, s.round) for s in steps]


def test_the_chain_behind_an_unanswered_red_call() -> None:
    assert seconds(Level.RED, "H1") == [
        (0, "A", 1),
        (120, "A", 2),
        (240, "A", 3),
        (300, "B", 0),
        (480, "superior", 0),
        (480, "chief", 0),
        (600, "onsite", 0),
    ]
    third = scheme().escalation.steps(Level.RED, "H1")[2]
    assert third.spread == 2  # a second channel at once


def test_the_district_s_own_chain_is_shorter_and_the_others_fall_back_to_the_general_one() -> None:
    assert (90, "B", 0) in seconds(Level.RED, "H0")
    assert (180, "chief", 0) in seconds(Level.RED, "H0")
    assert seconds(Level.YELLOW, "H0") == seconds(Level.YELLOW, "H2")
    assert all(not step.voice_at_night for step in scheme().escalation.steps(Level.BLUE, "H1"))


def test_who_may_let_what_out() -> None:
    release = scheme().release
    red, orange = release.rule("public", Level.RED), release.rule("orders", Level.ORANGE)
    assert (red.persons, red.limit, red.auto_at_limit) == (2, timedelta(minutes=5), False)
    assert (orange.persons, orange.limit) == (1, timedelta(minutes=10))
    assert release.rule("responsible", Level.RED).persons == 0
    assert ("close", Level.RED) in release.reauthenticate
    assert (release.break_glass, release.approval_lapses) == (timedelta(seconds=60), timedelta(minutes=10))


def test_orders_are_called_of_those_who_hold_the_layer_s_own_duty() -> None:
    held = {layer: scheme().duty(layer, "orders").holders for layer in ("L2", "L3", "L4", "key")}
    assert held == {"L2": "town-duty", "L3": "village-head", "L4": "grid-worker", "key": "keeper"}


def test_nothing_of_a_scheme_can_be_changed() -> None:
    held = scheme()
    with pytest.raises(FrozenInstanceError):
        held.version = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        held.clocks["H0"] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        held.channels[0]["live"] = True  # type: ignore[index]


def test_the_digest_does_not_see_comments_spacing_or_the_order_of_keys(config) -> None:
    before = config.read().digest
    config.append("matrix.yaml", "\n# a remark\n")
    config.edit("district.yaml", "name: 荣昌区\nshort: 荣昌\n", "short:   荣昌\nname: 荣昌区\n")
    assert config.read().digest == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("layers.yaml", "red: 3m", "red: 2m"),
        ("wording/do.yaml", "请做好防范", "请做好防备"),
        ("channels.yaml", "rate: 200/s", "rate: 100/s"),
        ("hazards/rain.yaml", "mm: 100", "mm: 100.5"),
    ],
)
def test_the_digest_sees_every_change_of_content(config, file, old, new) -> None:
    before = config.read().digest
    config.edit(file, old, new)
    assert config.read().digest != before


def test_other_segments_are_an_edit_of_the_config_alone(config) -> None:
    config.edit("segments.yaml", "from_hours: 72, to_hours: 24", "from_hours: 24, to_hours: 12")
    config.edit("segments.yaml", "from_hours: 24, to_hours: 6", "from_hours: 12, to_hours: 6")
    rules = config.read().ruleset
    by_lead = {
        lead: plan(situation(warning(onset=NOON + timedelta(hours=lead))), rules).segment
        for lead in (30, 13, 12, 7, 6, 2)
    }
    assert by_lead == {30: "T1", 13: "T1", 12: "T2", 7: "T2", 6: "T3", 2: "T4"}


def test_a_new_hazard_is_a_file_of_the_config_alone(config) -> None:
    text = (config.path / "hazards/hail.yaml").read_text(encoding="utf-8")
    text = text.replace("id: hail", "id: tornado").replace("name: 冰雹", "name: 龙卷风")
    (config.path / "hazards/tornado.yaml").write_text(text.replace("11B15", "11B02"), encoding="utf-8")
    config.edit("hazards/any.yaml", "  11B02: 龙卷风\n", "")
    rules = config.read().ruleset
    made = plan(situation(warning(Level.RED, hazard="11B02")), rules)
    assert (made.segment, made.segment_from) == ("T4", "window")
    assert "storm" in {h.family for h in rules.hazards if h.id == "tornado"}
    assert made.not_chosen[0].because[0].text.endswith("不在本次龙卷风预警区域内")


def test_a_new_industry_is_a_file_of_the_config_alone(config) -> None:
    (config.path / "industries/market.yaml").write_text(
        "id: market\nname: 集贸市场\ndepartment: 商务委\nsource: assumed\nfuse: [棚顶积水]\n"
        "measures:\n  - {level: orange, families: [flood], segments: [T4], text: 收摊}\n",
        encoding="utf-8",
    )
    made = plan(situation(warning(Level.RED)), config.read().ruleset)
    assert [(m.department, m.text) for m in made.measures if m.industry == "集贸市场"] == [
        ("商务委", "收摊"),
        ("商务委", "熔断：棚顶积水，不等指令先停先撤"),
    ]
    early = plan(situation(warning(Level.RED, onset=NOON + timedelta(hours=30))), config.read().ruleset)
    assert "收摊" not in {m.text for m in early.measures}


def test_a_town_s_own_clock_is_an_edit_of_its_file_alone(config) -> None:
    (config.path / "towns/500153103.yaml").write_text(
        'code: "500153103"\nname: 吴家镇\nwhy: 清流河源头\nsource: assumed\n'
        "clocks:\n  L2/town-duty: {red: 4m}\n",
        encoding="utf-8",
    )
    made = plan(situation(warning(Level.RED)), config.read().ruleset)
    (line,) = [x for x in made.lines if (x.place, x.duty, x.part) == (WUJIA, "town-duty", "responsible")]
    assert line.answer_within == timedelta(minutes=4)
    assert "吴家镇预案：清流河源头，时限另定" in {reason.text for reason in line.because}


def test_a_new_table_from_a_day_on_stands_beside_the_old_one(config) -> None:
    config.edit("hazards/rain.yaml", "{from: 2007-06-12,", "{from: 2007-06-12, until: 2026-07-21,")
    later = (config.path / "hazards/rain.yaml").read_text(encoding="utf-8")
    later = later.replace("{from: 2007-06-12, until: 2026-07-21,", "{from: 2026-07-22,").replace(
        "mm: 100", "mm: 80.5"
    )
    (config.path / "hazards/rain-2026-07.yaml").write_text(later, encoding="utf-8")
    rules = config.read().ruleset
    wet = rain(805, 3, place=PANLONG)
    today = situation(warning(Level.RED), windows=(wet,), at=datetime(2026, 7, 21, 15, 59, tzinfo=UTC))
    tomorrow = situation(warning(Level.RED), windows=(wet,), at=datetime(2026, 7, 21, 16, 0, tzinfo=UTC))
    assert plan(today, rules).segment_from == "window"
    assert plan(tomorrow, rules).segment_from == "observed"


def test_every_number_names_its_source_or_says_assumed() -> None:
    """A row with a number and without a source is refused by its shape; here: none is blank."""
    for file in sorted((Path(__file__).parents[2] / "config").rglob("*.yaml")):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert 'source: ""' not in line
