"""值班在岗: for each town whom a warning would ring now, seen before it comes and not during it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.console.board import people
from app.console.board.people import Contact
from app.directory import people as directory
from app.scheme.models import Scheme

DUTY = ("L2", "town-duty")


@dataclass(frozen=True, slots=True)
class Post:
    """A town's A and B of the duty room. ``lacks`` says what is missing, empty when it can be called."""

    code: str
    name: str
    a: Contact | None
    b: Contact | None
    lacks: str
    off_roster: bool


async def load(
    session: AsyncSession, scheme: Scheme, names: Mapping[str, str], at: datetime
) -> tuple[Post, ...]:
    """Return the towns' duty rooms as the chain would find them now."""
    if DUTY not in scheme.layers:
        return ()
    wanted = [(code, *DUTY) for code in names]
    targets = {
        one.town: one
        for one in await directory.targets(session, scheme.district.code, wanted, scheme.layers, at=at)
    }
    who = await people.contacts(session, (person for one in targets.values() for person in (one.a, one.b)))
    found = []
    for code, name in names.items():
        target = targets.get(code)
        a, b = (who.get(target.a or ""), who.get(target.b or "")) if target is not None else (None, None)
        lacks = "，".join(
            text
            for text, missing in (
                ("A 角无人" if a is None else "A 角无号码", a is None or not a.reachable),
                ("B 角无人" if b is None else "B 角无号码", b is None or not b.reachable),
                ("班表无人，按名册叫", target is not None and target.off_roster),
            )
            if missing
        )
        found.append(Post(code, name, a, b, lacks, bool(target and target.off_roster)))
    return tuple(found)
