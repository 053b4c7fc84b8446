"""How right the labels of a workspace are, by labels of people."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from earmark.api.changes import Changes, find_changes
from earmark.api.versions import Version, list_versions, newest_judgements
from earmark.db import judgement_storage
from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import LabelStage
from earmark.db.judgement_storage import QuoteCount, Rating
from earmark.db.models import CANNOT_TELL, Decider, Interval, Model
from earmark.evaluation import intervals
from earmark.evaluation.accuracy import Accuracy, Judgement, measure_accuracy
from earmark.evaluation.agreement import (
    Agreement,
    PairAgreement,
    compare_labellers,
    measure_agreement,
)
from earmark.evaluation.calibration import (
    Judged,
    ReliabilityBin,
    RiskPoint,
    calibrate,
)
from earmark.evaluation.prevalence import LABELS_NEEDED

_ANY_TARGET: Final = 0.95
"""Only thresholds depend on it, which are not asked for here."""


class Confidence(Model):
    """How far the machine's confidence can be believed."""

    error: float | None
    """Expected calibration error over ten bins; null without labels."""
    bins: tuple[ReliabilityBin, ...]
    risk_coverage: tuple[RiskPoint, ...]


class QuoteFailures(Model):
    """How often a model's quotes could not be found: the cheapest alarm for invention."""

    decider: Decider
    model_version: str
    located: int
    dropped: int
    failed: Interval | None


class AccuracyReport(Model):
    """All that labels by people say of the machine's."""

    stage: LabelStage
    needed: int
    """Labels drawn by chance from which on shares are shown as measured."""
    labelled: int
    """Conversations that people have labelled, whatever the reason."""
    accuracy: Accuracy
    confidence: Confidence
    agreement: Agreement
    labellers: tuple[PairAgreement, ...]
    changes: Changes
    quotes: tuple[QuoteFailures, ...]
    versions: tuple[Version, ...]
    as_of: datetime


async def report_accuracy(
    reader: ReadConnection, workspace_id: int, stage: LabelStage
) -> AccuracyReport:
    """Measure everything that labels allow; what they do not is null."""
    labels = await judgement_storage.list_machine_labels(reader, workspace_id, stage)
    ratings = await judgement_storage.list_ratings(reader, workspace_id, stage)
    counts = await judgement_storage.count_labels(reader, workspace_id, [stage])
    quotes = await judgement_storage.count_quotes_by_model(reader, workspace_id)
    changes = await find_changes(reader, workspace_id, stage, labels)
    judgements = newest_judgements(labels)
    # Resampling keeps a core busy for tenths of a second.
    accuracy = await asyncio.to_thread(measure_accuracy, judgements)
    agreement, labellers = await asyncio.to_thread(_agree, ratings)
    return AccuracyReport(
        stage=stage,
        needed=LABELS_NEEDED,
        labelled=counts[stage],
        accuracy=accuracy,
        confidence=_believe(judgements),
        agreement=agreement,
        labellers=labellers,
        changes=changes,
        quotes=tuple(_to_failures(one) for one in quotes),
        versions=list_versions(labels),
        as_of=datetime.now(UTC),
    )


def _believe(judgements: Sequence[Judgement]) -> Confidence:
    """Of decided labels: what the machine cannot tell has no confidence to be believed."""
    judged = [
        Judged(category_id=one.said, confidence=one.confidence, is_right=one.said == one.answered)
        for one in judgements
        if CANNOT_TELL not in (one.said, one.answered)
    ]
    found = calibrate(judged, (), target=_ANY_TARGET)
    return Confidence(error=found.error, bins=found.bins, risk_coverage=found.risk_coverage)


def _agree(ratings: Sequence[Rating]) -> tuple[Agreement, tuple[PairAgreement, ...]]:
    items: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for rating in ratings:
        items[rating.conversation_id][rating.labeller] = rating.value
    said = [list(item.values()) for item in items.values()]
    return measure_agreement(said), tuple(compare_labellers(list(items.values())))


def _to_failures(count: QuoteCount) -> QuoteFailures:
    tried = count.located + count.dropped
    return QuoteFailures(
        **dict(count), failed=intervals.share(count.dropped, tried) if tried else None
    )
