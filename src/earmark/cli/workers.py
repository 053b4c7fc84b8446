"""`earmark worker`: a process that does queued work."""

import asyncio
from typing import Annotated

import typer

from earmark.cli.output import ExitCode, configure_logging, execute
from earmark.cli.processes import stop_on_signals, stop_when_parent_ends
from earmark.jobs.worker import run_worker
from earmark.settings import Settings
from earmark.wiring import Wiring


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=32, help="Jobs under way at once.")
    ] = None,
    lifeline: Annotated[
        bool, typer.Option("--lifeline", hidden=True, help="Stop when standard input closes.")
    ] = False,
) -> None:
    """Do queued work until stopped; start as many as you like, on any machine."""
    execute(_worker(concurrency, lifeline=lifeline))


async def _worker(concurrency: int | None, *, lifeline: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    stop = stop_on_signals()
    watch = asyncio.create_task(stop_when_parent_ends(stop)) if lifeline else None
    try:
        await run_worker(
            Wiring(settings).services, stop, concurrency=concurrency or settings.worker_concurrency
        )
    finally:
        if watch is not None:
            watch.cancel()
    return ExitCode.DONE
