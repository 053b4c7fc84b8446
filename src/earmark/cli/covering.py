"""`earmark coverage` and `earmark failures`: what is stored, what is not, and why."""

from typing import Annotated, Final

import typer
from rich.table import Table

from earmark.cli.output import (
    ExitCode,
    JsonOption,
    WorkspaceOption,
    console,
    escape,
    execute,
    print_json,
    stdout,
)
from earmark.cli.workspaces import open_workspace, write_workspace
from earmark.db import failure_storage, sync_storage
from earmark.db.failure_storage import Changed, Failure
from earmark.db.models import Model
from earmark.db.sync_storage import Coverage, CoverageGap
from earmark.pipeline.ingest import MOST_ATTEMPTS

_MOST: Final = 500

IdsArgument = Annotated[list[str], typer.Argument(help="Ids of conversations.")]

app = typer.Typer(help="What could not be fetched or read: list, retry, skip.")


class CoverageReport(Model):
    """Completeness, and the conversations that are not whole."""

    workspace: str
    total: Coverage
    gaps: tuple[CoverageGap, ...]


class FailureReport(Model):
    """What could not be done."""

    workspace: str
    failures: tuple[Failure, ...]


class ChangeReport(Changed):
    """What was changed, and where."""

    workspace: str


def coverage(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """What the source says exists, against what is stored; 4 if something is missing."""
    execute(_coverage(workspace, as_json), as_json=as_json)


async def _coverage(code: str | None, as_json: bool) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        total = await sync_storage.get_coverage(reader, workspace.id)
        gaps = await sync_storage.list_gaps(reader, workspace.id, limit=_MOST)
    if as_json:
        print_json(CoverageReport(workspace=workspace.code, total=total, gaps=tuple(gaps)))
    else:
        missing = total.failed + total.pending + total.unreadable
        stdout.print(
            f"{escape(workspace.name)}: {total.stored:,} of {total.expected:,} stored,"
            f" {missing:,} missing, {total.skipped:,} left out, {total.incomplete:,} with parts"
            " that the source does not give."
        )
        _print_gaps(gaps)
    complete = total.stored + total.skipped >= total.expected
    return ExitCode.DONE if complete else ExitCode.PARTIAL


def _print_gaps(gaps: list[CoverageGap]) -> None:
    if not gaps:
        return
    table = Table("conversation", "state", "tries", "why")
    for gap in gaps[:25]:
        table.add_row(
            escape(gap.conversation_id), gap.status, str(gap.attempts), escape(gap.reason)
        )
    stdout.print(table)
    if len(gaps) > 25:
        stdout.print(f"… and {len(gaps) - 25:,} more (--json shows up to {_MOST}).")


@app.command(name="list")
def list_failed(workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Conversations that could not be fetched or read, with the reason."""
    execute(_list(workspace, as_json), as_json=as_json)


async def _list(code: str | None, as_json: bool) -> ExitCode:
    async with open_workspace(code) as (reader, workspace):
        found = await failure_storage.list_failures(
            reader, workspace.id, max_attempts=MOST_ATTEMPTS, limit=_MOST
        )
    if as_json:
        print_json(FailureReport(workspace=workspace.code, failures=tuple(found)))
        return ExitCode.DONE
    if not found:
        stdout.print("Nothing has failed.")
        return ExitCode.DONE
    table = Table("conversation", "work", "tries", "given up", "why")
    for failure in found:
        table.add_row(
            escape(failure.conversation_id),
            failure.work,
            str(failure.attempts),
            "yes" if failure.is_given_up else "no",
            escape(failure.reason),
        )
    stdout.print(table)
    console.print("Again: earmark failures retry. Leave out: earmark failures skip ID …")
    return ExitCode.DONE


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Ids of conversations; all.")] = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the next run try again what has failed."""
    execute(_change(workspace, as_json, ids or None, skip=False), as_json=as_json)


@app.command()
def skip(ids: IdsArgument, workspace: WorkspaceOption = None, as_json: JsonOption = False) -> None:
    """Leave conversations out, until they change at the source."""
    execute(_change(workspace, as_json, ids, skip=True), as_json=as_json)


async def _change(
    code: str | None, as_json: bool, ids: list[str] | None, *, skip: bool
) -> ExitCode:
    async with write_workspace(code) as (writer, workspace):
        if skip:
            told = await failure_storage.skip_failures(writer, workspace.id, ids or [])
        else:
            told = await failure_storage.retry_failures(writer, workspace.id, ids)
    if as_json:
        print_json(ChangeReport(workspace=workspace.code, **told.model_dump()))
    else:
        stdout.print(f"{told.changed:,} changed." + ("" if skip else " Next: earmark run"))
        if told.unknown:
            console.print(
                f"These have not failed: {', '.join(told.unknown)}. What has failed: earmark"
                " failures list",
                markup=False,
            )
    return ExitCode.PARTIAL if told.unknown else ExitCode.DONE
