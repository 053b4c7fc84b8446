"""A sync under way: the simulator in this process, a worker in its own, embedded PostgreSQL."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

import psutil

from benchmarks.peers import (
    TOKEN,
    earmark,
    fresh_settings,
    simulator,
    worker_environment,
)
from earmark.db import run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import Run, RunStatus, Stage, StageProgress
from earmark.db.sync_storage import Coverage
from earmark.jobs.queue import open_queue, start_run
from earmark.settings import Settings
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import RunningServer, serve
from earmark.sources.simulator.spec import SampleSpec
from earmark.wiring import Wiring, register_workspace

_EVERY: Final = 0.25
SYNC_STAGES: Final = (Stage.SYNC, Stage.FETCH)


class Syncing:
    """One run, and what it does to the worker's memory."""

    def __init__(self, database: Database, run: Run, worker: psutil.Process) -> None:
        self._database = database
        self._run = run
        self._worker = worker
        self.megabytes: dict[Stage, float] = {}
        """Largest resident memory of the worker in each stage."""

    async def stage(self, stage: Stage) -> StageProgress:
        """How far a stage is; raises `RuntimeError` if the run failed."""
        async with self._database.read() as reader:
            run = await run_storage.get_run(reader, self._run.workspace_id, self._run.id)
            stages = await run_storage.list_stages(reader, self._run.workspace_id, self._run.id)
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            raise RuntimeError(f"The run ended: {run.error}")
        return next(progress for progress in stages if progress.stage is stage)

    async def reach(self, stage: Stage, *, done: bool) -> StageProgress:
        """Wait until a stage has begun, or is done."""
        told = False
        while True:
            progress = await self.stage(stage)
            if progress.finished_at is not None or (progress.started_at is not None and not done):
                return progress
            if progress.started_at is not None and not told:
                print(f"{stage.value} …", file=sys.stderr, flush=True)
                told = True
            with suppress(psutil.NoSuchProcess):
                megabytes = self._worker.memory_info().rss / 1e6
                self.megabytes[stage] = max(self.megabytes.get(stage, 0.0), megabytes)
            await asyncio.sleep(_EVERY)

    async def coverage(self) -> Coverage:
        """What of the workspace is stored."""
        async with self._database.read() as reader:
            return await sync_storage.get_coverage(reader, self._run.workspace_id)


def seconds_of(stage: StageProgress) -> float:
    """How long a finished stage took."""
    if stage.started_at is None or stage.finished_at is None:
        return 0.0
    return (stage.finished_at - stage.started_at).total_seconds()


@asynccontextmanager
async def sync_from(settings: Settings) -> AsyncGenerator[Syncing]:
    """A run that only lists and fetches, from the Intercom of the settings."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Wiring(settings).database(migrating=True))
        async with Wiring(settings).source(database) as source:
            workspace = await register_workspace(database, await source.identity(), kind="sample")
        queue = await stack.enter_async_context(open_queue(database))
        worker = await stack.enter_async_context(
            earmark("worker", "--lifeline", environment=worker_environment(settings))
        )
        async with database.write() as connection:
            run = await start_run(connection, queue, workspace.id, SYNC_STAGES)
        yield Syncing(database, run, psutil.Process(worker.pid))


@asynccontextmanager
async def watched_sync(
    number: int, faults: Faults = NO_FAULTS
) -> AsyncGenerator[tuple[Syncing, RunningServer]]:
    """The same with a simulator in this process, whose traffic can be read."""
    spec = SampleSpec(seed=7, number=number, end=datetime(2026, 11, 1, tzinfo=UTC))
    with fresh_settings() as settings:
        async with serve(SampleDataset(spec), token=TOKEN, faults=faults) as server:
            pointed = settings.model_copy(update={"intercom_base_url": server.base_url})
            async with sync_from(pointed) as syncing:
                yield syncing, server


@asynccontextmanager
async def plain_sync(number: int, *faults: str) -> AsyncGenerator[Syncing]:
    """The same with a simulator in a process of its own."""
    with fresh_settings() as settings:
        async with simulator(settings, number, *faults) as pointed, sync_from(pointed) as syncing:
            yield syncing
