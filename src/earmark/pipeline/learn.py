"""The local model of a workspace: when it is fitted anew, and what it learns from."""

import asyncio
from collections.abc import Sequence
from typing import Final

from earmark.db import erasure_storage, lesson_storage, masked_storage, taxonomy_storage
from earmark.db.connection import Database
from earmark.db.lesson_storage import Told
from earmark.db.models import ProductArea, Taxonomy
from earmark.db.statistics import refresh_statistics
from earmark.db.taxonomy_storage import NewTextModel, TextModelInfo
from earmark.llm.base import ENOUGH_LESSONS, Encoded, Encoder, Lesson, TextModel, words_of
from earmark.pipeline import calibrating
from earmark.pipeline.lessons import Settled, settle
from earmark.pipeline.progress import Progress
from earmark.pipeline.shelf import ModelShelf
from earmark.prompts import default_taxonomy

MOST_TEXTS: Final = 20_000
"""A model is fitted on a sample of so many, if there are more."""
MOST_BY_MODEL: Final = 8_000
"""Lessons by language models: they bound the time and memory of learning."""
_REFIT_GROWTH: Final = 2.0
_LEAST_NEW: Final = 20
_NEW_SHARE: Final = 0.1
_LEAST_TAGGED: Final = 5
_MOST_AREAS: Final = 40


async def fit_model(
    database: Database, shelf: ModelShelf, workspace_id: int, progress: Progress
) -> None:
    """Fit a model on the workspace's own masked texts, if the present one no longer serves.

    It also learns what people and language models have told of conversations. Labels by people say
    how far it can be believed; they are asked again where the present model stays.
    """
    async with database.write() as connection:
        await refresh_statistics(connection)
    taxonomy = await ensure_taxonomy(database, workspace_id)
    async with database.read() as connection:
        present = await taxonomy_storage.latest_model(connection, workspace_id)
        erasures = await erasure_storage.count_erasures(connection, workspace_id)  # before texts
        texts = await masked_storage.sample_customer_texts(
            connection, workspace_id, limit=MOST_TEXTS
        )
        told = await lesson_storage.list_told(connection, workspace_id, most_by_model=MOST_BY_MODEL)
    if present is not None and await _serves(present, taxonomy, len(texts), told, shelf):
        await calibrating.recalibrate(database, shelf, workspace_id)
        await progress.report(0, 0)
        return
    await progress.report(0, len(texts))
    model, fitted = await _fit(database, shelf, workspace_id, texts, taxonomy, told)
    if fitted.contradictions:
        await progress.note(_contradicted(fitted.contradictions))
    fitted = fitted.model_copy(update={"erasures": erasures})
    async with database.write() as connection:
        model_id = await taxonomy_storage.add_model(connection, workspace_id, fitted)
        await progress.report(len(texts), len(texts), connection)
    shelf.keep(workspace_id, model_id, model)


async def _fit(
    database: Database,
    shelf: ModelShelf,
    workspace_id: int,
    texts: Sequence[str],
    taxonomy: Taxonomy,
    told: Sequence[Told],
) -> tuple[TextModel, NewTextModel]:
    settled = await settle_told(database, workspace_id, taxonomy, told)
    model = await fit_anew(shelf, texts, taxonomy, settled.lessons)
    held_out = calibrating.held_out_of(model, settled.conversation_ids)
    evidence = calibrating.Evidence(
        told=tuple(told),
        held_out=held_out,
        fitted_at=None,
        category_ids=tuple(category.id for category in taxonomy.categories),
    )
    calibration = await calibrating.calibrate_model(database, shelf, workspace_id, model, evidence)
    return model, NewTextModel(
        version=model.version,
        taxonomy_version=taxonomy.version,
        fitted_on=len(texts),
        lessons=len(settled.lessons),
        dimensions=model.dimensions,
        encoder_version=model.encoder_version,
        artefact=await asyncio.to_thread(model.dump),
        calibration=calibration.model_dump(mode="json"),
        held_out=held_out,
        contradictions=settled.contradictions,
    )


async def fit_anew(
    shelf: ModelShelf, texts: Sequence[str], taxonomy: Taxonomy, lessons: Sequence[Lesson] = ()
) -> TextModel:
    """A model of these texts under that taxonomy, off the event loop; it is not stored."""
    encoded = await _encode_lessons(await shelf.encoder(), texts, taxonomy, lessons)
    return await asyncio.to_thread(shelf.models.fit, texts, taxonomy, lessons, encoded)


async def settle_told(
    database: Database, workspace_id: int, taxonomy: Taxonomy, told: Sequence[Told]
) -> Settled:
    """What was told, as lessons for a model under that taxonomy."""
    async with database.read() as connection:
        threads = await lesson_storage.list_threads(
            connection, workspace_id, [one.conversation_id for one in told]
        )
    return settle(told, threads, taxonomy)


def _contradicted(texts: int) -> str:
    return (
        f"{texts} texts were told different categories. The model learns one of each: what people"
        " said before what models said, then the most frequent, then the newest."
    )


async def _encode_lessons(
    encoder: Encoder | None,
    texts: Sequence[str],
    taxonomy: Taxonomy,
    lessons: Sequence[Lesson],
) -> Encoded | None:
    """What the encoder says of all that a model is fitted on; null without one."""
    if encoder is None:
        return None
    words = [text for group in words_of(taxonomy) for text in group]
    if len(lessons) >= ENOUGH_LESSONS:
        texts = []  # they would not teach, and there may be many
    vectors = await encoder.encode([*texts, *words, *(lesson.text for lesson in lessons)])
    ends = (len(texts), len(texts) + len(words))
    return Encoded(
        encoder_version=encoder.version,
        texts=vectors[: ends[0]],
        words=vectors[ends[0] : ends[1]],
        lessons=vectors[ends[1] :],
    )


async def _serves(
    present: TextModelInfo,
    taxonomy: Taxonomy,
    texts: int,
    told: Sequence[Told],
    shelf: ModelShelf,
) -> bool:
    """Not with another taxonomy, method or encoder, so many texts that its words are too few, or
    so many new lessons that another model would know more."""
    newer = sum(one.told_at > present.created_at for one in told)
    return (
        not present.knows_erased
        and present.taxonomy_version == taxonomy.version
        and present.version.startswith(shelf.models.algorithm)
        and await shelf.suits(present)
        and texts < max(present.fitted_on, 1) * _REFIT_GROWTH
        and newer < max(_LEAST_NEW, present.lessons * _NEW_SHARE)
    )


async def ensure_taxonomy(database: Database, workspace_id: int) -> Taxonomy:
    """The workspace's taxonomy; a new workspace gets the default one and areas from its tags."""
    async with database.write() as connection:
        taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
        if taxonomy is not None:
            return taxonomy
        areas = await taxonomy_storage.suggest_areas(
            connection, workspace_id, least=_LEAST_TAGGED, limit=_MOST_AREAS
        )
        first = default_taxonomy().model_copy(update={"version": 1, "areas": tuple(areas)})
        await taxonomy_storage.add_taxonomy(connection, workspace_id, first, note="the default")
    return first


def find_area(areas: tuple[ProductArea, ...], tags: tuple[str, ...]) -> str | None:
    """The product area that the conversation's tags name; null if none or several do."""
    named = {tag.casefold() for tag in tags}
    found = {
        area.id for area in areas if any(pattern.casefold() in named for pattern in area.patterns)
    }
    return found.pop() if len(found) == 1 else None
