"""Locks that one process holds against all others on the same database."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from earmark.db.connection import Database, translated_errors
from earmark.errors import Conflict


@asynccontextmanager
async def exclusive(database: Database, name: str, *, what: str, fix: str) -> AsyncGenerator[None]:
    """Hold the lock `name`; raises `Conflict` at once if another process has it.

    It goes with its connection, so a process that is killed leaves no lock behind.
    """
    key = int.from_bytes(hashlib.sha256(f"earmark:{name}".encode()).digest()[:8], signed=True)
    with translated_errors():
        async with database.pool.connection() as connection:
            await connection.set_autocommit(True)
            try:
                cursor = await connection.execute(
                    "SELECT pg_try_advisory_lock(%(key)s) AS granted", {"key": key}
                )
                row = await cursor.fetchone()
                if row is None or not row["granted"]:
                    raise Conflict(what, fix=fix)
                try:
                    yield
                finally:
                    if not connection.broken:
                        await connection.execute("SELECT pg_advisory_unlock(%(key)s)", {"key": key})
            finally:
                if not connection.broken:
                    await connection.set_autocommit(False)
