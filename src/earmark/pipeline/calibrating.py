"""How far the workspace's model can be believed: asked when it is fitted, and when labels come.

Judged are only labels by people of conversations that were drawn at random from all: those that
were chosen because the model was unsure or wrong say nothing of the others.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from earmark.db import lesson_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.lesson_storage import Told
from earmark.db.models import Model
from earmark.evaluation.calibration import Calibration, Drift, Judged, calibrate, find_drift
from earmark.llm.base import Prediction, TextModel
from earmark.pipeline.shelf import ModelShelf

_MOST_LOOKED_AT: Final = 1_000
"""Conversations whose confidences are kept, to compare later ones with."""
_MOST_RECENT: Final = 2_000

Guess = tuple[str, float]
"""A category and how sure the model is of it."""


class Evidence(Model):
    """What a model can be judged by."""

    told: tuple[Told, ...]
    held_out: dict[str, Guess]
    """By conversation, what heads say that its label did not teach."""
    fitted_at: datetime | None
    """Labels after this taught the model nothing; null while it is being fitted."""
    category_ids: tuple[str, ...]

    def fair(self) -> dict[str, str]:
        """Labels by people that may judge: drawn at random, and not what the model learnt from."""
        return {
            one.conversation_id: one.category_id
            for one in self.told
            if one.origin == "human" and one.at_random and self._is_untaught(one)
        }

    def _is_untaught(self, one: Told) -> bool:
        return (
            one.conversation_id in self.held_out
            or one.category_id not in self.category_ids
            or (self.fitted_at is not None and one.told_at > self.fitted_at)
        )


def held_out_of(model: TextModel, conversation_ids: Sequence[str]) -> dict[str, Guess]:
    """What a model that was just fitted says of its lessons; nothing where there were too few."""
    if not model.held_out:
        return {}
    return {
        conversation_id: _best(prediction)
        for conversation_id, prediction in zip(conversation_ids, model.held_out, strict=True)
    }


async def calibrate_model(
    database: Database, shelf: ModelShelf, workspace_id: int, model: TextModel, evidence: Evidence
) -> Calibration:
    """Judge a model by what it says of texts that did not teach it."""
    fair = evidence.fair()
    async with database.read() as connection:
        sample = await lesson_storage.sample_conversations(
            connection, workspace_id, limit=_MOST_LOOKED_AT
        )
    guesses = await _guess(
        database, shelf, workspace_id, model, evidence.held_out, [*fair, *sample]
    )
    return calibrate(
        _judge(guesses, fair),
        evidence.category_ids,
        target=shelf.target_precision,
        confidences=[guesses[one][1] for one in sample if one in guesses],
    )


async def recalibrate(database: Database, shelf: ModelShelf, workspace_id: int) -> None:
    """Judge the newest model again where people have labelled since; nothing without a model."""
    async with database.read() as connection:
        stored = await lesson_storage.latest_calibration(connection, workspace_id)
        if stored is None:
            return
        info, model = await shelf.latest(connection, workspace_id)
        taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
        told = await lesson_storage.list_told(connection, workspace_id, most_by_model=0)
    if taxonomy is None or info.id != stored.model_id:
        return
    evidence = Evidence(
        told=tuple(told),
        held_out=stored.held_out,
        fitted_at=info.created_at,
        category_ids=tuple(category.id for category in taxonomy.categories),
    )
    before = Calibration.model_validate(stored.calibration) if stored.calibration else None
    fair = evidence.fair()
    guesses = await _guess(database, shelf, workspace_id, model, stored.held_out, list(fair))
    found = calibrate(
        _judge(guesses, fair), evidence.category_ids, target=shelf.target_precision
    ).model_copy(update={"confidences": before.confidences if before else ()})
    if found != before:
        async with database.write() as connection:
            await lesson_storage.set_calibration(
                connection, workspace_id, info.id, found.model_dump(mode="json")
            )


async def watch_drift(database: Database, shelf: ModelShelf, workspace_id: int) -> Drift | None:
    """What became of the newest model's promise since it was fitted; null without a promise.

    Judges are people, and language models that were asked by chance although it was sure.
    """
    async with database.read() as connection:
        stored = await lesson_storage.latest_calibration(connection, workspace_id)
        if stored is None or stored.calibration is None:
            return None
        info, model = await shelf.latest(connection, workspace_id)
        told = await lesson_storage.list_told(connection, workspace_id, most_by_model=0)
        audits = await lesson_storage.list_audits(
            connection, workspace_id, since=info.created_at, limit=_MOST_RECENT
        )
        confidences = await lesson_storage.list_confidences(
            connection, workspace_id, since=info.created_at, limit=_MOST_RECENT
        )
    recent = {
        one.conversation_id: one.category_id
        for one in told
        if one.at_random and one.told_at > info.created_at
    }
    guesses = await _guess(database, shelf, workspace_id, model, stored.held_out, list(recent))
    asked = [
        Judged(
            category_id=one.local_category_id,
            confidence=one.local_confidence,
            is_right=one.local_category_id == one.category_id,
        )
        for one in audits
        if one.conversation_id not in recent
    ]
    calibration = Calibration.model_validate(stored.calibration)
    return find_drift(calibration, [*_judge(guesses, recent), *asked], confidences)


async def _guess(
    database: Database,
    shelf: ModelShelf,
    workspace_id: int,
    model: TextModel,
    held_out: Mapping[str, Guess],
    conversation_ids: Sequence[str],
) -> dict[str, Guess]:
    """What a model says of conversations that it did not learn from; those without words not."""
    unseen = sorted(set(conversation_ids).difference(held_out))
    async with database.read() as connection:
        threads = await lesson_storage.list_threads(connection, workspace_id, unseen)
    predictions = await shelf.classify(model, [thread.text for thread in threads])
    found = {one: held_out[one] for one in conversation_ids if one in held_out}
    for thread, prediction in zip(threads, predictions, strict=True):
        found[thread.conversation_id] = _best(prediction)
    return found


def _best(prediction: Prediction) -> Guess:
    return prediction.category_ids[0], round(prediction.probabilities[0], 6)


def _judge(guesses: Mapping[str, Guess], truth: Mapping[str, str]) -> list[Judged]:
    return [
        Judged(category_id=best, confidence=confidence, is_right=best == truth[conversation_id])
        for conversation_id, (best, confidence) in guesses.items()
        if conversation_id in truth
    ]
