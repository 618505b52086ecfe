"""What a plan was made from, kept for ever: the scheme's files by digest, and the situation of each plan.

With both, a plan of last year can be made again and compared, whatever the configuration says today.
"""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from app import many
from app.activation.tables import PlanRow, SchemeRow
from app.errors import NotFound
from app.scheme.models import Scheme
from app.scheme.read import read_files
from app.warning.plan import Plan
from app.warning.planner import plan
from app.warning.situation import Situation

_SITUATION = TypeAdapter(Situation)
_KEEP = many.Insert(SchemeRow, many.keep_old())
_HELD = sa.select(sa.literal(1)).where(
    SchemeRow.district == sa.bindparam("district"), SchemeRow.digest == sa.bindparam("digest")
)


def pack(situation: Situation) -> bytes:
    """Return a situation as it is stored with its plan."""
    return zlib.compress(_SITUATION.dump_json(situation), 1)


def unpack(packed: bytes) -> Situation:
    """Return the situation that was stored."""
    return _SITUATION.validate_json(zlib.decompress(packed))


async def keep(session: AsyncSession, district: str, scheme: Scheme, *, at: datetime) -> None:
    """Keep a scheme's files; one that is kept already stays as it is."""
    if await session.scalar(_HELD, {"district": district, "digest": scheme.digest}) is not None:
        return
    files = json.dumps(dict(scheme.files), ensure_ascii=False, sort_keys=True).encode()
    row = {
        "district": district,
        "digest": scheme.digest,
        "version": scheme.version,
        "files": zlib.compress(files, 9),
        "first_at": at,
    }
    await _KEEP.put(session, [row])


async def others(session: AsyncSession, district: str, digest: str) -> bool:
    """Whether another scheme than this one has made plans here."""
    asked = (
        sa.select(PlanRow.id).where(PlanRow.district == district, PlanRow.scheme_digest != digest).limit(1)
    )
    return await session.scalar(asked) is not None


async def scheme_by(session: AsyncSession, district: str, digest: str) -> Scheme:
    """Return a kept scheme, read anew. Raises NotFound, or SchemeFaults when this version refuses it."""
    row = await session.get(SchemeRow, (district, digest))
    if row is None:
        raise NotFound("The scheme is not kept here.")
    return read_files(json.loads(zlib.decompress(row.files)))


@dataclass(frozen=True, slots=True)
class Remade:
    """A stored plan made once more from what it was made from. ``same``: it does what it did then."""

    row: PlanRow
    scheme: Scheme
    situation: Situation
    plan: Plan
    same: bool


async def remake(session: AsyncSession, district: str, plan_id: str) -> Remade:
    """Make a stored plan again, by its own scheme and situation. Raises NotFound, SchemeFaults."""
    row = await session.get(PlanRow, plan_id)
    if row is None or row.district != district:
        raise NotFound("There is no such plan.")
    if row.made_for is None:
        raise NotFound("What this plan was made for is not kept.")
    scheme, situation = await scheme_by(session, district, row.scheme_digest), unpack(row.made_for)
    made = plan(situation, scheme.ruleset)
    return Remade(row, scheme, situation, made, made.digest(scheme.digest) == row.plan_hash)
