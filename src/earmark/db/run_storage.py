"""Runs: their stages, the pages of work in a stage, and the events that people watch."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, LiteralString

from psycopg.rows import class_row, scalar_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Run, RunEvent, RunStatus, Stage, StageProgress
from earmark.errors import Conflict, NotFound


async def create_run(
    connection: WriteConnection, workspace_id: int, stages: Sequence[Stage] = tuple(Stage)
) -> Run:
    """Queue a run of these stages; raises `Conflict` while another is unfinished."""
    async with connection.cursor(row_factory=class_row(Run)) as cursor:
        await cursor.execute(
            "INSERT INTO runs (workspace_id, status) VALUES (%(workspace_id)s, 'queued')"
            " ON CONFLICT (workspace_id) WHERE finished_at IS NULL DO NOTHING"
            " RETURNING id, workspace_id, status, stage, error, created_at, started_at,"
            " finished_at, cancel_requested",
            {"workspace_id": workspace_id},
        )
        run = await cursor.fetchone()
    if run is None:
        raise Conflict(
            "A run is already under way in this workspace.",
            fix="Watch it on the runs page, join it with `earmark run`, or cancel it first.",
        )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO run_stages (workspace_id, run_id, stage, position)"
            " VALUES (%(workspace_id)s, %(run_id)s, %(stage)s, %(position)s)",
            [
                {
                    "workspace_id": workspace_id,
                    "run_id": run.id,
                    "stage": stage.value,
                    "position": position,
                }
                for position, stage in enumerate(stages)
            ],
        )
    await add_event(connection, run, kind="status", message=RunStatus.QUEUED.value)
    return run


async def get_run(connection: ReadConnection, workspace_id: int, run_id: int) -> Run:
    """One run; raises `NotFound`."""
    async with connection.cursor(row_factory=class_row(Run)) as cursor:
        await cursor.execute(
            "SELECT id, workspace_id, status, stage, error, created_at, started_at, finished_at,"
            " cancel_requested FROM runs WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
            {"workspace_id": workspace_id, "id": run_id},
        )
        run = await cursor.fetchone()
    return _found(run, run_id)


async def lock_run(connection: WriteConnection, workspace_id: int, run_id: int) -> Run:
    """The same, held against other workers until the transaction ends."""
    async with connection.cursor(row_factory=class_row(Run)) as cursor:
        await cursor.execute(
            "SELECT id, workspace_id, status, stage, error, created_at, started_at, finished_at,"
            " cancel_requested FROM runs WHERE workspace_id = %(workspace_id)s AND id = %(id)s"
            " FOR UPDATE",
            {"workspace_id": workspace_id, "id": run_id},
        )
        run = await cursor.fetchone()
    return _found(run, run_id)


def _found(run: Run | None, run_id: int) -> Run:
    if run is None:
        raise NotFound(f"There is no run {run_id} in this workspace.")
    return run


async def list_runs(connection: ReadConnection, workspace_id: int, *, limit: int) -> list[Run]:
    """The newest runs first."""
    async with connection.cursor(row_factory=class_row(Run)) as cursor:
        await cursor.execute(
            "SELECT id, workspace_id, status, stage, error, created_at, started_at, finished_at,"
            " cancel_requested FROM runs WHERE workspace_id = %(workspace_id)s"
            " ORDER BY id DESC LIMIT %(limit)s",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


async def list_due_workspaces(connection: ReadConnection, every: timedelta) -> list[int]:
    """Workspaces of Intercom without a run under way whose last one began longer ago.

    One that a person has cancelled is left alone until someone starts the next.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT w.id FROM workspaces w CROSS JOIN LATERAL (SELECT status, created_at"
            " FROM runs WHERE workspace_id = w.id ORDER BY id DESC LIMIT 1) r"
            " WHERE w.kind = 'intercom' AND r.status IN ('succeeded', 'failed')"
            " AND r.created_at < now() - %(every)s ORDER BY w.id",
            {"every": every},
        )
        return await cursor.fetchall()


async def list_stages(
    connection: ReadConnection, workspace_id: int, run_id: int
) -> list[StageProgress]:
    """The stages of a run in their order."""
    async with connection.cursor(row_factory=class_row(StageProgress)) as cursor:
        await cursor.execute(
            "SELECT stage, status, done, total, failed, started_at, finished_at FROM run_stages"
            " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s ORDER BY position",
            {"workspace_id": workspace_id, "run_id": run_id},
        )
        return await cursor.fetchall()


async def request_cancel(connection: WriteConnection, workspace_id: int, run_id: int) -> Run:
    """Ask a run to stop after the page it is at; raises `Conflict` if it has ended."""
    run = await lock_run(connection, workspace_id, run_id)
    if run.finished_at is not None:
        raise Conflict(f"Run {run_id} has already ended: {run.status}.")
    await connection.execute(
        "UPDATE runs SET cancel_requested = true"
        " WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": run_id},
    )
    await add_event(connection, run, kind="note", message="cancel requested")
    return await get_run(connection, workspace_id, run_id)


async def start_stage(
    connection: WriteConnection, run: Run, stage: Stage, *, total: int | None = None
) -> None:
    """A stage begins (or goes on after a crash, keeping its first start)."""
    key = {"workspace_id": run.workspace_id, "run_id": run.id, "stage": stage.value}
    await connection.execute(
        "UPDATE runs SET status = 'running', stage = %(stage)s,"
        " started_at = coalesce(started_at, clock_timestamp())"
        " WHERE workspace_id = %(workspace_id)s AND id = %(run_id)s AND finished_at IS NULL",
        key,
    )
    await connection.execute(
        "UPDATE run_stages SET status = 'running', total = coalesce(%(total)s, total),"
        " started_at = coalesce(started_at, clock_timestamp())"
        " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s"
        " AND status IN ('waiting', 'running')",
        {**key, "total": total},
    )
    await add_event(connection, run, kind="status", stage=stage, message="running", total=total)


async def update_stage(
    connection: WriteConnection, run: Run, stage: Stage, *, done: int, total: int | None
) -> None:
    """Set how far a stage has come that one job does alone."""
    await connection.execute(
        "UPDATE run_stages SET done = %(done)s, total = coalesce(%(total)s, total)"
        " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "stage": stage.value,
            "done": done,
            "total": total,
        },
    )
    await add_event(connection, run, kind="progress", stage=stage, done=done, total=total)


async def finish_stage(connection: WriteConnection, run: Run, stage: Stage) -> None:
    """A stage is done."""
    await connection.execute(
        "UPDATE run_stages SET status = 'done', finished_at = clock_timestamp(),"
        " total = coalesce(total, done)"
        " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s"
        " AND status = 'running'",
        {"workspace_id": run.workspace_id, "run_id": run.id, "stage": stage.value},
    )
    await add_event(connection, run, kind="status", stage=stage, message="done")


async def finish_run(
    connection: WriteConnection, run: Run, status: RunStatus, *, error: str | None = None
) -> None:
    """End a run; its unfinished stages end with it. A run that has ended stays as it is."""
    key = {"workspace_id": run.workspace_id, "id": run.id}
    cursor = await connection.execute(
        "UPDATE runs SET status = %(status)s, error = %(error)s, stage = NULL,"
        " finished_at = clock_timestamp() WHERE workspace_id = %(workspace_id)s AND id = %(id)s"
        " AND finished_at IS NULL",
        {**key, "status": status.value, "error": error},
    )
    if cursor.rowcount == 0:
        return
    await connection.execute(
        "UPDATE run_stages SET finished_at = clock_timestamp(),"
        " status = CASE WHEN status = 'running' AND %(status)s = 'failed' THEN 'failed'"
        " ELSE 'cancelled' END WHERE workspace_id = %(workspace_id)s AND run_id = %(id)s"
        " AND status IN ('waiting', 'running')",
        {**key, "status": status.value},
    )
    kind = "error" if status is RunStatus.FAILED else "status"
    await add_event(connection, run, kind=kind, message=error or status.value)


# ---------------------------------------------------------------- pages of work


async def create_fetch_pages(
    connection: WriteConnection, run: Run, *, max_attempts: int, page_size: int
) -> int:
    """Pages of the conversations that are listed and not stored, newest first; how many those are.

    Those that failed in `max_attempts` runs are left alone until someone asks for them.
    """
    await connection.execute(
        "INSERT INTO run_pages (workspace_id, run_id, stage, page, conversation_ids)"
        " SELECT %(workspace_id)s, %(run_id)s, 'fetch', page, array_agg(id ORDER BY id)"
        " FROM (SELECT conversation_id AS id, (row_number() OVER"
        " (ORDER BY source_created_at DESC, conversation_id) - 1) / %(page_size)s AS page"
        " FROM sync_ledger WHERE workspace_id = %(workspace_id)s"
        " AND status IN ('pending', 'failed') AND attempts < %(max_attempts)s) todo"
        " GROUP BY page ON CONFLICT DO NOTHING",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "max_attempts": max_attempts,
            "page_size": page_size,
        },
    )
    return await _count_paged(connection, run, Stage.FETCH)


async def create_mask_pages(
    connection: WriteConnection, run: Run, *, masker: str, page_size: int
) -> int:
    """Pages of the conversations whose masked copies are missing or old; returns conversations."""
    await connection.execute(
        "INSERT INTO run_pages (workspace_id, run_id, stage, page, conversation_ids)"
        " SELECT %(workspace_id)s, %(run_id)s, 'mask', page, array_agg(id ORDER BY id)"
        " FROM (SELECT id, (row_number() OVER (ORDER BY created_at DESC, id) - 1)"
        " / %(page_size)s AS page FROM conversations WHERE workspace_id = %(workspace_id)s"
        " AND masked_key IS DISTINCT FROM content_hash || ':' || %(masker)s) todo"
        " GROUP BY page ON CONFLICT DO NOTHING",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "masker": masker,
            "page_size": page_size,
        },
    )
    return await _count_paged(connection, run, Stage.MASK)


_UNREAD: Final[LiteralString] = (
    "conversations c LEFT JOIN analyses a"
    " ON (a.workspace_id, a.conversation_id) = (c.workspace_id, c.id)"
    " WHERE c.workspace_id = %(workspace_id)s"
    " AND c.masked_key LIKE c.content_hash || ':%%'"
    " AND (a.input_key IS DISTINCT FROM c.content_hash || ':' || %(reader)s"
    " OR (a.status = 'failed' AND a.attempts < %(max_attempts)s)"
    " OR a.status = 'pending')"
)
"""The masked conversations that `reader` has not read, or may try again."""


async def create_classify_pages(
    connection: WriteConnection, run: Run, *, reader: str, max_attempts: int, page_size: int
) -> int:
    """Pages of the conversations not yet read by `reader`; returns conversations.

    `reader` is the part of a reading's input key that follows the content hash.
    """
    await connection.execute(
        "INSERT INTO run_pages (workspace_id, run_id, stage, page, conversation_ids)"  # noqa: S608 - a constant
        " SELECT %(workspace_id)s, %(run_id)s, 'classify', page, array_agg(id ORDER BY id)"
        " FROM (SELECT c.id, (row_number() OVER (ORDER BY c.created_at DESC, c.id) - 1)"
        " / %(page_size)s AS page FROM " + _UNREAD + ") todo GROUP BY page ON CONFLICT DO NOTHING",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "reader": reader,
            "max_attempts": max_attempts,
            "page_size": page_size,
        },
    )
    return await _count_paged(connection, run, Stage.CLASSIFY)


async def sample_unread(
    connection: ReadConnection, workspace_id: int, *, reader: str, max_attempts: int, limit: int
) -> tuple[int, list[str]]:
    """How many conversations `create_classify_pages` would find, and some of them by chance."""
    cursor = await connection.execute(
        "WITH todo AS (SELECT c.id FROM " + _UNREAD + ")"  # noqa: S608 - a constant
        " SELECT (SELECT count(*) FROM todo) AS total, ARRAY(SELECT id FROM todo"
        " ORDER BY md5(id) LIMIT %(limit)s) AS ids",
        {
            "workspace_id": workspace_id,
            "reader": reader,
            "max_attempts": max_attempts,
            "limit": limit,
        },
    )
    (row,) = await cursor.fetchall()
    return int(row["total"]), [str(one) for one in row["ids"]]


async def _count_paged(connection: WriteConnection, run: Run, stage: Stage) -> int:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT coalesce(sum(cardinality(conversation_ids)), 0)::int FROM run_pages"
            " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s",
            {"workspace_id": run.workspace_id, "run_id": run.id, "stage": stage.value},
        )
        return await cursor.fetchone() or 0


async def claim_pages(
    connection: WriteConnection, run: Run, stage: Stage, *, limit: int
) -> list[int]:
    """The next pages that are in no job yet; from now on they are."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            # Materialized: a limited subquery that is joined may be run again for each row.
            "WITH n AS MATERIALIZED (SELECT page FROM run_pages"
            " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s"
            " AND status = 'waiting' AND NOT queued ORDER BY page LIMIT %(limit)s FOR UPDATE)"
            " UPDATE run_pages p SET queued = true FROM n"
            " WHERE p.workspace_id = %(workspace_id)s AND p.run_id = %(run_id)s"
            " AND p.stage = %(stage)s AND p.page = n.page RETURNING p.page",
            {
                "workspace_id": run.workspace_id,
                "run_id": run.id,
                "stage": stage.value,
                "limit": limit,
            },
        )
        return sorted(await cursor.fetchall())


async def count_waiting_pages(
    connection: ReadConnection, run: Run, stage: Stage, *, most: int
) -> int:
    """How many pages of the stage are still to be done, counted up to `most`."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM (SELECT FROM run_pages WHERE workspace_id = %(workspace_id)s"
            " AND run_id = %(run_id)s AND stage = %(stage)s AND status = 'waiting'"
            " LIMIT %(most)s) waiting",
            {
                "workspace_id": run.workspace_id,
                "run_id": run.id,
                "stage": stage.value,
                "most": most,
            },
        )
        return await cursor.fetchone() or 0


async def read_page(connection: ReadConnection, run: Run, stage: Stage, page: int) -> list[str]:
    """The conversation ids of a waiting page; empty if it is done already."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT conversation_ids FROM run_pages WHERE workspace_id = %(workspace_id)s"
            " AND run_id = %(run_id)s AND stage = %(stage)s AND page = %(page)s"
            " AND status = 'waiting'",
            {
                "workspace_id": run.workspace_id,
                "run_id": run.id,
                "stage": stage.value,
                "page": page,
            },
        )
        return await cursor.fetchone() or []


async def get_suspect(connection: ReadConnection, run: Run, stage: Stage, page: int) -> str | None:
    """The conversation of the page that was being done when a worker ended."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT suspect FROM run_pages WHERE workspace_id = %(workspace_id)s"
            " AND run_id = %(run_id)s AND stage = %(stage)s AND page = %(page)s",
            {
                "workspace_id": run.workspace_id,
                "run_id": run.id,
                "stage": stage.value,
                "page": page,
            },
        )
        return await cursor.fetchone()


async def set_suspect(
    connection: WriteConnection, run: Run, stage: Stage, page: int, suspect: str | None
) -> None:
    """Record which conversation of the page is being done, in case that ends the worker."""
    await connection.execute(
        "UPDATE run_pages SET suspect = %(suspect)s WHERE workspace_id = %(workspace_id)s"
        " AND run_id = %(run_id)s AND stage = %(stage)s AND page = %(page)s",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "stage": stage.value,
            "page": page,
            "suspect": suspect,
        },
    )


async def finish_page(
    connection: WriteConnection, run: Run, stage: Stage, page: int, *, failures: Sequence[str] = ()
) -> None:
    """Count a page as done, once; `failures` are the ids in it that could not be done."""
    cursor = await connection.execute(
        "UPDATE run_pages SET status = 'done' WHERE workspace_id = %(workspace_id)s"
        " AND run_id = %(run_id)s AND stage = %(stage)s AND page = %(page)s"
        " AND status = 'waiting' RETURNING cardinality(conversation_ids) AS size",
        {"workspace_id": run.workspace_id, "run_id": run.id, "stage": stage.value, "page": page},
    )
    row = await cursor.fetchone()
    if row is None:
        return
    cursor = await connection.execute(
        "UPDATE run_stages SET done = done + %(done)s, failed = failed + %(failed)s"
        " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND stage = %(stage)s"
        " RETURNING done, total",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "stage": stage.value,
            "done": row["size"],
            "failed": len(failures),
        },
    )
    now = await cursor.fetchone()
    if now is not None:
        await add_event(
            connection, run, kind="progress", stage=stage, done=now["done"], total=now["total"]
        )


# ---------------------------------------------------------------- events


async def add_event(
    connection: WriteConnection,
    run: Run,
    *,
    kind: str,
    stage: Stage | None = None,
    done: int | None = None,
    total: int | None = None,
    message: str = "",
) -> None:
    """Append an event; progress is thinned to three events a second in each stage."""
    await connection.execute(
        "INSERT INTO run_events (workspace_id, run_id, stage, kind, done, total, message)"
        " SELECT %(workspace_id)s, %(run_id)s, %(stage)s, %(kind)s, %(done)s::int, %(total)s::int,"
        " %(message)s WHERE %(kind)s <> 'progress' OR %(done)s::int = %(total)s::int"
        " OR NOT EXISTS (SELECT FROM run_events WHERE workspace_id = %(workspace_id)s"
        " AND run_id = %(run_id)s AND kind = 'progress' AND stage = %(stage)s"
        " AND at > clock_timestamp() - interval '0.3 s')",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "stage": stage.value if stage else None,
            "kind": kind,
            "done": done,
            "total": total,
            "message": message,
        },
    )


async def add_note_once(
    connection: WriteConnection, run: Run, *, stage: Stage | None, message: str
) -> None:
    """Append a note that the run's log does not hold yet; without a stage it is about the run.

    A note of `classify` says what reading waits for (`run_reading_storage`).
    """
    await connection.execute(
        "INSERT INTO run_events (workspace_id, run_id, stage, kind, message)"
        " SELECT %(workspace_id)s, %(run_id)s, %(stage)s, 'note', %(message)s"
        " WHERE NOT EXISTS (SELECT FROM run_events WHERE workspace_id = %(workspace_id)s"
        " AND run_id = %(run_id)s AND kind = 'note' AND message = %(message)s)",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "stage": stage.value if stage else None,
            "message": message,
        },
    )


async def list_events(
    connection: ReadConnection, workspace_id: int, run_id: int, *, after: int, limit: int = 500
) -> list[RunEvent]:
    """Events with an id above `after`, oldest first."""
    async with connection.cursor(row_factory=class_row(RunEvent)) as cursor:
        await cursor.execute(
            "SELECT id, run_id, at, stage, kind, done, total, message FROM run_events"
            " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND id > %(after)s"
            " ORDER BY id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "run_id": run_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()
