"""Connections of the pool serve whole transactions, however they were left."""

from earmark.db.connection import Database, open_database


async def _counts(database: Database) -> int:
    """The rows that a later statement of the same transaction sees of an earlier one."""
    async with database.write() as connection:
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS kept (n int) ON COMMIT DELETE ROWS"
        )
        await connection.execute("INSERT INTO kept VALUES (1)")
        cursor = await connection.execute("SELECT count(*) AS number FROM kept")
        row = await cursor.fetchone()
    return int(row["number"]) if row else -1


async def test_a_connection_left_in_autocommit_comes_back_without_it(conninfo: str) -> None:
    async with open_database(conninfo, max_size=1) as database:
        async with database.pool.connection() as connection:
            await connection.set_autocommit(True)
        assert await _counts(database) == 1
