"""Bulk writes: binary COPY into a session's staging table, then one statement from there.

Measured at five to six times `execute_values` on rows with a vector (see
`docs/adr/0003-sql-files.md`).
"""

from collections.abc import Iterable, Sequence
from typing import LiteralString

from earmark.db.connection import WriteConnection


async def stage(
    connection: WriteConnection,
    *,
    create: LiteralString,
    copy: LiteralString,
    types: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Fill a staging table.

    `create` is `CREATE TEMP TABLE IF NOT EXISTS … ON COMMIT DELETE ROWS`, `copy` the matching
    `COPY … FROM STDIN (FORMAT BINARY)`, `types` PostgreSQL's names of the columns' types in order.
    """
    async with connection.cursor() as cursor:
        # A session keeps the plans by which foreign keys are checked. Made while a table is nearly
        # empty, they read all that a workspace has for each row: a first sync grew ever slower.
        await cursor.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        await cursor.execute(create)
        async with cursor.copy(copy) as sink:
            sink.set_types(types)
            for row in rows:
                await sink.write_row(row)
