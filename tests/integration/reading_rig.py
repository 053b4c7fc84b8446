"""A workspace with a few conversations, and what comes of reading them."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from earmark.db import classification_storage, reading_storage, run_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.models import (
    Classification,
    ClassificationStage,
    Facets,
    Message,
    Run,
    RunStatus,
    Stage,
    Taxonomy,
    Thread,
    Workspace,
)
from earmark.db.reading_storage import ReadingState, StoredEvidence, StoredIssue
from earmark.errors import NotFound
from earmark.llm.base import LanguageModel
from earmark.pipeline import learn, masking
from earmark.pipeline.asking import PageOutcome
from earmark.pipeline.cascade import Mode
from earmark.pipeline.classify import Minds, classify_page
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.progress import Progress
from earmark.pipeline.run import Services, perform_page
from earmark.pipeline.spending import Spending
from earmark.sources.base import Source
from tests.fixtures.models import GreedyFinder, HashedModels
from tests.fixtures.threads import make_workspace, store


def _no_source(_: int) -> AbstractAsyncContextManager[Source]:
    raise NotFound("these workspaces have no source")


class Desk:
    """Reads conversations of one workspace, and looks at what is stored."""

    def __init__(self, database: Database, workspace: Workspace, run: Run) -> None:
        self.database = database
        self.workspace = workspace
        self.run = run
        self.shelf = ModelShelf(HashedModels())
        self.threads: dict[str, Thread] = {}

    async def add(self, *threads: Thread, fit: bool = True) -> None:
        """Store and mask conversations, and fit a model."""
        await store(self.database, self.workspace, *threads)
        self.threads |= {thread.conversation.id: thread for thread in threads}
        ids = [thread.conversation.id for thread in threads]
        await masking.mask_page(self.database, self.workspace.id, ids)
        if fit:
            progress = Progress(self.database, self.run, Stage.LEARN)
            await learn.fit_model(self.database, self.shelf, self.workspace.id, progress)

    async def use(self, taxonomy: Taxonomy) -> None:
        """Give the workspace this taxonomy, before anything is fitted."""
        async with self.database.write() as connection:
            await taxonomy_storage.add_taxonomy(
                connection, self.workspace.id, taxonomy, note="of a test"
            )

    def minds(
        self,
        model: LanguageModel | None,
        mode: Mode = Mode.LLM,
        spending: Spending | None = None,
    ) -> Minds:
        """Who reads."""
        return Minds(shelf=self.shelf, mode=mode, language_model=model, spending=spending)

    async def read(
        self,
        model: LanguageModel | None,
        *ids: str,
        mode: Mode = Mode.LLM,
        spending: Spending | None = None,
    ) -> PageOutcome:
        """Read these conversations, or all that are there."""
        return await classify_page(
            self.database,
            self.minds(model, mode, spending),
            self.workspace.id,
            list(ids) or list(self.threads),
            run_id=self.run.id,
        )

    async def read_in_run(
        self,
        model: LanguageModel | None,
        *,
        spending: Spending | None = None,
    ) -> Run:
        """A run of which only the reading is done, as a worker does it."""
        services = Services(
            database=self.database,
            open_source=_no_source,
            shelf=self.shelf,
            finder=GreedyFinder(),
            mode=Mode.LLM if model else Mode.OFFLINE,
            language_model=model,
            spending=spending,
        )
        async with self.database.write() as connection:
            await run_storage.finish_run(connection, self.run, RunStatus.SUCCEEDED)
            run = await run_storage.create_run(connection, self.workspace.id)
            await run_storage.start_stage(connection, run, Stage.CLASSIFY)
        self.run = run
        await perform_page(services, run, Stage.CLASSIFY, list(self.threads))
        async with self.database.write() as connection:
            await run_storage.finish_stage(connection, run, Stage.CLASSIFY)
            await run_storage.finish_run(connection, run, RunStatus.SUCCEEDED)
            return await run_storage.get_run(connection, run.workspace_id, run.id)

    async def label(
        self, identifier: str, stage: ClassificationStage = ClassificationStage.FINAL
    ) -> Classification | None:
        """The current label."""
        async with self.database.read() as reader:
            found = await classification_storage.list_classifications(
                reader, self.workspace.id, [identifier]
            )
        return next((label for label in found if label.stage is stage), None)

    async def facets(self, identifier: str) -> Facets:
        """What else is known; there must be something."""
        async with self.database.read() as reader:
            found = await classification_storage.get_facets(reader, self.workspace.id, identifier)
        if found is None:
            raise NotFound(f"{identifier} was not read")
        return found

    async def issues(self, identifier: str) -> list[StoredIssue]:
        """The issues of a conversation."""
        async with self.database.read() as reader:
            return await reading_storage.list_issues(reader, self.workspace.id, identifier)

    async def evidence(self, identifier: str) -> list[StoredEvidence]:
        """The verified quotes of a conversation."""
        async with self.database.read() as reader:
            return await reading_storage.list_evidence(reader, self.workspace.id, identifier)

    async def quotes(self, identifier: str) -> list[str]:
        """The words of the verified quotes, as they stand in the messages."""
        messages = {message.id: message for message in self.messages(identifier)}
        return [
            messages[quote.message_id].body[quote.start : quote.end]
            for quote in await self.evidence(identifier)
        ]

    def messages(self, identifier: str) -> Sequence[Message]:
        """The messages of a conversation."""
        return self.threads[identifier].messages

    async def state(self, identifier: str) -> ReadingState | None:
        """Where a conversation stands."""
        async with self.database.read() as reader:
            return await reading_storage.get_reading_state(reader, self.workspace.id, identifier)

    async def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """The rows of a query."""
        async with self.database.read() as reader:
            cursor = await reader.execute(query.encode(), parameters)
            return list(await cursor.fetchall())

    async def execute(self, query: str, *parameters: object) -> None:
        """Change something behind the product's back."""
        async with self.database.write() as connection:
            await connection.execute(query.encode(), parameters)

    async def forget(self, *tables: str) -> None:
        """Empty these tables."""
        async with self.database.write() as connection:
            for table in tables:
                await connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))

    async def prove(self, **thresholds: float) -> None:
        """As if labels by people had set these thresholds."""
        await self.execute(
            "UPDATE text_models SET calibration = %s", Jsonb({"thresholds": thresholds})
        )

    async def taxonomy(self) -> Taxonomy:
        """The present one."""
        async with self.database.read() as reader:
            found = await taxonomy_storage.get_taxonomy(reader, self.workspace.id)
        if found is None:
            raise NotFound("no taxonomy")
        return found


async def open_desk(database: Database) -> Desk:
    """A desk in a new workspace."""
    workspace = await make_workspace(database)
    async with database.write() as connection:
        run = await run_storage.create_run(connection, workspace.id)
    return Desk(database, workspace, run)
