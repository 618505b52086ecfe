"""explain --plan: a plan of the past, made again from what it was made from."""

from dataclasses import dataclass

from app.activation import kept
from app.cli.installation import Failure, database, load_keys, scheme_of
from app.errors import NotFound
from app.scheme.faults import SchemeFaults
from app.scheme.models import Scheme
from app.settings import Settings
from app.warning.plan import Plan


@dataclass(frozen=True, slots=True)
class Again:
    """The plan made again. ``same``: it does what the stored one did."""

    scheme: Scheme
    made: kept.Remade

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.made.plan

    @property
    def same(self) -> bool:
        """Whether it is the stored one."""
        return self.made.same

    def verdict(self) -> str:
        """What came of it, in a sentence."""
        row = self.made.row
        told = (
            f"第 {row.version} 版预案（{row.cause}），方案 {row.scheme_version}（{row.scheme_digest[:12]}）："
        )
        return told + ("重做与存档一致。" if self.same else "重做与存档不一致！")


async def again(found: Settings, plan_id: str) -> Again:
    """Make a stored plan again. Raises Failure."""
    district = scheme_of(found).district.code
    load_keys(found)
    async with database(found) as db, db.reading() as session:
        try:
            made = await kept.remake(session, district, plan_id)
        except NotFound as error:
            raise Failure(f"没有这份预案，或它的情况没有存档：{error.detail}") from None
        except SchemeFaults as faults:
            raise Failure(f"存档的方案本版本读不了：{str(faults).splitlines()[0]}") from None
    return Again(made.scheme, made)
