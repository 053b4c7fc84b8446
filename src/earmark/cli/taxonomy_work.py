"""Lets a worker do what a command has queued, and shows how far it is."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from earmark.cli.output import console
from earmark.cli.processes import stop_on_signals
from earmark.cli.watching import watch_run
from earmark.db import change_storage, run_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import Database
from earmark.db.models import Run
from earmark.jobs.worker import run_worker
from earmark.wiring import Wiring

_POLL_SECONDS: Final = 0.25
T = TypeVar("T")


async def attend(wiring: Wiring, errand: Coroutine[Any, Any, T]) -> T | None:
    """Run a worker until the errand is done; null if a signal came first."""
    interrupted = stop_on_signals()
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(wiring.services, stop, concurrency=wiring.settings.worker_concurrency)
    )
    doing = asyncio.create_task(errand)
    waiting = asyncio.create_task(interrupted.wait())
    try:
        await asyncio.wait({doing, waiting, worker}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        waiting.cancel()
        if not doing.done():
            doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)
        await worker
    return None if doing.cancelled() else doing.result()


async def await_preview(database: Database, workspace_id: int, change_id: int) -> TaxonomyChange:
    """The change, once its preview has ended in some way."""
    told = -1
    while True:
        async with database.read() as reader:
            change = await change_storage.get_change(reader, workspace_id, change_id)
        if change.preview_status not in ("queued", "running"):
            return change
        if change.preview_done != told and change.preview_total:
            told = change.preview_done
            console.print(f"Read {told:,} of {change.preview_total:,} conversations twice.")
        await asyncio.sleep(_POLL_SECONDS)


async def await_run(database: Database, workspace_id: int, run_id: int) -> Run:
    """The run, once it has ended."""
    async with database.read() as reader:
        run = await run_storage.get_run(reader, workspace_id, run_id)
    ended, _ = await watch_run(database, run)
    return ended
