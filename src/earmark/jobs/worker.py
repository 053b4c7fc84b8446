"""Runs a worker until it is told to stop, over restarts of PostgreSQL."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import structlog
from procrastinate.exceptions import ConnectorException

from earmark.errors import DatabaseFull, DatabaseUnavailable
from earmark.jobs.engine import HEARTBEAT_SECONDS, STALLED_SECONDS, Engine
from earmark.jobs.queue import new_app
from earmark.pipeline.run import Services

_GRACE_SECONDS: Final = 20.0
_LONGEST_WAIT: Final = 30.0
_START_SECONDS: Final = 0.5

_log = structlog.stdlib.get_logger(__name__)

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]
"""Connects to everything a worker needs; called again after PostgreSQL was lost."""


async def run_worker(open_services: OpenServices, stop: asyncio.Event, *, concurrency: int) -> None:
    """Work until `stop` is set; a lost PostgreSQL is waited for, not an end."""
    wait = 1.0
    while not stop.is_set():
        try:
            async with open_services() as services:
                wait = 1.0
                await _work(services, stop, concurrency)
        except (DatabaseUnavailable, DatabaseFull, ConnectorException) as error:
            await _log.awarning("database_lost", error=type(error).__name__, retry_in=wait)
            await _sleep_or_stop(stop, wait)
            wait = min(wait * 2, _LONGEST_WAIT)


async def _work(services: Services, stop: asyncio.Event, concurrency: int) -> None:
    if stop.is_set():
        return  # it was stopped while everything was being opened
    app = new_app()
    Engine(app, services)
    async with app.open_async(services.database.pool):
        worker = asyncio.create_task(
            app.run_worker_async(
                concurrency=concurrency,
                delete_jobs="successful",
                fetch_job_polling_interval=2.0,
                install_signal_handlers=False,
                shutdown_graceful_timeout=_GRACE_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
            )
        )
        stopped = asyncio.create_task(stop.wait())
        try:
            # An engine that is stopped in the middle of its start does not always notice.
            await asyncio.wait({worker}, timeout=_START_SECONDS)
            await asyncio.wait({worker, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            worker.cancel()
            (outcome,) = await asyncio.gather(worker, return_exceptions=True)
    if isinstance(outcome, Exception):
        raise outcome
    if not stop.is_set():
        # The engine ends without an error when its connection goes.
        raise DatabaseUnavailable("The worker lost PostgreSQL.")


async def _sleep_or_stop(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
