"""`earmark taxonomy`: see, edit, preview, apply and revert what conversations are sorted into."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from earmark.cli import taxonomy_changing
from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    execute,
    print_json,
)
from earmark.cli.taxonomy_place import YesOption, find_change, open_place
from earmark.cli.taxonomy_report import (
    ChangeLine,
    DiffReport,
    TaxonomyReport,
    VersionsReport,
    tell_diff,
    tell_taxonomy,
    tell_versions,
)
from earmark.db import change_storage, taxonomy_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Workspace
from earmark.errors import Conflict, InvalidInput
from earmark.pipeline import taxonomy_change
from earmark.pipeline.taxonomy_diff import derive, propose
from earmark.pipeline.taxonomy_file import TaxonomyFile, read_file, write_file
from earmark.pipeline.taxonomy_rules import Finding, check

app = typer.Typer(help="See and change what conversations are sorted into.", no_args_is_help=True)
app.command()(taxonomy_changing.discard)
app.command()(taxonomy_changing.preview)
app.command()(taxonomy_changing.apply)
app.command()(taxonomy_changing.revert)

VersionOption = Annotated[
    int | None, typer.Option("--taxonomy", min=1, help="Version; the newest if left out.")
]


@app.command()
def show(
    version: VersionOption = None, workspace: WorkspaceOption = None, as_json: JsonOption = False
) -> None:
    """Categories and product areas."""
    execute(_show(version, workspace, as_json), as_json=as_json)


async def _show(version: int | None, code: str | None, as_json: bool) -> ExitCode:
    async with open_place(code) as place, place.database.read() as reader:
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
    async with open_place(code) as place, place.database.read() as reader:
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
    async with open_place(code) as place, place.database.read() as reader:
        if draft:
            change = await find_change(reader, place.workspace.id, None)
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
    async with open_place(code) as place, place.database.read() as reader:
        change = None
        if file is None:
            change = await find_change(reader, place.workspace.id, None)
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
    newest = await taxonomy_change.require_taxonomy(reader, workspace.id)
    base = newest
    if change is not None:
        base = await taxonomy_change.require_taxonomy(reader, workspace.id, change.base_version)
    proposal = file.proposal if file else change.proposal if change else propose(base)
    made_of = file.version if file else base.version
    return DiffReport(
        workspace=workspace.code,
        base_version=base.version,
        newest_version=newest.version,
        made_of=made_of,
        is_stale=made_of not in (None, newest.version),
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
    if _has_errors(report.findings):
        return ExitCode.USAGE
    return ExitCode.FAILED if report.is_stale else ExitCode.DONE


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
    async with open_place(code) as place, place.database.write() as connection:
        workspace = place.workspace
        report = await _compare(connection, workspace, file, None)
        if report.is_stale:
            raise Conflict(
                f"{path} was made of version {file.version} of the taxonomy.",
                why=f"It is at version {report.base_version} now: what came since would be undone.",
                fix="Export it anew and make your edits there, or take out `version`.",
            )
        if yes and report.operations and not _has_errors(report.findings):
            change = await _write_draft(
                *(connection, workspace.id, report.newest_version, file, note or file.note),
                replace=replace,
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


async def _write_draft(
    connection: WriteConnection,
    workspace_id: int,
    newest: int,
    file: TaxonomyFile,
    note: str,
    *,
    replace: bool,
) -> TaxonomyChange:
    """Open a draft; what an open one says may be replaced, and is, of whatever version it is."""
    draft = await change_storage.find_draft(connection, workspace_id) if replace else None
    if draft is not None and draft.base_version == newest:
        return await taxonomy_change.edit_draft(
            connection, workspace_id, draft, file.proposal, note=note
        )
    if draft is not None:
        await change_storage.discard_change(connection, workspace_id, draft.id)
    change = await taxonomy_change.open_draft(connection, workspace_id, file.proposal, note=note)
    if draft is not None:
        console.print(
            f"Draft {draft.id} was made of version {draft.base_version}: it is discarded, and"
            f" draft {change.id} is made of version {newest}."
        )
    return change
