"""Runs whose stage waits for batches of a language model."""

from datetime import datetime

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model, Run


class BatchWait(Model):
    """How far a run has come with its batches."""

    turn: int
    """Each turn is one job's: one that is repeated finds that its turn is over."""
    next_page: int | None
    """Null when no more is handed in."""
    is_short: bool
    """A ceiling let no more be handed in."""
    since: datetime
    ended_at: datetime | None


async def begin_wait(connection: WriteConnection, run: Run) -> None:
    """From now on the run waits, from its first page on."""
    await connection.execute(
        "INSERT INTO batch_waits (workspace_id, run_id, next_page)"
        " VALUES (%(workspace_id)s, %(run_id)s, 0) ON CONFLICT DO NOTHING",
        {"workspace_id": run.workspace_id, "run_id": run.id},
    )


async def get_wait(connection: ReadConnection, run: Run) -> BatchWait | None:
    """How far it is; null if the run never waited."""
    async with connection.cursor(row_factory=class_row(BatchWait)) as cursor:
        await cursor.execute(
            "SELECT turn, next_page, is_short, since, ended_at FROM batch_waits"
            " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s",
            {"workspace_id": run.workspace_id, "run_id": run.id},
        )
        return await cursor.fetchone()


async def end_turn(
    connection: WriteConnection,
    run: Run,
    turn: int,
    *,
    next_page: int | None,
    is_short: bool,
    is_over: bool,
) -> bool:
    """The next turn begins, or the wait is over; false if this turn had ended before."""
    cursor = await connection.execute(
        "UPDATE batch_waits SET turn = turn + 1, next_page = %(next_page)s,"
        " is_short = %(is_short)s, ended_at = CASE WHEN %(is_over)s THEN clock_timestamp() END"
        " WHERE workspace_id = %(workspace_id)s AND run_id = %(run_id)s AND turn = %(turn)s"
        " AND ended_at IS NULL",
        {
            "workspace_id": run.workspace_id,
            "run_id": run.id,
            "turn": turn,
            "next_page": next_page,
            "is_short": is_short,
            "is_over": is_over,
        },
    )
    return cursor.rowcount > 0
