"""The whole journey on the sample workspace: simulator, one worker, embedded PostgreSQL.

Speed is conversations per second of each stage. Memory is the worker's, the largest while each
stage ran, once for a small and once for a large workspace: what counts is the growth per
conversation between the two. Learning happens in a process of its own, which counts to the worker.
"""

import asyncio
import sys
from contextlib import AsyncExitStack, suppress
from typing import Final

import psutil

from benchmarks.outcome import Metric, Options, Outcome, single, versions_of
from benchmarks.peers import earmark, fresh_settings, simulator, worker_environment
from earmark.db import run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import Model, Run, RunStatus, StageProgress
from earmark.jobs.queue import open_queue, start_run
from earmark.settings import Settings
from earmark.wiring import Wiring, register_workspace

_SMALL: Final = 5_000
_LARGE: Final = 100_000
_SECONDS: Final = 0.5


class Travelled(Model):
    """One run."""

    expected: int
    stored: int
    seconds: dict[str, float]
    megabytes: dict[str, float]
    """Largest resident memory of the worker in each stage."""


async def run(options: Options) -> Outcome:
    """A small and a large workspace, one after the other."""
    small = 500 if options.quick else _SMALL
    large = options.size or (3_000 if options.quick else _LARGE)
    runs: dict[int, Travelled] = {}
    for number in (small, large):
        with fresh_settings() as settings:
            runs[number] = await _travel(settings, number)
    metrics: dict[str, Metric] = {}
    for number, travelled in runs.items():
        metrics |= _figures(number, travelled)
    for stage, before in runs[small].megabytes.items():
        grown = runs[large].megabytes[stage] - before
        metrics[f"{stage}: growth of the worker"] = single(
            grown * 1000 / (large - small), "kB per conversation"
        )
    return Outcome(metrics=metrics, versions=versions_of("psycopg", "aiohttp", "scikit-learn"))


def _figures(number: int, travelled: Travelled) -> dict[str, Metric]:
    seconds = {**travelled.seconds, "all": sum(travelled.seconds.values())}
    speeds = {
        f"{number:,}: {stage}": single(travelled.stored / max(took, 0.01), "conversations/s")
        for stage, took in seconds.items()
    }
    memory = {
        f"{number:,}: worker in {stage}": single(megabytes, "MB")
        for stage, megabytes in travelled.megabytes.items()
    }
    missing = single(travelled.expected - travelled.stored, "conversations")
    return speeds | memory | {f"{number:,}: not stored": missing}


async def _travel(settings: Settings, number: int) -> Travelled:
    async with AsyncExitStack() as stack:
        sample = await stack.enter_async_context(simulator(settings, number))
        database = await stack.enter_async_context(Wiring(sample).database(migrating=True))
        async with Wiring(sample).source() as source:
            workspace = await register_workspace(database, await source.identity(), kind="sample")
        queue = await stack.enter_async_context(open_queue(database))
        worker = await stack.enter_async_context(
            earmark("worker", "--lifeline", environment=worker_environment(sample))
        )
        async with database.write() as connection:
            started = await start_run(connection, queue, workspace.id)
        stages, megabytes = await _watch(database, started, psutil.Process(worker.pid))
        async with database.read() as reader:
            coverage = await sync_storage.get_coverage(reader, workspace.id)
    return Travelled(
        expected=coverage.expected,
        stored=coverage.stored,
        seconds={stage.stage.value: _seconds(stage) for stage in stages},
        megabytes=megabytes,
    )


async def _watch(
    database: Database, run: Run, worker: psutil.Process
) -> tuple[list[StageProgress], dict[str, float]]:
    """Follow a run to its end, sampling the worker's memory."""
    megabytes: dict[str, float] = {}
    shown = ""
    while True:
        async with database.read() as reader:
            now = await run_storage.get_run(reader, run.workspace_id, run.id)
            stages = await run_storage.list_stages(reader, run.workspace_id, run.id)
        running = next((stage for stage in stages if stage.status == "running"), None)
        if running is not None:
            name = running.stage.value
            megabytes[name] = max(megabytes.get(name, 0.0), _resident(worker) / 1e6)
            if name != shown:
                print(f"{name} …", file=sys.stderr, flush=True)
                shown = name
        if now.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            raise RuntimeError(f"The run ended: {now.error}")
        if now.finished_at is not None:
            return stages, megabytes
        await asyncio.sleep(_SECONDS)


def _resident(worker: psutil.Process) -> int:
    """Bytes of the worker and of what learns for it; not of a PostgreSQL that it started."""
    program = worker.exe()
    total = worker.memory_info().rss
    for child in worker.children(recursive=True):
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += child.memory_info().rss if child.exe() == program else 0
    return total


def _seconds(stage: StageProgress) -> float:
    if stage.started_at is None or stage.finished_at is None:
        return 0.0
    return (stage.finished_at - stage.started_at).total_seconds()
