"""Which stage does what, and what comes next. `jobs` decides when and on which worker.

A stage is either one piece of work (sync, first look, learn, themes, stories) or many pages of
conversations that workers share (fetch, mask, classify). Every piece selects only what is not done
yet, so doing it twice, or again after a crash, changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from earmark.db import run_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import Run, Stage
from earmark.llm.base import LanguageModel, ThemeFinder
from earmark.pipeline import classify, first_look, ingest, learn, masking, stories, themes
from earmark.pipeline.asking import PageOutcome
from earmark.pipeline.batch_reading import Batches
from earmark.pipeline.cascade import Mode
from earmark.pipeline.classify import Minds
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.progress import Progress
from earmark.pipeline.spending import Spending
from earmark.sources.base import Source

PAGED: Final = frozenset({Stage.FETCH, Stage.MASK, Stage.CLASSIFY})
_PAGE_SIZE: Final = 100
MOST_ATTEMPTS: Final = 5

OpenSource = Callable[[int], AbstractAsyncContextManager[Source]]
"""Opens the source of the workspace with that id; raises `ConfigurationError`."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the stages need from outside."""

    database: Database
    open_source: OpenSource
    shelf: ModelShelf
    finder: ThemeFinder
    sync_every: timedelta | None = None
    """How often workspaces are looked at without being told to; null for never."""
    mode: Mode = Mode.OFFLINE
    language_model: LanguageModel | None = None
    """Null offline."""
    spending: Spending | None = None
    batches: Batches | None = None
    """Null where the language model has none."""

    @property
    def minds(self) -> Minds:
        """Who may read."""
        return Minds(
            shelf=self.shelf,
            mode=self.mode,
            language_model=self.language_model,
            spending=self.spending,
        )


async def make_pages(
    services: Services, connection: WriteConnection, run: Run, stage: Stage
) -> int:
    """Split what a paged stage has to do into pages; returns the number of conversations."""
    if stage is Stage.FETCH:
        return await run_storage.create_fetch_pages(
            connection, run, max_attempts=ingest.MOST_ATTEMPTS, page_size=_PAGE_SIZE
        )
    if stage is Stage.MASK:
        return await run_storage.create_mask_pages(
            connection, run, masker=masking.MASKER_VERSION, page_size=_PAGE_SIZE
        )
    return await run_storage.create_classify_pages(
        connection,
        run,
        reader=await classify.reader_key(connection, run.workspace_id, services.minds),
        max_attempts=MOST_ATTEMPTS,
        page_size=_PAGE_SIZE,
    )


async def perform_stage(services: Services, run: Run, stage: Stage) -> None:
    """Do a stage that is one piece of work; returns early if a cancel is requested."""
    progress = Progress(services.database, run, stage)
    work: dict[Stage, Callable[[], Awaitable[None]]] = {
        Stage.SYNC: lambda: _sync(services, run, progress),
        Stage.FIRST_LOOK: lambda: first_look.look(
            services.database, services.shelf, run.workspace_id, progress
        ),
        Stage.LEARN: lambda: learn.fit_model(
            services.database, services.shelf, run.workspace_id, progress
        ),
        Stage.THEMES: lambda: themes.update_themes(
            services.database, services.finder, run.workspace_id, progress
        ),
        Stage.STORIES: lambda: stories.draft_stories(services.database, run.workspace_id, progress),
    }
    await work[stage]()


async def _sync(services: Services, run: Run, progress: Progress) -> None:
    async with services.open_source(run.workspace_id) as source:
        await ingest.sync(services.database, source, run.workspace_id, progress)


async def perform_page(
    services: Services, run: Run, stage: Stage, conversation_ids: Sequence[str]
) -> list[str]:
    """Do one page of a paged stage; the ids of those that failed, each recorded with its reason."""
    if stage is Stage.FETCH:
        async with services.open_source(run.workspace_id) as source:
            await ingest.fetch_page(services.database, source, run.workspace_id, conversation_ids)
    elif stage is Stage.MASK:
        await masking.mask_page(services.database, run.workspace_id, conversation_ids)
    else:
        outcome = await classify.classify_page(
            services.database,
            services.minds,
            run.workspace_id,
            conversation_ids,
            run_id=run.id,
        )
        await _tell_of_waiting(services, run, outcome)
        return list(outcome.failed)
    return []


async def _tell_of_waiting(services: Services, run: Run, outcome: PageOutcome) -> None:
    """Say in the run's log, once, that a ceiling is reached and the rest waits."""
    if outcome.waiting:
        async with services.database.write() as connection:
            await run_storage.add_note_once(
                connection, run, stage=Stage.CLASSIFY, message=outcome.waits_for
            )


async def record_failure(
    services: Services, run: Run, stage: Stage, conversation_id: str, reason: str
) -> None:
    """Record that a conversation cannot be done, so that the others go on."""
    if stage is Stage.FETCH:
        await ingest.record_failure(
            services.database, run.workspace_id, conversation_id, reason=reason
        )
    else:
        await classify.record_failure(
            services.database,
            services.minds,
            run.workspace_id,
            conversation_id,
            stage=stage,
            reason=reason,
        )
