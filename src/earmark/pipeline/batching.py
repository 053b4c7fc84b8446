"""Handing questions in to a provider's batch API, and fetching the answers, through interruptions.

What is about to be handed in is noted first. After an interruption the provider is asked whether it
has the batch: so it is neither lost nor handed in, and paid for, twice.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, TypeVar

from pydantic import BaseModel

from earmark.db import batch_storage
from earmark.db.batch_storage import StoredBatch
from earmark.db.connection import Database
from earmark.errors import ModelError, ModelRejected, ModelUnavailable
from earmark.llm.base import Answer, BatchModel, Prompt

T = TypeVar("T", bound=BaseModel)

HANDING_IN: Final = timedelta(minutes=10)
"""Longer than handing in takes: what has been about to be for longer was interrupted."""


async def submit(
    database: Database,
    model: BatchModel,
    workspace_id: int,
    key: str,
    prompts: Sequence[Prompt],
    schema: type[BaseModel],
) -> None:
    """Hand in a batch that was noted (`batch_storage.add_batch`), a question for each item.

    Raises `ModelRejected` if it was not taken, `ModelUnavailable` if that is not sure: `recover`
    finds out.
    """
    try:
        provider_id = await model.submit(key, prompts, schema)
    except ModelRejected:
        async with database.write() as connection:
            await batch_storage.set_lost(connection, workspace_id, [key])
        raise
    async with database.write() as connection:
        await batch_storage.set_submitted(connection, workspace_id, key, provider_id=provider_id)


async def list_open(database: Database, model: BatchModel, workspace_id: int) -> list[StoredBatch]:
    """The batches whose results are not stored yet, oldest first."""
    async with database.read() as reader:
        return await batch_storage.list_open(
            reader, workspace_id, model=model.name, patience=HANDING_IN
        )


async def recover(
    database: Database,
    model: BatchModel,
    workspace_id: int,
    *,
    patience: timedelta = HANDING_IN,
) -> list[str]:
    """Find out what became of batches whose handing in was interrupted; the keys of those lost."""
    lost: list[str] = []
    async with database.read() as reader:
        batches = await batch_storage.list_open(
            reader, workspace_id, model=model.name, patience=patience
        )
        known = await batch_storage.list_known(reader, model.name)
    for batch in (batch for batch in batches if batch.is_stale):
        found = await model.find(
            batch.key, requests=len(batch.items), since=batch.created_at, known=known
        )
        async with database.write() as connection:
            if found is None:
                await batch_storage.set_lost(connection, workspace_id, [batch.key])
                lost.append(batch.key)
                continue
            await batch_storage.set_submitted(
                connection, workspace_id, batch.key, provider_id=found
            )
        known.append(found)
    return lost


async def fetch(
    database: Database, model: BatchModel, workspace_id: int, batch: StoredBatch, schema: type[T]
) -> dict[str, Answer[T] | ModelError] | None:
    """What became of each item of a batch that has ended; `set_fetched` goes with storing it.

    An item without an answer has the error that says why. Null if the batch is somebody else's: it
    was taken for one whose handing in was interrupted, and is lost.
    """
    if batch.provider_id is None:
        return None
    results = await model.results(batch.provider_id, batch.key, schema)
    if results is None:
        async with database.write() as connection:
            await batch_storage.set_lost(connection, workspace_id, [batch.key])
        return None
    return {item: results.get(place, _unanswered(model)) for place, item in enumerate(batch.items)}


def _unanswered(model: BatchModel) -> ModelUnavailable:
    return ModelUnavailable(f"The batch of {model.name} ended without an answer to this.")
