"""A fitted local model: classifies and embeds with nothing but its own numbers."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from earmark.llm.base import Prediction, Vectors
from earmark.llm.local_artefact import ALGORITHM, FittedState, read_state
from earmark.llm.local_grams import Rows, Vocabulary, normalize

Scores = npt.NDArray[np.float64]
"""Shape (texts, categories)."""


class LocalModel:
    """TF-IDF rows, a linear head over them, and their projection on latent directions.

    Loading what was dumped gives the same answers bit for bit on the same machine. Calls may run
    in several threads at once: nothing is changed after construction.
    """

    def __init__(self, state: FittedState, held_out: Sequence[Prediction] = ()) -> None:
        self._state = state
        self._held_out = held_out
        self._vocabulary = Vocabulary(state.buckets, state.weights)
        self._directions = state.directions.astype(np.float32)
        self._head = state.head.astype(np.float32)
        self._version = ALGORITHM + state.fingerprint()[:16]

    @classmethod
    def load(cls, artefact: bytes, held_out: Sequence[Prediction] = ()) -> "LocalModel":
        """Read what `dump` wrote; a damaged artefact raises `InvalidInput`."""
        return cls(read_state(artefact), held_out)

    @property
    def version(self) -> str:
        """The method, then a hash of all that was fitted."""
        return self._version

    @property
    def dimensions(self) -> int:
        """Length of an embedding: 256 or fewer, and the encoder's length beside them."""
        return int(self._directions.shape[1]) + len(self._state.dense)

    @property
    def encoder_version(self) -> str | None:
        """The encoder whose vectors it needs beside the texts; null for none."""
        return self._state.encoder_version

    @property
    def held_out(self) -> Sequence[Prediction]:
        """Of each lesson, what heads say that it did not teach; empty after loading."""
        return self._held_out

    def classify(self, texts: Sequence[str], encoded: Vectors | None = None) -> list[Prediction]:
        """One prediction per text; all categories are equal for a text without known n-grams.

        Of a text the first 4,000 characters are read, and the beginning counts most.
        """
        dense = self._check(texts, encoded)
        predictions: list[Prediction] = []
        for rows in self._vocabulary.rows(list(map(normalize, texts)), fading=True):
            begin = len(predictions)
            predictions += self._predict(rows, dense[begin : begin + rows.shape[0]])
        return predictions

    def embed(self, texts: Sequence[str], encoded: Vectors | None = None) -> Vectors:
        """One unit vector per text, or zeros for a text that nothing is known of.

        Beside an encoder, its vectors stand next to the latent directions with the same weight:
        together they part themes better than either (`docs/adr/0011-encoders.md`).
        """
        dense = unit_rows(self._check(texts, encoded))
        width = len(self._directions)
        parts = [
            unit_rows(rows[:, :width] @ self._directions)
            for rows in self._vocabulary.rows(list(map(normalize, texts)), fading=False)
        ]
        if not parts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        return unit_rows(np.hstack([np.concatenate(parts), dense]))

    def dump(self) -> bytes:
        """The fitted model as bytes that hold data only, no code."""
        return self._state.dump()

    def _check(self, texts: Sequence[str], encoded: Vectors | None) -> Vectors:
        """The encoder's vectors, or ones without numbers; `ValueError` where they do not fit."""
        if encoded is None and self.encoder_version is None:
            return np.zeros((len(texts), 0), dtype=np.float32)
        shape = (len(texts), len(self._state.dense))
        if encoded is None or self.encoder_version is None or encoded.shape != shape:
            raise ValueError(f"vectors of {self.encoder_version} are needed, of shape {shape}")
        return encoded

    def _predict(self, rows: Rows, dense: Vectors) -> list[Prediction]:
        log_odds = rows @ self._head + dense @ self._state.dense + self._state.bias
        shares = probabilities(log_odds, self._state.temperature)
        nothing_known = (np.diff(rows.indptr) == 0) & ~dense.any(axis=1)
        shares[nothing_known] = 1 / max(shares.shape[1], 1)
        return rank(self._state.category_ids, shares)


def rank(category_ids: Sequence[str], shares: Scores) -> list[Prediction]:
    """A prediction for each row of probabilities, likeliest first."""
    order = np.argsort(-shares, axis=1, kind="stable")
    ranked = np.take_along_axis(shares, order, axis=1).tolist()
    ids = np.array(category_ids, dtype=np.object_)
    return [
        Prediction(category_ids=tuple(ids[places]), probabilities=tuple(values))
        for places, values in zip(order, ranked, strict=True)
    ]


def probabilities(log_odds: npt.ArrayLike, temperature: float) -> Scores:
    """Softmax of `log_odds / temperature` over the categories; equal where none is finite."""
    scaled = np.asarray(log_odds, dtype=np.float64) / temperature
    if scaled.shape[1] == 0:
        return scaled
    top = scaled.max(axis=1, keepdims=True)
    raised = np.exp(np.where(np.isfinite(top), scaled - top, 0.0))
    return raised / raised.sum(axis=1, keepdims=True)


def unit_rows(vectors: npt.ArrayLike) -> Vectors:
    """The rows scaled to length 1; rows of zeros stay."""
    rows = np.asarray(vectors, dtype=np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64))
    lengths[lengths == 0] = 1.0
    return (rows / lengths[:, None]).astype(np.float32)
