"""Calls to a model: what Earmark's port costs beside a loop around OpenAI's library alone.

All arms talk to the same server, which answers after 50 to 300 ms (see `model_raw_server.py`), each
in a process of its own, one after the other and again in turn. FeedForward's pattern is re-made
from its description: a call for stage 1 and one for stage 2, one after the other; and twenty
conversations at a time.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, Literal

import psutil
from pydantic import BaseModel, SecretStr

from benchmarks.model_raw_server import MEAN, raw_model_server
from benchmarks.outcome import Metric, Options, Outcome, single, spread, versions_of
from earmark.db.models import Model
from earmark.llm.base import Prompt
from earmark.llm.provider import open_language_model
from earmark.llm.provider_options import ModelOptions

Arm = Literal["earmark", "sdk", "one_by_one", "twenty"]
ARMS: Final[Mapping[Arm, int]] = {"earmark": 64, "sdk": 64, "one_by_one": 1, "twenty": 20}
"""Conversations in flight of each."""
_WARM_UP: Final = 7.0
"""Seconds; Earmark finds out in five how many requests are good."""
_RULES: Final = "Choose the category that names why the customer has written. " * 200
_DATA: Final = json.dumps({"id": "m1", "by": "customer", "text": "It does not sync. " * 180})
_STAGE_PROMPT: Final = "Choose a category for this conversation. Answer in JSON. " * 40

Ask = Callable[[], Awaitable[None]]


class Issue(BaseModel):
    """A part of the shape that is asked for."""

    statement: str
    direction: Literal["missing", "broken", "slow", "confusing"]
    symptoms: list[str]
    quotes: list[str]


class Facets(BaseModel):
    """As large as the shape of a reading."""

    language: str
    summary: str
    category_at_open: Literal["product_issue", "billing_question", "cannot_tell"]
    category_final: Literal["product_issue", "billing_question", "cannot_tell"]
    sentiment: Literal["negative", "neutral", "positive"]
    urgency: Literal["low", "normal", "high"]
    issues: list[Issue]


ANSWER: Final = {
    "language": "en",
    "summary": "The customer's calendar does not sync since the last update. " * 4,
    "category_at_open": "product_issue",
    "category_final": "product_issue",
    "sentiment": "negative",
    "urgency": "normal",
    "issues": [
        {
            "statement": "Calendar sync fails after the update until the account is linked again",
            "direction": "broken",
            "symptoms": ["no new events", "error 503"],
            "quotes": ["It does not sync.", "since the update nothing arrives"],
        }
    ],
    "mood": "happy",
    "category": "product_issue",
}


class Sample(Model):
    """What one process measured."""

    conversations: int
    seconds: float
    cpu_seconds: float
    rss_mb: float


# ---------------------------------------------------------------- the arms


@asynccontextmanager
async def earmark_arm(base_url: str) -> AsyncGenerator[Ask]:
    """One call for all facets, through the port: limits, validation and all."""
    prompt = Prompt(name="bench", version="v1", static=_RULES, data=_DATA, reminder="As JSON.")
    options = ModelOptions(
        provider="compatible", model="bench", base_url=base_url, api_key=SecretStr("key")
    )
    async with open_language_model(options) as model:

        async def ask() -> None:
            await model.extract(prompt, Facets)

        yield ask


@asynccontextmanager
async def sdk_arm(base_url: str) -> AsyncGenerator[Ask]:
    """The same call by OpenAI's library in a plain loop, validated with Pydantic."""
    from openai import AsyncOpenAI  # noqa: PLC0415
    from openai.types.shared_params.response_format_json_schema import (  # noqa: PLC0415
        JSONSchema,
    )

    schema: JSONSchema = {"name": "Facets", "schema": Facets.model_json_schema()}
    async with AsyncOpenAI(base_url=base_url, api_key="-", max_retries=0) as client:

        async def ask() -> None:
            answer = await client.chat.completions.create(
                model="bench",
                messages=[
                    {"role": "system", "content": _RULES},
                    {"role": "user", "content": f"{_DATA}\n\nAs JSON."},
                ],
                response_format={"type": "json_schema", "json_schema": schema},
                temperature=0,
                max_completion_tokens=4_096,
            )
            Facets.model_validate_json(answer.choices[0].message.content or "")

        yield ask


@asynccontextmanager
async def stages_arm(base_url: str) -> AsyncGenerator[Ask]:
    """Two calls, one after the other, for each conversation."""
    from openai import AsyncOpenAI  # noqa: PLC0415

    async with AsyncOpenAI(base_url=base_url, api_key="-", max_retries=0) as client:

        async def stage(text: str) -> Any:  # noqa: ANN401 - JSON
            answer = await client.chat.completions.create(
                model="bench",
                messages=[{"role": "user", "content": f"{_STAGE_PROMPT}\n{text}"}],
                response_format={"type": "json_object"},
                temperature=0,
            )
            return json.loads(answer.choices[0].message.content or "")

        async def ask() -> None:
            first = await stage(_DATA)
            await stage(f"{first['category']}\n{_DATA}")

        yield ask


# ---------------------------------------------------------------- measuring


async def measure(arm: Arm, base_url: str, seconds: float) -> Sample:
    """Keep conversations in flight; count those that end within the seconds after the warm-up."""
    opened = {"earmark": earmark_arm, "sdk": sdk_arm}.get(arm, stages_arm)
    async with opened(base_url) as ask:
        done = 0
        await ask()  # loads the libraries

        async def go_on() -> None:
            nonlocal done
            while True:
                await ask()
                done += 1

        tasks = [asyncio.create_task(go_on()) for _ in range(ARMS[arm])]
        await asyncio.sleep(_WARM_UP)
        before, started, cpu = done, time.monotonic(), time.process_time()
        await asyncio.sleep(seconds)
        sample = Sample(
            conversations=done - before,
            seconds=time.monotonic() - started,
            cpu_seconds=time.process_time() - cpu,
            rss_mb=psutil.Process().memory_info().rss / 1e6,
        )
        for task in tasks:
            task.cancel()
        failed = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in failed:
        if isinstance(outcome, Exception):
            raise outcome
    return sample


async def in_own_process(arm: Arm, port: int, seconds: float) -> Sample:
    """Measure where nothing else was loaded."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.llm_pipeline", arm, str(port), str(seconds)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return Sample.model_validate_json(output)


async def run(options: Options) -> Outcome:
    """All arms, in turn."""
    seconds, rounds = (3.0, 1) if options.quick else (8.0, 4)
    samples: dict[Arm, list[Sample]] = {arm: [] for arm in ARMS}
    async with raw_model_server(json.dumps(ANSWER)) as port:
        for number in range(rounds):
            order = list(ARMS) if number % 2 == 0 else list(ARMS)[::-1]
            for arm in order:
                samples[arm].append(await in_own_process(arm, port, seconds))
    return Outcome(
        metrics=_metrics(samples),
        versions=versions_of("openai", "pydantic-ai-slim", "aiohttp", "httpx2"),
    )


def _metrics(samples: dict[Arm, list[Sample]]) -> dict[str, Metric]:
    allowed = ARMS["earmark"] / MEAN
    rates = {arm: [s.conversations / s.seconds for s in found] for arm, found in samples.items()}
    metrics = {"allowed by latency and 64 in flight": single(allowed, "calls/s")}
    for arm in ("earmark", "sdk"):
        found = samples[arm]
        cpu = [1_000 * s.cpu_seconds / s.conversations for s in found]
        metrics |= {
            f"{arm}: throughput": spread(rates[arm], "calls/s"),
            f"{arm}: share of what is allowed": spread(
                [100 * rate / allowed for rate in rates[arm]], "%"
            ),
            f"{arm}: CPU per call": spread(cpu, "ms"),
            f"{arm}: memory": spread([s.rss_mb for s in found], "MB"),
        }
    pairs = zip(samples["earmark"], samples["sdk"], strict=True)
    ratios = [
        (a.cpu_seconds / a.conversations) / (b.cpu_seconds / b.conversations) for a, b in pairs
    ]
    metrics["CPU per call, earmark to sdk"] = spread(ratios, "×")
    for arm, calls in (("earmark", 1), ("one_by_one", 2), ("twenty", 2)):
        metrics[f"{arm}: conversations"] = spread(rates[arm], "conversations/s")
        metrics[f"{arm}: calls per conversation"] = single(calls, "calls")
    return metrics


def main() -> None:
    """One arm: `ARM PORT SECONDS`."""
    name, port, seconds = sys.argv[1:]
    arm: Arm = next(known for known in ARMS if known == name)
    base_url = f"http://127.0.0.1:{port}/v1"
    print(asyncio.run(measure(arm, base_url, float(seconds))).model_dump_json())


if __name__ == "__main__":
    main()
