"""Connections that were taken and let go at bad moments serve whole transactions afterwards."""

import asyncio
from random import Random

from earmark.db.connection import Database, open_database

_AT_ONCE = 4


async def _use(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS kept (n int) ON COMMIT DELETE ROWS"
        )
        await connection.execute("INSERT INTO kept VALUES (1)")


async def _counts(database: Database) -> int:
    """The rows that a later statement of the same transaction sees of an earlier one."""
    async with database.write() as connection:
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS kept (n int) ON COMMIT DELETE ROWS"
        )
        await connection.execute("INSERT INTO kept VALUES (1)")
        cursor = await connection.execute("SELECT count(*) AS number FROM kept")
        row = await cursor.fetchone()
        await asyncio.sleep(0.05)  # so that the others get another connection
    return int(row["number"]) if row else -1


async def test_transactions_are_whole_after_users_were_cut_off_twice(conninfo: str) -> None:
    """The second cut meets the clearing up after the first one."""
    chance = Random(5)  # noqa: S311 (pauses)
    async with open_database(conninfo, max_size=_AT_ONCE) as database:
        for _ in range(150):
            tasks = [asyncio.ensure_future(_use(database)) for _ in range(_AT_ONCE)]
            await asyncio.sleep(chance.uniform(0, 0.004))
            for _ in range(2):
                for task in tasks:
                    task.cancel()
                for _ in range(chance.randint(0, 3)):
                    await asyncio.sleep(0)
            await asyncio.gather(*tasks, return_exceptions=True)
        seen = await asyncio.gather(*(_counts(database) for _ in range(_AT_ONCE)))
    assert seen == [1] * _AT_ONCE


async def test_a_connection_left_in_autocommit_comes_back_without_it(conninfo: str) -> None:
    async with open_database(conninfo, max_size=1) as database:
        async with database.pool.connection() as connection:
            await connection.set_autocommit(True)
        assert await _counts(database) == 1
