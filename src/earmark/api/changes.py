"""What changes in a workspace: the mix of labels, and how right the sure ones are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from earmark.db import (
    conversation_storage,
    judgement_storage,
    lesson_storage,
    taxonomy_storage,
)
from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import LabelStage
from earmark.db.judgement_storage import MachineLabel, MixCount
from earmark.db.models import CANNOT_TELL, Interval, Model
from earmark.evaluation import intervals
from earmark.evaluation.calibration import Calibration, Drift, Judged, find_drift

RECENT_DAYS: Final = 28
BEFORE_DAYS: Final = 84
_MOST_RECENT: Final = 5_000


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


async def find_changes(
    reader: ReadConnection,
    workspace_id: int,
    stage: LabelStage,
    labels: Sequence[MachineLabel],
) -> Changes:
    """Compare the newest weeks with those before; `labels` are of labelled conversations."""
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
