"""The classifying part of the local model, and how it learns.

One logistic regression per category over n-grams scaled by how much more often the category's texts
hold them (naive Bayes log-count ratios; Wang and Manning 2012), taught by the taxonomy's examples
and then once more with what it was surest of among the workspace's own texts. Examples from other
products than the workspace's teach that head far better than a plain one; with dozens of categories
the plain one, all categories in one regression, is the better.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict
from scipy.optimize import brentq, minimize_scalar
from scipy.sparse import csr_array, vstack

from earmark.db.models import Model
from earmark.llm.local_grams import Rows, Vocabulary
from earmark.llm.local_learners import Numbers, regress, regress_together
from earmark.llm.local_model import Scores, probabilities

_MANY_CATEGORIES: Final = 24
_SMOOTHING: Final = 3.0
"""Texts that every category is taken to have seen beforehand, divided among them by size."""
_SELF_TAUGHT_SHARE: Final = 0.4
"""Of the workspace's texts that fall to a category, the surest share that teaches a second time."""
_SELF_TAUGHT_MOST: Final = 400
_SELF_TAUGHT_WEIGHT: Final = 0.3
_SELF_TAUGHT_FROM: Final = 4_000
_TOPICS: Final = 40
_FOLDS: Final = 5
_LEAST_HELD_OUT: Final = 40
_ENOUGH_HELD_OUT: Final = 1_000
_USUAL_TEMPERATURE: Final = 1.2
"""Of the default taxonomy; used where there are too few examples to measure it."""
_LOG_RANGE: Final = (-2.0, 4.0)
_SEED: Final = 0

_Labels = npt.NDArray[np.intp]


class Lessons(Model):
    """Texts with known categories."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    rows: Rows
    labels: _Labels
    """Shape (texts,): numbers of categories."""
    categories: int


class Head(Model):
    """Log-odds of each category: `rows @ weights + bias`, to be divided by `temperature`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    weights: npt.NDArray[np.float32]
    """Shape (columns, categories)."""
    bias: npt.NDArray[np.float32]
    temperature: float = 1.0

    def log_odds(self, rows: Rows) -> Scores:
        """Shape (texts, categories)."""
        return np.asarray(rows @ self.weights + self.bias, dtype=np.float64)


def stack(vocabulary: Vocabulary, normalized: Sequence[str], *, fading: bool) -> Rows:
    """The rows of all texts as one matrix."""
    blocks = list(vocabulary.rows(normalized, fading=fading))
    if not blocks:
        return csr_array(np.zeros((0, len(vocabulary)), dtype=np.float32))
    return csr_array(vstack(blocks))


def teach(lessons: Lessons, unlabelled: Rows) -> Head:
    """Learn from the lessons, then once more with the surest of the unlabelled rows.

    The temperature is measured on lessons that were held out by topic, which is closer to meeting a
    workspace's own subjects than a random split. What a model taught itself it is too sure of:
    afterwards the temperature is raised until its average confidence is that from before.
    """
    if len(np.unique(lessons.labels)) < 2:
        return _ignorant(lessons)
    first = _learn(lessons, np.ones(len(lessons.labels)))
    temperature = _measure_temperature(lessons)
    met = unlabelled[np.diff(unlabelled.indptr) > 0]
    met = met[:: max(-(-met.shape[0] // _SELF_TAUGHT_FROM), 1)]
    if met.shape[0] == 0:
        return first.model_copy(update={"temperature": temperature})
    before = probabilities(first.log_odds(met), temperature)
    second = _teach_again(lessons, met, before)
    matched = _match_confidence(second.log_odds(met), float(before.max(axis=1).mean()))
    return second.model_copy(update={"temperature": max(matched, temperature)})


def _ignorant(lessons: Lessons) -> Head:
    """Fewer than two categories with examples: nothing tells them apart."""
    return Head(
        weights=np.zeros((lessons.rows.shape[1], lessons.categories), dtype=np.float32),
        bias=np.zeros(lessons.categories, dtype=np.float32),
    )


def _learn(lessons: Lessons, importance: Numbers) -> Head:
    weights = np.zeros((lessons.rows.shape[1], lessons.categories), dtype=np.float32)
    bias = np.full(lessons.categories, -np.inf, dtype=np.float32)
    met = np.unique(lessons.rows.indices)
    rows = lessons.rows[:, met]
    taught = np.unique(lessons.labels)
    if len(taught) > _MANY_CATEGORIES:
        coefficients, bias[taught] = regress_together(rows, lessons.labels, importance)
        weights[np.ix_(met, taught)] = coefficients.T
        return Head(weights=weights, bias=bias)
    ratios = _log_ratios(rows, lessons, importance)
    for category in taught:
        scaled = rows.copy()
        scaled.data *= ratios[category][scaled.indices]
        coefficients, bias[category] = regress(scaled, lessons.labels == category, importance)
        weights[met, category] = coefficients * ratios[category]
    return Head(weights=weights, bias=bias)


def _log_ratios(rows: Rows, lessons: Lessons, importance: Numbers) -> npt.NDArray[np.float32]:
    """Shape (categories, columns): how much more often texts of the category hold the n-gram."""
    texts = len(lessons.labels)
    membership = csr_array(
        (importance, (lessons.labels, np.arange(texts))), shape=(lessons.categories, texts)
    )
    presence = rows.copy()
    presence.data = np.ones_like(presence.data)
    within = (membership @ presence).toarray()
    total = within.sum(axis=0)
    size = np.bincount(lessons.labels, importance, lessons.categories)[:, None]
    prior = size / size.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = (within + _SMOOTHING * prior) / size
        outside = (total - within + _SMOOTHING * (1 - prior)) / (size.sum() - size)
        ratios = np.log(inside) - np.log(outside)
    return np.nan_to_num(ratios, posinf=0.0, neginf=0.0).astype(np.float32)


def _teach_again(lessons: Lessons, met: Rows, shares: Scores) -> Head:
    guessed, sureness = shares.argmax(axis=1), shares.max(axis=1)
    chosen: list[int] = []
    for category in range(lessons.categories):
        fallen = np.flatnonzero(guessed == category)
        most = min(int(np.ceil(len(fallen) * _SELF_TAUGHT_SHARE)), _SELF_TAUGHT_MOST)
        chosen += fallen[np.argsort(-sureness[fallen], kind="stable")[:most]].tolist()
    together = Lessons(
        rows=csr_array(vstack([lessons.rows, met[chosen]])),
        labels=np.concatenate([lessons.labels, guessed[chosen]]),
        categories=lessons.categories,
    )
    importance = np.ones(len(together.labels))
    importance[len(lessons.labels) :] = _SELF_TAUGHT_WEIGHT
    return _learn(together, importance)


# ---------------------------------------------------------------- temperature


def _measure_temperature(lessons: Lessons) -> float:
    """The one under which held-out lessons are likeliest (Guo et al. 2017)."""
    scores: list[Scores] = []
    labels: list[_Labels] = []
    for held_out in _topic_folds(lessons):
        rest = Lessons(
            rows=lessons.rows[~held_out],
            labels=lessons.labels[~held_out],
            categories=lessons.categories,
        )
        if len(np.unique(rest.labels)) < len(np.unique(lessons.labels)):
            continue
        head = _learn(rest, np.ones(len(rest.labels)))
        scores.append(head.log_odds(lessons.rows[held_out]))
        labels.append(lessons.labels[held_out])
        if sum(map(len, labels)) >= _ENOUGH_HELD_OUT:
            break
    if sum(map(len, labels)) < _LEAST_HELD_OUT:
        return _USUAL_TEMPERATURE
    return _likeliest_temperature(np.concatenate(scores), np.concatenate(labels))


def _topic_folds(lessons: Lessons) -> Iterator[npt.NDArray[np.bool_]]:
    """Masks of what is held out: whole topics, each the lessons nearest to one drawn at random."""
    generator = np.random.default_rng(_SEED)
    drawn = generator.permutation(len(lessons.labels))[:_TOPICS]
    nearest = (lessons.rows @ lessons.rows[drawn].T).toarray().argmax(axis=1)
    for fold in range(_FOLDS):
        held_out = nearest % _FOLDS == fold
        if held_out.any() and not held_out.all():
            yield held_out


def _likeliest_temperature(log_odds: Scores, labels: _Labels) -> float:
    def loss(log_temperature: float) -> float:
        shares = probabilities(log_odds, float(np.exp(log_temperature)))
        return -float(np.log(np.maximum(shares[np.arange(len(labels)), labels], 1e-12)).mean())

    found = minimize_scalar(loss, bounds=_LOG_RANGE, method="bounded")
    return float(np.exp(found.x))


def _match_confidence(log_odds: Scores, target: float) -> float:
    """The temperature under which the mean probability of the best category is `target`."""

    def excess(log_temperature: float) -> float:
        shares = probabilities(log_odds, float(np.exp(log_temperature)))
        return float(shares.max(axis=1).mean()) - target

    low, high = _LOG_RANGE
    if excess(low) <= 0 or excess(high) >= 0:
        return _USUAL_TEMPERATURE
    return float(np.exp(brentq(excess, low, high)))
