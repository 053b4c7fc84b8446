"""Batches of two providers, over a real socket and PostgreSQL: nothing lost, nothing paid twice."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import pytest
from pydantic import BaseModel, SecretStr

from earmark.db import batch_storage, workspace_storage
from earmark.db.batch_storage import NewBatch
from earmark.db.connection import Database
from earmark.errors import ModelAnswerUnusable, ModelError, ModelRejected, ModelUnavailable
from earmark.llm.base import Answer, BatchModel, Prompt
from earmark.llm.batches import open_batch_model
from earmark.llm.provider_options import ModelOptions, Provider
from earmark.pipeline.batching import fetch, list_open, recover, submit
from tests.fixtures.model_batches import accept_batches, expire, finish
from tests.fixtures.model_server import Asked, ModelServer, model_server

BOTH = pytest.mark.parametrize("provider", ["openai", "anthropic"])


class Echo(BaseModel):
    """What the model says: the data that it was given."""

    heard: str
    mood: Literal["fine"]


def echo(asked: Asked) -> dict[str, object]:
    return {"heard": asked.user, "mood": "fine"}


PROMPTS = {
    f"conversation:{number}": Prompt(
        name="echo", version="v1", static="ECHO", data=f"Nr {number}", reminder=""
    )
    for number in range(4)
}


@dataclass
class Rig:
    """A workspace, a server, and a model of it."""

    database: Database
    server: ModelServer
    model: BatchModel
    workspace_id: int

    async def note(self) -> str:
        """What is about to be handed in."""
        key = uuid4().hex
        batch = NewBatch(key=key, model=self.model.name, purpose="read", items=tuple(PROMPTS))
        async with self.database.write() as connection:
            await batch_storage.add_batch(connection, self.workspace_id, batch)
        return key

    async def hand_in(self) -> str:
        key, prompts = await self.note(), list(PROMPTS.values())
        await submit(self.database, self.model, self.workspace_id, key, prompts, Echo)
        return key

    async def collect_each(self) -> list[dict[str, Answer[Echo] | ModelError]]:
        """The outcomes of each batch that has ended."""
        found = [
            await fetch(self.database, self.model, self.workspace_id, batch, Echo)
            for batch in await list_open(self.database, self.model, self.workspace_id)
            if batch.provider_id and await self.model.is_ended(batch.provider_id)
        ]
        return [outcomes for outcomes in found if outcomes is not None]

    async def collect(self) -> dict[str, Answer[Echo] | ModelError]:
        return {item: one for found in await self.collect_each() for item, one in found.items()}

    async def waiting(self) -> set[str]:
        found = await list_open(self.database, self.model, self.workspace_id)
        return {item for batch in found for item in batch.items}


@asynccontextmanager
async def rig_of(database: Database, provider: Provider) -> AsyncGenerator[Rig]:
    """The server answers with what it was asked."""
    async with database.write() as connection:
        workspace = await workspace_storage.upsert_workspace(
            connection, code="w", name="W", kind="sample", region=None, timezone="UTC"
        )
    async with model_server(accept_batches) as server:
        server.answer = echo
        server.usage = (100, 40, 7)
        options = ModelOptions(
            provider=provider, model="tiny", base_url=server.base_url, api_key=SecretStr("key")
        )
        async with open_batch_model(options) as model:
            assert model is not None
            yield Rig(database, server, model, workspace.id)


def heard(outcomes: dict[str, Answer[Echo] | ModelError]) -> dict[str, str]:
    return {
        item: outcome.value.heard if isinstance(outcome, Answer) else type(outcome).__name__
        for item, outcome in outcomes.items()
    }


EVERYTHING = {item: prompt.data for item, prompt in PROMPTS.items()}


@BOTH
async def test_batch_is_handed_in_and_fetched_once(database: Database, provider: Provider) -> None:
    async with rig_of(database, provider) as rig:
        key = await rig.hand_in()
        assert await rig.collect() == {}
        assert await rig.waiting() == set(PROMPTS)
        finish(rig.server, rig.server.batches[next(iter(rig.server.batches))])
        outcomes = await rig.collect()
        assert heard(outcomes) == EVERYTHING
        answer = outcomes["conversation:1"]
        assert isinstance(answer, Answer)
        usage = answer.usage
        assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (100, 40, 7)
        async with database.write() as connection:
            assert await batch_storage.set_fetched(connection, rig.workspace_id, [key]) == [key]
            assert await batch_storage.set_fetched(connection, rig.workspace_id, [key]) == []
        assert await rig.collect() == {}
        assert await rig.waiting() == set()


@BOTH
async def test_results_that_were_not_stored_are_fetched_again(
    database: Database, provider: Provider
) -> None:
    async with rig_of(database, provider) as rig:
        await rig.hand_in()
        finish(rig.server, next(iter(rig.server.batches.values())))
        assert await rig.collect() == await rig.collect() != {}


@BOTH
async def test_interrupted_batch_that_arrived_is_found_again(
    database: Database, provider: Provider
) -> None:
    async with rig_of(database, provider) as rig:
        await rig.hand_in()
        rig.server.is_cut_after_batch = True
        with pytest.raises(ModelUnavailable):
            await rig.hand_in()
        assert len(rig.server.batches) == 2
        await recover(database, rig.model, rig.workspace_id, patience=timedelta(0))
        for batch in rig.server.batches.values():
            finish(rig.server, batch)
        found = await rig.collect_each()
        assert [heard(outcomes) for outcomes in found] == [EVERYTHING, EVERYTHING]
        assert len(rig.server.batches) == 2


@BOTH
async def test_interrupted_batch_that_never_arrived_is_free_to_be_asked_again(
    database: Database, provider: Provider
) -> None:
    async with rig_of(database, provider) as rig:
        await rig.note()
        await recover(database, rig.model, rig.workspace_id)
        assert await rig.waiting() == set(PROMPTS)
        await recover(database, rig.model, rig.workspace_id, patience=timedelta(0))
        assert await rig.waiting() == set()


@BOTH
async def test_failed_and_expired_requests_are_told_from_answers(
    database: Database, provider: Provider
) -> None:
    async with rig_of(database, provider) as rig:
        await rig.hand_in()
        batch = next(iter(rig.server.batches.values()))
        batch.fates = {1: "failed", 2: "expired", 3: "nonsense"}
        expire(rig.server, batch)
        outcomes = await rig.collect()
        assert heard(outcomes) == {
            "conversation:0": "Nr 0",
            "conversation:1": ModelAnswerUnusable.__name__,
            "conversation:2": ModelUnavailable.__name__,
            "conversation:3": ModelAnswerUnusable.__name__,
        }
        nonsense = outcomes["conversation:3"]
        assert isinstance(nonsense, ModelError)
        assert (nonsense.input_tokens, nonsense.output_tokens) == (100, 7)


@BOTH
async def test_refused_batch_leaves_nothing_behind(database: Database, provider: Provider) -> None:
    async with rig_of(database, provider) as rig:
        rig.server.key = "another"
        with pytest.raises(ModelRejected, match="refuses the key"):
            await rig.hand_in()
        assert await rig.waiting() == set()


async def test_batch_of_somebody_else_is_not_taken_for_ours(database: Database) -> None:
    """Anthropic keeps no word of ours: a batch of the same size and time is looked into."""
    async with rig_of(database, "anthropic") as rig:
        await rig.note()
        await rig.model.submit("other", list(PROMPTS.values()), Echo)
        await recover(database, rig.model, rig.workspace_id, patience=timedelta(0))
        finish(rig.server, next(iter(rig.server.batches.values())))
        assert await rig.collect() == {}
        assert await rig.waiting() == set()


async def test_compatible_server_has_no_batches() -> None:
    options = ModelOptions(provider="compatible", model="m", base_url="http://127.0.0.1:1/v1")
    async with open_batch_model(options) as model:
        assert model is None
