"""The Scheme: everything a district has written in `config/`, as frozen values that the other rooms read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from typing_extensions import override

from app.warning.level import Level
from app.warning.plan import Part
from app.warning.ruleset import Ruleset, TownRules

Who = Literal["A", "B", "superior", "chief", "onsite"]


@dataclass(frozen=True, slots=True)
class District:
    """The district itself."""

    code: str  # six digits, e.g. "500153"
    name: str  # 荣昌区
    short: str  # 荣昌, as in 【荣昌防汛】
    aliases: tuple[str, ...]  # older six-digit codes, e.g. "500226"
    city_code: str  # four digits, e.g. "5001"
    zone: ZoneInfo
    code_systems: tuple[str, ...]  # "nbs", "mca"; the first is the one places are kept in
    desk: str  # number of the duty room, as said in texts
    signature: str  # 荣昌防汛


@dataclass(frozen=True, slots=True)
class Duty:
    """Who has a duty of a layer, and who comes next. Roles are codes of the directory, e.g. "town.duty"."""

    id: str
    layer: str
    name: str
    part: Part
    a: tuple[str, ...]  # role A; empty for coverage
    b: tuple[str, ...]
    superior: tuple[str, ...]
    target: str  # kind of unit called: "district" "town" "village" "grid" "group" "point" "reservoir" …
    holders: str  # duty whose holders are called (itself but for orders)
    hop: str
    from_level: Level
    coverage: bool
    on_duty: bool  # role A is whoever is on shift now, not everybody who has the role
    unit: str = ""  # the one place that has it (a duty room of 流域联防); empty: every place of the kind
    worded_as: str = ""  # the duty whose texts are used; empty: its own

    @property
    def words(self) -> str:
        """The duty that templates name."""
        return self.worded_as or self.id


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the chain behind an unanswered call, `after` the release of its part."""

    after: timedelta
    who: Who
    round: int  # 1, 2, 3 … for calls to A; 0 for the others
    spread: int  # how many of the line's channels at once, in its order
    channels: tuple[str, ...]  # explicit kinds instead; empty: the line's own
    voice_at_night: bool  # False: no automatic voice between the night hours


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps for some levels and hops, earliest first."""

    name: str
    levels: frozenset[Level]
    hops: frozenset[str]  # empty: every hop no other chain names
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Escalation:
    """Who is called when nobody answers, and when."""

    chains: tuple[Chain, ...]
    cannot_skips: bool  # a "cannot" goes to the next step at once
    night: tuple[time, time]  # local hours in which a step without `voice_at_night` makes no voice call

    def steps(self, level: Level, hop: str) -> tuple[Step, ...]:
        """The chain for a level and a hop (`Duty.hop`): the hop's own if it has one, else the general one."""
        held = [chain for chain in self.chains if level in chain.levels]
        own = [chain for chain in held if hop in chain.hops]
        general = [chain for chain in held if not chain.hops]
        return next((chain.steps for chain in (*own, *general)), ())


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """Who may let a part out at a level, how many persons that takes, and by when it must be decided."""

    who: frozenset[str]  # roles of users, e.g. "duty"
    second: frozenset[str]  # who may be the second person
    persons: int  # 0: goes by itself at once, 1, 2
    limit: timedelta | None
    auto_at_limit: bool  # goes by itself when nobody decided; only where the district says so


@dataclass(frozen=True, slots=True)
class Overdue:
    """Who is phoned when a limit passed without a decision."""

    after: timedelta  # after the limit
    who: str  # role of a user


@dataclass(frozen=True, slots=True)
class Release:
    """Who may let what out."""

    parts: Mapping[Part, Mapping[Level, ReleaseRule]]
    auto_only_in: frozenset[str]  # segments in which `auto_at_limit` counts
    review: ReleaseRule
    uplift: ReleaseRule
    response: ReleaseRule
    close: Mapping[Level, ReleaseRule]
    overdue: tuple[Overdue, ...]
    break_glass: timedelta
    approval_lapses: timedelta
    reauthenticate: frozenset[tuple[str, Level]]  # ("public" | "orders" | "close" | "correct", level)

    def rule(self, part: Part, level: Level) -> ReleaseRule:
        """The rule for a part at a level."""
        return self.parts[part][level]


@dataclass(frozen=True, slots=True)
class Template:
    """One text. What it does not name, it serves for all of."""

    kind: str  # "alert" "correction" "lowered" "clear" "do" "effect"
    channel: str  # "sms" "voice" "broadcast" "page"; "" for "do" and "effect"
    text: str
    observed: bool | None = None  # None ("do" and "effect" only): both
    hazard: str = ""  # hazard id of config, e.g. "rain"
    family: str = ""
    level: Level | None = None
    layer: str = ""
    duty: str = ""

    @property
    def weight(self) -> int:
        """How specific: each selector outweighs all that follow it."""
        return (
            16 * bool(self.duty)
            + 8 * bool(self.hazard)
            + 4 * bool(self.family)
            + 2 * bool(self.layer)
            + (self.level is not None)
        )


class Templates:
    """The texts of a scheme, laid out by kind and channel: a storm's night asks for tens of thousands."""

    def __init__(self, rows: Iterable[Template]) -> None:
        self._rows = tuple(rows)
        self._laid: dict[tuple[str, str], list[Template]] = {}
        for row in sorted(self._rows, key=lambda row: -row.weight):
            self._laid.setdefault((row.kind, row.channel), []).append(row)

    def of(self, kind: str, channel: str) -> Sequence[Template]:
        """Return the texts of one kind and channel, the most specific first."""
        return self._laid.get((kind, channel), ())

    def __iter__(self) -> Iterator[Template]:
        """Go through all, in the order of the files."""
        return iter(self._rows)

    @override
    def __eq__(self, other: object) -> bool:
        """Be equal to what holds the same texts in the same order."""
        return isinstance(other, Templates) and self._rows == other._rows

    @override
    def __hash__(self) -> int:
        """Be told apart by the texts."""
        return hash(self._rows)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A whole config. Two configs with the same `digest` say the same."""

    version: str
    digest: str  # SHA-256, hex
    district: District
    ruleset: Ruleset
    layers: Mapping[tuple[str, str], Duty]  # (layer, duty)
    layer_names: Mapping[str, str]  # "L2" → 镇街
    roles: Mapping[str, str]  # role code → name
    clocks: Mapping[str, Mapping[Level, timedelta]]  # hop → level → time to answer; "F1", "F2" for feedback
    escalation: Escalation
    release: Release
    channels: tuple[Mapping[str, Any], ...]  # entries of channels.yaml, in order; `channels` checks them
    templates: Templates
    towns: Mapping[str, TownRules]
    files: Mapping[str, str]  # name → text: what it was read from, kept with the plans it makes

    def duty(self, layer: str, duty: str) -> Duty:
        """A duty of a layer. Raises KeyError if there is none."""
        return self.layers[(layer, duty)]

    def place_name(self, code: str) -> str:
        """What a town or the district is called; its code where it is unknown."""
        if code == self.district.code:
            return self.district.name
        town = self.towns.get(code)
        return town.name if town else code
