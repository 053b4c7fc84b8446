"""The port against llama.cpp's own server, which nobody here wrote: `tests/fixtures/llama.py`."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from earmark.errors import ModelAnswerUnusable, ModelRejected, ModelUnavailable
from earmark.llm.base import Answer, Prompt
from earmark.llm.provider import HostedModel, open_language_model
from earmark.llm.provider_options import ModelOptions

_SWITCH = "EARMARK_TEST_LLAMA"
_PYTHON = os.environ.get(_SWITCH, "")  # noqa: TID251 - of the tests, not of Earmark
pytestmark = [
    pytest.mark.llama,
    pytest.mark.skipif(
        not _PYTHON,
        reason=f"{_SWITCH} is not set: 1, or a Python that has the packages xllamacpp and gguf",
    ),
]


class Reading(BaseModel):
    """A shape as the pipeline's, with bounds that no grammar enforces."""

    category: Literal["bug", "question", "cannot_tell"]
    is_urgent: bool
    stars: int = Field(ge=1, le=5)
    word: str = Field(max_length=12)


@pytest.fixture(scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """Where the server is."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable if _PYTHON == "1" else _PYTHON, "-m", "tests.fixtures.llama"),
        str(tmp_path_factory.mktemp("llama")),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "the server did not start: are xllamacpp and gguf installed there?"
    yield line.decode().split()[1]
    await process.communicate(b"")


@asynccontextmanager
async def opened(base_url: str) -> AsyncGenerator[HostedModel]:
    """The model; its answers are kept short, since it never ends by itself."""
    options = ModelOptions(
        provider="compatible", model="random", base_url=base_url, most_output_tokens=300
    )
    async with open_language_model(options) as model:
        yield model


def prompt(number: int) -> Prompt:
    data = f'{{"id":"m1","by":"customer","text":"Nr {number}: it does not sync."}}'
    return Prompt(name="read", version="v1", static="Read.", data=data, reminder="As JSON.")


async def test_nonsense_comes_in_the_shape_or_counts_as_failed(address: str) -> None:
    async with opened(f"{address}/v1") as model:
        assert await model.dialect.form() == "json_schema"
        outcomes = await asyncio.gather(
            *(model.extract(prompt(number), Reading) for number in range(8)),
            return_exceptions=True,
        )
    for outcome in outcomes:
        # llama.cpp calls an answer that was cut by length an internal error.
        assert isinstance(outcome, Answer | ModelAnswerUnusable | ModelUnavailable)
        if isinstance(outcome, Answer):
            assert outcome.usage.input_tokens > 10
            assert 1 <= outcome.value.stars <= 5
        elif isinstance(outcome, ModelAnswerUnusable):
            assert outcome.output_tokens > 0


async def test_wrong_path_is_no_model_server(address: str) -> None:
    async with opened(f"{address}/elsewhere") as model:
        with pytest.raises(ModelRejected):
            await model.extract(prompt(0), Reading)


async def test_too_long_a_text_is_told_so(address: str) -> None:
    long = prompt(0).model_copy(update={"data": "word " * 5_000})
    async with opened(f"{address}/v1") as model:
        with pytest.raises(ModelAnswerUnusable, match="longer than"):
            await model.extract(long, Reading)
