"""The product as it is run: killed while an answer is unwritten, started again, told to stop mid-batch."""

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from app import bundled, sealed
from app.clock import SystemClock
from app.dispatch.states import State
from tests.faults.conftest import Processes
from tests.faults.gateway import Recorder
from tests.faults.process import NAMES, SECRET
from tests.faults.test_killed import Place
from tests.support.world import NIGHT

pytestmark = pytest.mark.anyio

RUN = [sys.executable, "-c", "from app.cli import main; main()"]


class Installed:
    """An installation over a database that holds the hamlet; its clock stands at the night of the warning."""

    def __init__(self, folder: Path, url: str, recorder: Recorder) -> None:
        self.folder, self.recorder = folder, recorder
        sealed.keys().write(folder / "jiaoying.keys")
        shutil.copytree(bundled.path("config"), folder / "config")
        entries = [
            {
                "name": name,
                "kind": "http",
                "carries": [name],
                "url": f"http://127.0.0.1:{recorder.port}/{name}",
                "live": False,
                "numbers": "synthetic",
                "timeout": "8s",
                "allow_loopback": True,
            }
            for name in NAMES
        ]
        (folder / "config" / "channels.yaml").write_text(yaml.safe_dump({"channels": entries}), "utf-8")
        self.env = {
            **os.environ,
            "JIAOYING_DATABASE_URL": url,
            "JIAOYING_KEYS_FILE": str(folder / "jiaoying.keys"),
            "JIAOYING_CONFIG_DIR": str(folder / "config"),
            "JIAOYING_TEST_CLOCK": str(folder / "clock"),
            **{f"JIAOYING_CHANNEL_{name.upper()}_SECRET": SECRET for name in NAMES},
        }

    def start(self, *words: str, at: timedelta = timedelta(), **settings: str) -> subprocess.Popen[bytes]:
        """Start the product, as of some time after the warning."""
        (self.folder / "clock").write_text(str((NIGHT + at - SystemClock().now()).total_seconds()))
        return subprocess.Popen(
            [*RUN, *words],
            cwd=self.folder,
            env={**self.env, **settings},
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )


async def test_a_service_killed_before_it_wrote_down_a_yes_is_started_again_and_says_it_under_the_same_key(
    hamlet_sqlite_url: str, recorder: Recorder, processes: Processes, tmp_path: Path
) -> None:
    place = Place(hamlet_sqlite_url, recorder, processes)
    await place.warned()
    wanted = {row.key for row in await place.rows()}
    installed = Installed(tmp_path, place.url, recorder)
    with ExitStack() as stack:
        first = stack.enter_context(installed.start("serve", "--port", "0", JIAOYING_DIE_AT="unrecorded"))
        stack.callback(first.kill)
        assert first.wait(timeout=60) == -signal.SIGKILL
        before = Counter(recorder.keys)
        assert before
        assert set(before) <= wanted

        recorder.hold()
        second = stack.enter_context(installed.start("serve", "--port", "0", at=timedelta(seconds=61)))
        stack.callback(second.kill)
        came = len(recorder.came)
        recorder.until(came + len(wanted))
        second.send_signal(signal.SIGTERM)  # every call of its batch is open
        recorder.release()
        assert second.wait(timeout=20) == 0
    assert recorder.keys == before + Counter(wanted)
    rows = await place.rows()
    assert {row.state for row in rows} == {State.ACCEPTED}
    assert {row.key for row in rows if row.possibly_twice} >= set(before)


async def test_a_worker_told_to_stop_mid_batch_hears_its_answers_out_and_takes_nothing_new(
    hamlet_postgres_url: str, recorder: Recorder, processes: Processes, tmp_path: Path
) -> None:
    place = Place(hamlet_postgres_url, recorder, processes)
    await place.warned()
    wanted = {row.key for row in await place.rows()}
    recorder.hold()
    with Installed(tmp_path, place.url, recorder).start("work") as worker:
        recorder.until(len(wanted))
        worker.send_signal(signal.SIGTERM)
        recorder.release()
        assert worker.wait(timeout=20) == 0
    assert recorder.keys == Counter(wanted)
    assert {row.state for row in await place.rows()} == {State.ACCEPTED}


@pytest.mark.long  # it takes the eight seconds that it gives a gateway
async def test_a_worker_told_to_stop_before_a_gateway_that_hangs_ends_in_time_and_its_messages_are_due_again(
    hamlet_postgres_url: str, recorder: Recorder, processes: Processes, tmp_path: Path
) -> None:
    place = Place(hamlet_postgres_url, recorder, processes)
    await place.warned()
    wanted = {row.key for row in await place.rows()}
    recorder.hold()
    with Installed(tmp_path, place.url, recorder).start("work") as worker:
        recorder.until(len(wanted))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=20) == 0
    recorder.release()
    assert {row.state for row in await place.rows()} == {State.SENDING}
    assert place.process(NIGHT + timedelta(seconds=70)).end()[0] == 0
    assert {row.state for row in await place.rows()} == {State.ACCEPTED}
