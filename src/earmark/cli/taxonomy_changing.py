"""`earmark taxonomy discard|preview|apply|revert`: what becomes of a change."""

from typing import Annotated

import typer

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    execute,
    print_json,
    tell_interrupted,
)
from earmark.cli.taxonomy_place import Place, YesOption, find_change, open_place
from earmark.cli.taxonomy_report import (
    OutcomeReport,
    PreviewReport,
    tell_operations,
    tell_preview,
)
from earmark.db import change_storage, run_storage
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import ReadConnection
from earmark.db.models import RunStatus, Workspace
from earmark.jobs import taxonomy_jobs
from earmark.pipeline import taxonomy_change
from earmark.pipeline.taxonomy_diff import Operation, derive, derive_back

ChangeArgument = Annotated[
    int | None, typer.Argument(help="Number of the change; the open draft if left out.")
]
NoWaitOption = Annotated[
    bool, typer.Option("--no-wait", help="Leave the work to `earmark serve` or a worker.")
]


def discard(
    change: ChangeArgument = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Close a draft without applying it."""
    execute(_discard(change, yes, workspace, as_json), as_json=as_json)


async def _discard(change_id: int | None, yes: bool, code: str | None, as_json: bool) -> ExitCode:
    async with open_place(code) as place, place.database.write() as connection:
        change = await find_change(connection, place.workspace.id, change_id)
        taxonomy_change.require_draft(change)
        operations = await _operations(connection, place.workspace.id, change)
        if yes:
            await change_storage.discard_change(connection, place.workspace.id, change.id)
        change = await change_storage.get_change(connection, place.workspace.id, change.id)
    report = _outcome(place.workspace, change, operations, written=yes)
    return _tell_outcome(report, as_json, f"earmark taxonomy discard {change.id} --yes")


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
    async with open_place(code) as place:
        workspace = place.workspace
        async with place.database.write() as connection:
            found = await find_change(connection, workspace.id, change_id)
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
    async with open_place(code) as place:
        async with place.database.write() as connection:
            found = await find_change(connection, place.workspace.id, change_id)
            change = await change_storage.lock_change(connection, place.workspace.id, found.id)
            operations = await _operations(connection, place.workspace.id, change)
            if not yes:
                await taxonomy_change.require_applicable(
                    connection, place.workspace.id, change, unseen=unseen
                )
            elif not await _is_under_way(connection, place.workspace.id, change, "applied"):
                change = await taxonomy_jobs.apply_change(
                    connection, place.queue, place.workspace.id, change, unseen=unseen
                )
        again = f"earmark taxonomy apply {change.id}{' --without-preview' * unseen} --yes"
        return await _follow(
            place, change, operations, again, written=yes, no_wait=no_wait, as_json=as_json
        )


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
    async with open_place(code) as place:
        async with place.database.write() as connection:
            change = await change_storage.lock_change(connection, place.workspace.id, change_id)
            base = await taxonomy_change.require_taxonomy(
                connection, place.workspace.id, change.base_version
            )
            operations = tuple(derive_back(base, change.proposal))
            if not yes:
                await taxonomy_change.require_revertible(connection, place.workspace.id, change)
            elif not await _is_under_way(connection, place.workspace.id, change, "reverted"):
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
    place: Place,
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
