"""The local model of a workspace: when it is fitted anew, and where stages get it from."""

import asyncio
from typing import Final

from earmark.db import masked_storage, taxonomy_storage
from earmark.db.connection import Database, ReadConnection
from earmark.db.models import ProductArea, Taxonomy
from earmark.db.statistics import refresh_statistics
from earmark.db.taxonomy_storage import TextModelInfo
from earmark.errors import Conflict
from earmark.llm.base import TextModel, TextModels
from earmark.pipeline.progress import Progress
from earmark.prompts import default_taxonomy

MOST_TEXTS: Final = 20_000
"""A model is fitted on a sample of so many, if there are more."""
_REFIT_GROWTH: Final = 2.0
_LEAST_TAGGED: Final = 5
_MOST_AREAS: Final = 40


class ModelShelf:
    """Makes models, and keeps the last ones that were loaded in this process."""

    def __init__(self, models: TextModels, *, size: int = 2) -> None:
        self.models = models
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


async def fit_model(
    database: Database, shelf: ModelShelf, workspace_id: int, progress: Progress
) -> None:
    """Fit a model on the workspace's own masked texts, if the present one no longer serves."""
    async with database.write() as connection:
        await refresh_statistics(connection)
    taxonomy = await ensure_taxonomy(database, workspace_id)
    async with database.read() as connection:
        present = await taxonomy_storage.latest_model(connection, workspace_id)
        texts = await masked_storage.sample_customer_texts(
            connection, workspace_id, limit=MOST_TEXTS
        )
    if present is not None and not _is_outdated(present, taxonomy, len(texts), shelf.models):
        await progress.report(0, 0)
        return
    await progress.report(0, len(texts))
    model = await asyncio.to_thread(shelf.models.fit, texts, taxonomy)
    artefact = await asyncio.to_thread(model.dump)
    async with database.write() as connection:
        model_id = await taxonomy_storage.add_model(
            connection,
            workspace_id,
            version=model.version,
            taxonomy_version=taxonomy.version,
            fitted_on=len(texts),
            dimensions=model.dimensions,
            artefact=artefact,
        )
        await progress.report(len(texts), len(texts), connection)
    shelf.keep(workspace_id, model_id, model)


def _is_outdated(
    present: TextModelInfo, taxonomy: Taxonomy, texts: int, models: TextModels
) -> bool:
    """Another taxonomy, another method, or so many more texts that its vocabulary is too small."""
    return (
        present.taxonomy_version != taxonomy.version
        or not present.version.startswith(models.algorithm)
        or texts >= max(present.fitted_on, 1) * _REFIT_GROWTH
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
