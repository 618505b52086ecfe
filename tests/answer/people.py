"""What a test asks of the hamlet: who holds what, whose number it is, what was called and what was said."""

import sqlalchemy as sa

from app import sealed
from app.answer.tables import Answer, Obligation, ReplyRow
from app.directory.tables import Holding, Person
from tests.support.hamlet import VILLAGE
from tests.support.seeded import DISTRICT
from tests.support.world import Rang, World


async def holds(world: World, person: str, role: str, *places: str) -> None:
    """Make a person the first of a role at some places."""
    async with world.db.transaction() as session:
        for place in places:
            session.add(
                Holding(
                    district=DISTRICT,
                    place_id=place,
                    role=role,
                    person_id=person,
                    rank=0,
                    since=None,
                    until=None,
                )
            )


async def head(world: World, village: str = VILLAGE) -> str:
    async with world.db.reading() as session:
        query = sa.select(Holding.person_id).filter_by(place_id=village, role="village.head")
        return str(await session.scalar(query))


async def set_number(world: World, person: str, number: str | None) -> None:
    async with world.db.transaction() as session:
        row = await session.get_one(Person, person)
        row.phone, row.phone_index = number, sealed.blind_index(number) if number else None


async def number(world: World, person: str | None) -> str:
    found = await world.number(person)
    assert found is not None
    return found


async def one(world: World, **by: str) -> Obligation:
    (row,) = await world.obligations(**by)
    return row


async def answers(world: World) -> list[Answer]:
    async with world.db.reading() as session:
        return list(await session.scalars(sa.select(Answer).order_by(Answer.id)))


async def replies(world: World) -> list[ReplyRow]:
    async with world.db.reading() as session:
        return list(await session.scalars(sa.select(ReplyRow).order_by(ReplyRow.id)))


def calls(world: World, to: str, word: str = "") -> list[Rang]:
    return [call for call in world.phones.to(to) if word in call.text]
