"""A run that waits for batches: real PostgreSQL, a provider on a socket, and cuts at will."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, SecretStr

from earmark.db import batch_wait_storage, run_storage, spending_storage
from earmark.db.connection import Database
from earmark.db.models import Run, RunStatus, Stage
from earmark.db.spending_storage import Ceilings, Committed
from earmark.errors import ConfigurationError, ModelError, ModelUnavailable, NotFound
from earmark.jobs.queue import JobQueue, start_run
from earmark.jobs.worker import run_worker
from earmark.llm.base import Answer, BatchModel, Prompt, Usage
from earmark.llm.batches import open_batch_model
from earmark.llm.provider import open_language_model
from earmark.llm.provider_options import ModelOptions, Provider
from earmark.pipeline import batch_reading, classify
from earmark.pipeline.batch_reading import Batches, Next
from earmark.pipeline.classify import Minds
from earmark.pipeline.run import Services
from earmark.pipeline.spending import Spending
from earmark.sources.base import Source
from tests.fixtures.model_batches import accept_batches, finish
from tests.fixtures.model_server import Asked, Document, ModelServer, model_server
from tests.fixtures.models import GreedyFinder
from tests.fixtures.readers import quoting
from tests.fixtures.threads import CUSTOMER, make_thread
from tests.integration.reading_rig import Desk, open_desk

T = TypeVar("T", bound=BaseModel)
DIRECT, BATCHED = Decimal(2), Decimal(1)
"""What a request costs."""


class Killed(Exception):
    """The worker ends here."""


def read_honestly(asked: Asked) -> Document:
    """One issue, in the customer's own first words."""
    return quoting(Prompt(name="", version="", static="", data=asked.user, reminder=""))


class Fragile:
    """A batch model, cut where a test says so."""

    def __init__(self, inner: BatchModel, office: "Office") -> None:
        self._inner = inner
        self._office = office

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def most_requests(self) -> int:
        return self._office.most_requests

    def _at(self, place: str) -> None:
        if self._office.cut == place:
            self._office.cut = ""
            raise Killed

    async def submit(self, key: str, prompts: Sequence[Prompt], schema: type[BaseModel]) -> str:
        self._at("noted")
        if self._office.is_down:
            raise ModelUnavailable("It is down.")
        found = await self._inner.submit(key, prompts, schema)
        self._at("arrived")
        return found

    async def find(
        self, key: str, *, requests: int, since: datetime, known: Collection[str]
    ) -> str | None:
        return await self._inner.find(key, requests=requests, since=since, known=known)

    async def is_ended(self, batch_id: str) -> bool:
        return await self._inner.is_ended(batch_id)

    async def results(
        self, batch_id: str, key: str, schema: type[T]
    ) -> dict[int, Answer[T] | ModelError] | None:
        found = await self._inner.results(batch_id, key, schema)
        self._at("results")
        return found


@dataclass
class Office:
    """A workspace with conversations, a run that is about to read them, and the provider."""

    desk: Desk
    server: ModelServer
    options: ModelOptions
    minds: Minds
    model: BatchModel | None
    ids: list[str] = field(default_factory=list[str])
    most_requests: int = 100
    least: int | None = 1
    cut: str = ""
    is_down: bool = False

    @property
    def batches(self) -> Batches:
        return Batches(open=self._open, least=self.least)

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[BatchModel | None]:
        yield self.model and Fragile(self.model, self)

    async def begin(self, *, page_size: int = 2) -> bool:
        """Split the run into pages, as its stage does, and decide whether it waits."""
        run = self.desk.run
        async with self.desk.database.write() as connection:
            reader = await classify.reader_key(connection, run.workspace_id, self.minds)
            total = await run_storage.create_classify_pages(
                connection, run, reader=reader, max_attempts=5, page_size=page_size
            )
            return await batch_reading.begin(connection, self.minds, self.batches, run, total=total)

    async def look(self) -> Next:
        """A turn whose worker ends before the turn does."""
        database, run = self.desk.database, self.desk.run
        async with database.read() as connection:
            wait = await batch_wait_storage.get_wait(connection, run)
        if wait is None:
            raise NotFound("the run does not wait")
        return await batch_reading.take_turn(
            database, self.minds, self.batches, run, wait, max_attempts=5
        )

    async def turn(self) -> Next:
        """A whole turn."""
        database, run = self.desk.database, self.desk.run
        async with database.read() as connection:
            wait = await batch_wait_storage.get_wait(connection, run)
        after = await self.look()
        async with database.write() as connection:
            await batch_wait_storage.end_turn(
                connection,
                run,
                wait.turn if wait else 0,
                next_page=after.next_page,
                is_short=after.is_short,
                is_over=after.seconds is None,
            )
        return after

    async def hand_in_all(self) -> Next:
        """Turns until the provider is waited for, or nothing is."""
        while True:
            after = await self.turn()
            if after.seconds != 0:
                return after

    async def finish_all(self) -> None:
        """The provider answers, turn after turn, until the run waits no longer."""
        while (await self.hand_in_all()).seconds is not None:
            self.answer_all()

    def answer_all(self) -> None:
        """The provider is done with all that it has."""
        for batch in self.server.batches.values():
            if batch.status == "in_progress":
                finish(self.server, batch)

    @asynccontextmanager
    async def working(self) -> AsyncGenerator[None]:
        """A worker for as long as the block runs."""
        minds = self.minds
        services = Services(
            database=self.desk.database,
            open_source=_no_source,
            shelf=minds.shelf,
            finder=GreedyFinder(),
            mode=minds.mode,
            language_model=minds.language_model,
            spending=minds.spending,
            batches=Batches(open=lambda: open_batch_model(self.options), least=self.least),
        )
        stop = asyncio.Event()
        worker = asyncio.create_task(run_worker(lambda: nullcontext(services), stop, concurrency=1))
        try:
            yield
        finally:
            stop.set()
            await worker

    async def start(self, queue: JobQueue) -> Run:
        """A run that only reads, in the place of the one before."""
        async with self.desk.database.write() as connection:
            await run_storage.finish_run(connection, self.desk.run, RunStatus.SUCCEEDED)
            self.desk.run = await start_run(
                connection, queue, self.desk.workspace.id, [Stage.CLASSIFY]
            )
        return self.desk.run

    async def hurry(self) -> None:
        """As if the minute until the next look were over."""
        await self.desk.execute(
            "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE task_name = 'batch'"
        )

    async def read(self) -> None:
        """The pages of the stage, once the run waits no longer."""
        await self.desk.read(self.minds.language_model, *self.ids, spending=self.minds.spending)

    async def grow_old(self, interval: str) -> None:
        """As if batches had been handed in so long ago."""
        await self.desk.execute(
            "UPDATE model_batches SET created_at = created_at - %s::interval", interval
        )

    async def committed(self) -> Committed:
        """What is spent or put aside."""
        async with self.desk.database.read() as reader:
            return await spending_storage.get_committed(
                reader, self.desk.workspace.id, self.desk.run.id
            )

    async def notes(self) -> list[str]:
        """What the run's log tells."""
        rows = await self.desk.rows(
            "SELECT message FROM run_events WHERE kind = 'note' ORDER BY id"
        )
        return [row["message"] for row in rows]

    async def count(self, table: str) -> int:
        """Rows of a table."""
        return len(await self.desk.rows(f"SELECT FROM {table}"))

    def handed_in(self) -> int:
        """Requests that the provider has been given in batches."""
        return sum(len(batch.lines) for batch in self.server.batches.values())


@asynccontextmanager
async def _no_source(_: int) -> AsyncGenerator[Source]:
    raise ConfigurationError("A run that only reads needs no source.")
    yield


def direct_price(_: str, usage: Usage) -> Decimal:
    """Of a call."""
    return DIRECT * usage.requests


def batch_price(_: str, usage: Usage) -> Decimal:
    """Of a call in a batch."""
    return BATCHED * usage.requests


@asynccontextmanager
async def opened(
    database: Database,
    number: int,
    *,
    provider: Provider = "openai",
    ceilings: Ceilings | None = None,
) -> AsyncGenerator[Office]:
    """An office with so many conversations, and an honest model."""
    desk = await open_desk(database)
    ids = [f"c{n}" for n in range(number)]
    texts = [f"The export of report {n} is broken since Monday." for n in range(number)]
    await desk.add(*(make_thread(i, (CUSTOMER, text)) for i, text in zip(ids, texts, strict=True)))
    spending = Spending(database, direct_price, ceilings or Ceilings(), batch_price)
    async with model_server(accept_batches) as server:
        server.answer = read_honestly
        server.usage = (100, 40, 7)
        options = ModelOptions(
            provider=provider, model="tiny", base_url=server.base_url, api_key=SecretStr("key")
        )
        async with open_language_model(options) as model, open_batch_model(options) as batches:
            minds = desk.minds(model, spending=spending)
            yield Office(desk, server, options, minds, batches, ids)
