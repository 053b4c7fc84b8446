"""Reading conversations: our client against `python-intercom` and httpx with our wire models.

All read the same prepared answers from the same server in another process, which is no limit: one
plain socket shows what is. Ours gives ready threads, with bodies as plain text; the others stop at
objects of the wire, so ours is also measured that far. Each round measures everybody, in turning
order; ratios are taken within rounds.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx
from intercom import AsyncIntercom
from pydantic import SecretStr

from benchmarks.outcome import Metric, Options, Outcome, single, spread, versions_of
from benchmarks.raw_server import prepared_answers
from earmark.db.models import Model, Thread
from earmark.sources.intercom_client import open_intercom
from earmark.sources.intercom_models import WireConversation
from earmark.sources.intercom_options import IntercomOptions
from earmark.sources.intercom_transport import open_transport
from earmark.sources.simulator.changes import AddParts
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import serve
from earmark.sources.simulator.spec import SampleSpec

_TOKEN: Final = "benchmark"  # noqa: S105 - of our own server
_SAMPLE: Final = 200
_SET: Final = 40
"""Different conversations, spread over a sample; everybody reads whole sets of them."""
_LONG: Final = 50
"""Parts that are added for the long ones."""
_IN_FLIGHT: Final = 32
_QUOTA: Final = 167
"""Requests a second that Intercom allows a private app."""

Read = Callable[[range], Awaitable[None]]
"""Reads the conversations of these numbers."""


class Measured(Model):
    """One reader in one round."""

    per_second: float
    cpu_ms: float
    """Processor time of this process for each conversation."""


async def run(options: Options) -> Outcome:
    """Short conversations as the sample has them, and long ones."""
    rounds = 3 if options.quick else 7
    metrics: dict[str, Metric] = {}
    for name, more in (("short", 0), ("long", _LONG)):
        bodies = await _prepare(more)
        async with prepared_answers(bodies) as port, _readers(port) as readers:
            metrics[f"{name}: size"] = single(
                sum(map(len, bodies)) / len(bodies) / 1000, "kB per conversation"
            )
            results = await _measure(readers, rounds)
            metrics |= _figures(name, results)
            share = await _at_quota(readers["earmark"], seconds=3 if options.quick else 8)
            metrics[f"{name}: earmark at {_QUOTA}/s"] = single(share, "% of a core")
    return Outcome(
        metrics=metrics, versions=versions_of("aiohttp", "httpx", "pydantic", "python-intercom")
    )


async def _prepare(more: int) -> list[bytes]:
    """Answers of the simulator, each on one line."""
    dataset = SampleDataset(
        SampleSpec(seed=7, number=_SAMPLE, end=datetime(2026, 11, 1, tzinfo=UTC))
    )
    bodies: list[bytes] = []
    async with (
        serve(dataset, token=_TOKEN) as server,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {_TOKEN}"}) as client,
    ):
        alive = [state for state in server.states() if state.state == "alive"]
        for state in alive[:: len(alive) // _SET][:_SET]:
            if more:
                server.apply(AddParts(conversation_id=state.id, number=more))
            answer = await client.get(f"{server.base_url}/conversations/{state.id}")
            document = json.loads(answer.content)
            # The client checks that it got what it asked for; here it asks by number.
            document.pop("id")
            bodies.append(json.dumps(document).encode())
    return bodies


@asynccontextmanager
async def _readers(port: int) -> AsyncGenerator[dict[str, Read]]:
    base_url = f"http://127.0.0.1:{port}"
    options = IntercomOptions(token=SecretStr(_TOKEN), base_url=base_url, concurrency=_IN_FLIGHT)
    limits = httpx.Limits(max_connections=_IN_FLIGHT, max_keepalive_connections=_IN_FLIGHT)
    async with (
        open_intercom(options) as client,
        open_transport(options) as transport,
        httpx.AsyncClient(base_url=base_url, limits=limits) as plain,
        httpx.AsyncClient(limits=limits) as for_sdk,
    ):
        sdk = AsyncIntercom(token=_TOKEN, base_url=base_url, httpx_client=for_sdk)

        async def earmark(numbers: range) -> None:
            ids = [str(index) for index in numbers]
            for start in range(0, len(ids), 100):
                for result in await client.fetch(ids[start : start + 100]):
                    assert isinstance(result, Thread), result

        async def wire_only(index: int) -> None:
            await transport.read(WireConversation, "GET", f"/conversations/{index}")

        async def by_httpx(index: int) -> None:
            answer = await plain.get(f"/conversations/{index}")
            WireConversation.model_validate_json(answer.content)

        async def by_sdk(index: int) -> None:
            await sdk.conversations.find(conversation_id=str(index))

        async def raw_socket(numbers: range) -> None:
            _read_raw(port, numbers)

        yield {
            "earmark": earmark,
            "earmark, wire only": lambda numbers: _together(wire_only, numbers),
            "httpx + Pydantic": lambda numbers: _together(by_httpx, numbers),
            "python-intercom": lambda numbers: _together(by_sdk, numbers),
            "raw socket": raw_socket,
        }


async def _together(read_one: Callable[[int], Awaitable[None]], numbers: range) -> None:
    """Read them, so many at once."""
    waiting = iter(numbers)

    async def take_turns() -> None:
        for index in waiting:
            await read_one(index)

    await asyncio.gather(*(take_turns() for _ in range(_IN_FLIGHT)))


def _read_raw(port: int, numbers: range) -> None:
    """One connection, one request after the other, nothing parsed but the length."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for index in numbers:
            connection.sendall(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % index)
            received = connection.recv(1 << 18)
            head, _, body = received.partition(b"\r\n\r\n")
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            missing = length - len(body)
            while missing > 0:
                missing -= len(connection.recv(1 << 18))


_SETS: Final = {
    "earmark": 25,
    "earmark, wire only": 25,
    "httpx + Pydantic": 8,
    "python-intercom": 1,
    "raw socket": 50,
}
"""How many sets each reads in a round, so that none takes much longer than the others."""


async def _measure(readers: dict[str, Read], rounds: int) -> dict[str, list[Measured]]:
    results: dict[str, list[Measured]] = {name: [] for name in readers}
    names = list(readers)
    for name in names:  # not measured: connections are opened, slots are found
        await readers[name](range(_SETS[name] * _SET))
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            wanted = _SETS[name] * _SET
            started, used = time.perf_counter(), time.process_time()
            await readers[name](range(wanted))
            seconds, cpu = time.perf_counter() - started, time.process_time() - used
            results[name].append(Measured(per_second=wanted / seconds, cpu_ms=cpu / wanted * 1000))
    return results


def _figures(name: str, results: dict[str, list[Measured]]) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for reader, measured in results.items():
        metrics[f"{name}: {reader}"] = spread([m.per_second for m in measured], "conversations/s")
        metrics[f"{name}: {reader}, processor"] = spread(
            [m.cpu_ms for m in measured], "ms per conversation"
        )
    for ours in ("earmark", "earmark, wire only"):
        for reader in ("httpx + Pydantic", "python-intercom", "raw socket"):
            ratios = _ratios(results[ours], results[reader])
            metrics[f"{name}: {ours} to {reader}"] = spread(ratios, "times")
            metrics[f"{name}: {ours} to {reader}, processor"] = spread(
                [b.cpu_ms / a.cpu_ms for a, b in zip(results[ours], results[reader], strict=True)],
                "times",
            )
    return metrics


def _ratios(ours: Sequence[Measured], theirs: Sequence[Measured]) -> list[float]:
    return [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]


async def _at_quota(read: Read, seconds: int) -> float:
    """Percent of one core while as many are read as Intercom allows, by the portion as we do it."""
    started, used = time.perf_counter(), time.process_time()
    for portion in range(seconds * 4):
        await asyncio.sleep(max(started + portion / 4 - time.perf_counter(), 0))
        await read(range(_QUOTA * portion // 4, _QUOTA * (portion + 1) // 4))
    await asyncio.sleep(max(started + seconds - time.perf_counter(), 0))
    return (time.process_time() - used) / (time.perf_counter() - started) * 100
