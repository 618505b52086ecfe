"""How people and their telephones behave: invented shares, so that clocks are met and missed in one demo.

Every draw is keyed by (seed, number, what, attempt). ``attempt`` counts the messages of one kind that a
number has had, so that a retry is another draw and the order of calls to *other* numbers cannot matter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.clock import local
from app.simulator.chance import Chance

Role = Literal["district", "town", "village", "grid", "household"]
Line = Literal["good", "off", "none"]
MEDIAN_SECONDS: dict[Role, float] = {
    "district": 45,
    "town": 70,
    "village": 240,
    "grid": 360,
    "household": 660,
}
ANSWERS = {"voice": 0.82, "sms": 0.46, "broadcast": 0.0}
SPREAD = 0.6
NIGHT_FACTOR, NIGHT_ENDS = 1.8, 6
FAILING, REFUSING = 0.04, 0.01
BACK_ON = 0.35  # a telephone that was switched off is on again at the next try
ON_TIME, LATE, TWICE, NEVER = 0.97, 0.02, 0.005, 0.005


@dataclass(frozen=True, slots=True)
class Outage:
    """A mast without power: nothing reaches a town's phones and loudspeakers from start to end."""

    town: int
    town_code: str
    start: datetime
    end: datetime

    def covers(self, number: str, at: datetime) -> bool:
        """Whether this number cannot be reached now."""
        return number.startswith(f"0009{self.town:02d}") and self.start <= at < self.end


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person does: press or send ``1`` (confirmed) or ``2`` (cannot), so long after the message."""

    after: timedelta
    digit: str


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one message.

    ``delivered``: how long it takes to the telephone; ``receipts``: when the vendor tells of it, none where
    it never does, two where it repeats itself.
    """

    line: Line
    reached: bool
    delivered: timedelta
    receipts: tuple[timedelta, ...]
    answer: Answer | None
    held_until: datetime | None = None


class People:
    """Everybody with a telephone. ``role_of`` says whose it is; a stranger answers like a village head."""

    def __init__(
        self,
        seed: int,
        role_of: Callable[[str], Role | None] | None = None,
        outages: Sequence[Outage] = (),
    ) -> None:
        self._chance = Chance(seed)
        self._role_of = role_of or (lambda _: None)
        self._outages = tuple(outages)

    def line(self, number: str) -> Line:
        """The line itself: 2 % are switched off, 2 % do not exist, for the whole story."""
        drawn = self._chance.uniform("line", number)
        if drawn < FAILING / 2:
            return "off"
        return "none" if drawn < FAILING else "good"

    def refuses(self, number: str) -> bool:
        """Whether this person says "cannot" whenever asked."""
        return self._chance.happens(REFUSING, "refuses", number)

    def outage(self, number: str, at: datetime) -> Outage | None:
        """The outage this number lies in, if any."""
        return next((one for one in self._outages if one.covers(number, at)), None)

    def silent_area(self, code: str, at: datetime) -> bool:
        """Whether the loudspeakers of a place (its code, of any length) are without power."""
        return any(code.startswith(one.town_code) and one.start <= at < one.end for one in self._outages)

    def fate(self, number: str, kind: str, attempt: int | str, at: datetime) -> Fate:
        """Decide one message; pure. ``attempt`` names it among those of its number and kind."""
        key = (number, kind, attempt)
        line = self.line(number)
        if line == "off" and self._chance.happens(BACK_ON, "back on", *key):
            line = "good"
        out = self.outage(number, at)
        reached = line == "good" and (out is None or kind == "sms")
        held = out.end if out and kind == "sms" else None
        answer = None
        if reached and self._chance.happens(ANSWERS.get(kind, 0.0), "answers", *key):
            answer = Answer(self._delay(number, at, key), "2" if self.refuses(number) else "1")
        soon = timedelta(seconds=self._chance.between(2, 12, "receipt delay", *key))
        return Fate(line, reached, soon, self._receipts(key, soon), answer, held)

    def _delay(self, number: str, at: datetime, key: tuple[object, ...]) -> timedelta:
        median = MEDIAN_SECONDS[self._role_of(number) or "village"]
        if local(at).hour < NIGHT_ENDS:
            median *= NIGHT_FACTOR
        return timedelta(seconds=self._chance.lognormal(median, SPREAD, "delay", *key))

    def _receipts(self, key: tuple[object, ...], soon: timedelta) -> tuple[timedelta, ...]:
        drawn = self._chance.uniform("receipt", *key)
        if drawn < ON_TIME:
            return (soon,)
        if drawn < ON_TIME + LATE:
            return (soon + timedelta(minutes=self._chance.between(5, 40, "receipt late", *key)),)
        if drawn < ON_TIME + LATE + TWICE:
            return (soon, soon + timedelta(seconds=self._chance.between(1, 90, "receipt twice", *key)))
        return ()
