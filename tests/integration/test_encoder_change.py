"""An encoder beside the workspace's model: asked once per text, and changed between runs."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import numpy as np
import pytest

from earmark.db import run_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus, Workspace
from earmark.errors import ConfigurationError, Conflict, ModelUnavailable
from earmark.jobs.queue import open_queue, start_run
from earmark.jobs.worker import run_worker
from earmark.llm.base import Encoded, Encoder, OpenEncoder, Vectors, words_of
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.run import Services
from earmark.prompts import default_taxonomy
from earmark.sources.base import Source
from earmark.sources.intercom_client import IntercomClient
from tests.fixtures.models import GreedyFinder, HashedEncoder, HashedModels
from tests.fixtures.simulator import registered, simulated, small_sample


class Choice:
    """Which encoder there is; may be changed while a worker runs."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self.encoder = encoder
        self.missing = False

    async def __call__(self) -> Encoder | None:
        """As the shelf asks for it."""
        if self.missing:
            raise ConfigurationError("It is not installed.", fix="Run `earmark models pull`.")
        return self.encoder


@asynccontextmanager
async def working(
    database: Database, client: IntercomClient, choice: OpenEncoder, models: HashedModels
) -> AsyncGenerator[None]:
    @asynccontextmanager
    async def open_source(_: int) -> AsyncGenerator[Source]:
        yield client

    @asynccontextmanager
    async def open_services() -> AsyncGenerator[Services]:
        yield Services(
            database=database,
            open_source=open_source,
            shelf=ModelShelf(models, open_encoder=choice),
            finder=GreedyFinder(),
        )

    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(open_services, stop, concurrency=2))
    try:
        yield
    finally:
        stop.set()
        await worker


async def complete_run(database: Database, workspace: Workspace) -> tuple[RunStatus, str]:
    async with open_queue(database) as queue, database.write() as connection:
        started = await start_run(connection, queue, workspace.id)
    async with asyncio.timeout(60):
        while True:
            async with database.read() as reader:
                now = await run_storage.get_run(reader, workspace.id, started.id)
            if now.finished_at is not None:
                return now.status, now.error or ""
            await asyncio.sleep(0.05)


async def themes_and_dimensions(
    database: Database, workspace: Workspace
) -> tuple[set[tuple[int, int]], set[int], str | None]:
    """Which issue is in which theme, the lengths of vectors, the model's encoder."""
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT issue_id, theme_id FROM theme_assignments WHERE workspace_id = %(id)s"
            " AND superseded_at IS NULL",
            {"id": workspace.id},
        )
        members = {(row["issue_id"], row["theme_id"]) async for row in cursor}
        info = await taxonomy_storage.latest_model(reader, workspace.id)
        cursor = await reader.execute(
            "SELECT DISTINCT vector_dims(embedding) AS size FROM embeddings"
            " WHERE workspace_id = %(id)s",
            {"id": workspace.id},
        )
        sizes = {row["size"] async for row in cursor}
    return members, sizes, info.encoder_version if info else None


async def test_change_of_encoder_reads_anew_and_themes_keep_their_members(
    database: Database,
) -> None:
    choice, models = Choice(), HashedModels()
    async with simulated(small_sample(80)) as client, working(database, client, choice, models):
        workspace = await registered(database, client)
        await complete_run(database, workspace)
        before, sizes, version = await themes_and_dimensions(database, workspace)
        assert before
        assert (sizes, version) == ({64}, None)

        choice.encoder = HashedEncoder()
        assert (await complete_run(database, workspace))[0] is RunStatus.SUCCEEDED
        with_encoder, sizes, version = await themes_and_dimensions(database, workspace)
        assert (sizes, version) == ({48}, "encoder-1")
        assert with_encoder >= before

        choice.encoder = None
        assert (await complete_run(database, workspace))[0] is RunStatus.SUCCEEDED
        after, sizes, version = await themes_and_dimensions(database, workspace)
        assert (sizes, version) == ({64}, None)
        assert after >= with_encoder
    assert models.fits == 3


async def test_same_encoder_is_not_asked_again(database: Database) -> None:
    encoder, models = HashedEncoder(), HashedModels()
    choice = Choice(encoder)
    async with simulated(small_sample(60)) as client, working(database, client, choice, models):
        workspace = await registered(database, client)
        await complete_run(database, workspace)
        asked = len(encoder.asked)
        assert asked
        await complete_run(database, workspace)
    assert len(encoder.asked) == asked
    assert models.fits == 1


async def test_encoder_that_is_not_there_ends_the_run_with_the_command(
    database: Database,
) -> None:
    choice = Choice()
    choice.missing = True
    async with (
        simulated(small_sample(20)) as client,
        working(database, client, choice, HashedModels()),
    ):
        workspace = await registered(database, client)
        status, error = await complete_run(database, workspace)
        assert status is RunStatus.FAILED
        assert "earmark models pull" in error
        choice.missing = False
        assert (await complete_run(database, workspace))[0] is RunStatus.SUCCEEDED


class FailingEncoder(HashedEncoder):
    """Fails some times, then works."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    async def encode(self, texts: Sequence[str]) -> Vectors:
        """As told."""
        if self.failures:
            self.failures -= 1
            raise ModelUnavailable("It is busy.")
        return await super().encode(texts)


async def test_encoder_that_fails_for_a_while_is_asked_again(database: Database) -> None:
    choice = Choice(FailingEncoder(2))
    async with (
        simulated(small_sample(20)) as client,
        working(database, client, choice, HashedModels()),
    ):
        workspace = await registered(database, client)
        assert await complete_run(database, workspace) == (RunStatus.SUCCEEDED, "")


async def test_model_of_another_encoder_is_refused_and_equal_texts_are_asked_once() -> None:
    encoder, models = HashedEncoder(), HashedModels()
    choice = Choice(encoder)
    shelf = ModelShelf(models, open_encoder=choice)
    none = np.zeros((0, encoder.dimensions), dtype=np.float32)
    words = await encoder.encode(list(words_of(default_taxonomy())[0]))
    taxonomy = default_taxonomy()
    one = taxonomy.model_copy(update={"categories": taxonomy.categories[:1]})
    encoded = Encoded(encoder_version=encoder.version, texts=none, words=words, lessons=none)
    model = models.fit((), one, (), encoded)
    found = await shelf.embed(model, ["same words", "other words", "same words"])
    assert encoder.asked[-2:] == ["same words", "other words"]
    assert (found[0] == found[2]).all()
    assert (found[0] != found[1]).any()
    choice.encoder = HashedEncoder("encoder-2")
    with pytest.raises(Conflict, match="encoder-1"):
        await shelf.classify(model, ["same words"])
