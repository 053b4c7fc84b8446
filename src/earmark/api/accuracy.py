"""How right the labels of a workspace are, and whether a newer version is better than an older."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final

from earmark.db import (
    conversation_storage,
    judgement_storage,
    lesson_storage,
    taxonomy_storage,
)
from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import LabelStage
from earmark.db.judgement_storage import MachineLabel, MixCount, QuoteCount, Rating
from earmark.db.models import CANNOT_TELL, Decider, Interval, Model
from earmark.errors import InvalidInput
from earmark.evaluation import intervals
from earmark.evaluation.accuracy import Accuracy, Judgement, measure_accuracy
from earmark.evaluation.agreement import (
    Agreement,
    PairAgreement,
    compare_labellers,
    measure_agreement,
)
from earmark.evaluation.calibration import (
    Calibration,
    Drift,
    Judged,
    ReliabilityBin,
    RiskPoint,
    calibrate,
    find_drift,
)
from earmark.evaluation.gates import Comparison, compare
from earmark.evaluation.prevalence import LABELS_NEEDED

RECENT_DAYS: Final = 28
BEFORE_DAYS: Final = 84
_ANY_TARGET: Final = 0.95
"""Only thresholds depend on it, which are not asked for here."""
_MOST_RECENT: Final = 5_000


class Confidence(Model):
    """How far the machine's confidence can be believed."""

    error: float | None
    """Expected calibration error over ten bins; null without labels."""
    bins: tuple[ReliabilityBin, ...]
    risk_coverage: tuple[RiskPoint, ...]


class MixShare(Model):
    """A category's share of what machines and people say now, in two periods."""

    category_id: str
    recent: int
    before: int
    recent_share: Interval | None
    before_share: Interval | None
    is_sure: bool
    """The shares differ, and chance among all categories does not explain it."""


class Changes(Model):
    """What changes while nobody looks."""

    since: datetime | None
    """Begin of the newer period; null before there are conversations."""
    recent_days: int
    before_days: int
    mix: tuple[MixShare, ...]
    audits: Interval | None
    """How often a language model agreed with sure labels of the local model; null for none."""
    audited: int
    promise: Drift | None
    """What became of the precision that the local model promised where it decides alone, by labels
    and audits since it was fitted; null where it promised none."""


class QuoteFailures(Model):
    """How often a model's quotes could not be found: the cheapest alarm for invention."""

    decider: Decider
    model_version: str
    located: int
    dropped: int
    failed: Interval | None


class Version(Model):
    """A version of the machine that labelled conversations which people labelled too."""

    decider: Decider
    model_version: str
    taxonomy_version: int
    conversations: int
    first_at: datetime


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
    changes = await _find_changes(reader, workspace_id, stage, labels)
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


def newest_judgements(labels: Sequence[MachineLabel]) -> list[Judgement]:
    """The machine's present label of each, unless it may have learnt from the answer."""
    newest = (next(group) for _, group in groupby(labels, key=lambda one: one.conversation_id))
    return [_to_judgement(one) for one in newest if _is_fair(one)]


def _is_fair(label: MachineLabel) -> bool:
    return label.is_holdout or label.answered_at > label.created_at


def _to_judgement(label: MachineLabel) -> Judgement:
    return Judgement(
        said=label.category_id,
        answered=label.answered,
        confidence=label.confidence,
        decider=label.decider,
        model_version=label.model_version,
        said_at=label.created_at,
        answered_at=label.answered_at,
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


async def _find_changes(
    reader: ReadConnection,
    workspace_id: int,
    stage: LabelStage,
    labels: Sequence[MachineLabel],
) -> Changes:
    latest = await conversation_storage.latest_conversation_at(reader, workspace_id)
    audits = await judgement_storage.count_audits(reader, workspace_id)
    agreed = intervals.share(audits.agreed, audits.checked) if audits.checked else None
    changes = Changes(
        since=None,
        recent_days=RECENT_DAYS,
        before_days=BEFORE_DAYS,
        mix=(),
        audits=agreed,
        audited=audits.checked,
        promise=await _find_drift(reader, workspace_id, labels) if stage == "final" else None,
    )
    if latest is None:
        return changes
    since = latest - timedelta(days=RECENT_DAYS)
    mix = await judgement_storage.count_mix(
        reader,
        workspace_id,
        stage,
        before_from=since - timedelta(days=BEFORE_DAYS),
        recent_from=since,
        until=latest + timedelta(seconds=1),
    )
    return changes.model_copy(update={"since": since, "mix": compare_mix(mix)})


async def _find_drift(
    reader: ReadConnection, workspace_id: int, labels: Sequence[MachineLabel]
) -> Drift | None:
    model = await taxonomy_storage.latest_model(reader, workspace_id)
    stored = await lesson_storage.latest_calibration(reader, workspace_id)
    if model is None or stored is None or stored.calibration is None:
        return None
    audits = await lesson_storage.list_audits(
        reader, workspace_id, since=model.created_at, limit=_MOST_RECENT
    )
    confidences = await lesson_storage.list_confidences(
        reader, workspace_id, since=model.created_at, limit=_MOST_RECENT
    )
    judged = [
        Judged(
            category_id=one.category_id,
            confidence=one.confidence,
            is_right=one.category_id == one.answered,
        )
        for one in labels
        if one.model_version == model.version and one.answered_at > model.created_at
        if CANNOT_TELL not in (one.category_id, one.answered)
    ]
    asked = [
        Judged(
            category_id=one.local_category_id,
            confidence=one.local_confidence,
            is_right=one.local_category_id == one.category_id,
        )
        for one in audits
        if one.conversation_id not in {label.conversation_id for label in labels}
    ]
    return find_drift(
        Calibration.model_validate(stored.calibration), [*judged, *asked], confidences
    )


def compare_mix(counts: Sequence[MixCount]) -> tuple[MixShare, ...]:
    """Shares of both periods, and which of them have surely changed among all."""
    recent = sum(one.recent for one in counts)
    before = sum(one.before for one in counts)
    sure = [False] * len(counts)
    if recent and before:
        # A rate per conversation instead of per day: the test is the same.
        sure = intervals.discoveries(
            [
                intervals.change_p_value(
                    one.recent, one.before, now_days=recent, before_days=before
                )
                for one in counts
            ]
        )
    return tuple(
        MixShare(
            category_id=one.category_id,
            recent=one.recent,
            before=one.before,
            recent_share=intervals.share(one.recent, recent) if recent else None,
            before_share=intervals.share(one.before, before) if before else None,
            is_sure=is_sure,
        )
        for one, is_sure in zip(counts, sure, strict=True)
    )


def _to_failures(count: QuoteCount) -> QuoteFailures:
    tried = count.located + count.dropped
    return QuoteFailures(
        **dict(count), failed=intervals.share(count.dropped, tried) if tried else None
    )


def list_versions(labels: Sequence[MachineLabel]) -> tuple[Version, ...]:
    """What has labelled the conversations that people have labelled too, newest first."""
    groups: defaultdict[tuple[Decider, str, int], list[MachineLabel]] = defaultdict(list)
    for label in labels:
        groups[label.decider, label.model_version, label.taxonomy_version].append(label)
    versions = [
        Version(
            decider=decider,
            model_version=model,
            taxonomy_version=taxonomy,
            conversations=len({one.conversation_id for one in group}),
            first_at=min(one.created_at for one in group),
        )
        for (decider, model, taxonomy), group in groups.items()
    ]
    return tuple(sorted(versions, key=lambda one: one.first_at, reverse=True))


async def compare_versions(
    reader: ReadConnection,
    workspace_id: int,
    stage: LabelStage,
    before: str,
    after: str | None = None,
) -> Comparison:
    """The gate: an older version against a newer one, or against what is said now.

    A version is a model's (its beginning is enough), or `taxonomy N`; raises `InvalidInput` for
    one that has labelled nothing that people have labelled too.
    """
    labels = await judgement_storage.list_machine_labels(reader, workspace_id, stage)
    older = _labels_of(labels, before)
    newer = _labels_of(labels, after)
    both = sorted(older.keys() & newer.keys())
    return await asyncio.to_thread(
        compare,
        [older[one].answered for one in both],
        [older[one].category_id for one in both],
        [newer[one].category_id for one in both],
        names=(before, after or "now"),
    )


def _labels_of(labels: Sequence[MachineLabel], version: str | None) -> dict[str, MachineLabel]:
    """The newest label of a version for each conversation, where it is fair to measure it."""
    matching = [label for label in labels if version is None or _is_of(label, version)]
    if version is not None and not matching:
        raise InvalidInput(
            f"No conversation that people have labelled was labelled by version {version}.",
            fix="`earmark eval` lists the versions that can be compared.",
        )
    newest: dict[str, MachineLabel] = {}
    for label in matching:
        newest.setdefault(label.conversation_id, label)
    return {one: label for one, label in newest.items() if _is_fair(label)}


def _is_of(label: MachineLabel, version: str) -> bool:
    if version.startswith("taxonomy "):
        return version == f"taxonomy {label.taxonomy_version}"
    return label.model_version.startswith(version)
