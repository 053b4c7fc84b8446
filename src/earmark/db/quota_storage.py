"""The request quota of an access token, shared by all processes that use it: one row per token.

All times are Unix seconds of PostgreSQL's clock, which is the same for everyone.
"""

from psycopg.rows import class_row

from earmark.db.connection import WriteConnection
from earmark.db.models import Model


class StoredQuota(Model):
    """The row, and what time it is."""

    budget: int
    remaining: int
    resets_at: float
    opens_at: float
    now: float


async def lock_quota(connection: WriteConnection, token_hash: str) -> StoredQuota:
    """The quota, for this transaction alone; a new one knows nothing yet."""
    async with connection.cursor(row_factory=class_row(StoredQuota)) as cursor:
        # The update changes nothing: it locks the row, and there is one in any case.
        await cursor.execute(
            "INSERT INTO request_quotas AS q (token_hash) VALUES (%(token_hash)s)"
            " ON CONFLICT (token_hash) DO UPDATE SET token_hash = q.token_hash"
            " RETURNING window_limit AS budget, remaining,"
            " extract(epoch FROM resets_at)::float8 AS resets_at,"
            " extract(epoch FROM paused_until)::float8 AS opens_at,"
            " extract(epoch FROM clock_timestamp())::float8 AS now",
            {"token_hash": token_hash},
        )
        (row,) = await cursor.fetchall()
    return row


async def save_quota(connection: WriteConnection, token_hash: str, quota: StoredQuota) -> None:
    """Keep the quota as it is now; only after `lock_quota` in the same transaction."""
    await connection.execute(
        "UPDATE request_quotas SET window_limit = %(budget)s, remaining = %(remaining)s,"
        " resets_at = to_timestamp(%(resets_at)s), paused_until = to_timestamp(%(opens_at)s)"
        " WHERE token_hash = %(token_hash)s",
        {"token_hash": token_hash, **quota.model_dump(exclude={"now"})},
    )
