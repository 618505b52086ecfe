"""scheme diff: the past through two schemes, and what differs in lines for people."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from app import audit
from app.activation import kept
from app.cli import sentences
from app.cli.installation import Failure, clock_of, database, load_keys, settings
from app.db import Session
from app.errors import NotFound
from app.rehearsal import keep, words
from app.rehearsal.diff import difference
from app.rehearsal.replay import replay
from app.scheme.faults import SchemeFaults
from app.scheme.models import Scheme
from app.scheme.read import read

BY = audit.Actor("system", "cli")
DIGEST = re.compile(r"[0-9a-f]{64}")
SHOWN = 200


def folder(name: str) -> Scheme | None:
    """Read a scheme's folder; None where the name is a digest. Raises Failure with the first fault."""
    if DIGEST.fullmatch(name):
        return None
    if not Path(name).is_dir():
        raise Failure(f"没有配置目录 {name}；也可以写存档过的方案摘要（64 位）。", 2)
    try:
        return read(Path(name))
    except SchemeFaults as faults:
        first = sentences.of_scheme(str(faults).splitlines()[0])
        raise Failure(f"{name} 有误：{first}（jiaoying scheme check {name} 看全部）。") from None


async def _scheme(session: Session, name: str, given: Scheme | None, district: str | None) -> Scheme:
    if given is not None:
        return given
    if district is None:
        raise Failure("至少一份要写目录。", 2)
    try:
        return await kept.scheme_by(session, district, name)
    except NotFound:
        raise Failure(f"没有存档摘要为 {name[:12]}… 的方案。") from None
    except SchemeFaults as faults:
        raise Failure(
            f"存档的方案 {name[:12]}… 本版本读不了：{sentences.of_scheme(str(faults).splitlines()[0])}"
        ) from None


class Progress:
    """Tells on stderr how far a replay is: on a terminal in one line, else every tenth of the way."""

    def __init__(self) -> None:
        self._said = -1

    def __call__(self, done: int, of: int) -> None:
        """Hear that so many moments of so many are done."""
        share = done * 100 // of
        terminal = sys.stderr.isatty()
        if share == self._said or (not terminal and share // 10 == self._said // 10):
            return
        self._said = share
        print(
            f"\r重演 {done}/{of}（{share}%）" if terminal else f"重演 {done}/{of}（{share}%）",
            end="\n" if done == of or not terminal else "",
            file=sys.stderr,
            flush=True,
        )


async def rehearse(old_name: str, new_name: str, since: datetime | None, *, keep_it: bool) -> dict[str, Any]:
    """Lead the past of this installation through both. Returns the difference; ``id`` where it was kept."""
    found = settings()
    given = folder(old_name), folder(new_name)
    load_keys(found)
    at = clock_of(found).now()
    async with database(found) as db:
        async with db.reading() as session:
            district = next((one.district.code for one in given if one is not None), None)
            old = await _scheme(session, old_name, given[0], district)
            new = await _scheme(session, new_name, given[1], district)
            if old.district.code != new.district.code:
                raise Failure("两份方案不是同一个区的。")
            done = await replay(session, (old, new), since=since, at=at, told=Progress())
        body = difference(old, new, done)
        if not keep_it:
            return body
        async with db.transaction() as session:
            kept_as = await keep.keep(session, old, new, body, by=BY, at=at)
    return {**body, "id": kept_as}


def lines(body: dict[str, Any]) -> list[str]:
    """Return a difference as people read it."""
    was, would = body["old"], body["new"]
    out = [f"方案 {was['version']}（{was['digest'][:12]}）→ {would['version']}（{would['digest'][:12]}）"]
    if not body["moments"]:
        return [*out, "没有可重演的预警和观测。"]
    out.append(
        f"重演 {body['since']} 至 {body['until']}：{body['moments']} 个时刻，预警 {body['warnings']} 条"
    )
    for one in body["files"]:
        out += [f"{one['file']}：", *(f"    {line}" for line in one["lines"])]
    if not (body["levels"] or body["calls"] or body["plans"] or body["unplanned"]):
        return [*out, "这段时间里没有任何不同。"]
    towns = sorted(
        {row["name"] for row in (*body["levels"], *body["calls"]) if row["place"] in body["towns"]}
    )
    out.append(f"有不同的镇街 {len(towns)} 个：{'、'.join(towns)}" if towns else "没有镇街不同。")
    if body["levels"]:
        out.append(f"实测到级的不同 {len(body['levels'])} 处：")
        out += _cut([words.level(row) for row in body["levels"]])
    if body["calls"]:
        out.append(f"呼叫的不同 {len(body['calls'])} 处：")
        out += _cut([words.call(row) for row in body["calls"]])
    if body["plans"]:
        out.append(f"预案内容的不同 {len(body['plans'])} 处：")
        out += _cut([words.plan(row) for row in body["plans"]])
    out += [f"排不出预案：{row['warning']} 原 {row['old']} 新 {row['new']}" for row in body["unplanned"]]
    return out


def _cut(rows: list[str]) -> list[str]:
    shown = [f"    {row}" for row in rows[:SHOWN]]
    return shown if len(rows) <= SHOWN else [*shown, f"    … 另有 {len(rows) - SHOWN} 处，--json 看全部"]
