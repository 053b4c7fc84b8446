"""What a server's embeddings cost stands in the ledger of the workspace whose texts they are of."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from earmark.db import spending_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus, Workspace
from earmark.db.spending_storage import LedgerLine
from earmark.errors import ConfigurationError
from earmark.llm.encoders import EncoderChoice, EncoderHolder, encoders
from earmark.llm.token_estimate import most_tokens
from earmark.pipeline.embedding_costs import EmbeddingLedger, paid_by
from tests.fixtures.embeddings import EmbeddingsServer, serving_embeddings
from tests.fixtures.models import HashedModels
from tests.fixtures.simulator import registered, simulated, small_sample
from tests.fixtures.threads import make_workspace
from tests.integration.test_encoder_change import complete_run, working


def choice_of(base_url: str, price: Decimal | None) -> EncoderChoice:
    return EncoderChoice(
        name="endpoint:some-model", models_dir=Path("nowhere"), base_url=base_url, price=price
    )


@asynccontextmanager
async def opened(database: Database) -> AsyncGenerator[tuple[EmbeddingsServer, EncoderHolder]]:
    """A server whose answers tell a hundred tokens each, and the encoder that asks it."""

    def counted(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "usage": {"prompt_tokens": 100, "total_tokens": 100}}

    async with serving_embeddings() as server:
        server.shape = counted
        choice = choice_of(server.base_url, Decimal(2))
        async with encoders(choice, EmbeddingLedger(database).keep) as hold:
            yield server, hold


async def read_ledger(database: Database, workspace: Workspace) -> list[LedgerLine]:
    async with database.read() as reader:
        return await spending_storage.list_ledger(reader, workspace.id)


async def test_a_run_writes_every_answer_down_and_it_counts_for_the_ceilings(
    database: Database,
) -> None:
    async with (
        opened(database) as (server, hold),
        simulated(small_sample(40)) as client,
        working(database, client, hold, HashedModels()),
    ):
        workspace = await registered(database, client)
        assert await complete_run(database, workspace) == (RunStatus.SUCCEEDED, "")
        asked = len(server.requests)
        (line,) = await read_ledger(database, workspace)
        assert (line.provider, line.model, line.purpose) == (
            "compatible",
            "some-model",
            "embeddings",
        )
        assert (line.calls, line.repaired) == (asked, 0)
        assert (line.input_tokens, line.output_tokens) == (100 * asked, 0)
        assert line.cost_usd == asked * 100 * Decimal(2) / 1_000_000
        async with database.read() as reader:
            cursor = await reader.execute(
                "SELECT scope, spent_usd FROM spending_totals WHERE workspace_id = %(id)s",
                {"id": workspace.id},
            )
            totals = {row["scope"]: row["spent_usd"] async for row in cursor}
        assert totals == dict.fromkeys(("run", "day", "total"), line.cost_usd)
        # What is read already is not asked for again.
        assert await complete_run(database, workspace) == (RunStatus.SUCCEEDED, "")
        assert len(server.requests) == asked
        assert await read_ledger(database, workspace) == [line]


@pytest.mark.parametrize(
    "usage", [None, {}, [], "12", {"prompt_tokens": None}, {"prompt_tokens": 0}]
)
async def test_tokens_are_estimated_where_the_server_does_not_count(
    database: Database, usage: object
) -> None:
    workspace = await make_workspace(database)
    texts = ["Where can I download my invoice?", "the export never ends " * 20]
    async with opened(database) as (server, hold):
        server.shape = lambda document: {**document, "usage": usage}
        encoder = await hold()
        assert encoder is not None
        with paid_by(workspace.id):
            await encoder.encode(texts)
        (line,) = await read_ledger(database, workspace)
    sent = [text for request in server.requests for text in request]
    assert line.input_tokens == sum(map(most_tokens, sent)) > 100


async def test_two_workspaces_at_once_pay_for_their_own(database: Database) -> None:
    one, other = await make_workspace(database, "a"), await make_workspace(database, "b")

    async def work(workspace: Workspace, texts: int) -> None:
        encoder = await hold()
        assert encoder is not None
        with paid_by(workspace.id):
            for text in range(texts):
                await encoder.encode([f"text {text}"])

    async with opened(database) as (_, hold):
        await work(one, 1)  # and a harmless text before it
        await asyncio.gather(work(one, 3), work(other, 5))
        (mine,) = await read_ledger(database, one)
        (others,) = await read_ledger(database, other)
    assert (mine.calls, others.calls) == (5, 5)


async def test_without_a_price_nothing_is_sent(database: Database) -> None:
    async with serving_embeddings() as server:
        # It leads to the server, and is none of the addresses that count as this machine.
        elsewhere = server.base_url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104
        async with encoders(choice_of(elsewhere, None), EmbeddingLedger(database).keep) as hold:
            with pytest.raises(ConfigurationError, match="EARMARK_ENCODER_PRICE"):
                await hold()
        assert server.requests == []


def test_prices_are_known_for_this_machine_and_for_openai() -> None:
    chosen = EncoderChoice(name="endpoint:text-embedding-3-small", models_dir=Path("nowhere"))

    def rate(**changes: object) -> Decimal | None:
        rates = chosen.model_copy(update=changes).rates
        return rates.input if rates else None

    assert rate() == Decimal("0.02")
    assert rate(price=Decimal("0.015")) == Decimal("0.015")
    assert rate(base_url="http://127.0.0.1:11434/v1") == 0
    assert rate(base_url="https://models.example/v1") is None
    assert rate(base_url="https://api.openai.com/v1") == Decimal("0.02")
    assert rate(name="endpoint:of-nobody") is None
