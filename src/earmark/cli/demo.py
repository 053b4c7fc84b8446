"""`earmark demo`: the whole journey on the sample workspace, with no key and no network."""

import asyncio
import json
import secrets
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Annotated, Any, Final

import typer
from pydantic import SecretStr

from earmark.cli.demo_report import DemoReport, MemoryMeter, make_report, stage_seconds
from earmark.cli.output import ExitCode, JsonOption, configure_logging, console, execute, print_json
from earmark.cli.processes import WorkerKeeper, child, stop_on_signals
from earmark.cli.simulating import (
    ConversationsOption,
    EndOption,
    FromOption,
    SeedOption,
    check_files,
    open_dataset,
)
from earmark.cli.watching import watch_run
from earmark.db import workspace_storage
from earmark.db.connection import Database
from earmark.db.locks import exclusive
from earmark.db.models import Model, Run, RunStatus, StageProgress, Workspace
from earmark.errors import EarmarkError, InvalidInput, SourceUnavailable
from earmark.jobs.queue import cancel_run, open_queue, start_run
from earmark.settings import Settings
from earmark.sources.simulator.dataset import Dataset
from earmark.wiring import Wiring, default_ceilings, register_workspace

_SIMULATOR_SECONDS: Final = 60.0


class DemoOptions(Model):
    """What was asked for."""

    simulate: tuple[str, ...]
    """Arguments of `earmark simulate`."""
    kind: str
    port: int | None
    serve: bool
    as_json: bool


def demo(
    conversations: ConversationsOption = 2000,
    seed: SeedOption = 7,
    files: FromOption = None,
    end: EndOption = None,
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Serve the web app, until Ctrl-C.")
    ] = True,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port of the web app (0: any free).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Serve a sample workspace over HTTP, read it, and show its themes and stories.

    Each demo starts anew: what an earlier one has left of the sample is deleted first.
    """
    simulate = ["--conversations", str(conversations), "--seed", str(seed)]
    simulate += [argument for file in files or [] for argument in ("--from", str(file.resolve()))]
    simulate += ["--end", f"{end:%Y-%m-%d}"] if end else []
    options = DemoOptions(
        simulate=tuple(simulate),
        kind="file" if files else "sample",
        port=port,
        serve=serve,
        as_json=as_json,
    )
    began = time.monotonic()
    check_files(files or [])

    def open_truth() -> Dataset:
        return open_dataset(conversations, seed, files or [], end)

    execute(_demo(options, open_truth, began), as_json=as_json)


async def _demo(options: DemoOptions, open_truth: Callable[[], Dataset], began: float) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    stop = stop_on_signals()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Wiring(settings).database(migrating=True))
        await stack.enter_async_context(_only_demo(database))
        peers = await stack.enter_async_context(AsyncExitStack())
        sample = await peers.enter_async_context(_simulator(settings, options))
        await peers.enter_async_context(WorkerKeeper(_environment(sample)).running())
        url, serving = await stack.enter_async_context(_serving(Wiring(sample), options, stop))
        meter = MemoryMeter()
        async with meter.watching():
            setup = time.monotonic() - began
            workspace = await _prepare(database, Wiring(sample), options.kind)
            run, stages = await _travel(database, workspace, stop)
        if run.status is RunStatus.CANCELLED:
            return ExitCode.INTERRUPTED
        if run.status is not RunStatus.SUCCEEDED:
            raise EarmarkError("The demo did not finish.", why=run.error or run.status.value)
        total = time.monotonic() - began
        if not options.serve:
            await peers.aclose()
        seconds = {"total": round(total, 2), "setup": round(setup, 2), **stage_seconds(stages)}
        report = await make_report(
            database, workspace.id, open_truth, seconds=seconds, peak_bytes=meter.peak_bytes
        )
        _tell(report.model_copy(update={"url": url}), options)
        if serving is not None:
            await serving
    return ExitCode.DONE


def _only_demo(database: Database) -> AbstractAsyncContextManager[None]:
    return exclusive(
        database,
        "demo",
        what="Another `earmark demo` is running on this database.",
        fix="Use that one, stop it, or give this one a place of its own with EARMARK_DATA_DIR.",
    )


@asynccontextmanager
async def _simulator(settings: Settings, options: DemoOptions) -> AsyncGenerator[Settings]:
    """The simulator as a process of its own, and the settings that point at it."""
    token = secrets.token_urlsafe(24)
    async with child(
        *("simulate", *options.simulate, "--port", "0", "--lifeline", "--json"),
        environment={"INTERCOM_ACCESS_TOKEN": token},
        captured=True,
    ) as process:
        address = await _read_address(process)
        yield settings.model_copy(
            update={"intercom_base_url": address, "intercom_access_token": SecretStr(token)}
        )


async def _read_address(process: Process) -> str:
    """The address that the simulator prints when it is ready."""
    if process.stdout is None:
        raise SourceUnavailable("The simulator has no output to read.")
    text = ""
    try:
        async with asyncio.timeout(_SIMULATOR_SECONDS):
            while line := await process.stdout.readline():
                text += line.decode()
                if line.rstrip() == b"}":
                    return _address_in(json.loads(text))
    except TimeoutError as error:
        raise SourceUnavailable(
            "The simulator did not start.", why=f"It had {_SIMULATOR_SECONDS:g} seconds."
        ) from error
    raise SourceUnavailable("The simulator ended at once.", why="Its reason is printed above.")


def _address_in(document: dict[str, Any]) -> str:
    """The address, or the error that the simulator ended with."""
    if "error" in document:
        raise InvalidInput(**document["error"])
    return str(document["base_url"])


def _environment(sample: Settings) -> dict[str, str]:
    token = sample.intercom_access_token
    return {
        "INTERCOM_BASE_URL": sample.intercom_base_url or "",
        "INTERCOM_ACCESS_TOKEN": token.get_secret_value() if token else "",
        "INTERCOM_API_VERSION": "",
    }


@asynccontextmanager
async def _serving(
    wiring: Wiring, options: DemoOptions, stop: asyncio.Event
) -> AsyncGenerator[tuple[str | None, "asyncio.Task[None] | None"]]:
    """The web app, from the beginning, so that the run can be watched there."""
    if not options.serve:
        yield None, None
        return
    # The web framework takes memory that a demo without pages does not need.
    from earmark.api.main import create_app  # noqa: PLC0415
    from earmark.cli.web_server import address_of, bind, serve_app  # noqa: PLC0415

    settings = wiring.settings
    wanted = settings.port if options.port is None else options.port
    listener = bind(settings.host, wanted, or_any_port=options.port is None)
    task = asyncio.create_task(
        serve_app(
            create_app(wiring.database, ceilings=default_ceilings(wiring.settings)), listener, stop
        )
    )
    url = address_of(listener)
    console.print(f"The web app is at [bold]{url}[/]; the run is on its way.")
    try:
        yield url, task
    finally:
        stop.set()
        await asyncio.gather(task, return_exceptions=True)
        listener.close()


async def _prepare(database: Database, wiring: Wiring, kind: str) -> Workspace:
    """The sample's workspace, empty."""
    async with wiring.source() as source:
        identity = await source.identity()
    async with database.write() as connection:
        await workspace_storage.delete_workspace(connection, identity.code)
    return await register_workspace(database, identity, kind=kind)


async def _travel(
    database: Database, workspace: Workspace, stop: asyncio.Event
) -> tuple[Run, list[StageProgress]]:
    """The run, watched to its end; a signal cancels it."""
    async with open_queue(database) as queue:
        async with database.write() as connection:
            run = await start_run(connection, queue, workspace.id)
        watching = asyncio.create_task(watch_run(database, run))
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({watching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not watching.done():
            async with database.write() as connection:
                await cancel_run(connection, queue, workspace.id, run.id)
        return await watching


def _tell(report: DemoReport, options: DemoOptions) -> None:
    if options.as_json:
        print_json(report)
        return
    conversations, truth = report.conversations, report.truth
    console.print(
        f"{conversations.stored:,} of {conversations.expected:,} conversations read in"
        f" {report.seconds['total']:.0f} s: {report.themes:,} themes, {report.stories:,} stories,"
        f" {report.quotes.located:,} verified quotes ({report.quotes.dropped:,} dropped).\n"
        f"{report.remainder_share:.0%} of the conversations are in no theme (the remainder)."
    )
    if truth.category_macro_f1 is not None and truth.theme_ari is not None:
        console.print(
            f"Against the sample's truth: category macro-F1 {truth.category_macro_f1:.2f},"
            f" themes ARI {truth.theme_ari:.2f}. No hosted model was used."
        )
    if options.serve:
        console.print("Ctrl-C stops the web app; `earmark serve` brings it back.")
