"""The port that the pipeline sees of any model that classifies or embeds."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from earmark.db.models import Model, Taxonomy

Vectors = npt.NDArray[np.float32]
"""Shape (texts, dimensions), each row of length 1, or all zero for a text without known words."""


class Prediction(Model):
    """Calibrated probabilities of one text, best first; they sum to 1 over all categories."""

    category_ids: tuple[str, ...]
    probabilities: tuple[float, ...]


class TextModel(Protocol):
    """A fitted model. Its methods use the CPU: call them off the event loop."""

    @property
    def version(self) -> str:
        """Changes whenever any answer could change."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of an embedding."""
        ...

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction per text."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One unit vector per text."""
        ...

    def dump(self) -> bytes:
        """The fitted model as bytes that hold data only, no code."""
        ...


class TextModels(Protocol):
    """Makes and reads fitted models."""

    def fit(self, texts: Sequence[str], taxonomy: Taxonomy) -> TextModel:
        """Learn from a workspace's own (masked) texts and the taxonomy's examples."""
        ...

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        ...
