"""`earmark import`: conversations out of files, through the same stages as any source."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli.importing_report import (
    ImportReport,
    describe,
    tell_contents,
    tell_preview,
    tell_stored,
)
from earmark.cli.output import ExitCode, JsonOption, configure_logging, execute, print_json
from earmark.cli.watching import watch_run
from earmark.db import sync_storage
from earmark.db.connection import Database
from earmark.db.locks import exclusive
from earmark.db.models import AFTER_FETCHING, Model, Run, RunStatus, StageProgress, Workspace
from earmark.errors import InvalidInput
from earmark.jobs.queue import open_queue, start_run
from earmark.jobs.worker import run_worker
from earmark.pipeline import importing
from earmark.pipeline.importing import ImportCounts
from earmark.settings import Settings
from earmark.sources.file_mapping import FileMapping, read_mapping
from earmark.sources.files import FileSource, open_files
from earmark.wiring import Wiring


class ImportOptions(Model):
    """What was asked for."""

    paths: tuple[Path, ...]
    mapping: FileMapping
    name: str | None
    dry_run: bool
    run: bool
    as_json: bool


def import_files(
    files: Annotated[list[Path], typer.Argument(help="JSONL, CSV or Parquet; .gz too.")],
    mapping: Annotated[
        Path | None, typer.Option(help="A TOML file that says which column is what.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the workspace; that of the files if left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how the files would be read; store nothing.")
    ] = False,
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Afterwards mask, classify, find themes.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Read conversations out of files, into a workspace of their own.

    What a column means is guessed; --dry-run shows the guesses, and --mapping replaces them. The
    same files again change nothing; a later version of a conversation replaces the earlier one.
    """
    execute(
        _import(files, mapping, name=name, dry_run=dry_run, run=run, as_json=as_json),
        as_json=as_json,
    )


async def _import(
    files: Sequence[Path],
    mapping: Path | None,
    *,
    name: str | None,
    dry_run: bool,
    run: bool,
    as_json: bool,
) -> ExitCode:
    options = ImportOptions(
        paths=tuple(files),
        mapping=FileMapping() if mapping is None else read_mapping(mapping),
        name=name,
        dry_run=dry_run,
        run=run,
        as_json=as_json,
    )
    async with open_files(options.paths, options.mapping, options.name) as source:
        report = await describe(source)
        if not as_json:
            tell_contents(report)
        if dry_run:
            return _end(report, options)
        if not report.contents.conversations:
            raise _nothing_in(report)
        report = await _store(source, report, options)
    return _end(report, options)


def _nothing_in(report: ImportReport) -> InvalidInput:
    why = "They have no rows."
    if report.left_out:
        worst = report.left_out[0]
        why = f"{worst.rows:,} rows: {worst.reason} (first: line {worst.first_line})."
    return InvalidInput(
        "There is no usable conversation in the files.",
        why=why,
        fix="See how they are read: earmark import --dry-run; then write a mapping.",
    )


async def _store(source: FileSource, report: ImportReport, options: ImportOptions) -> ImportReport:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.database() as database:
        workspace = await importing.open_workspace(database, await source.identity())
        async with exclusive(
            database,
            importing.lock_name(workspace.id),
            what=f"Another import to workspace {workspace.code} is under way.",
            fix="Wait until it has ended, or import to another one: --name NAME.",
        ):
            stored, ended, stages = await _work(wiring, database, workspace, source, options)
        async with database.read() as reader:
            coverage = await sync_storage.get_coverage(reader, workspace.id)
    changes = {"stored": stored, "run": ended, "stages": tuple(stages), "coverage": coverage}
    return report.model_copy(update=changes)


async def _work(
    wiring: Wiring,
    database: Database,
    workspace: Workspace,
    source: FileSource,
    options: ImportOptions,
) -> tuple[ImportCounts, Run, list[StageProgress]]:
    unfinished = await importing.unfinished_run(database, workspace.id)
    if unfinished is not None:
        async with _working(wiring):
            await watch_run(database, unfinished)
    stored, ended = await _read_in(database, workspace, source)
    if not options.run or ended.status is not RunStatus.SUCCEEDED:
        return stored, ended, []
    async with _working(wiring), open_queue(database) as queue:
        async with database.write() as connection:
            run = await start_run(connection, queue, workspace.id, AFTER_FETCHING)
        return stored, *(await watch_run(database, run))


@asynccontextmanager
async def _working(wiring: Wiring) -> AsyncGenerator[None]:
    """A worker of our own, for as long as the block runs."""
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(wiring.services, stop, concurrency=wiring.settings.worker_concurrency)
    )
    try:
        yield
    finally:
        stop.set()
        await worker


async def _read_in(
    database: Database, workspace: Workspace, source: FileSource
) -> tuple[ImportCounts, Run]:
    prefixes = [f"{plan.path.name}, line " for plan in source.plans]
    run = await importing.begin(database, workspace.id, prefixes, _reasons(source))
    watching = asyncio.create_task(watch_run(database, run))
    try:
        stored = await importing.read_in(database, source, run)
        ended, _ = await watching
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    return stored, ended


def _reasons(source: FileSource) -> Iterator[str]:
    return (f"{bad.file}, line {bad.line}: {bad.reason}" for bad in source.shelf.bad())


def _end(report: ImportReport, options: ImportOptions) -> ExitCode:
    if options.as_json:
        print_json(report)
    elif options.dry_run:
        tell_preview(report)
    else:
        tell_stored(report)
    if report.run is not None and report.run.status is not RunStatus.SUCCEEDED:
        is_stopped = report.run.status is RunStatus.CANCELLED
        return ExitCode.INTERRUPTED if is_stopped else ExitCode.FAILED
    failed = sum(stage.failed for stage in report.stages)
    failed += report.coverage.failed + report.coverage.pending if report.coverage else 0
    return ExitCode.PARTIAL if report.contents.bad_rows or failed else ExitCode.DONE
