"""Windows of creation time that a backfill or a census walks, and how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

Walk = Literal["backfill", "recent census", "full census"]


class WindowStatus(StrEnum):
    """How the walk of a window stands."""

    WAITING = "waiting"
    DONE = "done"
    SHORT = "short"
    """Walked twice, and the source still counts more than it lists."""


class SyncWindow(Model):
    """Conversations created in [since, until), walked as one listing."""

    since: datetime
    until: datetime
    expected: int | None = None
    """What the source counted; null until it is asked."""
    position: datetime | None = None
    """Creation time of the last row that is committed."""
    status: WindowStatus = WindowStatus.WAITING


async def list_windows(
    connection: ReadConnection, workspace_id: int, walk: Walk
) -> list[SyncWindow]:
    """All windows of a walk, newest first."""
    async with connection.cursor(row_factory=class_row(SyncWindow)) as cursor:
        await cursor.execute(
            "SELECT since, until, expected, position, status FROM sync_windows"
            " WHERE workspace_id = %(workspace_id)s AND kind = %(walk)s ORDER BY since DESC",
            {"workspace_id": workspace_id, "walk": walk},
        )
        return await cursor.fetchall()


async def replace_windows(
    connection: WriteConnection, workspace_id: int, walk: Walk, windows: Sequence[SyncWindow]
) -> None:
    """Begin a walk anew with these windows; none ends it."""
    await connection.execute(
        "DELETE FROM sync_windows WHERE workspace_id = %(workspace_id)s AND kind = %(walk)s",
        {"workspace_id": workspace_id, "walk": walk},
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO sync_windows (workspace_id, kind, since, until, expected, position,"
            " status) VALUES (%(workspace_id)s, %(walk)s, %(since)s, %(until)s, %(expected)s,"
            " %(position)s, %(status)s)",
            [
                {"workspace_id": workspace_id, "walk": walk, **window.model_dump(mode="python")}
                for window in windows
            ],
        )


async def save_window(
    connection: WriteConnection, workspace_id: int, walk: Walk, window: SyncWindow
) -> None:
    """Record how far a window has come; call it in the transaction that stores the page."""
    await connection.execute(
        "UPDATE sync_windows SET expected = %(expected)s, position = %(position)s,"
        " status = %(status)s WHERE workspace_id = %(workspace_id)s AND kind = %(walk)s"
        " AND since = %(since)s",
        {"workspace_id": workspace_id, "walk": walk, **window.model_dump(mode="python")},
    )
