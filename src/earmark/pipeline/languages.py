"""Embeddings of several languages brought to one origin, so that topics are found in each.

The directions of the local model come mostly from the largest language. Texts of another differ
from it first of all by being in that other language, and seem alike for it: without this, each
smaller language ends up as one large theme. So the mean of a smaller language is taken away.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from earmark.db.theme_storage import Centroids, LanguageMeans
from earmark.llm.base import Vectors

_LEAST: Final = 20
"""Issues of a language from which on its mean says more of the language than of their topics."""


class Origins:
    """What is taken away from embeddings, by language."""

    def __init__(self, means: LanguageMeans) -> None:
        known = zip(means.languages, means.sizes, means.vectors, strict=True)
        smaller = list(known)[1:]
        self._means = {language: mean for language, size, mean in smaller if size >= _LEAST}

    def shift(self, vectors: Vectors, languages: Sequence[str | None]) -> Vectors:
        """The vectors of these languages, at length 1 again where something was taken away."""
        shifted = vectors.copy()
        spoken = np.array(languages, dtype=np.object_)
        for language, mean in self._means.items():
            rows = spoken == language
            moved = shifted[rows] - mean
            lengths = np.linalg.norm(moved, axis=1, keepdims=True)
            shifted[rows] = np.divide(moved, lengths, out=np.zeros_like(moved), where=lengths > 0)
        return shifted

    def join(self, centroids: Centroids) -> tuple[tuple[int, ...], Vectors]:
        """Ids of themes and one centroid for each, over the languages of its members."""
        if not centroids.theme_ids:
            return (), centroids.vectors
        ids, places = np.unique(np.array(centroids.theme_ids), return_inverse=True)
        moved = centroids.vectors.copy()
        for row, language in enumerate(centroids.languages):
            if language in self._means:
                moved[row] -= self._means[language]
        joined = np.zeros((len(ids), moved.shape[1]), dtype=np.float32)
        np.add.at(joined, places, moved * np.array(centroids.sizes, dtype=np.float32)[:, None])
        return tuple(ids.tolist()), joined
