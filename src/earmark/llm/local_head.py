"""The classifying part of the local model, and how it learns.

One logistic regression per category over n-grams scaled by how much more often the category's texts
hold them (naive Bayes log-count ratios; Wang and Manning 2012), and one over the numbers of a
ready-made encoder where there is one. Each learns for itself, and their log-odds are added: taught
together, n-grams drown the encoder. It is taught by the taxonomy's examples and by lessons: the
workspace's own texts whose category a person or a language model has told. Where there are few of
these, it learns once more with what it was surest of among the workspace's own texts. Examples from
other products than the workspace's teach that head far better than a plain one; with dozens of
categories the plain one, all categories in one regression, is the better.
"""

from collections.abc import Sequence
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict
from scipy.sparse import csr_array, vstack

from earmark.db.models import Model
from earmark.llm.base import Vectors
from earmark.llm.local_grams import Rows, Vocabulary
from earmark.llm.local_learners import Numbers, regress, regress_dense, regress_together
from earmark.llm.local_model import Scores

_MANY_CATEGORIES: Final = 24
_SMOOTHING: Final = 3.0
"""Texts that every category is taken to have seen beforehand, divided among them by size."""
_SELF_TAUGHT_SHARE: Final = 0.4
"""Of the workspace's texts that fall to a category, the surest share that teaches a second time."""
_SELF_TAUGHT_MOST: Final = 400
_SELF_TAUGHT_WEIGHT: Final = 0.3

Labels = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


class Features(Model):
    """What is known of texts."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    rows: Rows
    dense: Vectors
    """By the encoder, shape (texts, its dimensions); no columns without one."""

    def __getitem__(self, places: Labels | Mask | slice) -> Self:
        return type(self)(rows=csr_array(self.rows[places]), dense=self.dense[places])

    def followed_by(self, other: "Features") -> "Features":
        """These texts, then the others."""
        return Features(
            rows=csr_array(vstack([self.rows, other.rows])),
            dense=np.concatenate([self.dense, other.dense]),
        )


class Taught(Model):
    """Texts with known categories."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    features: Features
    labels: Labels
    """Shape (texts,): numbers of categories."""
    importance: Numbers
    """Shape (texts,): how much each counts."""
    categories: int

    def __getitem__(self, places: Labels | Mask) -> Self:
        return type(self)(
            features=self.features[places],
            labels=self.labels[places],
            importance=self.importance[places],
            categories=self.categories,
        )


class Head(Model):
    """Log-odds of each category, to be divided by `temperature`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    weights: npt.NDArray[np.float32]
    """Of n-grams, shape (columns, categories)."""
    dense: npt.NDArray[np.float32]
    """Of the encoder's numbers, shape (its dimensions, categories)."""
    bias: npt.NDArray[np.float32]
    temperature: float = 1.0

    def log_odds(self, features: Features) -> Scores:
        """Shape (texts, categories)."""
        scores = features.rows @ self.weights + features.dense @ self.dense + self.bias
        return np.asarray(scores, dtype=np.float64)


def stack(vocabulary: Vocabulary, normalized: Sequence[str], *, fading: bool) -> Rows:
    """The rows of all texts as one matrix."""
    blocks = list(vocabulary.rows(normalized, fading=fading))
    if not blocks:
        return csr_array(np.zeros((0, len(vocabulary)), dtype=np.float32))
    return csr_array(vstack(blocks))


def learn(taught: Taught) -> Head:
    """The head that these texts teach; its temperature is not measured yet."""
    columns, dimensions = taught.features.rows.shape[1], taught.features.dense.shape[1]
    weights = np.zeros((columns, taught.categories), dtype=np.float32)
    dense = np.zeros((dimensions, taught.categories), dtype=np.float32)
    known = np.unique(taught.labels)
    if len(known) < 2:
        # Nothing tells the categories apart.
        bias = np.zeros(taught.categories, dtype=np.float32)
        return Head(weights=weights, dense=dense, bias=bias)
    bias = np.full(taught.categories, -np.inf, dtype=np.float32)
    met = np.unique(taught.features.rows.indices)
    rows = csr_array(taught.features.rows[:, met])
    if len(known) > _MANY_CATEGORIES:
        coefficients, bias[known] = regress_together(rows, taught.labels, taught.importance)
        weights[np.ix_(met, known)] = coefficients.T
        if dimensions:
            coefficients, others = regress_together(
                taught.features.dense, taught.labels, taught.importance
            )
            dense[:, known] = coefficients.T
            bias[known] += others
        return Head(weights=weights, dense=dense, bias=bias)
    ratios = _log_ratios(rows, taught)
    for category in known:
        scaled = rows.copy()
        scaled.data *= ratios[category][scaled.indices]
        inside = taught.labels == category
        coefficients, bias[category] = regress(scaled, inside, taught.importance)
        weights[met, category] = coefficients * ratios[category]
        if dimensions:
            dense[:, category], other = regress_dense(
                taught.features.dense, inside, taught.importance
            )
            bias[category] += other
    return Head(weights=weights, dense=dense, bias=bias)


def learn_again(taught: Taught, met: Features, shares: Scores) -> Head:
    """Learn once more, with the surest of the texts `met`; `shares` are their probabilities."""
    guessed, sureness = shares.argmax(axis=1), shares.max(axis=1)
    chosen: list[int] = []
    for category in range(taught.categories):
        fallen = np.flatnonzero(guessed == category)
        most = min(int(np.ceil(len(fallen) * _SELF_TAUGHT_SHARE)), _SELF_TAUGHT_MOST)
        chosen += fallen[np.argsort(-sureness[fallen], kind="stable")[:most]].tolist()
    places = np.array(chosen, dtype=np.intp)
    return learn(
        Taught(
            features=taught.features.followed_by(met[places]),
            labels=np.concatenate([taught.labels, guessed[places]]),
            importance=np.concatenate(
                [taught.importance, np.full(len(places), _SELF_TAUGHT_WEIGHT)]
            ),
            categories=taught.categories,
        )
    )


def _log_ratios(rows: Rows, taught: Taught) -> npt.NDArray[np.float32]:
    """Shape (categories, columns): how much more often texts of the category hold the n-gram."""
    texts = len(taught.labels)
    membership = csr_array(
        (taught.importance, (taught.labels, np.arange(texts))), shape=(taught.categories, texts)
    )
    presence = rows.copy()
    presence.data = np.ones_like(presence.data)
    within = (membership @ presence).toarray()
    total = within.sum(axis=0)
    size = np.bincount(taught.labels, taught.importance, taught.categories)[:, None]
    prior = size / size.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (within + _SMOOTHING * prior) / size
        outside = (total - within + _SMOOTHING * (1 - prior)) / (size.sum() - size)
        ratios = np.log(inside) - np.log(outside)
    return np.nan_to_num(ratios, posinf=0.0, neginf=0.0).astype(np.float32)
