"""The engine's schema and the jobs that exist; a job holds ids only, never text."""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.resources import files
from typing import Final, LiteralString, cast

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.types import JSONValue

from earmark.db import run_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Run, Stage

ADVANCE: Final = "advance"
STAGE: Final = "stage"
PAGE: Final = "page"
LIVE: Final = "live"
CONTACT: Final = "contact"
BATCH: Final = "batch"
PREVIEW: Final = "preview"
QUOTE: Final = "quote"
RESCUE: Final = "rescue"
SWEEP: Final = "sweep"
_RUN_QUEUE: Final = "runs"


def new_app() -> App:
    """An engine without tasks, not opened yet."""
    return App(connector=PsycopgConnector())


class JobQueue:
    """Puts jobs into the queue, in the caller's transaction."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def advance(self, connection: WriteConnection, run: Run) -> None:
        """Let a worker decide what the run does next; a second request while one waits is none."""
        await self._defer_once(connection, ADVANCE, f"advance:{run.id}", run_key(run), priority=10)

    async def stage(self, connection: WriteConnection, run: Run, stage: Stage) -> None:
        """Let a worker do a stage that is one piece of work."""
        await self._app.configure_task(
            STAGE, queue=_RUN_QUEUE, lock=f"{stage}:{run.id}", connection=connection
        ).defer_async(**run_key(run), stage=stage.value)

    async def pages(
        self,
        connection: WriteConnection,
        run: Run,
        stage: Stage,
        pages: Sequence[int],
        *,
        priority: int,
    ) -> None:
        """Let workers do pages of a stage, in any order, higher priorities first."""
        arguments: list[dict[str, JSONValue]] = [
            {**run_key(run), "stage": stage.value, "page": page} for page in pages
        ]
        await self._app.configure_task(
            PAGE, queue=_RUN_QUEUE, priority=priority, connection=connection
        ).batch_defer_async(*arguments)

    async def batch(
        self, connection: WriteConnection, run: Run, turn: int, *, seconds: float = 0.0
    ) -> None:
        """Let a worker look at the batches that a run waits for, in some seconds."""
        await self._app.configure_task(
            BATCH,
            queue=_RUN_QUEUE,
            schedule_in={"seconds": math.ceil(seconds)},
            lock=f"batch:{run.id}",
            connection=connection,
        ).defer_async(**run_key(run), turn=turn)

    async def live(
        self, connection: WriteConnection, workspace_id: int, *, seconds: float = 2.0
    ) -> None:
        """Let a worker fetch what has changed, before any other work, in some seconds.

        A later job that is queued already is brought forward.
        """
        seconds = max(math.ceil(seconds), 1)
        try:
            async with connection.transaction():
                await self._app.configure_task(
                    LIVE,
                    queue=_RUN_QUEUE,
                    priority=50,
                    schedule_in={"seconds": seconds},
                    lock=f"live:{workspace_id}",
                    queueing_lock=f"live:{workspace_id}",
                    connection=connection,
                ).defer_async(workspace_id=workspace_id)
        except AlreadyEnqueued:
            await connection.execute(
                "UPDATE procrastinate_jobs SET scheduled_at = least(scheduled_at,"
                " now() + make_interval(secs => %(seconds)s)) WHERE status = 'todo'"
                " AND queueing_lock = %(lock)s",
                {"lock": f"live:{workspace_id}", "seconds": seconds},
            )

    async def contact(
        self, connection: WriteConnection, workspace_id: int, contact_id: str
    ) -> None:
        """Let a worker ask in two seconds whether a contact is gone, before any run's work."""
        await self._defer_once(
            connection,
            CONTACT,
            f"contact:{workspace_id}:{contact_id}",
            {"workspace_id": workspace_id, "contact_id": contact_id},
            priority=40,  # many may be deleted at once: what customers write comes before
            seconds=2,
        )

    async def quote(self, connection: WriteConnection, workspace_id: int) -> None:
        """Let a worker find out what the next run would cost; one request at a time is enough."""
        await self._defer_once(
            connection, QUOTE, f"quote:{workspace_id}", {"workspace_id": workspace_id}, priority=20
        )

    async def _defer_once(
        self,
        connection: WriteConnection,
        task: str,
        key: str,
        arguments: dict[str, JSONValue],
        *,
        priority: int,
        seconds: int = 0,
    ) -> None:
        """Queue a job, to be done in some seconds; none while one with the same key waits."""
        try:
            async with connection.transaction():
                await self._app.configure_task(
                    task,
                    queue=_RUN_QUEUE,
                    priority=priority,
                    schedule_in={"seconds": seconds} if seconds else None,
                    queueing_lock=key,
                    connection=connection,
                ).defer_async(**arguments)
        except AlreadyEnqueued:
            return

    async def preview(self, connection: WriteConnection, workspace_id: int, change_id: int) -> None:
        """Let a worker find out what a change of the taxonomy would do; somebody waits for it."""
        await self._app.configure_task(
            PREVIEW,
            queue=_RUN_QUEUE,
            priority=15,
            lock=f"preview:{workspace_id}",
            connection=connection,
        ).defer_async(workspace_id=workspace_id, change_id=change_id)


def run_key(run: Run) -> dict[str, JSONValue]:
    """The arguments by which a job names its run."""
    return {"workspace_id": run.workspace_id, "run_id": run.id}


@asynccontextmanager
async def open_queue(database: Database) -> AsyncGenerator[JobQueue]:
    """For processes that queue jobs and do none."""
    app = new_app()
    async with app.open_async(database.pool):
        yield JobQueue(app)


async def start_run(
    connection: WriteConnection,
    queue: JobQueue,
    workspace_id: int,
    stages: Sequence[Stage] = tuple(Stage),
) -> Run:
    """Create a run and let a worker begin it; raises `Conflict` while another is unfinished."""
    run = await run_storage.create_run(connection, workspace_id, stages)
    await queue.advance(connection, run)
    return run


async def cancel_run(
    connection: WriteConnection, queue: JobQueue, workspace_id: int, run_id: int
) -> Run:
    """Ask a run to stop; raises `Conflict` if it has ended."""
    run = await run_storage.request_cancel(connection, workspace_id, run_id)
    await queue.advance(connection, run)
    return run


async def migrate_queue(database: Database) -> None:
    """Create the engine's tables, or bring them to the installed version of the engine."""
    installed = version("procrastinate")
    async with database.write() as connection:
        cursor = await connection.execute(
            "SELECT to_regclass('earmark.procrastinate_jobs') IS NOT NULL AS present,"
            " (SELECT version FROM job_engine) AS version"
        )
        row = await cursor.fetchone()
        known = row["version"] if row else None
        if row and row["present"] and known == installed:
            return
        for script in _scripts(known if row and row["present"] else None):
            # The engine's own package data, not input.
            await connection.execute(cast(LiteralString, script))
        await connection.execute(
            "INSERT INTO job_engine (version) VALUES (%(version)s)"
            " ON CONFLICT (only_row) DO UPDATE SET version = excluded.version",
            {"version": installed},
        )


def _scripts(known: str | None) -> list[str]:
    """The whole schema for a new database, else what came after version `known`, in order."""
    folder = files("procrastinate.sql")
    if known is None:
        return [(folder / "schema.sql").read_text("utf-8")]
    migrations = sorted((folder / "migrations").iterdir(), key=lambda file: file.name)
    return [
        file.read_text("utf-8")
        for file in migrations
        if file.name.endswith(".sql") and _numbers(file.name.partition("_")[0]) > _numbers(known)
    ]


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
