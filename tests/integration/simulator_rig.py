"""A running simulator with a client, for the tests of its endpoints."""

import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import aiohttp

from earmark.sources.simulator.dataset import Dataset
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import RATE_LIMIT_PER_MINUTE, RunningServer, serve
from earmark.sources.simulator.spec import SampleSpec

END = datetime(2026, 11, 23, tzinfo=UTC)
TOKEN = "test-token"


@cache
def make_sample(number: int = 700) -> SampleDataset:
    """A sample of 26 weeks up to `END`."""
    return SampleDataset(SampleSpec(number=number, end=END))


class Answer(NamedTuple):
    """Status, headers and JSON of an answer."""

    status: int
    headers: dict[str, str]
    json: dict[str, Any]


class Bytes(NamedTuple):
    """An answer that may be no JSON."""

    status: int
    content_type: str
    body: bytes


class Simulator:
    """A client of one running simulator."""

    def __init__(self, server: RunningServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self._base_url = server.base_url
        self._session = session

    async def get(self, path: str, *, token: str | None = TOKEN, version: str = "") -> Answer:
        """GET with the right token unless another is given."""
        return await self._ask("GET", path, None, token, version)

    async def post(self, path: str, body: object, *, version: str = "") -> Answer:
        """POST of JSON; text goes out as it is."""
        return await self._ask("POST", path, body, TOKEN, version)

    async def put(self, path: str, body: object) -> Answer:
        """PUT of JSON."""
        return await self._ask("PUT", path, body, TOKEN, "")

    async def change(self, **change: object) -> dict[str, Any]:
        """Makes one change over HTTP and gives what became of it."""
        answer = await self.post("/_simulator/changes", change)
        assert answer.status == 200, answer.json
        return answer.json["applied"][0]

    async def conversation(self, identifier: str) -> dict[str, Any]:
        """One conversation as it is retrieved."""
        answer = await self.get(f"/conversations/{identifier}")
        assert answer.status == 200, answer.json
        return answer.json

    async def truth(self, *, messages: bool = False) -> list[dict[str, Any]]:
        """All lines of the census."""
        path = f"{self._base_url}/_simulator/truth?messages={str(messages).lower()}"
        async with self._session.get(path, headers={"Authorization": f"Bearer {TOKEN}"}) as answer:
            assert answer.status == 200
            return [json.loads(line) async for line in answer.content]

    async def raw(self, path: str) -> Bytes:
        """A GET whose answer may be no JSON."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self._session.get(self._base_url + path, headers=headers) as answer:
            return Bytes(answer.status, answer.content_type, await answer.read())

    async def search(self, query: object, **more: object) -> Answer:
        """A conversation search."""
        return await self.post("/conversations/search", {"query": query, **more})

    async def search_all(self, query: object, per_page: int, **more: object) -> list[str]:
        """Identifiers from all pages of a search."""
        found: list[str] = []
        cursor: str | None = None
        for _ in range(1000):
            pagination = {"per_page": per_page, "starting_after": cursor}
            answer = await self.search(query, pagination=pagination, **more)
            assert answer.status == 200, answer.json
            found += [item["id"] for item in answer.json["conversations"]]
            cursor = answer.json["pages"].get("next", {}).get("starting_after")
            if cursor is None:
                return found
        raise AssertionError("paging does not end")

    async def _ask(
        self, method: str, path: str, body: object, token: str | None, version: str
    ) -> Answer:
        headers = {"Intercom-Version": version} if version else {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, str) else json.dumps(body)
        async with self._session.request(
            method, self._base_url + path, headers=headers, data=None if body is None else data
        ) as response:
            return Answer(response.status, dict(response.headers), await response.json())


@asynccontextmanager
async def simulate(
    dataset: Dataset,
    rate_limit_per_minute: int = RATE_LIMIT_PER_MINUTE,
    *,
    faults: Faults = NO_FAULTS,
    clock: Callable[[], float] = time.time,
) -> AsyncGenerator[Simulator]:
    """Serves the dataset and gives a client."""
    async with (
        serve(
            dataset,
            token=TOKEN,
            rate_limit_per_minute=rate_limit_per_minute,
            faults=faults,
            clock=clock,
        ) as server,
        aiohttp.ClientSession() as session,
    ):
        yield Simulator(server, session)


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = END.timestamp() + 3.0

    def __call__(self) -> float:
        return self.now


def since(moment: int = 0, field: str = "updated_at") -> dict[str, object]:
    """The query for all that changed at this second or later."""
    after = {"field": field, "operator": ">", "value": moment}
    return {"operator": "OR", "value": [after, {**after, "operator": "="}]}


RISING = {"field": "updated_at", "order": "ascending"}
