"""Situations in the district of the seed, for tests of the rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

from app import bundled
from app.scheme.models import Scheme
from app.scheme.read import read
from app.warning.finding import Finding
from app.warning.hazard import HazardRules
from app.warning.level import Level
from app.warning.news import CutOff, FieldReport, Outlook
from app.warning.ruleset import Ruleset
from app.warning.situation import Holding, LevelReading, Place, RainWindow, Situation, WarningFacts
from app.warning.thresholds import observed

NOON = datetime(2026, 7, 21, 4, 0, tzinfo=UTC)  # 12:00 in the district
MIDNIGHT = datetime(2026, 7, 21, 16, 0, tzinfo=UTC)
DISTRICT = Place("500153", "荣昌区", "5001", "district")
PANLONG, QINGLIU, WUJIA = "500153102", "500153112", "500153103"
CHANGYUAN, WANLING = "500153001", "500153105"


@cache
def scheme() -> Scheme:
    return read(bundled.path("config"))


def rules() -> Ruleset:
    return scheme().ruleset


def towns() -> tuple[Place, ...]:
    return tuple(Place(code, town.name, "500153", "town") for code, town in sorted(rules().towns.items()))


def warning(
    level: Level = Level.RED,
    *,
    hazard: str = "11B03",
    places: tuple[str, ...] = (PANLONG, WUJIA),
    sent: datetime = NOON,
    onset: datetime | None = None,
    effective: datetime | None = None,
    observed: bool = False,
    key: str = "one",
) -> WarningFacts:
    return WarningFacts(
        key,
        hazard,
        level,
        sent,
        effective,
        onset,
        sent + timedelta(hours=24),
        frozenset(places),
        observed=observed,
    )


def holdings(codes: tuple[str, ...] = ()) -> tuple[Holding, ...]:
    """Every town has two units of every duty, and the district its own."""
    held = []
    for duty in scheme().layers.values():
        if duty.id == "orders":
            continue
        where = ("500153",) if duty.layer == "L1" else codes or tuple(town.code for town in towns())
        held += [Holding(code, duty.layer, duty.id, 2, 2, 0) for code in where]
    return tuple(held)


def situation(
    about: WarningFacts | None = None,
    *,
    at: datetime = NOON,
    windows: tuple[RainWindow, ...] = (),
    levels: tuple[LevelReading, ...] = (),
    others: tuple[WarningFacts, ...] = (),
    held: tuple[Holding, ...] | None = None,
    reports: tuple[FieldReport, ...] = (),
    cut_off: tuple[CutOff, ...] = (),
    outlooks: tuple[Outlook, ...] = (),
    past: tuple[WarningFacts, ...] = (),
) -> Situation:
    return Situation(
        at,
        about or warning(),
        towns(),
        holdings() if held is None else held,
        windows,
        levels,
        others,
        DISTRICT,
        reports=reports,
        cut_off=cut_off,
        outlooks=outlooks,
        past=past,
    )


def judged(now: Situation, held: Ruleset) -> tuple[HazardRules, Ruleset, tuple[Finding, ...]]:
    """What a suggestion is made from beside the situation: the rules of its hazard, all rules, findings."""
    hazard = held.hazard(now.warning.hazard, now.at)
    assert hazard
    return hazard, held, observed(now.windows, now.levels, held, now.at, now.elements)


def rain(
    mm10: int,
    hours: int,
    *,
    place: str = PANLONG,
    station: str = "SIM-P009",
    missing: int = 0,
    at: datetime = NOON,
) -> RainWindow:
    return RainWindow(station, place, hours, mm10, missing, hours * 12, at)


def river(level_mm: int, *, place: str = CHANGYUAN, station: str = "SIM-Z001", **marks: int) -> LevelReading:
    known = {"warning_mm": 301_500, "guarantee_mm": 303_000, **marks}
    return replace(LevelReading(station, "濑溪河", place, NOON, level_mm), **known)  # type: ignore[arg-type]


def reported(*kinds: str, place: str = PANLONG, ago: timedelta = timedelta(), **counts: int) -> FieldReport:
    return FieldReport(place, kinds, NOON - ago, text="盘龙镇滑坡", **counts)


def forecast(
    mm: int, *, hours: int = 3, lead: int = 2, place: str = PANLONG, source: str = "qx", element: str = "rain"
) -> Outlook:
    begins = NOON + timedelta(hours=lead)
    return Outlook(place, element, begins, begins + timedelta(hours=hours), mm * 1000, NOON, source)
