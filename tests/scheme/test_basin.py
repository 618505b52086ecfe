"""basin.yaml: each fault is found on its line, and neighbours are a matter of config alone."""

from pathlib import Path

import pytest

from app.warning.level import Level
from app.warning.planner import plan
from tests.scheme.configs import Config, copied
from tests.warning.situations import CHANGYUAN, PANLONG, situation, warning

FILE = "basin.yaml"
RIVER_RULE = "id: river, hazards: [river], level: yellow, sides: [up, down], measured: true"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copied(tmp_path / "config")


PLANTED = [
    # what it said, what it says now, what the fault says
    ("up: [dazu]", "up: [dazhu]", "没有邻区 dazhu"),
    ("down: [luxian]", "down: [luxian, luxian]", "邻区 luxian 在濑溪河写了两次"),
    ("down: [luxian]", "down: [luxian, dazu]", "邻区 dazu 在濑溪河写了两次"),
    ("name: 清流河", "name: 濑溪河", "河流 濑溪河 写了两次"),
    ('"500153103", "500153112"', '"500153103", "500153999"', "没有镇街 500153999"),
    ('"500153103", "500153112"', '"500153112", "500153112"', "镇街 500153112 写了两次"),
    ("down: [neijiang]", "down: []", "清流河没有上下游邻区，永远用不到"),
    ("id: luxian, code", "id: dazu, code", "邻区 dazu 写了两次"),
    ('"500153-N02"', '"500153-N01"', "邻区代码 500153-N01 写了两次"),
    ('"500153-N02"', '"510521-N02"', "不是本区 500153 通讯录的代码"),
    ('"500153-N02"', '"510521"', "写法不对"),
    ("yellow: 30m, orange: 15m", "yellow: 10m, orange: 15m", "H1n 的橙色时限比低一级的还长"),
    ("yellow: 30m", "yellow: null", "黄色要应答，却没写时限"),
    ("id: H1n", "id: H1b", "时限 H1b 在 layers.yaml 已有"),
    ("a: [neighbour.duty]", "a: [neighbour.dutty]", "没有角色 neighbour.dutty"),
    ("channels: {yellow: [voice, sms]", "channels: {yellow: [voice, sms, door]", "橙色比低一级少了方式"),
    ("channels: {yellow: [voice, sms], ", "channels: {", "没写黄色用什么方式叫"),
    ("hazards: [dike]", "hazards: [dikes]", "没有灾种 dikes"),
    ("hazards: [dike]", "hazards: [rise]", "rise 没有代码，来报不会是它，永远用不到"),
    ("hazards: [dike], level: orange", "hazards: [haze], level: red", "haze 没有红色及以上，永远用不到"),
    ("id: dike", "id: river", "规则 river 写了两次"),
    (
        "hazards: [dike], level: orange",
        "hazards: [river], level: orange",
        "river 已经都叫到，dike 永远用不到",
    ),
    ("mark: warning", "mark: warming", "只能是"),
    ("sides: [down], measured: true", "sides: [downward], measured: true", "只能是"),
    ("why: 山洪下泄，下游先知道, source: assumed", "why: 山洪下泄，下游先知道", "缺少“source”"),
]


@pytest.mark.parametrize(("old", "new", "says"), PLANTED)
def test_a_planted_fault_is_found_on_its_line(config, old, new, says) -> None:
    line = config.edit(FILE, old, new)
    found = [fault for fault in config.faults() if fault.file == FILE and says in fault.text]
    assert found, config.faults()
    assert any(abs(fault.line - line) <= 2 for fault in found), (line, found)


def test_a_side_on_which_no_river_has_a_room_is_a_fault_of_each_rule_that_names_it(config) -> None:
    config.edit(FILE, "    up: [dazu]\n", "")
    said = [fault.text for fault in config.faults()]
    assert said.count("没有哪条河有上游邻区，永远用不到") == 3


def test_a_room_that_no_river_uses_is_a_fault_where_it_is_written(config) -> None:
    config.edit(FILE, "down: [luxian]", "down: [neijiang]")
    (found,) = config.faults()
    assert found.text == "没有哪条河用到邻区 luxian，永远不会叫"
    assert "id: luxian" in (config.path / FILE).read_text(encoding="utf-8").splitlines()[found.line - 1]


def test_of_two_rules_alike_the_second_is_the_fault(config) -> None:
    line = config.append(
        FILE, f"  - {{{RIVER_RULE.replace('river,', 'again,', 1)}, why: x, source: assumed}}\n"
    )
    found = [(fault.line, fault.text) for fault in config.faults()]
    assert found == [(line, "river 已经都叫到，again 永远用不到")]


def test_the_matrix_calls_no_neighbour_since_the_rivers_do(config) -> None:
    config.edit("matrix.yaml", "L3/keeper", "L1/downstream-luxian")
    assert "没有职责 L1/downstream-luxian" in [fault.text for fault in config.faults()]


def test_a_district_without_rivers_has_no_file_and_a_digest_of_its_own(config) -> None:
    whole = config.read()
    (config.path / FILE).unlink()
    config.edit("escalation.yaml", "hops: [H1n]", "hops: [H1b]")
    config.edit("escalation.yaml", "hops: [H1n]", "hops: [H1b]")
    texts = (config.path / "wording/do.yaml").read_text(encoding="utf-8").splitlines()
    kept = [row for row in texts if "stream" not in row]
    (config.path / "wording/do.yaml").write_text("\n".join(kept), encoding="utf-8")
    bare = config.read()
    assert FILE in whole.files
    assert FILE not in bare.files
    assert not [duty for duty in bare.layers.values() if duty.unit]
    made = plan(situation(warning(Level.RED, hazard="11A01", places=(CHANGYUAN,))), bare.ruleset)
    assert made.not_asked == ()


def test_the_digest_sees_a_change_of_a_neighbour_s_clock(config) -> None:
    before = config.read().digest
    config.edit(FILE, "red: 10m", "red: 8m")
    assert config.read().digest != before


def test_a_further_neighbour_is_config_alone(config) -> None:
    config.edit(
        FILE, "rivers:\n", '  - {id: yongchuan, code: "500153-N04", name: 永川区防汛值班室}\n\nrivers:\n'
    )
    config.append(
        FILE,
        "  - {id: heat, hazards: [heat], level: orange, sides: [down], why: 热, source: assumed}\n",
    )
    river = '  - {name: 大陆溪, towns: ["500153102"], down: [yongchuan], source: assumed}\n'
    config.edit(FILE, "rivers:\n", f"rivers:\n{river}")
    held = config.read()
    made = plan(situation(warning(Level.ORANGE, hazard="11B09", places=(PANLONG,))), held.ruleset)
    (line,) = [line for line in made.lines if held.duty(line.layer, line.duty).unit]
    assert held.duty("L1", line.duty).name == "永川区防汛值班室（大陆溪下游）"
    assert line.because[0].text == "大陆溪流经盘龙镇，叫下游：热"
