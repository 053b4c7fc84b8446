"""What a demo came to, in figures, and how right it was against the sample's truth."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

import psutil

from earmark.db import (
    classification_storage,
    reading_storage,
    story_storage,
    sync_storage,
    theme_storage,
)
from earmark.db.connection import Database
from earmark.db.models import THEMELESS_CATEGORIES, Model, StageProgress
from earmark.sources.simulator.dataset import Dataset

_SAMPLE_SECONDS: Final = 0.25


class ConversationFigures(Model):
    """Of the conversations that the source has."""

    expected: int
    stored: int
    failed: int
    skipped: int


class QuoteFigures(Model):
    """Of the quotes that were extracted."""

    located: int
    dropped: int


class TruthFigures(Model):
    """Against the truth of the sample; null where the source has none to compare with."""

    category_macro_f1: float | None
    theme_ari: float | None
    """Adjusted Rand index; conversations in the remainder count as themes of their own."""
    theme_nmi: float | None
    conversations: int
    """Conversations that the theme figures are over."""


class DemoReport(Model):
    """All of it."""

    conversations: ConversationFigures
    categories: dict[str, int]
    themes: int
    remainder_share: float
    """Share of the conversations that were read and are not spam that is in no theme."""
    stories: int
    quotes: QuoteFigures
    seconds: dict[str, float]
    """`total` is the whole command up to the last story; `setup` and the stages are in it."""
    url: str | None = None
    """Of the web app, where it is served."""
    peak_rss_mb: float
    """Of Earmark's processes together (command, worker, simulator), without PostgreSQL."""
    truth: TruthFigures


class MemoryMeter:
    """The largest sum of resident memory of Earmark's processes, sampled four times a second.

    These are this process and all that run the same Python below it: worker, simulator, learning.
    """

    def __init__(self) -> None:
        self._own = psutil.Process()
        self.peak_bytes = 0

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Sample for as long as the block runs."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            self.peak_bytes = max(self.peak_bytes, self._sum())
            await asyncio.sleep(_SAMPLE_SECONDS)

    def _sum(self) -> int:
        program = self._own.exe()
        total = self._own.memory_info().rss
        for process in self._own.children(recursive=True):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_info().rss if process.exe() == program else 0
        return total


def stage_seconds(stages: Sequence[StageProgress]) -> dict[str, float]:
    """How long each stage took."""
    return {
        stage.stage.value: round(_between(stage.started_at, stage.finished_at), 2)
        for stage in stages
    }


def _between(start: datetime | None, end: datetime | None) -> float:
    return (end - start).total_seconds() if start and end else 0.0


async def make_report(
    database: Database,
    workspace_id: int,
    open_truth: Callable[[], Dataset],
    *,
    seconds: dict[str, float],
    peak_bytes: int,
) -> DemoReport:
    """Count what is in the database and compare it with the truth."""
    async with database.read() as reader:
        coverage = await sync_storage.get_coverage(reader, workspace_id)
        categories = await classification_storage.count_categories(reader, workspace_id)
        totals = await theme_storage.count_themed(
            reader, workspace_id, excluded=THEMELESS_CATEGORIES
        )
        quotes = await reading_storage.count_quotes(reader, workspace_id)
        stories = await story_storage.count_stories(reader, workspace_id)
        labels = await classification_storage.final_categories(reader, workspace_id)
        themes = await theme_storage.primary_themes(reader, workspace_id)
    remainder = totals.conversations - totals.themed
    return DemoReport(
        conversations=ConversationFigures(
            expected=coverage.expected,
            stored=coverage.stored,
            failed=coverage.failed + coverage.pending + coverage.unreadable,
            skipped=coverage.skipped,
        ),
        categories={count.category_id: count.conversations for count in categories},
        themes=totals.themes,
        remainder_share=round(remainder / totals.conversations, 4) if totals.conversations else 0.0,
        stories=stories,
        quotes=QuoteFigures(located=quotes.located, dropped=quotes.dropped),
        seconds=seconds,
        peak_rss_mb=round(peak_bytes / 1e6, 1),
        truth=await asyncio.to_thread(lambda: compare(open_truth(), labels, themes)),
    )


def compare(dataset: Dataset, labels: dict[str, str], themes: dict[str, int]) -> TruthFigures:
    """Labels and themes by conversation id, against the truth of the same conversations."""
    # Loads scikit-learn, which nothing else of this process needs.
    from earmark.evaluation.classification_metrics import score_classification  # noqa: PLC0415
    from earmark.evaluation.clustering_metrics import score_clustering  # noqa: PLC0415

    true_labels: list[str] = []
    predicted: list[str] = []
    true_themes: list[str] = []
    found: list[int] = []
    for index in range(dataset.conversations.number):
        truth = dataset.truth(index)
        label = labels.get(truth.conversation_id)
        if label is None:
            continue  # deleted at the source, or without a word of the customer
        if truth.category is not None:
            true_labels.append(truth.category)
            predicted.append(label)
        if truth.issues and not truth.is_spam:
            true_themes.append(truth.issues[0].theme)
            found.append(themes.get(truth.conversation_id, -1))
    grouping = score_clustering(true_themes, found) if true_themes else None
    return TruthFigures(
        category_macro_f1=round(score_classification(true_labels, predicted).macro_f1, 4)
        if true_labels
        else None,
        theme_ari=round(grouping.adjusted_rand, 4) if grouping else None,
        theme_nmi=round(grouping.normalized_mutual_information, 4) if grouping else None,
        conversations=len(true_themes),
    )
