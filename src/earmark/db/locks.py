"""Locks that one process holds against all others on the same database."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from earmark.db.connection import Database, ReadConnection, translated_errors
from earmark.errors import Conflict


@asynccontextmanager
async def exclusive(database: Database, name: str, *, what: str, fix: str) -> AsyncGenerator[None]:
    """Hold the lock `name`; raises `Conflict` at once if another process has it.

    It goes with its connection: a process that is killed leaves no lock behind, and a server that
    is restarted has forgotten it.
    """
    key = _key_of(name)
    with translated_errors():
        connection = await database.pool.getconn()
    try:
        with translated_errors():
            await connection.set_autocommit(True)
            cursor = await connection.execute(
                "SELECT pg_try_advisory_lock(%(key)s) AS granted", {"key": key}
            )
            row = await cursor.fetchone()
        if row is None or not row["granted"]:
            raise Conflict(what, fix=fix)
        yield
    finally:
        await connection.close()  # no statement: it would fail if the server was restarted
        await database.pool.putconn(connection)


async def is_held(connection: ReadConnection, name: str) -> bool:
    """Whether some process holds the lock `name` just now; takes nothing itself."""
    key = _key_of(name) & (1 << 64) - 1
    cursor = await connection.execute(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND classid::bigint = %(high)s AND objid::bigint = %(low)s",
        {"high": key >> 32, "low": key & (1 << 32) - 1},
    )
    return cursor.rowcount > 0


def _key_of(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"earmark:{name}".encode()).digest()[:8], signed=True)
