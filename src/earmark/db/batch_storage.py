"""Batches that were handed in to a provider, and what each of their requests is about."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from psycopg.rows import class_row

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
    is_stale: bool
    """It has been about to be handed in for longer than that takes."""


async def add_batch(
    connection: WriteConnection,
    workspace_id: int,
    *,
    key: str,
    model: str,
    purpose: str,
    run_id: int | None,
    items: Sequence[str],
) -> None:
    """Note what is about to be handed in."""
    await connection.execute(
        "INSERT INTO model_batches (workspace_id, key, model, purpose, run_id, items)"
        " VALUES (%(workspace_id)s, %(key)s, %(model)s, %(purpose)s, %(run_id)s, %(items)s)",
        {
            "workspace_id": workspace_id,
            "key": key,
            "model": model,
            "purpose": purpose,
            "run_id": run_id,
            "items": list(items),
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


async def set_fetched(connection: WriteConnection, workspace_id: int, keys: Sequence[str]) -> None:
    """Their results are stored: call it in the same transaction."""
    await connection.execute(
        "UPDATE model_batches SET status = 'fetched', fetched_at = now()"
        " WHERE workspace_id = %(workspace_id)s AND key = ANY(%(keys)s)",
        {"workspace_id": workspace_id, "keys": list(keys)},
    )


async def set_lost(connection: WriteConnection, workspace_id: int, keys: Sequence[str]) -> None:
    """They never reached the provider, or nothing of them is left there."""
    await connection.execute(
        "UPDATE model_batches SET status = 'lost'"
        " WHERE workspace_id = %(workspace_id)s AND key = ANY(%(keys)s)",
        {"workspace_id": workspace_id, "keys": list(keys)},
    )


async def list_open(
    connection: ReadConnection, workspace_id: int, *, model: str, patience: timedelta
) -> list[StoredBatch]:
    """Those whose results are not stored yet, oldest first."""
    async with connection.cursor(row_factory=class_row(StoredBatch)) as cursor:
        await cursor.execute(
            "SELECT id, key, provider_id, model, purpose, run_id, items, status, created_at,"
            " status = 'submitting' AND created_at <= now() - %(patience)s AS is_stale"
            " FROM model_batches"
            " WHERE workspace_id = %(workspace_id)s AND model = %(model)s"
            " AND status IN ('submitting', 'running') ORDER BY id",
            {"workspace_id": workspace_id, "model": model, "patience": patience},
        )
        return await cursor.fetchall()


async def list_known(connection: ReadConnection, model: str) -> list[str]:
    """The provider's names of all batches of a model, whosever they are."""
    cursor = await connection.execute(
        "SELECT provider_id FROM model_batches WHERE model = %(model)s AND provider_id IS NOT NULL",
        {"model": model},
    )
    return [str(row["provider_id"]) for row in await cursor.fetchall()]
