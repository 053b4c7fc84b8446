"""`earmark serve`: the web app and the API, with a worker beside them."""

from contextlib import AsyncExitStack
from typing import Annotated

import typer

from earmark.api.main import create_app
from earmark.cli.output import ExitCode, configure_logging, console, execute
from earmark.cli.processes import WorkerKeeper, stop_on_signals
from earmark.cli.web_server import address_of, bind, serve_app
from earmark.settings import Settings
from earmark.wiring import Wiring, default_ceilings


def serve(
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the web app and the API (0: any free)."),
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
        await serve_app(
            create_app(
                wiring.database,
                webhook_secrets=settings.webhook_secrets,
                ceilings=default_ceilings(settings),
            ),
            listener,
            stop,
        )
    return ExitCode.DONE
