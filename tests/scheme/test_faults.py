"""Every fault is found, all at once, each with its file and its line."""

from pathlib import Path

import pytest

from app.scheme.faults import SchemeFaults
from app.scheme.read import read
from tests.scheme.configs import Config, copied


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return copied(tmp_path / "config")


PLANTED = [
    # what is planted: file, what it said, what it says now, what the fault says
    ("segments.yaml", "from_hours: 24, to_hours: 6", "from_hours: 20, to_hours: 6", "T1 与 T2 之间有空档"),
    ("segments.yaml", "from_hours: 24, to_hours: 6", "from_hours: 30, to_hours: 6", "T1 与 T2 之间重叠"),
    ("segments.yaml", "to_hours: 0", "to_hours: 1", "最后一个时段要到 0 小时"),
    ("segments.yaml", "observed: T4", "observed: T5", "没有时段 T5"),
    ("segments.yaml", "at_least_hours: 6", "at_least_hours: 18", "由长到短"),
    ("response.yaml", "hazard: rain", "hazard: rainn", "没有灾种 rainn"),
    ("uplift.yaml", "[rain, river]", "[rain, rivr]", "没有灾种 rivr"),
    ("uplift.yaml", '"500153112": ["500153103"]', '"500153112": ["500153999"]', "没有镇街 500153999"),
    ("uplift.yaml", 'from: "22:00"', "from: 22:00", "“22:00”没加引号"),
    ("uplift.yaml", 'until: "06:00"', "until: 08:30", "“08:30”没加引号"),
    ("uplift.yaml", 'from: "22:00"', 'from: "25:00"', "时刻"),
    ("layers.yaml", "blue: 15m, yellow: 10m", "blue: 15m, yellow: 20m", "黄色时限比低一级的还长"),
    ("layers.yaml", "orange: 60m, red: 40m", "orange: 60m, red: null", "红色时限比低一级的还长"),
    (
        "layers.yaml",
        "a: [grid.worker], b: [village.duty], superior: [village.head],\n     channels: {yellow",
        "a: [grid.boss], b: [village.duty], superior: [village.head],\n     channels: {yellow",
        "没有角色 grid.boss",
    ),
    ("layers.yaml", "a: [keeper.monitor], b", "a: [], b", "没有人担任"),
    (
        "layers.yaml",
        "channels: {hint: [sms], blue: [sms, voice], yellow: [voice, sms]",
        "channels: {hint: [sms], blue: [sms, voice], yellow: [voice]",
        "黄色比低一级少了方式",
    ),
    ("layers.yaml", "[broadcast], red: [broadcast]", "[broadcast]", "没写红色用什么方式叫"),
    ("layers.yaml", "on_duty: true", "on_duty: NO", "“NO”没加引号"),
    ("layers.yaml", "from_level: hint", "from_level: purple", "没有“purple”这个级别"),
    ("layers.yaml", "reminder: [L1/district-duty", "reminder: [L6/household", "实测提醒只叫责任人"),
    (
        "layers.yaml",
        "duty: L1/district-chief, from",
        "duty: L1/distric-chief, from",
        "没有职责 L1/distric-chief",
    ),
    ("layers.yaml", "duty: L1/district-chief, from", "duty: L6/household, from", "实测提醒只叫责任人"),
    ("layers.yaml", "duty: L1/district-chief, from", "duty: L2/town-duty, from", "每次实测提醒都叫"),
    (
        "layers.yaml",
        "duty: L1/district-chief, from: orange",
        "duty: L1/district-chief, from: blue",
        "从橙色起才叫",
    ),
    ("layers.yaml", "from: orange, hazards: [rain]", "from: orange, hazards: [rian]", "没有灾种 rian"),
    ("layers.yaml", "from: orange, hazards: [rain]", "from: orange, hazards: [rain, hail]", "永远用不到"),
    ("layers.yaml", "name: 区长, target", "nmae: 区长, target", "不认识的键“nmae”"),
    ("matrix.yaml", "L3/keeper", "L3/keepr", "没有职责 L3/keepr"),
    ("matrix.yaml", "  T3:", "  T7:", "没有时段 T7"),
    (
        "matrix.yaml",
        "call: [L1/bureau, L2/town-deputy]",
        "call: [L1/bureau, L2/town-deputy, L2/town-secretary]",
        "从红色起才叫",
    ),
    (
        "hazards/rain.yaml",
        "level: yellow, when: {kind: rain, hours: 6, mm: 50}",
        "level: yellow, when: {kind: rain, hours: 12, mm: 50}",
        "次序颠倒",
    ),
    ("hazards/rain.yaml", "mm: 100", "mm: 100.55", "最多一位小数"),
    ("hazards/rain.yaml", "kind: rain, hours: 12", "kind: hail, hours: 12", "只能是"),
    (
        "hazards/rain.yaml",
        "hours: 12, mm: 50}, source",
        "hours: 12, mm: 50, extra: 1}, source",
        "不认识的键“extra”",
    ),
    (
        "hazards/rain.yaml",
        "{hours: 12, text: 12小时内降雨量将达50毫米以上, source: national table of warning signals}",
        "{hours: 12, text: 12小时内降雨量将达50毫米以上}",
        "缺少“source”",
    ),
    ("hazards/rain.yaml", "from: 2007-06-12", "from: 2026-02-30", "没有 2026-02-30 这一天"),
    ("hazards/river.yaml", "11A01", "11B03", "同一时期已在灾种"),
    (
        "hazards/haze.yaml",
        "issuer: 气象台",
        "issuer: 气象台\nobserved: [{level: red, when: {kind: stage, mark: record}, source: assumed}]",
        "没有红色这一级",
    ),
    (
        "towns/500153102.yaml",
        "L2/town-duty: {orange: 10m",
        "L2/town-dutty: {orange: 10m",
        "没有的职责 L2/town-dutty",
    ),
    ("towns/500153102.yaml", "orange: 10m, red: 5m", "orange: 15m, red: 5m", "等于没改"),
    ("towns/500153102.yaml", "orange: 10m, red: 5m", "orange: 4m, red: 5m", "改后红色时限比低一级的还长"),
    ("towns/500153102.yaml", 'code: "500153102"', "code: 500153102", "要写文字"),
    ("towns/500153102.yaml", 'code: "500153102"', 'code: "500153103"', "文件名应为"),
    ("towns/500153102.yaml", 'code: "500153102"', 'code: "510521102"', "不属于本区"),
    (
        "release.yaml",
        "second: [chief, leader], persons: 2, limit: 5m",
        "persons: 2, limit: 5m",
        "没写第二个人",
    ),
    (
        "release.yaml",
        "orange: {who: [duty, chief, leader], persons: 1, limit: 10m",
        "orange: {who: [duty, chief, leader], persons: 1, limit: 40m",
        "限时比低一级的还长",
    ),
    ("release.yaml", "who: [leader], second", "who: [operator], second", "operator 无权决定"),
    ("release.yaml", "break_glass: 60s", "break_glass: 60", "要写成时长"),
    ("escalation.yaml", "levels: [yellow]", "levels: [orange]", "已有一条链"),
    ("escalation.yaml", "{after: 10m, who: onsite", "{after: 1m, who: onsite", "先后"),
    ("escalation.yaml", "hops: [H0]", "hops: [H9]", "没有 H9"),
    ("channels.yaml", "carries: [broadcast]", "carries: []", "要写承载什么"),
    ("channels.yaml", "name: voice-main", "name: sms-main", "写了两次"),
    ("wording/sms.yaml", "【{signature}】实测：", "【{signature}】预警信号实测：", "不得写“预警信号”"),
    ("wording/sms.yaml", "【{signature}】实测：", "【{signature}】提醒：", "写明“实测”"),
    ("wording/sms.yaml", "{hazard}{level}预警：", "{hasard}{level}预警：", "没有可填的 {hasard}"),
    ("wording/sms.yaml", "{hazard}{level}预警：", "{hazard.__class__}：", "没有可填的"),
    ("wording/do.yaml", "duty: keeper", "duty: keepr", "没有职责 keepr"),
    ("district.yaml", "Asia/Shanghai", "Asia/Rongchang", "没有时区"),
    ("controls.yaml", "id: cut-power", "id: cut-road", "写了两次"),
    # rules that can never hold
    ("layers.yaml", "  F1:", "  H7: {name: 无人用, clock: {red: 5m}, source: assumed}\n  F1:", "永远用不到"),
    (
        "response.yaml",
        "hazard: rain, level: yellow, towns: 3",
        "hazard: rain, level: yellow, towns: 22",
        "到不了22个",
    ),
    (
        "response.yaml",
        "hazard: rain, level: red, towns: 1",
        "hazard: haze, level: red, towns: 1",
        "永远用不到",
    ),
    ("hazards/rise.yaml", "codes: []", "codes: []\nnames: {11A01: 河水}", "给它起名不起作用"),
    (
        "towns/500153102.yaml",
        "level: blue, families: [flood]",
        "level: yellow, families: [flood]",
        "本来就叫",
    ),
    ("towns/500153102.yaml", "hazards: [rain, flash-flood]", "hazards: [rian, flash-flood]", "没有灾种 rian"),
    (
        "towns/500153102.yaml",
        "hazards: [rain, flash-flood], level: orange",
        "hazards: [haze], level: red",
        "不起作用",
    ),
    ("uplift.yaml", "drought: [drought]", "drought: [drout]", "没有灾种 drout"),
    ("segments.yaml", "reported:\n  segment: T4", "reported:\n  segment: T9", "没有时段 T9"),
    ("response.yaml", "kinds: [reservoir], text", "text", "要写 kinds 或 dead"),
    ("industries/school.yaml", "families: [flood", "families: [floods", "只能是"),
]


@pytest.mark.parametrize(("file", "old", "new", "says"), PLANTED)
def test_a_planted_fault_is_found_in_its_file_and_on_its_line(config, file, old, new, says) -> None:
    line = config.edit(file, old, new)
    found = [f for f in config.faults() if f.file == file and says in f.text]
    assert found, config.faults()
    lines = range(line, line + max(old.count("\n"), new.count("\n")) + 1)
    assert any(fault.line in lines for fault in found), (line, found)


def test_all_faults_come_at_once_in_order(config) -> None:
    for file, old, new, _ in (PLANTED[0], PLANTED[5], PLANTED[27], PLANTED[48]):
        config.edit(file, old, new)
    faults = config.faults()
    assert {f.file for f in faults} >= {"segments.yaml", "response.yaml", "matrix.yaml", "escalation.yaml"}
    assert faults == sorted(faults)


def test_the_error_reads_as_lines_an_editor_can_jump_to(config) -> None:
    line = config.edit("response.yaml", "hazard: rain", "hazard: rainn")
    with pytest.raises(SchemeFaults, match=f"response.yaml:{line}: 没有灾种 rainn"):
        read(config.path)


def test_broken_yaml_is_a_fault_of_its_line_and_hides_no_other(config) -> None:
    line = config.append("layers.yaml", "  - [unclosed\n")
    config.edit("segments.yaml", "to_hours: 0", "to_hours: 1")
    files = {f.file: f.line for f in config.faults()}
    assert abs(files["layers.yaml"] - line) <= 1
    assert "segments.yaml" in files


def test_a_missing_file_an_unknown_one_and_an_empty_one_are_faults(config) -> None:
    (config.path / "release.yaml").unlink()
    (config.path / "relase.yaml").write_text("break_glass: 60s\n", encoding="utf-8")
    (config.path / "uplift.yaml").write_text("", encoding="utf-8")
    (config.path / "towns/500153102.yml").write_text("code: x\n", encoding="utf-8")
    said = {f.file: f.text for f in config.faults()}
    assert said["release.yaml"] == "缺少文件"
    assert "不认识的文件" in said["relase.yaml"]
    assert "不认识的文件" in said["towns/500153102.yml"]
    assert said["uplift.yaml"] == "文件是空的"


def test_a_key_given_twice_and_an_alias_are_faults(config) -> None:
    line = config.append("district.yaml", "name: 永川区\n")
    second = config.append("controls.yaml", "one: &a [x]\ntwo: *a\n")
    said = [(f.file, f.line, f.text) for f in config.faults()]
    assert ("district.yaml", line, "键“name”写了两次") in said
    assert any(f == "controls.yaml" and "别名" in text and at in (second, second + 1) for f, at, text in said)


def test_a_folder_that_is_not_there_is_one_fault_and_no_crash(tmp_path) -> None:
    with pytest.raises(SchemeFaults, match="没有这个配置目录"):
        read(tmp_path / "nowhere")


def test_a_file_in_another_encoding_is_a_fault(config) -> None:
    (config.path / "district.yaml").write_bytes("name: 荣昌区\n".encode("gbk"))
    assert [f.text for f in config.faults() if f.file == "district.yaml"] == ["不是 UTF-8 编码"]


def test_a_level_without_a_general_text_is_a_fault(config) -> None:
    line = config.edit(
        "wording/sms.yaml",
        "{kind: clear, channel: sms, observed: true",
        "{kind: clear, channel: sms, observed: true, level: red",
    )
    assert line
    assert any("缺少通用文字：clear sms（实测）" in f.text for f in config.faults())


def test_a_measure_or_order_for_a_level_no_hazard_of_its_family_has_is_a_fault(config) -> None:
    red = '  red: {hours: 24, text: 森林火险等级五级, source: "national practice; window assumed"}\n'
    config.edit("hazards/forest-fire.yaml", red, "")
    line = config.edit("controls.yaml", "level: orange, families: [fire]", "level: red, families: [fire]")
    said = {(f.file, f.line): f.text for f in config.faults()}
    assert said["controls.yaml", line] == "fire 没有哪个灾种有红色，这条永远用不到"
    assert "fire 没有哪个灾种有红色，这条永远用不到" in [
        f.text for f in config.faults() if "forestry" in f.file
    ]


def test_a_duty_that_no_cell_calls_any_more_is_a_fault_where_it_is_written(config) -> None:
    config.edit("matrix.yaml", "call: [L1/bureau, L2/town-deputy]", "call: [L2/town-deputy]")
    (found,) = [f for f in config.faults() if f.file == "layers.yaml"]
    assert found.text == "L1/bureau 没有任何一格会叫到"
    text = (config.path / "layers.yaml").read_text(encoding="utf-8").splitlines()
    assert "id: bureau" in text[found.line - 1]


def test_a_town_that_differs_without_saying_why_is_a_fault(config) -> None:
    config.edit("towns/500153102.yaml", "why: 历史强降雨点，山洪来得快\n", "")
    assert [f.text for f in config.faults()] == ["与全区不同，要写 why 和 source"]


def test_a_hazard_nothing_leads_to_is_a_fault(config) -> None:
    config.edit("hazards/sandstorm.yaml", "codes: [11B07]", "codes: []")
    assert "灾种“sandstorm”没有代码也没有实测标准，永远用不到" in [f.text for f in config.faults()]
