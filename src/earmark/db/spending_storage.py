"""What models cost: ceilings, money put aside for calls under way, the ledger of what was spent.

Whoever reserves or settles locks the workspace's row first, so that the sums that a decision rests
on cannot change under it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

Scope = Literal["run", "day", "total"]


class Ceilings(Model):
    """What may be spent at most, in US dollars; null for no ceiling."""

    run: Decimal | None = None
    day: Decimal | None = None
    """From midnight to midnight, UTC."""
    total: Decimal | None = None

    def over(self, fallback: "Ceilings") -> "Ceilings":
        """These, and the other's where there are none."""
        return Ceilings(
            run=fallback.run if self.run is None else self.run,
            day=fallback.day if self.day is None else self.day,
            total=fallback.total if self.total is None else self.total,
        )


class Committed(Model):
    """What is spent or put aside, in US dollars."""

    run: Decimal
    day: Decimal
    total: Decimal
    reserved: Decimal
    """The part of `total` that is put aside for calls under way."""


class Wish(Model):
    """Money that somebody wants to put aside."""

    run_id: int | None
    amount_usd: Decimal
    seconds: float
    """It is free again after so long, whatever became of whoever wanted it."""


class Spent(Model):
    """One call that was made: a row of the ledger."""

    reservation_id: int | None
    run_id: int | None
    provider: str
    model: str
    purpose: str
    prompt_hash: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    requests: int
    cost_usd: Decimal


class LedgerLine(Model):
    """All calls of one model for one purpose with one prompt."""

    provider: str
    model: str
    purpose: str
    prompt_hash: str
    calls: int
    repaired: int
    """Calls whose first answer did not have the shape."""
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: Decimal
    first_at: datetime
    latest_at: datetime


class DayCost(Model):
    """What one day (UTC) cost."""

    day: date
    calls: int
    cost_usd: Decimal


async def lock_limits(connection: WriteConnection, workspace_id: int) -> Ceilings:
    """The workspace's own ceilings; nobody else reserves or settles until the transaction ends."""
    async with connection.cursor(row_factory=class_row(Ceilings)) as cursor:
        # The update changes nothing: it locks the row, and there is one in any case.
        await cursor.execute(
            "INSERT INTO spending_limits AS l (workspace_id) VALUES (%(workspace_id)s)"
            " ON CONFLICT (workspace_id) DO UPDATE SET workspace_id = l.workspace_id"
            " RETURNING run_usd AS run, day_usd AS day, total_usd AS total",
            {"workspace_id": workspace_id},
        )
        (row,) = await cursor.fetchall()
    return row


async def get_limits(connection: ReadConnection, workspace_id: int) -> Ceilings:
    """The workspace's own ceilings."""
    async with connection.cursor(row_factory=class_row(Ceilings)) as cursor:
        await cursor.execute(
            "SELECT run_usd AS run, day_usd AS day, total_usd AS total FROM spending_limits"
            " WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or Ceilings()


async def set_limits(connection: WriteConnection, workspace_id: int, limits: Ceilings) -> None:
    """Set the workspace's own ceilings; null leaves it to the setting."""
    await connection.execute(
        "INSERT INTO spending_limits (workspace_id, run_usd, day_usd, total_usd)"
        " VALUES (%(workspace_id)s, %(run)s, %(day)s, %(total)s)"
        " ON CONFLICT (workspace_id) DO UPDATE SET run_usd = excluded.run_usd,"
        " day_usd = excluded.day_usd, total_usd = excluded.total_usd",
        {"workspace_id": workspace_id, **limits.model_dump()},
    )


async def get_committed(
    connection: ReadConnection, workspace_id: int, run_id: int | None
) -> Committed:
    """What is spent or put aside now: of the run, of today and of all time."""
    async with connection.cursor(row_factory=class_row(Committed)) as cursor:
        await cursor.execute(
            "WITH spent AS (SELECT scope, spent_usd FROM spending_totals"
            " WHERE workspace_id = %(workspace_id)s AND (scope = 'total'"
            " OR (scope = 'day' AND key = (now() AT TIME ZONE 'UTC')::date::text)"
            " OR (scope = 'run' AND key = %(run_id)s::bigint::text))"
            "), aside AS (SELECT coalesce(sum(amount_usd), 0) AS all_of_it,"
            " coalesce(sum(amount_usd) FILTER (WHERE run_id = %(run_id)s::bigint), 0) AS of_run"
            " FROM spending_reservations WHERE workspace_id = %(workspace_id)s"
            " AND expires_at > now()"
            "), sums AS (SELECT coalesce(sum(spent_usd) FILTER (WHERE scope = 'run'), 0) AS run,"
            " coalesce(sum(spent_usd) FILTER (WHERE scope = 'day'), 0) AS day,"
            " coalesce(sum(spent_usd) FILTER (WHERE scope = 'total'), 0) AS total FROM spent)"
            " SELECT run + of_run AS run, day + all_of_it AS day, total + all_of_it AS total,"
            " all_of_it AS reserved FROM sums, aside",
            {"workspace_id": workspace_id, "run_id": run_id},
        )
        (row,) = await cursor.fetchall()
    return row


async def add_reservations(
    connection: WriteConnection, workspace_id: int, wishes: Sequence[Wish]
) -> list[int]:
    """Put the money aside, after `lock_limits` in the same transaction; ids in the same order.

    What expired long ago is cleared away with it.
    """
    await connection.execute(
        "DELETE FROM spending_reservations WHERE workspace_id = %(workspace_id)s"
        " AND expires_at < now()",
        {"workspace_id": workspace_id},
    )
    cursor = await connection.execute(
        "INSERT INTO spending_reservations (workspace_id, run_id, amount_usd, expires_at)"
        " SELECT %(workspace_id)s, w.run_id, w.amount, now() + make_interval(secs => w.seconds)"
        " FROM unnest(%(runs)s::bigint[], %(amounts)s::numeric[], %(seconds)s::float8[])"
        " WITH ORDINALITY AS w (run_id, amount, seconds, place) ORDER BY w.place RETURNING id",
        {
            "workspace_id": workspace_id,
            "runs": [wish.run_id for wish in wishes],
            "amounts": [wish.amount_usd for wish in wishes],
            "seconds": [wish.seconds for wish in wishes],
        },
    )
    return sorted(row["id"] for row in await cursor.fetchall())


async def drop_reservations(
    connection: WriteConnection, workspace_id: int, reservation_ids: Sequence[int]
) -> None:
    """Free what was put aside."""
    await connection.execute(
        "DELETE FROM spending_reservations WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": list(reservation_ids)},
    )


async def add_spent(connection: WriteConnection, workspace_id: int, calls: Sequence[Spent]) -> None:
    """Write calls into the ledger and its sums, after `lock_limits` in the same transaction."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO usage_ledger (workspace_id, run_id, provider, model, purpose, prompt_hash,"
            " input_tokens, cached_tokens, output_tokens, requests, cost_usd) VALUES"
            " (%(workspace_id)s, %(run_id)s, %(provider)s, %(model)s, %(purpose)s,"
            " %(prompt_hash)s, %(input_tokens)s, %(cached_tokens)s, %(output_tokens)s,"
            " %(requests)s, %(cost_usd)s)",
            [
                {"workspace_id": workspace_id, **call.model_dump(exclude={"reservation_id"})}
                for call in calls
            ],
        )
    await connection.execute(
        "INSERT INTO spending_totals AS t (workspace_id, scope, key, spent_usd)"
        " SELECT %(workspace_id)s, p.scope, p.key, sum(c.cost)"
        " FROM unnest(%(runs)s::bigint[], %(costs)s::numeric[]) AS c (run_id, cost),"
        " LATERAL (VALUES ('run', c.run_id::text), ('total', ''),"
        " ('day', (now() AT TIME ZONE 'UTC')::date::text)) AS p (scope, key)"
        " WHERE p.key IS NOT NULL GROUP BY p.scope, p.key"
        " ON CONFLICT (workspace_id, scope, key) DO UPDATE SET"
        " spent_usd = t.spent_usd + excluded.spent_usd",
        {
            "workspace_id": workspace_id,
            "runs": [call.run_id for call in calls],
            "costs": [call.cost_usd for call in calls],
        },
    )
    ids = [call.reservation_id for call in calls if call.reservation_id is not None]
    await drop_reservations(connection, workspace_id, ids)


async def list_ledger(
    connection: ReadConnection, workspace_id: int, *, since: datetime | None = None
) -> list[LedgerLine]:
    """The ledger by model, purpose and prompt, dearest first."""
    async with connection.cursor(row_factory=class_row(LedgerLine)) as cursor:
        await cursor.execute(
            "SELECT provider, model, purpose, prompt_hash, count(*) AS calls,"
            " count(*) FILTER (WHERE requests > 1) AS repaired,"
            " sum(input_tokens)::bigint AS input_tokens,"
            " sum(cached_tokens)::bigint AS cached_tokens,"
            " sum(output_tokens)::bigint AS output_tokens, sum(cost_usd) AS cost_usd,"
            " min(at) AS first_at, max(at) AS latest_at FROM usage_ledger"
            " WHERE workspace_id = %(workspace_id)s"
            " AND (%(since)s::timestamptz IS NULL OR at >= %(since)s)"
            " GROUP BY provider, model, purpose, prompt_hash"
            " ORDER BY sum(cost_usd) DESC, provider, model, purpose, prompt_hash",
            {"workspace_id": workspace_id, "since": since},
        )
        return await cursor.fetchall()


async def list_day_costs(
    connection: ReadConnection, workspace_id: int, *, days: int
) -> list[DayCost]:
    """The last days (UTC), oldest first, also those that cost nothing."""
    async with connection.cursor(row_factory=class_row(DayCost)) as cursor:
        await cursor.execute(
            "WITH day AS (SELECT (now() AT TIME ZONE 'UTC')::date - back AS day"
            " FROM generate_series(%(days)s - 1, 0, -1) AS back)"
            " SELECT day.day, count(u.id) AS calls, coalesce(sum(u.cost_usd), 0) AS cost_usd"
            " FROM day LEFT JOIN usage_ledger u ON u.workspace_id = %(workspace_id)s"
            " AND u.at >= day.day AT TIME ZONE 'UTC' AND u.at < (day.day + 1) AT TIME ZONE 'UTC'"
            " GROUP BY day.day ORDER BY day.day",
            {"workspace_id": workspace_id, "days": days},
        )
        return await cursor.fetchall()


async def mean_output(
    connection: ReadConnection, workspace_id: int, *, model: str, least: int
) -> int | None:
    """Tokens of this model's answers on average; null with fewer than `least` of them.

    `model` is provider, colon, model. Embeddings, which have no words, do not count.
    """
    cursor = await connection.execute(
        "SELECT round(avg(output_tokens))::int AS mean FROM usage_ledger"
        " WHERE workspace_id = %(workspace_id)s AND provider || ':' || model = %(model)s"
        " AND output_tokens > 0"
        " HAVING count(*) >= %(least)s",
        {"workspace_id": workspace_id, "model": model, "least": least},
    )
    row = await cursor.fetchone()
    return int(row["mean"]) if row else None


class StoredQuote(Model):
    """What the next run would cost, as far as it is known."""

    asked_at: datetime
    made_at: datetime | None
    """Null: a worker is still at it."""
    quote: dict[str, JsonValue] | None
    error: str | None


async def ask_for_quote(connection: WriteConnection, workspace_id: int) -> None:
    """A new quote is wanted; the old one is no longer shown."""
    await connection.execute(
        "INSERT INTO cost_quotes (workspace_id, asked_at) VALUES (%(workspace_id)s, now())"
        " ON CONFLICT (workspace_id) DO UPDATE SET asked_at = now(), made_at = NULL,"
        " quote = NULL, error = NULL",
        {"workspace_id": workspace_id},
    )


async def store_quote(
    connection: WriteConnection, workspace_id: int, *, quote: Model | None, error: str | None
) -> None:
    """Store a quote, or why there is none."""
    await connection.execute(
        "UPDATE cost_quotes SET made_at = now(), quote = %(quote)s, error = %(error)s"
        " WHERE workspace_id = %(workspace_id)s",
        {
            "workspace_id": workspace_id,
            "quote": Jsonb(quote.model_dump(mode="json")) if quote else None,
            "error": error,
        },
    )


async def get_quote(connection: ReadConnection, workspace_id: int) -> StoredQuote | None:
    """The newest quote; null if none was asked for."""
    async with connection.cursor(row_factory=class_row(StoredQuote)) as cursor:
        await cursor.execute(
            "SELECT asked_at, made_at, quote, error FROM cost_quotes"
            " WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone()
