"""Slowing down who guesses passwords, counted in a table so that every process knows.

It is by account *and* address: a stranger elsewhere cannot shut the last duty officer out, whatever they
try. A second count, by address over all accounts, slows who tries one password on many. Nobody is ever
locked: the wait ends by itself.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from app import sealed
from app.access.tables import LogInFailure
from app.db import Session
from app.errors import RateLimited

WINDOW = timedelta(minutes=15)
FREE = 5
"""Wrong tries at one account from one address before there is a wait."""
FREE_BY_ADDRESS = 50
"""The same over all accounts. A duty room and its towns may share one address, so it is not small."""
LONGEST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Seen:
    """How often something failed lately, and when last."""

    times: int
    last: datetime | None

    def wait(self, free: int, at: datetime) -> float:
        """Return the seconds still to wait: 1, 2, 4 … after each try above ``free``, five minutes at most."""
        if self.times < free or self.last is None:
            return 0
        pause = min(2.0 ** min(self.times - free, 20), LONGEST.total_seconds())
        return (self.last + timedelta(seconds=pause) - at).total_seconds()


def _keys(login: str, address: str) -> tuple[str, str]:
    return sealed.blind_index(f"login:{login.strip().casefold()}"), sealed.blind_index(f"address:{address}")


async def check(session: Session, login: str, address: str, at: datetime) -> None:
    """Pass, or raise RateLimited with the seconds to wait (``retry_after``)."""
    account, place = _keys(login, address)
    recent = LogInFailure.at > at - WINDOW
    count = sa.select(sa.func.count(), sa.func.max(LogInFailure.at).label("last"))
    waits = []
    for where, free in (
        (sa.and_(LogInFailure.account == account, LogInFailure.address == place), FREE),
        (LogInFailure.address == place, FREE_BY_ADDRESS),
    ):
        times, last = (await session.execute(count.where(where, recent))).one()
        waits.append(Seen(times, last).wait(free, at))
    if (seconds := max(waits)) > 0:
        raise RateLimited("Too many wrong tries; wait a little.", retry_after=math.ceil(seconds))


async def note(session: Session, login: str, address: str, *, district: str, at: datetime) -> None:
    """Count a failed try; forget those that no longer matter."""
    account, place = _keys(login, address)
    session.add(LogInFailure(district=district, account=account, address=place, at=at))
    await session.execute(sa.delete(LogInFailure).where(LogInFailure.at <= at - WINDOW))


async def clear(session: Session, login: str, address: str) -> None:
    """Forget an account's failures from an address, after a log-in there succeeded."""
    account, place = _keys(login, address)
    await session.execute(
        sa.delete(LogInFailure).where(LogInFailure.account == account, LogInFailure.address == place)
    )
