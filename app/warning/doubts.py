"""What does not fit in what came: said in the plan, so that nothing is dropped and nothing guessed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from app.warning.condition import RainOver
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.plan import Reason
from app.warning.situation import Situation, WarningFacts
from app.warning.thresholds import by_station
from app.warning.window import millimetres

NAMED = 3
"""Gauges with holes that are named; the others are counted."""


def doubts(situation: Situation, hazard: HazardRules) -> tuple[Reason, ...]:
    """Everything doubtful about the warning, its area, its times and the gauges of its area."""
    return (
        *_event(situation.warning, hazard),
        *_area(situation),
        *_times(situation.warning),
        *_gauges(situation),
        *_missing(situation, hazard),
    )


def _event(warning: WarningFacts, hazard: HazardRules) -> Iterator[Reason]:
    name = hazard.called(warning.hazard)
    if hazard.anything and warning.hazard not in hazard.names:
        text = f"不认识代码{warning.hazard}，没有它的规则，按“{hazard.name}”执行，灾种以报文为准"
        yield Reason("hazard.unknown-code", text, {"code": warning.hazard})
    if warning.level is not Level.HINT and warning.level not in hazard.signal:
        text = f"{name}没有{warning.level.zh}这一级，按来报级别执行"
        yield Reason("hazard.level-missing", text, {"level": warning.level.word})


def _area(situation: Situation) -> Iterator[Reason]:
    known = {town.code for town in situation.towns}
    foreign = sorted(situation.warning.places - known)
    if foreign:
        text = f"报文还写了{'、'.join(foreign)}，不是本区镇街，没有叫"
        yield Reason("area.foreign", text, {"towns": len(foreign)})


def _times(warning: WarningFacts) -> Iterator[Reason]:
    if warning.expires is None:
        return
    for name, moment in (("发生", warning.onset), ("生效", warning.effective)):
        if moment is not None and moment >= warning.expires:
            text = f"报文自相矛盾：{name}时间不早于失效时间，按{name}时间排时段，到失效时间仍会结束"
            yield Reason("times.contradict", text, {"expires": warning.expires.isoformat()})


def _gauges(situation: Situation) -> Iterator[Reason]:
    """A shorter window that holds more rain than a longer one around it cannot be."""
    here = (window for window in situation.windows if window.place in situation.warning.places)
    for station, held in sorted(by_station(here, ()).items()):
        windows = [held.rain[hours] for hours in sorted(held.rain)]
        for short, long in pairwise(windows):
            if short.tenths > long.tenths and short.at == long.at:
                text = (
                    f"{station}站读数矛盾：{short.hours}小时{millimetres(short.tenths)}毫米，"
                    f"{long.hours}小时反而{millimetres(long.tenths)}毫米，按大的算，请核实"
                )
                yield Reason("windows.contradict", text, {"station": station, "hours": short.hours})
                break


def _missing(situation: Situation, hazard: HazardRules) -> Iterator[Reason]:
    """Gauges of the area whose window for this level has holes: less rain than asked for proves nothing."""
    level = situation.warning.level
    asked = {
        rule.condition.hours: rule.condition.tenths
        for rule in hazard.observed
        if rule.level == level and isinstance(rule.condition, RainOver)
    }
    held = sorted(
        (
            window
            for window in situation.windows
            if window.place in situation.warning.places
            and window.hours in asked
            and window.missing
            and window.tenths < asked[window.hours]
        ),
        key=lambda window: (-window.missing / window.expected, window.station, window.hours),
    )
    if not held:
        return
    told = [
        f"{one.station}站{one.hours}小时至少{millimetres(one.tenths)}毫米，{one.expected}个时段缺{one.missing}个"
        for one in held[:NAMED]
    ]
    more = f"等{len(held)}处" if len(held) > NAMED else ""
    text = f"缺数：{'；'.join(told)}{more}。没有数据不等于没有雨"
    yield Reason("windows.missing", text, {"windows": len(held)})
