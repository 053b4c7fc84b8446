"""What an account with a model provider may do in a minute, for all processes that use it.

All times are Unix seconds of PostgreSQL's clock, which is the same for everyone.
"""

from psycopg.rows import class_row

from earmark.db.connection import WriteConnection
from earmark.db.models import Model


class StoredAllowance(Model):
    """The row, and what time it is."""

    requests_limit: int
    tokens_limit: int
    requests: float
    tokens: float
    counted_at: float
    opens_at: float
    now: float


async def lock_allowance(connection: WriteConnection, account_hash: str) -> StoredAllowance:
    """The allowance, for this transaction alone; a new one knows no limits yet."""
    async with connection.cursor(row_factory=class_row(StoredAllowance)) as cursor:
        # The update changes nothing: it locks the row, and there is one in any case.
        await cursor.execute(
            "INSERT INTO model_allowances AS a (account_hash) VALUES (%(account_hash)s)"
            " ON CONFLICT (account_hash) DO UPDATE SET account_hash = a.account_hash"
            " RETURNING requests_limit, tokens_limit, requests, tokens,"
            " extract(epoch FROM counted_at)::float8 AS counted_at,"
            " extract(epoch FROM paused_until)::float8 AS opens_at,"
            " extract(epoch FROM clock_timestamp())::float8 AS now",
            {"account_hash": account_hash},
        )
        (row,) = await cursor.fetchall()
    return row


async def save_allowance(
    connection: WriteConnection, account_hash: str, allowance: StoredAllowance
) -> None:
    """Keep it as it is now; only after `lock_allowance` in the same transaction."""
    await connection.execute(
        "UPDATE model_allowances SET requests_limit = %(requests_limit)s,"
        " tokens_limit = %(tokens_limit)s, requests = %(requests)s, tokens = %(tokens)s,"
        " counted_at = to_timestamp(%(counted_at)s), paused_until = to_timestamp(%(opens_at)s)"
        " WHERE account_hash = %(account_hash)s",
        {"account_hash": account_hash, **allowance.model_dump(exclude={"now"})},
    )
