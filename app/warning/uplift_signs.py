"""The closed vocabulary of 提级: one class with one function, `holds`, a condition.

A condition says why one level more is asked for, or nothing. How one is added: docs/scheme.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.warning.level import Level
from app.warning.plan import Reason
from app.warning.ruleset import Look


@dataclass(frozen=True, slots=True)
class Night:
    """By night: asleep, people are slower to answer and slower to move."""

    since: time
    until: time

    def holds(self, look: Look) -> Reason | None:
        """Whether it is night; the first minute belongs to it, the last does not. Equal ends: never."""
        now = look.situation.at.astimezone(look.rules.zone).time()
        if self.since > self.until:  # over midnight
            inside = now >= self.since or now < self.until
        else:
            inside = self.since <= now < self.until
        if not inside:
            return None
        hours = f"{self.since:%H:%M}–{self.until:%H:%M}"
        return Reason("uplift.night", f"夜间（{hours}）", {"night": hours})

    def next_edge(self, at: datetime, zone: ZoneInfo) -> datetime:
        """When the night next begins or ends."""
        local = at.astimezone(zone)
        edges = []
        for edge in (self.since, self.until):
            moment = local.replace(hour=edge.hour, minute=edge.minute, second=0, microsecond=0)
            edges.append(moment if moment > local else moment + timedelta(days=1))
        return min(edges)


@dataclass(frozen=True, slots=True)
class Upstream:
    """A place upstream already has a higher level of the same family: what fell above arrives below."""

    above: Mapping[str, frozenset[str]]  # town → the towns whose water reaches it

    def holds(self, look: Look) -> Reason | None:
        """The first town, by code, above which a higher level holds, signalled or measured."""
        for town in sorted(look.situation.warning.places):
            for above in sorted(self.above.get(town, ())):
                reached = _level_at(above, look)
                if reached is not None and reached > look.level:
                    text = f"{look.name(town)}的上游{look.name(above)}已达{reached.zh}"
                    values: dict[str, str | int] = {"upstream": above, "place": town, "level": reached.word}
                    return Reason("uplift.upstream", text, values)
        return None


def _level_at(town: str, look: Look) -> Level | None:
    family = look.hazard.family

    def same(code: str) -> bool:
        other = look.hazard_of(code)
        return other is not None and other.family == family

    reached = [o.level for o in look.situation.others if town in o.places and same(o.hazard)]
    reached += [f.level for f in look.findings if f.place == town and same(f.hazard)]
    return max(reached, default=None)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two hazards in one town are worse than the worse of the two."""

    pairs: tuple[frozenset[str], ...]  # hazard ids
    from_level: Level

    def holds(self, look: Look) -> Reason | None:
        """The first hazard, signalled before measured, that meets this one in a town."""
        partners = {h for pair in self.pairs if look.hazard.id in pair for h in pair if h != look.hazard.id}
        places = look.situation.warning.places
        for other in sorted(look.situation.others, key=lambda o: (-o.level, o.hazard, o.key)):
            theirs = look.hazard_of(other.hazard)
            shared = places & other.places
            if theirs and shared and theirs.id in partners and other.level >= self.from_level:
                text = f"与{theirs.called(other.hazard)}{other.level.zh}预警叠加"
                return Reason("uplift.overlap", text, {"hazard": other.hazard, "towns": len(shared)})
        for found in look.findings:
            if found.kind in partners and found.place in places and found.level >= self.from_level:
                text = f"与实测{found.name}{found.level.zh}叠加"
                return Reason("uplift.overlap", text, {"hazard": found.hazard, "place": found.place})
        return None


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days with crowds who do not know the place."""

    name: str
    since: date
    until: date

    def holds(self, look: Look) -> Reason | None:
        """Whether today, in the district, is one of the days; both ends included."""
        day = look.situation.at.astimezone(look.rules.zone).date()
        if not self.since <= day <= self.until:
            return None
        return Reason("uplift.holiday", f"{self.name}期间人员聚集", {"holiday": self.name})


@dataclass(frozen=True, slots=True)
class DroughtToFlood:
    """旱涝急转: a flood upon dried ground, low ponds and people used to drought."""

    drought: frozenset[str]  # hazard ids of the drought
    flood: frozenset[str]  # hazard ids that come after it
    days: int  # how long after its end a drought still counts

    def holds(self, look: Look) -> Reason | None:
        """The most severe drought warning that holds, or ended within the days, in a town of this warning."""
        if look.hazard.id not in self.flood:
            return None
        warning, at = look.situation.warning, look.situation.at
        earlier = (*look.situation.others, *look.situation.past)
        for other in sorted(earlier, key=lambda o: (-o.level, o.hazard, o.key)):
            theirs = look.hazard_of(other.hazard)
            shared = warning.places & other.places
            ended = other.expires or at
            if theirs is None or theirs.id not in self.drought or not shared:
                continue
            if ended + timedelta(days=self.days) <= at:
                continue
            text = f"旱涝急转：{self.days}天内有{theirs.called(other.hazard)}{other.level.zh}预警"
            return Reason(
                "uplift.drought-to-flood",
                text,
                {"hazard": other.hazard, "towns": len(shared), "days": self.days},
            )
        return None


@dataclass(frozen=True, slots=True)
class Isolated:
    """三断: a town without road, power and network is 失联; what it needs, nobody can ask it."""

    def holds(self, look: Look) -> Reason | None:
        """The towns of this warning that are cut off."""
        lost = {c.place: c for c in look.situation.cut_off if c.place in look.situation.warning.places}
        if not lost:
            return None
        names = "、".join(look.name(town) for town in sorted(lost))
        how = "报告三断" if all(c.reported for c in lost.values()) else "失联（叫应链走完无人应）"
        since = min(c.since for c in lost.values()).astimezone(look.rules.zone)
        return Reason(
            "uplift.isolated",
            f"{names}{how}，自{since:%H:%M}起",
            {"towns": len(lost), "since": f"{since:%H:%M}"},
        )
