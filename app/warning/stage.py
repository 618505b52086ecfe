"""分段: in which time segment a warning stands, which input said so, and when that must be asked again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.warning.finding import Finding
from app.warning.hazard import HazardRules
from app.warning.news import FieldReport
from app.warning.plan import Reason
from app.warning.ruleset import Reported, Ruleset, Segment, StageRules
from app.warning.situation import WarningFacts
from app.warning.thresholds import is_of


@dataclass(frozen=True, slots=True)
class Stage:
    """A segment, the input it was taken from, and the moment time alone moves it on (None: it does not)."""

    segment: Segment
    source: str  # "observed" | "reported" | "onset" | "effective" | "window" | "default"
    because: Reason
    next_cut: datetime | None


def stage(
    warning: WarningFacts,
    hazard: HazardRules,
    findings: Iterable[Finding],
    rules: Ruleset,
    at: datetime,
    reports: Iterable[FieldReport] = (),
) -> Stage:
    """The segment at `at`.

    In this order: a gauge of the area already over the warning's own threshold; a field report that it has
    begun there; the onset; `effective` where it lies ahead; the signal's own window; the default. A
    segment's upper end belongs to it: at exactly 24 h it is 24–6.
    """
    stages = rules.stage
    if warning.observed:
        return _fixed(stages, stages.observed, "observed", "依据实测，已在发生")
    for finding in findings:
        if is_of(finding, hazard) and finding.place in warning.places and finding.level >= warning.signal:
            return _fixed(stages, stages.observed, "observed", f"区域内已达到：{finding.reason.text}")
    for report in sorted(reports, key=lambda r: (r.began, r.place, r.kinds)):
        if stages.reported and _has_begun(report, warning, hazard, stages.reported, at):
            return _fixed(stages, stages.reported.segment, "reported", f"区域内已报灾：{report.text}")
    if warning.onset is not None:
        return _lead(stages, warning.onset, "onset", "按预计发生时间", at)
    if warning.effective is not None and warning.effective > at:
        return _lead(stages, warning.effective, "effective", "无发生时间，按生效时间", at)
    signal = hazard.signal.get(warning.signal)
    if signal is not None and signal.window is not None:
        return _by_window(stages, warning.effective or warning.sent, signal.window, at)
    return _fixed(stages, stages.default, "default", "无发生时间，信号也无时限，按默认时段")


def _has_begun(
    report: FieldReport, warning: WarningFacts, hazard: HazardRules, rule: Reported, at: datetime
) -> bool:
    return (
        report.place in warning.places
        and at - rule.within < report.began
        and bool(rule.kinds.get(hazard.family, frozenset()) & set(report.kinds))
    )


def _fixed(stages: StageRules, segment: str, source: str, why: str) -> Stage:
    held = next(s for s in stages.segments if s.id == segment)
    return Stage(held, source, _because(held, source, why), None)


def _lead(stages: StageRules, onset: datetime, source: str, why: str, at: datetime) -> Stage:
    """By time left. Before the first segment the first holds, after the onset the last."""
    index = _index_at(stages, onset - at)
    held = stages.segments[index]
    following = stages.segments[index + 1 :]
    next_cut = onset - following[0].upto if following else None
    return Stage(held, source, _because(held, source, why), next_cut)


def _by_window(stages: StageRules, start: datetime, window: timedelta, at: datetime) -> Stage:
    """By the signal's window: at first what the table says, then onward as the window's end draws near.

    "Within 12 hours" may begin at any moment, so the end of the window is the latest onset; the table's
    segment is the earliest that is taken for it.
    """
    floor = next(segment for least, segment in stages.by_window if window >= least)
    index = next(i for i, s in enumerate(stages.segments) if s.id == floor)
    latest = start + window
    index = max(index, _index_at(stages, latest - at))
    held = stages.segments[index]
    following = stages.segments[index + 1 :]
    next_cut = latest - following[0].upto if following else None
    hours = window // timedelta(hours=1)
    return Stage(held, "window", _because(held, "window", f"无发生时间，按信号自身时限{hours}小时"), next_cut)


def _index_at(stages: StageRules, lead: timedelta) -> int:
    """The last segment whose upper end has been reached."""
    reached = [i for i, segment in enumerate(stages.segments) if lead <= segment.upto]
    return reached[-1] if reached else 0


def _because(segment: Segment, source: str, why: str) -> Reason:
    return Reason(f"segment.{source}", f"{why}，为{segment.id}{segment.name}", {"segment": segment.id})
