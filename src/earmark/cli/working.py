"""`earmark sync` and `earmark run`: one pass over a workspace, watched to its end."""

import math
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from earmark.cli.attending import attend
from earmark.cli.output import (
    ExitCode,
    JsonOption,
    configure_logging,
    console,
    execute,
    print_json,
    tell_interrupted,
)
from earmark.cli.watching import watch_run
from earmark.db import run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import Model, Run, RunStatus, Stage, StageProgress
from earmark.db.run_reading_storage import Unread, get_run_reading
from earmark.db.sync_storage import Coverage
from earmark.jobs.queue import JobQueue, open_queue, start_run
from earmark.settings import Settings
from earmark.wiring import Wiring, register_workspace

# One listing request per 150 conversations, one request for each conversation; a fifth of the quota
# is left to the workspace's other apps.
_PER_LISTING: Final = 150
_SHARE: Final = 0.8
_QUOTAS: Final = {"private app": 10_000, "older app": 1_000}


class SyncPlan(Model):
    """What a first sync comes to."""

    workspace: str
    conversations: int
    requests: int
    minutes: dict[str, float]
    """By quota: how long the requests take at four fifths of it."""


class RunReport(Model):
    """How a run ended."""

    workspace: str
    run: Run
    stages: tuple[StageProgress, ...]
    coverage: Coverage
    waiting: tuple[Unread, ...]
    """What a ceiling of cost left for a later run."""


def sync(
    plan: Annotated[
        bool, typer.Option("--plan", help="Only say how many conversations, and how long.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read every conversation of the workspace, or what has changed since the last time.

    A run that was interrupted is gone on with first.
    """
    execute(_plan(as_json) if plan else _run((Stage.SYNC, Stage.FETCH), as_json), as_json=as_json)


def run(as_json: JsonOption = False) -> None:
    """The whole journey: sync, mask, classify, themes, stories.

    A run that was interrupted is gone on with; one that is under way elsewhere is joined.
    """
    execute(_run(tuple(Stage), as_json), as_json=as_json)


async def _plan(as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    async with Wiring(settings).source() as source:
        identity = await source.identity()
        conversations = await source.count(since=None, until=identity.server_time)
    requests = conversations + math.ceil(conversations / _PER_LISTING)
    plan = SyncPlan(
        workspace=identity.code,
        conversations=conversations,
        requests=requests,
        minutes={name: round(requests / (quota * _SHARE), 1) for name, quota in _QUOTAS.items()},
    )
    if as_json:
        print_json(plan)
    else:
        console.print(
            f"{identity.name}: {conversations:,} conversations, {requests:,} requests.\n"
            f"About {plan.minutes['private app']:g} min at a private app's usual quota of 10,000"
            f" requests a minute, {plan.minutes['older app']:g} min at 1,000. Begin: earmark run"
        )
    return ExitCode.DONE


async def _run(stages: Sequence[Stage], as_json: bool) -> ExitCode:
    settings = Settings.read()
    configure_logging(settings.log_level)
    wiring = Wiring(settings)
    async with wiring.source() as source:
        identity = await source.identity()
    async with wiring.database() as database, open_queue(database) as queue:
        workspace = await register_workspace(database, identity, kind="intercom")
        travelled = await attend(wiring, _travel(database, queue, workspace.id, stages))
        if travelled is None:
            tell_interrupted()
            return ExitCode.INTERRUPTED
        ended, progress = travelled
        report = await _report(database, workspace.code, ended, progress)
    if as_json:
        print_json(report)
    else:
        _tell(report)
    return exit_code(report)


async def _travel(
    database: Database, queue: JobQueue, workspace_id: int, stages: Sequence[Stage]
) -> tuple[Run, list[StageProgress]]:
    """A run of these stages at least, watched to its end."""
    while True:
        async with database.write() as connection:
            newest = await run_storage.list_runs(connection, workspace_id, limit=1)
            unfinished = [run for run in newest if run.finished_at is None]
            if unfinished:
                console.print(f"Run {unfinished[0].id} is unfinished: going on with it.")
            else:
                unfinished = [await start_run(connection, queue, workspace_id, stages)]
        ended, progress = await watch_run(database, unfinished[0])
        if {stage.stage for stage in progress} >= set(stages):
            return ended, progress


async def _report(
    database: Database, code: str, run: Run, stages: Sequence[StageProgress]
) -> RunReport:
    async with database.read() as reader:
        reading = await get_run_reading(reader, run)
        return RunReport(
            workspace=code,
            run=run,
            stages=tuple(stages),
            coverage=await sync_storage.get_coverage(reader, run.workspace_id),
            waiting=tuple(one for one in reading.waiting if one.conversations),
        )


def exit_code(report: RunReport) -> ExitCode:
    """Partial where the run ended well and some conversations did not."""
    if report.run.status is RunStatus.CANCELLED:
        return ExitCode.INTERRUPTED
    if report.run.status is not RunStatus.SUCCEEDED:
        return ExitCode.FAILED
    if report.waiting:
        return ExitCode.BUDGET
    unfinished = report.coverage.failed + report.coverage.pending + report.coverage.unreadable
    incomplete = unfinished + sum(stage.failed for stage in report.stages)
    return ExitCode.PARTIAL if incomplete else ExitCode.DONE


def _tell(report: RunReport) -> None:
    coverage = report.coverage
    console.print(
        f"Run {report.run.id}: {report.run.status}. {coverage.stored:,} of {coverage.expected:,}"
        f" conversations stored, {coverage.skipped:,} skipped, {coverage.failed:,} failed,"
        f" {coverage.incomplete:,} incomplete."
    )
    for one in report.waiting:
        console.print(f"{one.conversations:,} not read yet. {one.reason}", markup=False)
    if failed := sum(stage.failed for stage in report.stages):
        console.print(f"{failed:,} could not be done; why: earmark failures list")
    if report.run.error:
        console.print(report.run.error, markup=False)
    else:
        console.print("See them: earmark themes, earmark stories, or earmark serve")
