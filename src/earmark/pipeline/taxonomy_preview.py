"""What a draft of the taxonomy would do, found out before it does it.

A model is fitted under the draft as the replay would fit one; the conversations of the last twelve
weeks (a sample of them, if there are many) are read with it and with the present model, both by
themselves. What is kept are counts and ids: examples are looked up when they are shown.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Final

from earmark.db import (
    carry_storage,
    change_storage,
    lesson_storage,
    masked_storage,
    preview_storage,
)
from earmark.db.carry_storage import Carried
from earmark.db.change_storage import TaxonomyChange
from earmark.db.connection import Database, ReadConnection
from earmark.db.lesson_storage import Told
from earmark.db.models import CANNOT_TELL, Model, Taxonomy
from earmark.db.preview_models import (
    Certainty,
    LabelEffect,
    Move,
    Preview,
    ReplayCost,
    WeekEffect,
    WeekRead,
)
from earmark.db.preview_storage import PreviewText, ReplaySize, WeekSize
from earmark.errors import Conflict
from earmark.llm.base import Prediction, TextModel
from earmark.pipeline import quoting
from earmark.pipeline.cascade import decide
from earmark.pipeline.classify import Draft, Minds
from earmark.pipeline.learn import (
    MOST_BY_MODEL,
    MOST_TEXTS,
    ModelShelf,
    fit_anew,
    settle_told,
)
from earmark.pipeline.quoting import Quote
from earmark.pipeline.taxonomy_change import require_usable
from earmark.pipeline.taxonomy_diff import Mapped, carry, map_forward, to_taxonomy

WEEKS: Final = 12
_MOST_READ: Final = 3_000
_BATCH: Final = 250
_EXAMPLES: Final = 5


class Stopped(Exception):
    """The preview is not wanted any more."""


async def make_preview(database: Database, minds: Minds, workspace_id: int, change_id: int) -> None:
    """Find out what a draft would do and store it; does nothing if that is not wanted any more."""
    async with database.read() as connection:
        change = await change_storage.get_change(connection, workspace_id, change_id)
        if change.preview_status not in ("queued", "running"):
            return
        matter = await _gather(connection, minds.shelf, workspace_id, change)
    try:
        preview = await _make(database, minds, workspace_id, change, matter)
    except Stopped:
        return
    async with database.write() as connection:
        await change_storage.finish_preview(connection, workspace_id, change, preview)


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a preview is made of."""

    base: Taxonomy
    present: TextModel
    texts: Sequence[str]
    told: Sequence[Told]
    weeks: Sequence[WeekSize]
    ids: Sequence[str]
    """The conversations to read twice; at least one."""
    labels: Sequence[Carried]
    replay: ReplaySize


async def _gather(
    connection: ReadConnection, shelf: ModelShelf, workspace_id: int, change: TaxonomyChange
) -> _Matter:
    """All that a preview needs; raises `Conflict` where there is nothing to compare."""
    base = await require_usable(connection, workspace_id, change)
    info, present = await shelf.latest(connection, workspace_id)
    if info.taxonomy_version != base.version:
        raise Conflict(
            f"Version {base.version} of the taxonomy is not in use yet.",
            why="No model has been fitted under it, so there is nothing to compare with.",
            fix="Wait for its replay to end, or start a run: `earmark run`.",
        )
    ids = await preview_storage.sample_ids(connection, workspace_id, weeks=WEEKS, limit=_MOST_READ)
    if not ids:
        raise Conflict(
            "There is nothing to preview with.",
            why="No conversation has been read and masked yet.",
            fix="Start a whole run first: `earmark run`.",
        )
    return _Matter(
        base=base,
        present=present,
        texts=await masked_storage.sample_customer_texts(
            connection, workspace_id, limit=MOST_TEXTS
        ),
        told=await lesson_storage.list_told(connection, workspace_id, most_by_model=MOST_BY_MODEL),
        weeks=await preview_storage.list_weeks(connection, workspace_id, weeks=WEEKS),
        ids=ids,
        labels=await carry_storage.count_labels(connection, workspace_id),
        replay=await preview_storage.replay_size(connection, workspace_id),
    )


async def _make(
    database: Database, minds: Minds, workspace_id: int, change: TaxonomyChange, matter: _Matter
) -> Preview:
    """Fit under the draft and read twice; raises `Stopped`."""
    forward = map_forward(matter.base, change.proposal).categories
    reading = _Reading(database, workspace_id, change, total=len(matter.ids))
    await reading.report(0)
    began = monotonic()
    proposed = to_taxonomy(change.proposal, matter.base.version + 1)
    told = carry_told(matter.told, forward)
    settled = await settle_told(database, workspace_id, proposed, told)
    draft = await fit_anew(minds.shelf, matter.texts, proposed, settled.lessons)
    fit_seconds = monotonic() - began
    outcomes = await reading.read(minds.shelf, matter.present, draft, matter.ids)
    money = await quoting.quote_draft(
        database, minds, workspace_id, Draft(taxonomy=proposed, model=draft)
    )
    await reading.report(len(matter.ids))
    weeks = matter.weeks
    return Preview(
        since=weeks[0].week if weeks else None,
        until=weeks[-1].week + timedelta(days=7) if weeks else None,
        conversations=sum(week.conversations for week in weeks),
        read=len(outcomes),
        moves=count_moves(outcomes, forward),
        weeks=count_read(outcomes, weeks),
        effects=estimate_weeks(outcomes, weeks),
        before=_certainty([outcome.before for outcome in outcomes]),
        after=_certainty([outcome.after for outcome in outcomes]),
        labels=tuple(
            LabelEffect(category_id=row.value, labels=row.labels, becomes=carry(row.value, forward))
            for row in matter.labels
        ),
        cost=_cost(matter.replay, money),
        fit_seconds=round(fit_seconds, 1),
    )


def _cost(replay: ReplaySize, money: Quote | None) -> ReplayCost:
    return ReplayCost(
        conversations=replay.conversations,
        seconds=replay.seconds,
        model=money.model if money else None,
        input_tokens=money.calls * money.input_tokens if money else None,
        usd=float(money.high) if money and money.high is not None else None,
    )


def carry_told(told: Sequence[Told], forward: Mapped) -> list[Told]:
    """What would still be told: labels by people go where applying the draft would take them."""
    found: list[Told] = []
    for one in told:
        category = carry(one.category_id, forward) if one.origin == "human" else one.category_id
        if category is not None:
            found.append(one.model_copy(update={"category_id": category}))
    return found


class Label(Model):
    """What a model says of one conversation."""

    category_id: str
    confidence: float


class Outcome(Model):
    """One conversation, read twice."""

    conversation_id: str
    week: datetime
    before: Label
    after: Label


class _Reading:
    """Reads the sample in batches, tells how far it is, and stops when it is told to."""

    def __init__(
        self, database: Database, workspace_id: int, change: TaxonomyChange, *, total: int
    ) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._change = change
        self._total = total

    async def report(self, done: int) -> None:
        async with self._database.write() as connection:
            wanted = await change_storage.report_preview(
                connection, self._workspace_id, self._change, done=done, total=self._total
            )
        if not wanted:
            raise Stopped

    async def read(
        self, shelf: ModelShelf, present: TextModel, draft: TextModel, ids: Sequence[str]
    ) -> list[Outcome]:
        found: list[Outcome] = []
        for start in range(0, len(ids), _BATCH):
            async with self._database.read() as connection:
                texts = await preview_storage.read_texts(
                    connection, self._workspace_id, ids[start : start + _BATCH]
                )
            found += await _read_both(shelf, present, draft, texts)
            await self.report(min(len(ids), start + _BATCH))
        return found


async def _read_both(
    shelf: ModelShelf, present: TextModel, draft: TextModel, texts: Sequence[PreviewText]
) -> list[Outcome]:
    said = [text.text for text in texts]
    before = await shelf.classify(present, said)
    after = await shelf.classify(draft, said)
    return [
        Outcome(
            conversation_id=text.conversation_id,
            week=text.week,
            before=_label(now),
            after=_label(then),
        )
        for text, now, then in zip(texts, before, after, strict=True)
    ]


def _label(prediction: Prediction) -> Label:
    category, confidence = decide(prediction)
    return Label(category_id=category, confidence=confidence)


# ---------------------------------------------------------------- what comes of it


def count_moves(outcomes: Sequence[Outcome], forward: Mapped) -> tuple[Move, ...]:
    """Conversations per pair of categories, those that move unasked first, the most first."""
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for outcome in outcomes:
        pairs[outcome.before.category_id, outcome.after.category_id].append(outcome.conversation_id)
    moves = [
        Move(
            before=before,
            after=after,
            conversations=len(ids),
            is_meant=after in forward.get(before, (before,)),
            examples=tuple(ids[:_EXAMPLES]),
        )
        for (before, after), ids in pairs.items()
    ]
    return tuple(sorted(moves, key=lambda m: (m.is_meant, -m.conversations, m.before, m.after)))


def count_read(outcomes: Sequence[Outcome], weeks: Sequence[WeekSize]) -> tuple[WeekRead, ...]:
    """How many conversations of each week were read."""
    read = Counter(outcome.week for outcome in outcomes)
    return tuple(
        WeekRead(week=week.week, conversations=week.conversations, read=read[week.week])
        for week in weeks
    )


def estimate_weeks(
    outcomes: Sequence[Outcome], weeks: Sequence[WeekSize]
) -> tuple[WeekEffect, ...]:
    """Each category in each week, before and after, scaled from the sample to the week."""
    read = Counter(outcome.week for outcome in outcomes)
    before = Counter((outcome.week, outcome.before.category_id) for outcome in outcomes)
    after = Counter((outcome.week, outcome.after.category_id) for outcome in outcomes)
    named = sorted({category for _, category in (*before, *after)})
    return tuple(
        WeekEffect(
            week=week.week,
            category_id=category,
            before=round(before[week.week, category] * week.conversations / read[week.week], 2),
            after=round(after[week.week, category] * week.conversations / read[week.week], 2),
        )
        for week in weeks
        if read[week.week]
        for category in named
    )


def _certainty(labels: Sequence[Label]) -> Certainty:
    unsure = sum(label.category_id == CANNOT_TELL for label in labels)
    whole = max(len(labels), 1)
    return Certainty(
        cannot_tell=round(unsure / whole, 4),
        confidence=round(sum(label.confidence for label in labels) / whole, 4),
    )
