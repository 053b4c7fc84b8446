"""The port that the pipeline sees of any model that classifies, embeds or finds groups."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict

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

    @property
    def algorithm(self) -> str:
        """What every version of a model made here begins with; changes with the method."""
        ...

    def fit(self, texts: Sequence[str], taxonomy: Taxonomy) -> TextModel:
        """Learn from a workspace's own (masked) texts and the taxonomy's examples."""
        ...

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        ...


class Grouping(Model):
    """A partition of vectors, with what belongs to no group left out."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    labels: npt.NDArray[np.intp]
    """Shape (vectors,): the group of each, counted from 0; -1 for the remainder."""
    similarity: npt.NDArray[np.float32]
    """Shape (vectors,): cosine of each to its group's centroid; 0 in the remainder."""


class ThemeFinder(Protocol):
    """Finds groups among vectors. Its methods use the CPU: call them off the event loop."""

    def induce(self, vectors: Vectors, *, min_size: int) -> Grouping:
        """Groups of at least `min_size` that hold together; the rest stays in the remainder."""
        ...

    def assign(self, vectors: Vectors, centroids: Vectors) -> Grouping:
        """The known group that each vector clearly belongs to; `centroids` need not be of length 1.

        Labels are rows of `centroids`.
        """
        ...

    def rank(self, vectors: Vectors) -> list[int]:
        """The members of one group, most typical first and different from each other."""
        ...

    def distinctive_terms(self, groups: Sequence[Sequence[str]], *, most: int) -> list[list[str]]:
        """For each group of texts, the terms that set it apart from the others, strongest first."""
        ...
