"""Runs the story of a demo, outside world and product alike, from due to due.

It works off what is due at this instant until nothing is in flight, then goes to whatever falls due next. How
it gets there is its caller's: headless it jumps, so that nothing depends on the machine; in a browser it
waits until the story's clock has flowed there.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeAlias

from app import db as database
from app.cli.stage import AFTER, Stage
from app.clock import Clock
from app.reports import night

Move: TypeAlias = Callable[[datetime], Awaitable[datetime]]
"""Goes to an instant. Returns where it got to: earlier when something new fell due meanwhile."""
Bell: TypeAlias = Callable[[], Awaitable[None]]
"""Rings when the product puts something before a person."""


class Driver:
    """Drives one story; it hears of the product's own work until ``close``."""

    def __init__(self, set_: Stage, clock: Clock, move: Move, bell: Bell) -> None:
        self._set, self._clock, self._move, self._bell = set_, clock, move, bell
        self._rang = False
        self._waiting: frozenset[night.Waiting] = frozenset()
        database.AFTER_COMMIT.append(self._told)

    def close(self) -> None:
        """Hear nothing more."""
        database.AFTER_COMMIT.remove(self._told)

    def _told(self, info: dict[Any, Any]) -> None:
        self._rang = self._rang or "plan" in info.get("told", ())

    async def settle(self) -> datetime | None:
        """Do everything that is due now, outside and inside, until nothing more is.

        Returns when anything will be due next.
        """
        world, watch = self._set.world, self._set.watch
        while True:
            watch.switch(theirs=True)
            await world.run_due(self._clock.now())
            watch.switch(theirs=False)
            _, inside = await self._set.worker.settle()
            if self._rang and await self._something_new():
                await self._bell()
            outside = world.due()
            if outside is None or outside > self._clock.now():
                return min((due for due in (inside, outside) if due is not None), default=None)

    async def _something_new(self) -> bool:
        """Whether something else waits for a person than when the bell rang last."""
        self._rang = False
        async with self._set.db.reading() as session:
            waiting = await night.undecided(session, self._set.scheme.district.code)
        before, self._waiting = self._waiting, waiting
        return bool(waiting - before)

    async def play(self, until: datetime) -> None:
        """Go on until then, or until nothing is due any more."""
        while True:
            following = await self.settle()
            if following is None or following > until:
                return
            await self._move(max(following, self._clock.now()))

    async def tell(self, until: datetime) -> None:
        """Tell the story whole: the outside world's part until then, and after it what still runs."""
        await self.play(until)
        self._set.world.forget("storm:", "bureau:", "town:")
        await self.play(until + AFTER)


def officers_look(set_: Stage) -> Bell:
    """Let the simulated officers look at the desk, a second after the bell."""

    async def bell() -> None:
        for officer, name in zip(set_.officers, ("duty", "chief"), strict=True):
            set_.world.after(1, f"bell:{name}", officer.look_once)

    return bell
