"""Batches that were handed in to a provider, and what each of their requests is about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb
from pydantic import Field, JsonValue

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model


class StoredBatch(Model):
    """One row."""

    id: int
    key: str
    provider_id: str | None
    """Null while it is being handed in, or after that was interrupted."""
    model: str
    purpose: str
    run_id: int | None
    items: tuple[str, ...]
    status: Literal["submitting", "running", "fetched", "lost"]
    created_at: datetime
    reservation_id: int | None
    is_stale: bool
    """It has been about to be handed in for longer than that takes."""


class NewBatch(Model):
    """What is noted of a batch before it is handed in."""

    key: str
    model: str
    purpose: str
    run_id: int | None = None
    items: tuple[str, ...]
    details: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    """For whoever stores the results: ids and hashes in the order of the items, never text."""
    reservation_id: int | None = None


async def add_batch(connection: WriteConnection, workspace_id: int, batch: NewBatch) -> None:
    """Note what is about to be handed in."""
    await connection.execute(
        "INSERT INTO model_batches (workspace_id, key, model, purpose, run_id, items, details,"
        " reservation_id) VALUES (%(workspace_id)s, %(key)s, %(model)s, %(purpose)s, %(run_id)s,"
        " %(items)s, %(details)s, %(reservation_id)s)",
        {
            **batch.model_dump(),
            "workspace_id": workspace_id,
            "items": list(batch.items),
            "details": Jsonb(batch.details),
        },
    )


async def set_submitted(
    connection: WriteConnection, workspace_id: int, key: str, *, provider_id: str
) -> None:
    """It has been handed in, and this is the provider's name for it."""
    await connection.execute(
        "UPDATE model_batches SET status = 'running', provider_id = %(provider_id)s,"
        " submitted_at = now()"
        " WHERE workspace_id = %(workspace_id)s AND key = %(key)s AND status = 'submitting'",
        {"workspace_id": workspace_id, "key": key, "provider_id": provider_id},
    )


async def set_fetched(
    connection: WriteConnection, workspace_id: int, keys: Sequence[str]
) -> list[str]:
    """Their results are stored: call it in the same transaction, before storing them.

    Returns the keys of those whose results were not stored before.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "UPDATE model_batches SET status = 'fetched', fetched_at = clock_timestamp()"
            " WHERE workspace_id = %(workspace_id)s AND key = ANY(%(keys)s)"
            " AND status IN ('submitting', 'running') RETURNING key",
            {"workspace_id": workspace_id, "keys": list(keys)},
        )
        return await cursor.fetchall()


async def set_lost(connection: WriteConnection, workspace_id: int, keys: Sequence[str]) -> None:
    """They never reached the provider, or nothing of them is left there: their money is free."""
    await connection.execute(
        "WITH lost AS (UPDATE model_batches SET status = 'lost'"
        " WHERE workspace_id = %(workspace_id)s AND key = ANY(%(keys)s)"
        " AND status IN ('submitting', 'running') RETURNING workspace_id, reservation_id)"
        " DELETE FROM spending_reservations r USING lost"
        " WHERE r.workspace_id = lost.workspace_id AND r.id = lost.reservation_id",
        {"workspace_id": workspace_id, "keys": list(keys)},
    )


async def list_open(
    connection: ReadConnection, workspace_id: int, *, model: str, patience: timedelta
) -> list[StoredBatch]:
    """Those whose results are not stored yet, oldest first."""
    async with connection.cursor(row_factory=class_row(StoredBatch)) as cursor:
        await cursor.execute(
            "SELECT id, key, provider_id, model, purpose, run_id, items, status, created_at,"
            " reservation_id,"
            " status = 'submitting' AND created_at <= now() - %(patience)s AS is_stale"
            " FROM model_batches"
            " WHERE workspace_id = %(workspace_id)s AND model = %(model)s"
            " AND status IN ('submitting', 'running') ORDER BY id",
            {"workspace_id": workspace_id, "model": model, "patience": patience},
        )
        return await cursor.fetchall()


async def has_open(connection: ReadConnection, workspace_id: int, *, model: str) -> bool:
    """Whether there are any whose results are not stored yet."""
    cursor = await connection.execute(
        "SELECT FROM model_batches WHERE workspace_id = %(workspace_id)s AND model = %(model)s"
        " AND status IN ('submitting', 'running') LIMIT 1",
        {"workspace_id": workspace_id, "model": model},
    )
    return await cursor.fetchone() is not None


async def get_details(connection: ReadConnection, workspace_id: int, key: str) -> JsonValue:
    """What was noted beside a batch; null if there is no such batch."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT details FROM model_batches"
            " WHERE workspace_id = %(workspace_id)s AND key = %(key)s",
            {"workspace_id": workspace_id, "key": key},
        )
        return await cursor.fetchone()


async def list_items(
    connection: ReadConnection, workspace_id: int, *, model: str, since: datetime
) -> list[str]:
    """What is in a batch, or came back in one since then."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT DISTINCT unnest(items) FROM model_batches"
            " WHERE workspace_id = %(workspace_id)s AND model = %(model)s"
            " AND (status IN ('submitting', 'running')"
            " OR (status = 'fetched' AND fetched_at >= %(since)s))",
            {"workspace_id": workspace_id, "model": model, "since": since},
        )
        return await cursor.fetchall()


class BatchCounts(Model):
    """How many items have come back, and how many are with the provider still."""

    back: int
    out: int
    lost: int
    """Batches of the run that were handed in in vain."""


async def count_items(
    connection: ReadConnection, workspace_id: int, *, model: str, run_id: int, since: datetime
) -> BatchCounts:
    """Counted since a run began to wait."""
    async with connection.cursor(row_factory=class_row(BatchCounts)) as cursor:
        await cursor.execute(
            "SELECT coalesce(sum(cardinality(items)) FILTER (WHERE status = 'fetched'"
            " AND fetched_at >= %(since)s), 0)::int AS back,"
            " coalesce(sum(cardinality(items))"
            " FILTER (WHERE status IN ('submitting', 'running')), 0)::int AS out,"
            " (count(*) FILTER (WHERE status = 'lost' AND run_id = %(run_id)s))::int AS lost"
            " FROM model_batches WHERE workspace_id = %(workspace_id)s AND model = %(model)s",
            {"workspace_id": workspace_id, "model": model, "run_id": run_id, "since": since},
        )
        (row,) = await cursor.fetchall()
    return row


async def list_known(connection: ReadConnection, model: str) -> list[str]:
    """The provider's names of all batches of a model, whosever they are."""
    cursor = await connection.execute(
        "SELECT provider_id FROM model_batches WHERE model = %(model)s AND provider_id IS NOT NULL",
        {"model": model},
    )
    return [str(row["provider_id"]) for row in await cursor.fetchall()]
