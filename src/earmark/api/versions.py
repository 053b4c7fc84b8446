"""Versions of the machine on the conversations that people have labelled, and the gate for them."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from earmark.db import judgement_storage
from earmark.db.connection import ReadConnection
from earmark.db.evaluation_storage import LabelStage
from earmark.db.judgement_storage import MachineLabel
from earmark.db.models import Decider, Model
from earmark.errors import InvalidInput
from earmark.evaluation.accuracy import Judgement
from earmark.evaluation.gates import Comparison, compare


class Version(Model):
    """A version of the machine that labelled conversations which people labelled too."""

    decider: Decider
    model_version: str
    taxonomy_version: int
    conversations: int
    first_at: datetime


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
    names = sorted({label.model_version for label in matching})
    if version is not None and version not in names and not _is_taxonomy(version) and names[1:]:
        raise InvalidInput(
            f"{version!r} is the beginning of more than one version: {', '.join(names)}.",
            fix="Give one of them as it is.",
        )
    if version is not None and not matching:
        raise InvalidInput(
            "No conversation that people have labelled was labelled by version"
            f" {version or '(none)'}.",
            fix="`earmark eval` lists the versions that can be compared.",
        )
    newest: dict[str, MachineLabel] = {}
    for label in matching:
        newest.setdefault(label.conversation_id, label)
    return {one: label for one, label in newest.items() if _is_fair(label)}


def _is_taxonomy(version: str) -> bool:
    return version.startswith("taxonomy ")


def _is_of(label: MachineLabel, version: str) -> bool:
    if _is_taxonomy(version):
        return version == f"taxonomy {label.taxonomy_version}"
    return bool(version) and label.model_version.startswith(version)
