"""A whole run with a language model, as somebody starts it: commands, a worker, a real socket."""

import asyncio
import json
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from earmark.llm.base import Prompt
from tests.fixtures.demo import run_earmark
from tests.fixtures.model_server import (
    Asked,
    Document,
    ModelServer,
    bad_shape,
    model_server,
    unauthorized,
)
from tests.fixtures.processes import simulating
from tests.fixtures.readers import quoting

CONVERSATIONS = 24


def read_honestly(asked: Asked) -> Document:
    """One issue, in the customer's own first words."""
    return quoting(Prompt(name="", version="", static="", data=asked.user, reminder=""))


@dataclass(frozen=True, slots=True)
class Office:
    """A machine with Earmark on it, a workspace behind a simulator, and a model server."""

    folder: Path
    server: ModelServer
    variables: dict[str, str]

    async def run(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """A command, while the server goes on answering."""
        return await asyncio.to_thread(
            lambda: run_earmark(
                self.folder, *arguments, seconds=170, **{**self.variables, **changes}
            )
        )

    async def document(self, *arguments: str, **changes: str) -> dict[str, Any]:
        """What a command says with `--json`."""
        done = await self.run(*arguments, "--json", **changes)
        assert done.stdout, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document


@asynccontextmanager
async def opened(open_folder: Path) -> AsyncGenerator[Office]:
    """An office whose model reads honestly."""
    folder = open_folder / f"office-{uuid4().hex[:8]}"
    async with model_server() as server:
        server.answer = read_honestly
        with simulating(folder, CONVERSATIONS) as source:
            model = {
                "EARMARK_MODEL": "compatible:honest",
                "EARMARK_MODEL_BASE_URL": server.base_url,
                "EARMARK_MODE": "llm",
            }
            yield Office(folder / "earmark", server, {**source, **model})


async def test_a_model_reads_everything_once_and_is_paid_for_in_the_ledger(
    open_folder: Path,
) -> None:
    prices = {"EARMARK_PRICE_INPUT": "1", "EARMARK_PRICE_OUTPUT": "4"}
    async with opened(open_folder) as office:
        first = await office.document("run", **prices)
        asked = len(office.server.questions)
        cost = await office.document("cost", **prices)
        again = await office.document("run", **prices)
        quote = await office.document("cost", "quote", **prices)
        assert len(office.server.questions) == asked
    assert first["run"]["status"] == again["run"]["status"] == "succeeded"
    assert asked >= first["coverage"]["stored"] > 20
    (line,) = cost["ledger"]
    assert (line["provider"], line["purpose"], line["calls"]) == (
        "compatible",
        "read_conversation",
        asked,
    )
    assert 0 < float(line["cost_usd"]) < float(cost["ceilings"]["day"])
    assert float(cost["committed"]["reserved"]) == 0
    assert (quote["conversations"], quote["calls"]) == (0, 0)


async def test_at_a_ceiling_the_rest_waits_and_a_later_run_goes_on(open_folder: Path) -> None:
    prices = {"EARMARK_PRICE_INPUT": "1", "EARMARK_PRICE_OUTPUT": "4"}
    async with opened(open_folder) as office:
        # Enough for some calls, not for all: each can take about three cents at the worst.
        told = await office.run("run", "--json", EARMARK_CEILING_RUN="0.2", **prices)
        stopped: dict[str, Any] = json.loads(told.stdout)
        cost = await office.document("cost", **prices)
        before = len(office.server.questions)
        short = await office.run("cost", "quote", EARMARK_CEILING_DAY="0.1", **prices)
        dear = await office.document("cost", "quote", EARMARK_CEILING_DAY="0.1", **prices)
        finished = await office.document("run", **prices)
        quote = await office.document("cost", "quote", **prices)
    assert "The ceiling of the day leaves $0." in short.stdout
    assert "one call in ten is made twice" in short.stdout
    assert dear["room"]["ceiling"] == "day"
    assert float(dear["room"]["amount_usd"]) < float(dear["high"])
    assert finished["waiting"] == []
    assert stopped["run"]["status"] == finished["run"]["status"] == "succeeded"
    assert before < stopped["coverage"]["stored"]
    assert told.returncode == 5
    (waiting,) = stopped["waiting"]
    assert "ceiling of the run is reached: 0.20 US dollars" in waiting["reason"]
    assert "earmark cost limit" in waiting["reason"]
    assert 0 < waiting["conversations"] < stopped["coverage"]["stored"]
    assert float(cost["committed"]["total"]) <= 0.2
    assert quote["conversations"] == 0


async def test_a_refused_key_stops_the_run_at_once_and_says_what_to_do(open_folder: Path) -> None:
    async with opened(open_folder) as office:
        office.server.always(unauthorized())
        refused = await office.run("run")
        assert len(office.server.asked) <= 2  # how to ask, and no more
        office.server.always(office.server.__class__().otherwise)
        mended = await office.document("run")
    assert refused.returncode != 0
    assert "EARMARK_MODEL_API_KEY" in refused.stderr + refused.stdout
    assert "EARMARK_MODE=offline" in refused.stderr + refused.stdout
    assert mended["run"]["status"] == "succeeded"


async def test_what_the_model_could_not_read_is_told_with_where_to_look(open_folder: Path) -> None:
    async with opened(open_folder) as office:
        office.server.otherwise = bad_shape()
        partly = await office.run("run")
        failures = await office.run("failures", "list")
    assert partly.returncode == 4
    assert "could not be done; why: earmark failures list" in partly.stderr
    assert "model-answer-unusable" in failures.stdout + failures.stderr
