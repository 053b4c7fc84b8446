"""Where stages get the workspace's model from, and ask it."""

import asyncio
from collections.abc import Sequence
from typing import Final

from earmark.db import taxonomy_storage
from earmark.db.connection import ReadConnection
from earmark.db.taxonomy_storage import TextModelInfo
from earmark.errors import Conflict
from earmark.llm.base import Encoder, OpenEncoder, Prediction, TextModel, TextModels, Vectors

_USUAL_TARGET: Final = 0.95


async def no_encoder() -> Encoder | None:
    """The workspace's own model stands alone."""
    return None


class ModelShelf:
    """Makes models, keeps the last ones that were loaded in this process, and asks them.

    Where a ready-made encoder stands beside them, its vectors are fetched here, so that no caller
    needs to know of it. None of this may be done inside a transaction.
    """

    def __init__(
        self,
        models: TextModels,
        *,
        open_encoder: OpenEncoder = no_encoder,
        target_precision: float = _USUAL_TARGET,
        size: int = 2,
    ) -> None:
        """`target_precision` is what a model must be proved to reach where it decides alone."""
        self.models = models
        self.target_precision = target_precision
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
