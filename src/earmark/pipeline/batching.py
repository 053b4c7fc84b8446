"""Handing questions in to a provider's batch API, and fetching the answers, through interruptions.

What is about to be handed in is noted first. After an interruption the provider is asked whether it
has the batch: so it is neither lost nor handed in, and paid for, twice.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Generic, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from earmark.db import batch_storage
from earmark.db.batch_storage import StoredBatch
from earmark.db.connection import Database
from earmark.db.models import Model
from earmark.errors import ModelError, ModelRejected, ModelUnavailable
from earmark.llm.base import Answer, BatchModel, Prompt

T = TypeVar("T", bound=BaseModel)

HANDING_IN: Final = timedelta(minutes=10)
"""Longer than handing in takes: what has been about to be for longer was interrupted."""


class Collected(Generic[T]):
    """A batch that has ended, and what became of each of its items."""

    def __init__(self, batch: StoredBatch, outcomes: dict[str, Answer[T] | ModelError]) -> None:
        self.batch = batch
        self.outcomes = outcomes


class Order(Model):
    """What a batch is for."""

    workspace_id: int
    run_id: int | None = None
    purpose: str


async def hand_in(
    database: Database,
    model: BatchModel,
    order: Order,
    prompts: Mapping[str, Prompt],
    schema: type[BaseModel],
) -> str:
    """Hand in one question per item; returns the batch's key. Raises the errors of models."""
    key = uuid4().hex
    async with database.write() as connection:
        await batch_storage.add_batch(
            connection,
            order.workspace_id,
            key=key,
            model=model.name,
            purpose=order.purpose,
            run_id=order.run_id,
            items=list(prompts),
        )
    try:
        provider_id = await model.submit(key, list(prompts.values()), schema)
    except ModelRejected:
        async with database.write() as connection:
            await batch_storage.set_lost(connection, order.workspace_id, [key])
        raise
    async with database.write() as connection:
        await batch_storage.set_submitted(
            connection, order.workspace_id, key, provider_id=provider_id
        )
    return key


async def list_waiting(database: Database, model: BatchModel, workspace_id: int) -> set[str]:
    """The items that are in a batch whose results are not stored yet: not to be asked again."""
    async with database.read() as reader:
        batches = await batch_storage.list_open(
            reader, workspace_id, model=model.name, patience=HANDING_IN
        )
    return {item for batch in batches for item in batch.items}


async def recover(
    database: Database,
    model: BatchModel,
    workspace_id: int,
    *,
    patience: timedelta = HANDING_IN,
) -> None:
    """Find out what became of batches whose handing in was interrupted."""
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
                continue
            await batch_storage.set_submitted(
                connection, workspace_id, batch.key, provider_id=found
            )
        known.append(found)


async def collect(
    database: Database, model: BatchModel, workspace_id: int, *, purpose: str, schema: type[T]
) -> list[Collected[T]]:
    """The batches that have ended; whoever stores their results calls `set_fetched` with that.

    An item without an answer has the error that says why.
    """
    async with database.read() as reader:
        batches = await batch_storage.list_open(
            reader, workspace_id, model=model.name, patience=HANDING_IN
        )
    ended: list[Collected[T]] = []
    for batch in batches:
        if batch.provider_id is None or batch.purpose != purpose:
            continue
        if not await model.is_ended(batch.provider_id):
            continue
        results = await model.results(batch.provider_id, batch.key, schema)
        if results is None:  # it was taken for the one whose handing in was interrupted
            async with database.write() as connection:
                await batch_storage.set_lost(connection, workspace_id, [batch.key])
            continue
        outcomes = {
            item: results.get(place, _unanswered(model)) for place, item in enumerate(batch.items)
        }
        ended.append(Collected(batch, outcomes))
    return ended


def _unanswered(model: BatchModel) -> ModelUnavailable:
    return ModelUnavailable(f"The batch of {model.name} ended without an answer to this.")
