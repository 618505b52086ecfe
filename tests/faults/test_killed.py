"""kill -9 at every step of a send: what was to be said is said, under its first key, by whoever comes."""

import os
import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.activation.receive import receive
from app.activation.tables import Part, Warning
from app.answer.tables import Obligation
from app.audit import AuditLine
from app.db import Database
from app.dispatch.states import State
from app.dispatch.tables import Attempt, Delivery
from tests.faults import process
from tests.faults.conftest import Processes
from tests.faults.gateway import Recorder
from tests.support.world import NIGHT, shipped

pytestmark = pytest.mark.anyio

LEASE = timedelta(seconds=60)


@dataclass
class Place:
    """A database, the gateway, and processes that work between them."""

    url: str
    recorder: Recorder
    processes: Processes

    def process(self, at: datetime, *, die_at: str | None = None) -> Processes:
        """Start a process of its own that does what is due."""
        return self.processes.works(self.url, self.recorder.port, at, die_at=die_at)

    async def warned(self) -> None:
        """A red warning comes in; nobody works yet."""
        db, able = Database(self.url), process.registry(self.recorder.port)
        async with db.transaction() as session:
            message = process.warning(NIGHT)
            await receive(session, message, district="500153", scheme=shipped(), registry=able, at=NIGHT)
        await able.aclose()
        await db.close()

    async def rows(self) -> list[Delivery]:
        db = Database(self.url)
        async with db.reading() as session:
            found = list(await session.scalars(sa.select(Delivery).order_by(Delivery.id)))
        await db.close()
        return found

    async def open_attempts(self) -> int:
        db = Database(self.url)
        async with db.reading() as session:
            query = sa.select(sa.func.count()).select_from(Attempt).where(Attempt.outcome.is_(None))
            found = int(await session.scalar(query) or 0)
        await db.close()
        return found


@pytest.fixture
def place(hamlet_url: str, recorder: Recorder, processes: Processes) -> Place:
    return Place(hamlet_url, recorder, processes)


@pytest.mark.parametrize("step", ["claimed", "unrecorded", "uncommitted"])
async def test_a_worker_killed_at_a_step_leaves_nothing_unsaid_and_nothing_under_another_key(
    place: Place, step: str
) -> None:
    await place.warned()
    wanted = {row.key for row in await place.rows()}
    assert place.process(NIGHT, die_at=step).end()[0] == -9
    before = place.recorder.keys
    assert bool(before) is (step != "claimed")
    rows = await place.rows()
    assert not [row for row in rows if row.state == State.ACCEPTED]
    assert await place.open_attempts() == len(rows)

    assert place.process(NIGHT + LEASE - timedelta(seconds=1)).end()[0] == 0
    assert place.recorder.keys == before  # its lease still runs: nobody else has it yet
    assert place.process(NIGHT + LEASE).end()[0] == 0
    assert place.recorder.keys == before + Counter(wanted)
    rows = await place.rows()
    assert {row.state for row in rows} == {State.ACCEPTED}
    assert all(row.possibly_twice for row in rows)
    texts = {(key, body["text"], body["to"], body["reply_to"]) for key, body in place.recorder.came}
    assert len(texts) == len(wanted)


async def test_a_worker_killed_while_every_answer_is_on_its_way_is_followed_by_one_that_says_all_again(
    place: Place,
) -> None:
    await place.warned()
    wanted = {row.key for row in await place.rows()}
    place.recorder.hold()
    running = place.process(NIGHT)
    place.recorder.until(len(wanted))
    os.kill(running.pid, signal.SIGKILL)  # the gateway has them all, and none of its answers was heard
    assert running.end()[0] == -9
    place.recorder.release()
    assert place.process(NIGHT + LEASE).end()[0] == 0
    assert place.recorder.keys == dict.fromkeys(wanted, 2)
    assert {row.state for row in await place.rows()} == {State.ACCEPTED}


def counted(url: str) -> tuple[int, ...]:
    """Return how many warnings, parts, obligations, deliveries and audit lines there are."""
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        tables = (Warning, Part, Obligation, Delivery, AuditLine)
        found = tuple(
            int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0) for table in tables
        )
    engine.dispose()
    return found


def test_a_warning_cut_short_anywhere_is_there_with_its_calls_or_not_at_all(
    hamlet_sqlite_template: Path, processes: Processes, tmp_path: Path
) -> None:
    chance, whole, ended = random.Random(500153), 0.0, []
    before = counted(f"sqlite:///{hamlet_sqlite_template}")
    found = []
    for number in range(9):
        file = shutil.copy(hamlet_sqlite_template, tmp_path / f"{number}.db")
        seconds = chance.uniform(0.1, 1.1) * whole
        code, took = processes.start(
            do="take", url=f"sqlite:///{file}", at=NIGHT.isoformat(), seconds=seconds
        ).end()
        whole = whole or took
        ended.append(code)
        found.append(counted(f"sqlite:///{file}"))
    assert ended[0] == 0
    assert found[0][3] > before[3]
    assert set(found) == {before, found[0]}
    assert -signal.SIGALRM in ended  # else this run has shown nothing
