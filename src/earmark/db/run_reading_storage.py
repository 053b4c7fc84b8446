"""What the reading of one run came to: who decided, what waits and what failed."""

from typing import Final, LiteralString

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection
from earmark.db.models import CANNOT_TELL, Decider, Model, Run

_MOST_REASONS: Final = 20


class DeciderCount(Model):
    """Labels of whole threads that one kind of reader gave in a run."""

    decider: Decider
    """`human`: a person had said what it is before, which counts instead."""
    decided: int
    cannot_tell: int


class Unread(Model):
    """Conversations that were not read, for one reason."""

    reason: str
    conversations: int


class RunReading(Model):
    """What the reading of a run came to."""

    deciders: tuple[DeciderCount, ...]
    waiting: tuple[Unread, ...]
    """Why the run left work for another one, and how many never read wait for that now."""
    failed: tuple[Unread, ...]
    """What failed in the run and has not been tried again since."""


async def get_run_reading(connection: ReadConnection, run: Run) -> RunReading:
    """Who decided in a run, what it left waiting and what failed."""
    return RunReading(
        deciders=tuple(await _count_deciders(connection, run)),
        waiting=tuple(await _list_unread(connection, run, _WAITING)),
        failed=tuple(await _list_unread(connection, run, _FAILED)),
    )


async def _count_deciders(connection: ReadConnection, run: Run) -> list[DeciderCount]:
    async with connection.cursor(row_factory=class_row(DeciderCount)) as cursor:
        await cursor.execute(
            "SELECT decider, count(*) FILTER (WHERE category_id <> %(cannot_tell)s) AS decided,"
            " count(*) FILTER (WHERE category_id = %(cannot_tell)s) AS cannot_tell"
            " FROM (SELECT CASE WHEN h.id IS NULL THEN c.decider ELSE 'human' END AS decider,"
            " coalesce(h.category_id, c.category_id) AS category_id FROM classifications c"
            " LEFT JOIN classifications h ON h.workspace_id = c.workspace_id"
            " AND h.conversation_id = c.conversation_id AND h.stage = c.stage AND h.is_current"
            " AND h.decider = 'human' AND h.created_at < c.created_at"
            " WHERE c.workspace_id = %(workspace_id)s AND c.stage = 'final'"
            " AND c.decider <> 'human' AND c.created_at >= %(since)s"
            " AND c.created_at <= coalesce(%(until)s, 'infinity'::timestamptz)) l"
            " GROUP BY decider ORDER BY count(*) DESC, decider",
            {**_parameters(run), "cannot_tell": CANNOT_TELL},
        )
        return await cursor.fetchall()


# The only notes of the stage say what its work waits for; the rows that wait say the same.
_WAITING: Final[LiteralString] = (
    "SELECT e.message AS reason, count(a.conversation_id) AS conversations FROM run_events e"
    " LEFT JOIN analyses a ON a.workspace_id = e.workspace_id AND a.status = 'pending'"
    " AND a.reason = e.message WHERE e.workspace_id = %(workspace_id)s AND e.run_id = %(run_id)s"
    " AND e.stage = 'classify' AND e.kind = 'note' GROUP BY e.id, e.message"
    " ORDER BY e.id LIMIT %(most)s"
)
_FAILED: Final[LiteralString] = (
    "SELECT reason, count(*) AS conversations FROM analyses"
    " WHERE workspace_id = %(workspace_id)s AND status = 'failed' AND updated_at >= %(since)s"
    " AND updated_at <= coalesce(%(until)s, 'infinity'::timestamptz)"
    " GROUP BY reason ORDER BY count(*) DESC, reason LIMIT %(most)s"
)


async def _list_unread(connection: ReadConnection, run: Run, query: LiteralString) -> list[Unread]:
    async with connection.cursor(row_factory=class_row(Unread)) as cursor:
        await cursor.execute(query, {**_parameters(run), "most": _MOST_REASONS})
        return await cursor.fetchall()


def _parameters(run: Run) -> dict[str, object]:
    return {
        "workspace_id": run.workspace_id,
        "run_id": run.id,
        "since": run.started_at or run.created_at,
        "until": run.finished_at,
    }
