"""The local model of a workspace: when it is fitted anew, and where stages get it from."""

import asyncio
from collections.abc import Sequence
from typing import Final

from earmark.db import erasure_storage, masked_storage, taxonomy_storage
from earmark.db.connection import Database, ReadConnection
from earmark.db.models import ProductArea, Taxonomy
from earmark.db.statistics import refresh_statistics
from earmark.db.taxonomy_storage import NewTextModel, TextModelInfo
from earmark.errors import Conflict
from earmark.llm.base import (
    Encoded,
    Encoder,
    Lesson,
    OpenEncoder,
    Prediction,
    TextModel,
    TextModels,
    Vectors,
    words_of,
)
from earmark.pipeline.progress import Progress
from earmark.prompts import default_taxonomy

MOST_TEXTS: Final = 20_000
"""A model is fitted on a sample of so many, if there are more."""
_REFIT_GROWTH: Final = 2.0
_LEAST_TAGGED: Final = 5
_MOST_AREAS: Final = 40


async def no_encoder() -> Encoder | None:
    """The workspace's own model stands alone."""
    return None


class ModelShelf:
    """Makes models, keeps the last ones that were loaded in this process, and asks them.

    Where a ready-made encoder stands beside them, its vectors are fetched here, so that no caller
    needs to know of it. None of this may be done inside a transaction.
    """

    def __init__(
        self, models: TextModels, *, open_encoder: OpenEncoder = no_encoder, size: int = 2
    ) -> None:
        self.models = models
        self.encoder = open_encoder
        self._size = size
        self._loaded: dict[tuple[int, int], TextModel] = {}
        self._loading = asyncio.Lock()

    async def latest(
        self, connection: ReadConnection, workspace_id: int
    ) -> tuple[TextModelInfo, TextModel]:
        """The newest model of a workspace; raises `Conflict` before the first was fitted."""
        info = await taxonomy_storage.latest_model(connection, workspace_id)
        if info is None:
            raise Conflict("The workspace has no model yet.", fix="Start a whole run.")
        async with self._loading:
            if (workspace_id, info.id) not in self._loaded:
                artefact = await taxonomy_storage.read_artefact(connection, workspace_id, info.id)
                model = await asyncio.to_thread(self.models.load, artefact or b"")
                self.keep(workspace_id, info.id, model)
        return info, self._loaded[workspace_id, info.id]

    def keep(self, workspace_id: int, model_id: int, model: TextModel) -> None:
        """Put a model that is at hand onto the shelf; the oldest leaves a full one."""
        self._loaded[workspace_id, model_id] = model
        while len(self._loaded) > self._size:
            del self._loaded[next(iter(self._loaded))]

    async def suits(self, info: TextModelInfo) -> bool:
        """Whether a model was made beside the present encoder, or none and there is none."""
        encoder = await self.encoder()
        return info.encoder_version == (encoder.version if encoder else None)

    async def encode(self, model: TextModel, texts: Sequence[str]) -> Vectors | None:
        """The encoder's vectors of masked texts, if the model needs them; equal texts only once.

        Raises `Conflict` if the model was fitted beside another encoder than the present one.
        """
        if model.encoder_version is None:
            return None
        encoder = await self.encoder()
        if encoder is None or encoder.version != model.encoder_version:
            raise Conflict(
                "The workspace's model was made beside another encoder than the present one.",
                why=f"It needs {model.encoder_version}; EARMARK_ENCODER gives"
                f" {encoder.version if encoder else 'none'}.",
                fix="Start a run: the model is made anew.",
            )
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        vectors = await encoder.encode(list(places))
        return vectors[[places[text] for text in texts]]

    async def classify(self, model: TextModel, texts: Sequence[str]) -> list[Prediction]:
        """One prediction per masked text, off the event loop."""
        encoded = await self.encode(model, texts)
        return await asyncio.to_thread(model.classify, texts, encoded)

    async def embed(self, model: TextModel, texts: Sequence[str]) -> Vectors:
        """One vector per masked text, off the event loop."""
        encoded = await self.encode(model, texts)
        return await asyncio.to_thread(model.embed, texts, encoded)


async def fit_model(
    database: Database, shelf: ModelShelf, workspace_id: int, progress: Progress
) -> None:
    """Fit a model on the workspace's own masked texts, if the present one no longer serves."""
    async with database.write() as connection:
        await refresh_statistics(connection)
    taxonomy = await ensure_taxonomy(database, workspace_id)
    async with database.read() as connection:
        present = await taxonomy_storage.latest_model(connection, workspace_id)
        erasures = await erasure_storage.count_erasures(connection, workspace_id)  # before texts
        texts = await masked_storage.sample_customer_texts(
            connection, workspace_id, limit=MOST_TEXTS
        )
    if present is not None and await _serves(present, taxonomy, len(texts), shelf):
        await progress.report(0, 0)
        return
    await progress.report(0, len(texts))
    model = await fit_anew(shelf, texts, taxonomy)
    fitted = NewTextModel(
        version=model.version,
        taxonomy_version=taxonomy.version,
        fitted_on=len(texts),
        dimensions=model.dimensions,
        encoder_version=model.encoder_version,
        erasures=erasures,
        artefact=await asyncio.to_thread(model.dump),
    )
    async with database.write() as connection:
        model_id = await taxonomy_storage.add_model(connection, workspace_id, fitted)
        await progress.report(len(texts), len(texts), connection)
    shelf.keep(workspace_id, model_id, model)


async def fit_anew(
    shelf: ModelShelf, texts: Sequence[str], taxonomy: Taxonomy, lessons: Sequence[Lesson] = ()
) -> TextModel:
    """A model of these texts under that taxonomy, off the event loop; it is not stored."""
    encoded = await _encode_lessons(await shelf.encoder(), texts, taxonomy, lessons)
    return await asyncio.to_thread(shelf.models.fit, texts, taxonomy, lessons, encoded)


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
    vectors = await encoder.encode([*texts, *words, *(lesson.text for lesson in lessons)])
    ends = (len(texts), len(texts) + len(words))
    return Encoded(
        encoder_version=encoder.version,
        texts=vectors[: ends[0]],
        words=vectors[ends[0] : ends[1]],
        lessons=vectors[ends[1] :],
    )


async def _serves(
    present: TextModelInfo, taxonomy: Taxonomy, texts: int, shelf: ModelShelf
) -> bool:
    """Not with another taxonomy, method or encoder, or so many texts that its words are too few."""
    return (
        not present.knows_erased
        and present.taxonomy_version == taxonomy.version
        and present.version.startswith(shelf.models.algorithm)
        and await shelf.suits(present)
        and texts < max(present.fitted_on, 1) * _REFIT_GROWTH
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
