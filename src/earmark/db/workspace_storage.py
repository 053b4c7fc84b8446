"""Workspaces."""

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Workspace
from earmark.errors import NotFound


async def list_workspaces(connection: ReadConnection) -> list[Workspace]:
    """All workspaces, newest first."""
    async with connection.cursor(row_factory=class_row(Workspace)) as cursor:
        await cursor.execute(
            "SELECT id, code, name, kind, region, timezone, created_at"
            " FROM workspaces ORDER BY created_at DESC, id DESC"
        )
        return await cursor.fetchall()


async def get_workspace(connection: ReadConnection, code: str) -> Workspace:
    """The workspace with that code; raises `NotFound`."""
    async with connection.cursor(row_factory=class_row(Workspace)) as cursor:
        await cursor.execute(
            "SELECT id, code, name, kind, region, timezone, created_at"
            " FROM workspaces WHERE code = %(code)s",
            {"code": code},
        )
        workspace = await cursor.fetchone()
    if workspace is None:
        raise NotFound(
            f"There is no workspace {code!r}.",
            fix="`earmark doctor` lists those that exist; `earmark sync` makes the first.",
        )
    return workspace


async def upsert_workspace(
    connection: WriteConnection,
    *,
    code: str,
    name: str,
    kind: str,
    region: str | None,
    timezone: str,
) -> Workspace:
    """Make the workspace, or bring its name, region and time zone up to date."""
    async with connection.cursor(row_factory=class_row(Workspace)) as cursor:
        await cursor.execute(
            "INSERT INTO workspaces (code, name, kind, region, timezone)"
            " VALUES (%(code)s, %(name)s, %(kind)s, %(region)s, %(timezone)s)"
            " ON CONFLICT (code) DO UPDATE SET name = excluded.name, region = excluded.region,"
            " timezone = excluded.timezone"
            " RETURNING id, code, name, kind, region, timezone, created_at",
            {"code": code, "name": name, "kind": kind, "region": region, "timezone": timezone},
        )
        row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"Workspace {code!r} was deleted while it was being written.")
    return row


async def delete_workspace(connection: WriteConnection, code: str) -> bool:
    """Delete a workspace and all that belongs to it; false if there is none."""
    cursor = await connection.execute(
        "DELETE FROM workspaces WHERE code = %(code)s", {"code": code}
    )
    return cursor.rowcount > 0
