"""`kill -9` at any moment: nothing is lost, nothing is there twice, and the work goes on.

The scenes are played side by side, for each is waiting most of the time; a test awaits its scene.
The moments follow from pytest's random seed, which its header shows.
"""

import asyncio
import json
import random
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from earmark.db import run_storage, workspace_storage
from earmark.db.connection import Database, connect, open_database
from earmark.db.embedded import running
from earmark.db.migration import migrate
from earmark.db.models import Run, RunStatus, Stage
from earmark.errors import DatabaseUnavailable
from earmark.jobs.queue import migrate_queue, open_queue, start_run
from earmark.sources.intercom_client import open_intercom
from earmark.wiring import register_workspace
from tests.fixtures.harvest import Harvest, harvest
from tests.fixtures.processes import (
    Moment,
    children,
    choose_moment,
    ended,
    is_alive,
    kill_postmaster,
    reach,
    simulating,
    started,
    until,
)
from tests.fixtures.simulator import options, small_sample

pytestmark = pytest.mark.slow

NUMBER: Final = 300
"""As many as the demo has that they are compared with."""
DEMO: Final = ("demo", "--json", "--conversations", str(NUMBER), "--end", "2026-11-01")


class Theatre:
    """A data directory per scene, and what they share."""

    def __init__(self, folder: Path, source: Mapping[str, str], seed: int) -> None:
        self._folder = folder
        self._source = source
        self._seed = seed

    async def play_workers(self) -> Harvest:
        """One worker after the other is killed, each in another stage; the last one is not."""
        chance = self._chance("workers")
        folder = self._folder / "workers"
        async with self._database("workers") as database:
            run = await self._begin(database)
            for stage in (Stage.SYNC, Stage.MASK, Stage.CLASSIFY):
                with started(folder, "worker", **self._source):
                    await reach(database, run, choose_moment(stage, chance))
            with started(folder, "worker", **self._source):
                await _succeed_run(database, run)
            return await harvest(database, run.workspace_id)

    async def play_demo(self) -> Harvest:
        """One thing after the other is killed: a demo, PostgreSQL, a demo again, a run."""
        chance = self._chance("demo")
        folder = self._folder / "demo"
        orphans: list[int] = []
        async with self._database("demo") as database:
            with started(folder, *DEMO, "--no-serve") as process:
                first = await _newest_run(database)
                await reach(database, first, choose_moment(Stage.MASK, chance))
                orphans += children(process.pid)
            with started(folder, *DEMO, "--port", "0") as process:
                run = await _newest_run(database, after=first.id)
                await reach(database, run, choose_moment(Stage.SYNC, chance))
                kill_postmaster(folder / "postgres")
                await _reach_again(database, run, choose_moment(Stage.CLASSIFY, chance))
                orphans += children(process.pid)
            with started(folder, "run", **self._source):
                await reach(database, run, choose_moment(Stage.THEMES, chance))
            with started(folder, "worker"):
                await _succeed_run(database, run)
            await _all_ended(orphans)
            return await harvest(database, run.workspace_id)

    async def play_interruption(self) -> tuple[Run, dict[str, Any]]:
        """A sync is told to stop by Ctrl-C; gives its run and the report of the next sync."""
        folder = self._folder / "interrupted"
        async with self._database("interrupted") as database:
            with started(folder, "sync", **self._source) as process:
                async with database.write() as holding:
                    # So small a workspace would be read before the signal comes.
                    await holding.execute("LOCK TABLE sync_ledger IN ACCESS EXCLUSIVE MODE")
                    run = await _newest_run(database)
                    process.send_signal(signal.SIGINT)
                await asyncio.to_thread(process.communicate)
            assert process.returncode == 130
            with started(folder, "sync", "--json", **self._source) as process:
                output, _ = await asyncio.to_thread(process.communicate)
            assert process.returncode == 0
            return run, json.loads(output)

    def _chance(self, scene: str) -> random.Random:
        return random.Random(f"{self._seed} {scene}")  # noqa: S311 - no secret

    @asynccontextmanager
    async def _database(self, name: str) -> AsyncGenerator[Database]:
        """The embedded database of a scene, beside the processes that use it."""
        async with running(self._folder / name / "postgres", linger=1.0) as server:
            async with connect(server.conninfo()) as connection:
                await migrate(connection)
            async with open_database(server.conninfo(), max_size=2) as database:
                await migrate_queue(database)
                yield database

    async def _begin(self, database: Database) -> Run:
        """A run of the simulator's workspace, queued."""
        async with open_intercom(options(self._source["INTERCOM_BASE_URL"])) as client:
            identity = await client.identity()
        workspace = await register_workspace(database, identity, kind="sample")
        async with open_queue(database) as queue, database.write() as connection:
            return await start_run(connection, queue, workspace.id)


async def _newest_run(database: Database, *, after: int = 0) -> Run:
    """Wait for the run that another process begins."""
    found: list[Run] = []

    async def is_there() -> bool:
        async with database.read() as reader:
            for workspace in await workspace_storage.list_workspaces(reader):
                runs = await run_storage.list_runs(reader, workspace.id, limit=1)
                found.extend(run for run in runs if run.id > after)
        return bool(found)

    await until(is_there)
    return found[0]


async def _succeed_run(database: Database, run: Run) -> None:
    """Wait for its end, and for that of the job which said so."""
    done = await ended(database, run)
    assert done.status is RunStatus.SUCCEEDED, done.error

    async def is_idle() -> bool:
        async with database.read() as reader:
            cursor = await reader.execute("SELECT FROM procrastinate_jobs WHERE status = 'doing'")
            return not cursor.rowcount

    await until(is_idle)


async def _reach_again(database: Database, run: Run, moment: Moment) -> None:
    """The same over a restart of PostgreSQL, which others see to."""
    while True:
        try:
            return await reach(database, run, moment)
        except DatabaseUnavailable:
            await asyncio.sleep(0.1)


async def _all_ended(pids: list[int]) -> None:
    async def have_ended() -> bool:
        return not any(map(is_alive, pids))

    await until(have_ended)


class Scenes:
    """What is being played, and what it is compared with."""

    def __init__(self, theatre: Theatre, undisturbed: Harvest) -> None:
        self.undisturbed = undisturbed
        self.workers = asyncio.create_task(theatre.play_workers())
        self.demo = asyncio.create_task(theatre.play_demo())
        self.interruption = asyncio.create_task(theatre.play_interruption())

    async def close(self) -> None:
        """Stop what is still being played."""
        for task in (self.workers, self.demo, self.interruption):
            task.cancel()
        await asyncio.gather(self.workers, self.demo, self.interruption, return_exceptions=True)


@pytest_asyncio.fixture(scope="module")
async def undisturbed(demo: dict[str, Any], open_folder: Path) -> Harvest:
    """What a run comes to when nobody is killed: that of the demo, over the same sample."""
    assert demo["conversations"]["failed"] == 0
    async with (
        running(open_folder / "demo" / "postgres") as server,
        open_database(server.conninfo(), max_size=2) as database,
    ):
        run = await _newest_run(database)
        return await harvest(database, run.workspace_id)


@pytest_asyncio.fixture(scope="module")
async def scenes(undisturbed: Harvest, open_folder: Path) -> AsyncGenerator[Scenes]:
    """All scenes, under way."""
    with simulating(open_folder, NUMBER) as source:
        theatre = Theatre(open_folder / "kills", source, random.getrandbits(32))
        scenes = Scenes(theatre, undisturbed)
        yield scenes
        await scenes.close()


def check(found: Harvest, undisturbed: Harvest) -> None:
    """Everything once, and the same as without the disturbance."""
    sample = small_sample(NUMBER)
    truths = [sample.truth(index) for index in range(NUMBER)]
    assert found.conversations == {truth.conversation_id for truth in truths if not truth.deleted}
    assert {number for *_, number, _ in found.current} == {1}
    for rows in (found.messages, found.evidence, [row[:2] for row in found.assignments]):
        assert max(Counter(rows).values()) == 1
    for name in ("coverage", "messages", "current", "labels", "issues", "evidence"):
        assert getattr(found, name) == getattr(undisturbed, name), name
    assert found.themes() == undisturbed.themes()
    assert found.jobs == []


def test_undisturbed_run_stores_every_conversation_once(undisturbed: Harvest) -> None:
    check(undisturbed, undisturbed)


async def test_workers_killed_in_any_stage_lose_nothing_and_repeat_nothing(
    scenes: Scenes,
) -> None:
    check(await scenes.workers, scenes.undisturbed)


async def test_demo_survives_postgres_and_its_run_survives_the_demo(scenes: Scenes) -> None:
    check(await scenes.demo, scenes.undisturbed)


async def test_interrupted_sync_is_gone_on_with_by_the_next(scenes: Scenes) -> None:
    run, report = await scenes.interruption
    assert report["run"]["id"] == run.id
    assert report["run"]["status"] == "succeeded"
    assert report["coverage"]["stored"] == report["coverage"]["expected"]
