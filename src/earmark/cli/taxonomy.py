"""`earmark taxonomy`: see, edit, preview, apply and revert what conversations are sorted into."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    configure_logging,
    console,
    execute,
    print_json,
    tell_interrupted,
)
from earmark.cli.taxonomy_report import (
    ChangeLine,
    DiffReport,
    OutcomeReport,
    PreviewReport,
    TaxonomyReport,
    VersionsReport,
    tell_diff,
    tell_operations,
    tell_preview,
    tell_taxonomy,
    tell_versions,
)
from earmark.cli.workspaces import pick_workspace
from earmark.db import change_storage, run_storage, taxonomy_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import Database, ReadConnection
from earmark.db.models import RunStatus, Workspace
from earmark.errors import Conflict, InvalidInput, NotFound
from earmark.jobs import taxonomy_jobs
from earmark.jobs.queue import JobQueue, open_queue
from earmark.pipeline import taxonomy_change
from earmark.pipeline.taxonomy_diff import Operation, derive, propose
from earmark.pipeline.taxonomy_file import TaxonomyFile, read_file, write_file
from earmark.pipeline.taxonomy_rules import Finding, check
from earmark.settings import Settings
from earmark.wiring import Wiring

app = typer.Typer(help="See and change what conversations are sorted into.", no_args_is_help=True)

VersionOption = Annotated[
    int | None, typer.Option("--taxonomy", min=1, help="Version; the newest if left out.")
]
ChangeArgument = Annotated[
    int | None, typer.Argument(help="Number of the change; the open draft if left out.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")
]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Leave the work to `earmark serve` or a worker.")
]


class _Place(NamedTuple):
    """Where a command works."""

    wiring: Wiring
    database: Database
    queue: JobQueue
    workspace: Workspace


@asynccontextmanager
async def _open(code: str | None) -> AsyncGenerator[_Place]:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.database() as database, open_queue(database) as queue:
        async with database.read() as reader:
            workspace = await pick_workspace(reader, code)
        yield _Place(wiring, database, queue, workspace)


async def _find_change(
    reader: ReadConnection, workspace_id: int, change_id: int | None
) -> TaxonomyChange:
    if change_id is not None:
        return await change_storage.get_change(reader, workspace_id, change_id)
    draft = await change_storage.find_draft(reader, workspace_id)
    if draft is None:
        raise NotFound(
            "There is no draft of the taxonomy.",
            fix="Begin one: `earmark taxonomy export taxonomy.yaml`, edit the file, then"
            " `earmark taxonomy import taxonomy.yaml --yes`.",
        )
    return draft


@app.command()
def show(
    version: VersionOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Categories and product areas."""
    execute(_show(version, workspace, as_json), as_json=as_json)


async def _show(version: int | None, code: str | None, as_json: bool) -> ExitCode:
    async with _open(code) as place, place.database.read() as reader:
        taxonomy = await taxonomy_change.require_taxonomy(reader, place.workspace.id, version)
    if as_json:
        print_json(TaxonomyReport(workspace=place.workspace.code, taxonomy=taxonomy))
    else:
        tell_taxonomy(taxonomy)
    return ExitCode.DONE


@app.command("list")
def list_versions(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Versions of the taxonomy, and the changes that made them."""
    execute(_list(workspace, as_json), as_json=as_json)


async def _list(code: str | None, as_json: bool) -> ExitCode:
    async with _open(code) as place, place.database.read() as reader:
        changes = await change_storage.list_changes(reader, place.workspace.id)
        report = VersionsReport(
            workspace=place.workspace.code,
            versions=tuple(await taxonomy_storage.list_versions(reader, place.workspace.id)),
            changes=tuple(
                ChangeLine(**change.model_dump(include=set(ChangeLine.model_fields)))
                for change in changes
            ),
        )
    if as_json:
        print_json(report)
    else:
        tell_versions(report)
    return ExitCode.DONE


@app.command()
def export(
    path: Annotated[
        Path | None, typer.Argument(help="File to write; standard output if left out.")
    ] = None,
    version: VersionOption = None,
    draft: Annotated[bool, typer.Option("--draft", help="The open draft instead.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that holds something else.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the taxonomy as a YAML file, for editing and for version control."""
    execute(_export(path, version, draft, force, workspace))


async def _export(
    path: Path | None, version: int | None, draft: bool, force: bool, code: str | None
) -> ExitCode:
    async with _open(code) as place, place.database.read() as reader:
        if draft:
            change = await _find_change(reader, place.workspace.id, None)
            text = write_file(change.proposal, version=change.base_version, note=change.note)
        else:
            taxonomy = await taxonomy_change.require_taxonomy(reader, place.workspace.id, version)
            newest = await taxonomy_change.require_taxonomy(reader, place.workspace.id)
            text = write_file(propose(taxonomy), version=newest.version)
    if path is None:
        sys.stdout.write(text)
        return ExitCode.DONE
    await asyncio.to_thread(_write, path, text, force)
    console.print(f"Written to {path}. Edit it, then: earmark taxonomy diff {path}", markup=False)
    return ExitCode.DONE


def _write(path: Path, text: str, force: bool) -> None:
    """Write the file, but over nobody's edits unless that is wanted."""
    try:
        if not force and path.is_file() and path.read_bytes() != text.encode():
            raise InvalidInput(
                f"{path} is there already, and holds something else.",
                why="Somebody may have edited it.",
                fix="Give another name, or --force to write over it.",
            )
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be written.", why=error.strerror or "", fix="Check the path."
        ) from error


async def _read(path: Path) -> TaxonomyFile:
    try:
        text = await asyncio.to_thread(path.read_text, "utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not a text in UTF-8.", fix="Save it in that encoding, and try again."
        ) from error
    except OSError as error:
        raise InvalidInput(
            f"{path} cannot be read.", why=error.strerror or "", fix="Check the path."
        ) from error
    return read_file(text, name=str(path))


@app.command()
def diff(
    path: Annotated[
        Path | None, typer.Argument(help="YAML file; the open draft if left out.")
    ] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """What a file or the open draft would change, and what is wrong with it."""
    execute(_diff(path, workspace, as_json), as_json=as_json)


async def _diff(path: Path | None, code: str | None, as_json: bool) -> ExitCode:
    file = None if path is None else await _read(path)
    async with _open(code) as place, place.database.read() as reader:
        change = None
        if file is None:
            change = await _find_change(reader, place.workspace.id, None)
        report = await _compare(reader, place.workspace, file, change)
    return _tell_diff(report, file, as_json)


async def _compare(
    reader: ReadConnection,
    workspace: Workspace,
    file: TaxonomyFile | None,
    change: TaxonomyChange | None,
    *,
    written: bool = False,
) -> DiffReport:
    base = await taxonomy_change.require_taxonomy(
        reader, workspace.id, change.base_version if change else None
    )
    proposal = file.proposal if file else change.proposal if change else propose(base)
    return DiffReport(
        workspace=workspace.code,
        base_version=base.version,
        change_id=change.id if change else None,
        operations=tuple(derive(base, proposal)),
        findings=tuple(check(base, proposal)),
        written=written,
    )


def _has_errors(findings: tuple[Finding, ...]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _tell_diff(report: DiffReport, file: TaxonomyFile | None, as_json: bool) -> ExitCode:
    if as_json:
        print_json(report)
    else:
        tell_diff(report, file)
    return ExitCode.USAGE if _has_errors(report.findings) else ExitCode.DONE


@app.command("import")
def import_file(
    path: Annotated[Path, typer.Argument(help="YAML file, as `export` writes it.")],
    note: Annotated[str, typer.Option(help="What the change is for.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Put it into the draft that is open.")
    ] = False,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a draft of a YAML file; without --yes, only say what it would change."""
    execute(_import(path, note, replace, yes, workspace, as_json), as_json=as_json)


async def _import(
    path: Path, note: str, replace: bool, yes: bool, code: str | None, as_json: bool
) -> ExitCode:
    file = await _read(path)
    async with _open(code) as place, place.database.write() as connection:
        workspace = place.workspace
        report = await _compare(connection, workspace, file, None)
        if file.version not in (None, report.base_version):
            raise Conflict(
                f"{path} was made of version {file.version} of the taxonomy.",
                why=f"It is at version {report.base_version} now: what came since would be undone.",
                fix="Export it anew and make your edits there, or take out `version`.",
            )
        if yes and report.operations and not _has_errors(report.findings):
            draft = await change_storage.find_draft(connection, workspace.id)
            said = note or file.note
            if draft is not None and replace:
                change = await taxonomy_change.edit_draft(
                    connection, workspace.id, draft, file.proposal, note=said
                )
            else:
                change = await taxonomy_change.open_draft(
                    connection, workspace.id, file.proposal, note=said
                )
            report = await _compare(connection, workspace, file, change, written=True)
    code_ = _tell_diff(report, file, as_json)
    if not as_json and code_ is ExitCode.DONE and report.operations:
        console.print(
            f"Draft {report.change_id}. See what it would do: earmark taxonomy preview"
            if report.written
            else "Nothing is written. Make a draft of it: the same command with --yes"
        )
    return code_


@app.command()
def discard(
    change: ChangeArgument = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a draft without applying it."""
    execute(_discard(change, yes, workspace, as_json), as_json=as_json)


async def _discard(change_id: int | None, yes: bool, code: str | None, as_json: bool) -> ExitCode:
    async with _open(code) as place, place.database.write() as connection:
        change = await _find_change(connection, place.workspace.id, change_id)
        taxonomy_change.require_draft(change)
        operations = await _operations(connection, place.workspace.id, change)
        if yes:
            await change_storage.discard_change(connection, place.workspace.id, change.id)
        change = await change_storage.get_change(connection, place.workspace.id, change.id)
    report = _outcome(place.workspace, change, operations, written=yes)
    return _tell_outcome(report, as_json, f"earmark taxonomy discard {change.id} --yes")


@app.command()
def preview(
    change: ChangeArgument = None,
    no_wait: NoWaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find out what a draft would do: what moves, the last twelve weeks, what it takes."""
    execute(_preview(change, no_wait, workspace, as_json), as_json=as_json)


async def _preview(
    change_id: int | None, no_wait: bool, code: str | None, as_json: bool
) -> ExitCode:
    async with _open(code) as place:
        workspace = place.workspace
        async with place.database.write() as connection:
            found = await _find_change(connection, workspace.id, change_id)
            change = await taxonomy_jobs.queue_preview(connection, place.queue, workspace.id, found)
        if not no_wait:
            from earmark.cli.attending import attend  # noqa: PLC0415 - heavy
            from earmark.cli.taxonomy_work import await_preview  # noqa: PLC0415 - heavy

            waited = await attend(
                place.wiring, await_preview(place.database, workspace.id, change.id)
            )
            if waited is None:
                tell_interrupted()
                return ExitCode.INTERRUPTED
            change = waited
    shown = change.preview
    if as_json:
        print_json(
            PreviewReport(
                workspace=workspace.code,
                change_id=change.id,
                status=change.preview_status,
                error=change.preview_error,
                preview=shown,
            )
        )
    elif shown is not None:
        tell_preview(change, shown)
    else:
        said = change.preview_error or f"The preview is {change.preview_status}."
        console.print(said, markup=False)
    return ExitCode.DONE if no_wait or shown is not None else ExitCode.FAILED


@app.command()
def apply(
    change: ChangeArgument = None,
    yes: YesOption = False,
    without_preview: Annotated[
        bool, typer.Option("--without-preview", help="Also if nobody has seen what it would do.")
    ] = False,
    no_wait: NoWaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a draft the newest version, and read all conversations again with it."""
    execute(_apply(change, yes, without_preview, no_wait, workspace, as_json), as_json=as_json)


async def _apply(
    change_id: int | None,
    yes: bool,
    unseen: bool,
    no_wait: bool,
    code: str | None,
    as_json: bool,
) -> ExitCode:
    async with _open(code) as place:
        async with place.database.write() as connection:
            found = await _find_change(connection, place.workspace.id, change_id)
            change = await change_storage.lock_change(connection, place.workspace.id, found.id)
            operations = await _operations(connection, place.workspace.id, change)
            under_way = yes and await _is_under_way(
                connection, place.workspace.id, change, "applied"
            )
            if not under_way:
                await taxonomy_change.require_usable(connection, place.workspace.id, change)
            if yes and not under_way:
                change = await taxonomy_jobs.apply_change(
                    connection, place.queue, place.workspace.id, change, unseen=unseen
                )
        again = f"earmark taxonomy apply {change.id}{' --without-preview' * unseen} --yes"
        return await _follow(
            place, change, operations, again, written=yes, no_wait=no_wait, as_json=as_json
        )


@app.command()
def revert(
    change: Annotated[int, typer.Argument(help="Number of the applied change.")],
    yes: YesOption = False,
    no_wait: NoWaitOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring back what was before a change, as a new version, and read all again with it."""
    execute(_revert(change, yes, no_wait, workspace, as_json), as_json=as_json)


async def _revert(
    change_id: int, yes: bool, no_wait: bool, code: str | None, as_json: bool
) -> ExitCode:
    async with _open(code) as place:
        async with place.database.write() as connection:
            change = await change_storage.lock_change(connection, place.workspace.id, change_id)
            operations = await _operations(connection, place.workspace.id, change)
            if yes and not await _is_under_way(connection, place.workspace.id, change, "reverted"):
                change = await taxonomy_jobs.revert_change(
                    connection, place.queue, place.workspace.id, change
                )
        again = f"earmark taxonomy revert {change.id} --yes"
        return await _follow(
            place, change, operations, again, written=yes, no_wait=no_wait, as_json=as_json
        )


async def _is_under_way(
    reader: ReadConnection, workspace_id: int, change: TaxonomyChange, status: str
) -> bool:
    """Whether the same command has begun it already, and its replay is to be gone on with."""
    if change.status != status or change.run_id is None:
        return False
    run = await run_storage.get_run(reader, workspace_id, change.run_id)
    if run.finished_at is None:
        console.print(f"Run {run.id} is unfinished: going on with it.")
    return run.finished_at is None


async def _operations(
    reader: ReadConnection, workspace_id: int, change: TaxonomyChange
) -> tuple[Operation, ...]:
    base = await taxonomy_change.require_taxonomy(reader, workspace_id, change.base_version)
    return tuple(derive(base, change.proposal))


async def _follow(
    place: _Place,
    change: TaxonomyChange,
    operations: tuple[Operation, ...],
    again: str,
    *,
    written: bool,
    no_wait: bool,
    as_json: bool,
) -> ExitCode:
    """Watch the replay, if there is one, and tell what became of the change."""
    run = None
    if written and not no_wait and change.run_id is not None:
        from earmark.cli.attending import attend  # noqa: PLC0415 - heavy
        from earmark.cli.taxonomy_work import await_run  # noqa: PLC0415 - heavy

        run = await attend(
            place.wiring, await_run(place.database, place.workspace.id, change.run_id)
        )
        if run is None:
            tell_interrupted()
            return ExitCode.INTERRUPTED
    report = _outcome(place.workspace, change, operations, written=written)
    report = report.model_copy(update={"run": run})
    code = _tell_outcome(report, as_json, again)
    return code if run is None or run.status is RunStatus.SUCCEEDED else ExitCode.FAILED


def _outcome(
    workspace: Workspace,
    change: TaxonomyChange,
    operations: tuple[Operation, ...],
    *,
    written: bool,
) -> OutcomeReport:
    return OutcomeReport(
        workspace=workspace.code,
        change_id=change.id,
        status=change.status,
        version=change.reverted_version or change.applied_version,
        operations=operations,
        run=None,
        written=written,
    )


def _tell_outcome(report: OutcomeReport, as_json: bool, again: str) -> ExitCode:
    if as_json:
        print_json(report)
        return ExitCode.DONE
    tell_operations(report.operations)
    if not report.written:
        console.print(f"Nothing is done. Do it: {again}")
    elif report.version is None:
        console.print(f"Change {report.change_id} is {report.status}.")
    else:
        ended = f" The replay {report.run.status}." if report.run else " The replay is queued."
        console.print(
            f"Change {report.change_id} is {report.status}: version {report.version}.{ended}"
        )
    return ExitCode.DONE
