"""Locks that one process holds against all others on the same database."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from earmark.db.connection import Database, translated_errors
from earmark.errors import Conflict


@asynccontextmanager
async def exclusive(database: Database, name: str, *, what: str, fix: str) -> AsyncGenerator[None]:
    """Hold the lock `name`; raises `Conflict` at once if another process has it.

    It goes with its connection: a process that is killed leaves no lock behind, and a server that
    is restarted has forgotten it.
    """
    key = int.from_bytes(hashlib.sha256(f"earmark:{name}".encode()).digest()[:8], signed=True)
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
