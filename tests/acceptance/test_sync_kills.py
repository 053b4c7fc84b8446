"""`kill -9` of one process at any moment of a sync: the database is equal to the server in the end.

`EARMARK_TEST_KILLS=50` strikes fifty times in syncs of 20,000 conversations instead of three times
in one of 1,000; with `EARMARK_TEST_KILLS_EACH=5` at most five times in each, so that both sides are
compared ten times. The moments are spread over all that a sync has to do, and follow from pytest's
random seed, which its header shows.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from earmark.db import run_storage, workspace_storage
from earmark.db.connection import Database, connect, open_database
from earmark.db.embedded import running
from earmark.db.migration import migrate
from earmark.db.models import Run, RunStatus, Stage, Workspace
from earmark.errors import DatabaseUnavailable
from earmark.jobs.queue import migrate_queue, open_queue, start_run
from earmark.sources.intercom_client import open_intercom
from earmark.wiring import register_workspace
from tests.fixtures.comparison import find_differences, read_truth
from tests.fixtures.demo import read_document
from tests.fixtures.processes import kill_postmaster, started
from tests.fixtures.simulator import TOKEN, options

KILLS: Final = int(os.environ.get("EARMARK_TEST_KILLS", "3"))  # noqa: TID251 - a test
EACH: Final = int(os.environ.get("EARMARK_TEST_KILLS_EACH", KILLS))  # noqa: TID251 - a test
NUMBER: Final = 1_000 if KILLS <= 3 else 20_000
VICTIMS: Final = ("worker", "database", "simulator")
_STUCK_SECONDS: Final = 150

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300 if KILLS <= 3 else 7200)]


class Theatre:
    """The processes of a sync, each of which can be killed and comes back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stacks: dict[str, ExitStack] = {}
        self._port = "0"
        self.base_url = ""

    def start(self, name: str) -> None:
        """Start a worker, or the simulator where it was before."""
        stack = self._stacks[name] = ExitStack()
        token = {"INTERCOM_ACCESS_TOKEN": TOKEN}
        if name == "worker":
            source = {"INTERCOM_BASE_URL": self.base_url, **token}
            stack.enter_context(started(self._folder, "worker", **source))
            return
        size = ("--conversations", str(NUMBER), "--end", "2026-11-01", "--port", self._port)
        folder = self._folder / "simulator"
        process = stack.enter_context(started(folder, "simulate", "--json", *size, **token))
        self.base_url = str(read_document(process.stdout)["base_url"])
        self._port = str(urlsplit(self.base_url).port)

    def kill(self, victim: str) -> None:
        """`kill -9`; a worker and a simulator are started again, PostgreSQL is by the worker."""
        if victim == "database":
            kill_postmaster(self._folder / "postgres")
            return
        self._stacks.pop(victim).close()  # which kills it
        self.start(victim)

    def read_log(self) -> str:
        """The last that the workers said."""
        return (self._folder / "earmark.log").read_text()[-3000:]

    def close(self) -> None:
        """Kill what still runs."""
        for stack in self._stacks.values():
            stack.close()


@asynccontextmanager
async def _database(folder: Path) -> AsyncGenerator[Database]:
    async with running(folder / "postgres", linger=1.0) as server:
        async with connect(server.conninfo()) as connection:
            await migrate(connection)
        async with open_database(server.conninfo(), max_size=2) as database:
            await migrate_queue(database)
            yield database


async def _begin(database: Database, base_url: str) -> tuple[Workspace, Run]:
    """A run of the first stages of a fresh workspace, queued."""
    async with open_intercom(options(base_url)) as client:
        workspace = await register_workspace(database, await client.identity(), kind="sample")
    async with open_queue(database) as queue, database.write() as connection:
        stages = (Stage.SYNC, Stage.FETCH)
        return workspace, await start_run(connection, queue, workspace.id, stages)


async def _progress(database: Database, run: Run) -> tuple[Run, int]:
    """The run, and how much was listed and stored; over a restart of PostgreSQL."""
    while True:
        try:
            async with database.read() as reader:
                now = await run_storage.get_run(reader, run.workspace_id, run.id)
                cursor = await reader.execute(
                    "SELECT count(*) + count(*) FILTER (WHERE status = 'stored') AS done"
                    " FROM sync_ledger"
                )
                (row,) = await cursor.fetchall()
                return now, int(row["done"])
        except DatabaseUnavailable:
            await asyncio.sleep(0.1)


async def _advance(database: Database, run: Run, theatre: Theatre, until: float = 0) -> Run:
    """Wait until something more is done, and at least so much, or the run has ended."""
    _, before = await _progress(database, run)
    start, end = before, time.monotonic() + _STUCK_SECONDS
    while True:
        now, done = await _progress(database, run)
        if now.finished_at is not None or (done > start and done >= until):
            return now
        if done > before:
            before, end = done, time.monotonic() + _STUCK_SECONDS
        assert time.monotonic() < end, f"the sync stands still: {theatre.read_log()}"
        await asyncio.sleep(0.05)


async def _play(database: Database, theatre: Theatre, chance: random.Random, kills: int) -> int:
    """One sync with at most so many kills; how many there were."""
    workspace, run = await _begin(database, theatre.base_url)
    struck = 0
    for moment in sorted(chance.uniform(0, 2 * NUMBER) for _ in range(kills)):
        run = await _advance(database, run, theatre, moment)
        if run.finished_at is not None:
            break
        await asyncio.sleep(chance.uniform(0, 0.4))
        victim = chance.choice(VICTIMS)
        print(f"{time.monotonic():.1f} {victim} at {(await _progress(database, run))[1]}")  # noqa: T201
        theatre.kill(victim)
        struck += 1
    while run.finished_at is None:
        run = await _advance(database, run, theatre)
    assert run.status is RunStatus.SUCCEEDED, run.error
    states = await read_truth(theatre.base_url)
    assert await find_differences(database, workspace.id, states, theatre.base_url) == []
    async with database.write() as connection:
        await workspace_storage.delete_workspace(connection, workspace.code)
    return struck


async def test_sync_ends_complete_whatever_is_killed(open_folder: Path) -> None:
    folder = open_folder / "sync-kills"
    theatre = Theatre(folder)
    chance = random.Random(random.getrandbits(32))  # noqa: S311 - no secret
    async with _database(folder) as database:
        try:
            theatre.start("simulator")
            theatre.start("worker")
            left = KILLS
            while left > 0:
                struck = await _play(database, theatre, chance, min(left, EACH))
                print(f"{struck} kills, and the database is equal to the server")  # noqa: T201
                left -= max(struck, 1)
        finally:
            theatre.close()
