"""`earmark serve` and `earmark worker`: the processes that stay."""

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from earmark.api.main import create_app
from earmark.cli.output import ExitCode, configure_logging, console, execute
from earmark.cli.processes import (
    WorkerKeeper,
    address_of,
    bind,
    serve_app,
    stop_on_signals,
    stop_when_parent_ends,
)
from earmark.jobs.worker import run_worker
from earmark.settings import Settings
from earmark.wiring import Wiring


def serve(
    port: Annotated[
        int | None, typer.Option(help="Port of the web app and the API (0: any free).")
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Start a worker beside the server.")
    ] = True,
) -> None:
    """Serve the web app and the API, with one worker; Ctrl-C stops both."""
    execute(_serve(port, with_worker=worker))


async def _serve(port: int | None, *, with_worker: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    listener = bind(settings.host, settings.port if port is None else port)
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        stack.callback(listener.close)
        # Held here too, so that a first start is migrated before the worker looks at it.
        await stack.enter_async_context(wiring.database())
        if with_worker:
            await stack.enter_async_context(WorkerKeeper().running())
        console.print(f"Earmark is at [bold]{address_of(listener)}[/] (Ctrl-C stops it)")
        await serve_app(create_app(wiring.database), listener, stop)
    return ExitCode.DONE


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
