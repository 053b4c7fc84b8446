"""A worker for as long as a command has something to wait for."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from earmark.cli.processes import stop_on_signals
from earmark.jobs.worker import run_worker
from earmark.wiring import Wiring

T = TypeVar("T")


async def attend(wiring: Wiring, errand: Coroutine[Any, Any, T]) -> T | None:
    """Run a worker until the errand is done; null if a signal came first.

    Whatever ends the worker before that ends the errand too, and is raised.
    """
    # Handled here, because a shell may start what runs in the background deaf to Ctrl-C.
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
