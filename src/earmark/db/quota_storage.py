"""The request quota of an access token, shared by all processes that use it.

One row per token. Permissions are taken from it by the handful, so that a worker asks PostgreSQL
some times a second, not for each request. All times are PostgreSQL's.
"""

from psycopg.rows import class_row

from earmark.db.connection import WriteConnection
from earmark.db.models import Model


class Grant(Model):
    """Permissions to send, or how long to wait before asking again."""

    requests: int
    wait_seconds: float


async def take(connection: WriteConnection, token_hash: str, *, wanted: int) -> Grant:
    """Take up to `wanted` permissions; a few where the quota is not known yet.

    A window that is over is followed by one of the same size, until an answer tells better.
    """
    async with connection.cursor(row_factory=class_row(Grant)) as cursor:
        await cursor.execute(
            "INSERT INTO request_quotas (token_hash) VALUES (%(token_hash)s)"
            " ON CONFLICT DO NOTHING",
            {"token_hash": token_hash},
        )
        await cursor.execute(
            "WITH now AS (SELECT clock_timestamp() AS at), present AS ("
            " SELECT q.token_hash, now.at, q.paused_until > now.at AS is_paused,"
            " q.resets_at <= now.at AS is_over, CASE WHEN q.window_limit = 0 THEN %(wanted)s"
            " WHEN q.resets_at <= now.at THEN q.window_limit ELSE q.remaining END AS available"
            " FROM request_quotas q, now WHERE q.token_hash = %(token_hash)s FOR UPDATE OF q),"
            " granted AS (SELECT *, CASE WHEN is_paused THEN 0"
            " ELSE greatest(least(available, %(wanted)s), 0) END AS requests FROM present)"
            " UPDATE request_quotas q SET remaining = g.available - g.requests,"
            " resets_at = CASE WHEN g.is_over AND NOT g.is_paused"
            " THEN g.at + interval '10 s' ELSE q.resets_at END"
            " FROM granted g WHERE q.token_hash = g.token_hash"
            " RETURNING g.requests, greatest(extract(epoch FROM greatest(q.paused_until,"
            " CASE WHEN g.requests = 0 THEN q.resets_at ELSE '-infinity' END) - g.at), 0)::float8"
            " AS wait_seconds",
            {"token_hash": token_hash, "wanted": wanted},
        )
        return await cursor.fetchone() or Grant(requests=0, wait_seconds=1.0)


async def observe(
    connection: WriteConnection,
    token_hash: str,
    *,
    budget: int,
    remaining: int,
    seconds_left: float,
) -> None:
    """Take over what an answer says of the window.

    `budget` is what of a whole window is ours, `remaining` what is left of it. Answers overtake
    each other: within one window the lowest count is the newest.
    """
    await connection.execute(
        "UPDATE request_quotas SET window_limit = %(budget)s,"
        " remaining = CASE WHEN abs(extract(epoch FROM resets_at - clock_timestamp())"
        " - %(seconds_left)s) < 1.5 THEN least(remaining, %(remaining)s) ELSE %(remaining)s END,"
        " resets_at = clock_timestamp() + make_interval(secs => %(seconds_left)s)"
        " WHERE token_hash = %(token_hash)s",
        {
            "token_hash": token_hash,
            "budget": budget,
            "remaining": remaining,
            "seconds_left": seconds_left,
        },
    )


async def pause(connection: WriteConnection, token_hash: str, *, seconds: float) -> None:
    """Hold back everyone who uses the token."""
    await connection.execute(
        "UPDATE request_quotas SET remaining = 0, paused_until = greatest(paused_until,"
        " clock_timestamp() + make_interval(secs => %(seconds)s))"
        " WHERE token_hash = %(token_hash)s",
        {"token_hash": token_hash, "seconds": seconds},
    )
