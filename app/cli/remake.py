"""explain --plan: a plan of the past, made again from what it was made from."""

from app.activation import kept
from app.activation.kept import Remade
from app.cli import sentences
from app.cli.installation import Failure, database, load_keys, scheme_of
from app.errors import NotFound
from app.scheme.faults import SchemeFaults
from app.settings import Settings


async def again(found: Settings, plan_id: str) -> Remade:
    """Make a stored plan again. Raises Failure."""
    district = scheme_of(found).district.code
    load_keys(found)
    async with database(found) as db, db.reading() as session:
        try:
            return await kept.remake(session, district, plan_id)
        except NotFound:
            raise Failure(f"没有这份预案（{plan_id}），或它的情况没有存档。") from None
        except SchemeFaults as faults:
            raise Failure(
                f"存档的方案本版本读不了：{sentences.of_scheme(str(faults).splitlines()[0])}"
            ) from None


def verdict(made: Remade) -> str:
    """Say in a sentence which plan it is, and whether it came out the same."""
    row = made.row
    told = f"第 {row.version} 版预案（{row.cause}），方案 {row.scheme_version}（{row.scheme_digest[:12]}）："
    return told + ("重做与存档一致。" if made.same else "重做与存档不一致！")
