"""Shows a run's progress on the terminal until it ends."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from earmark.cli.output import console
from earmark.db import run_storage
from earmark.db.connection import Database
from earmark.db.models import Run, Stage, StageProgress
from earmark.errors import DatabaseUnavailable

_POLL_SECONDS: Final = 0.25
_LINE_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 120.0
"""How long PostgreSQL may be away: the run goes on when it is back."""

NAMES: Final = {
    Stage.SYNC: "List conversations",
    Stage.FIRST_LOOK: "First look",
    Stage.FETCH: "Fetch threads",
    Stage.MASK: "Mask personal data",
    Stage.LEARN: "Learn the vocabulary",
    Stage.CLASSIFY: "Classify and quote",
    Stage.THEMES: "Find themes",
    Stage.STORIES: "Write stories",
}

Show = Callable[[Sequence[StageProgress]], None]


async def watch_run(database: Database, run: Run) -> tuple[Run, list[StageProgress]]:
    """Show progress until the run has ended; returns its end."""
    if not console.is_terminal:
        return await _follow(database, run, _Lines().show)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as progress:
        return await _follow(database, run, _Bars(progress).show)


async def _follow(database: Database, run: Run, show: Show) -> tuple[Run, list[StageProgress]]:
    seen_at = time.monotonic()
    while True:
        try:
            now, stages = await _look(database, run)
        except DatabaseUnavailable:
            if time.monotonic() - seen_at > _PATIENCE_SECONDS:
                raise
        else:
            seen_at = time.monotonic()
            show(stages)
            if now.finished_at is not None:
                return now, stages
        await asyncio.sleep(_POLL_SECONDS)


async def _look(database: Database, run: Run) -> tuple[Run, list[StageProgress]]:
    async with database.read() as reader:
        now = await run_storage.get_run(reader, run.workspace_id, run.id)
        return now, await run_storage.list_stages(reader, run.workspace_id, run.id)


class _Bars:
    """A bar per stage, for a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[Stage, TaskID] = {}

    def show(self, stages: Sequence[StageProgress]) -> None:
        for stage in stages:
            if stage.status == "waiting":
                continue
            if stage.stage not in self._tasks:
                self._tasks[stage.stage] = self._progress.add_task(NAMES[stage.stage], total=None)
            task = self._tasks[stage.stage]
            self._progress.update(task, completed=stage.done, total=stage.total)
            if stage.status == "done":
                self._progress.update(task, total=stage.total or 1, completed=stage.total or 1)
                self._progress.stop_task(task)


class _Lines:
    """A line when a stage ends and every ten seconds, for logs."""

    def __init__(self) -> None:
        self._told: set[Stage] = set()
        self._spoke_at = time.monotonic()

    def show(self, stages: Sequence[StageProgress]) -> None:
        for stage in stages:
            ended = stage.status == "done" and stage.stage not in self._told
            due = stage.status == "running" and time.monotonic() - self._spoke_at > _LINE_SECONDS
            if not ended and not due:
                continue
            if ended:
                self._told.add(stage.stage)
            self._spoke_at = time.monotonic()
            total = "?" if stage.total is None else f"{stage.total:,}"
            console.print(f"{NAMES[stage.stage]}: {stage.done:,} of {total}, {stage.status}")
