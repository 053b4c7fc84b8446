"""How the head of the local model is taught, and how sure it may be of what it says.

A head is too sure of texts that taught it. How sure it may be of others is measured on texts that
heads of the same making were not taught with: lessons in folds, or examples by topic where there
are too few lessons.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from pydantic import ConfigDict
from scipy.optimize import brentq, minimize_scalar

from earmark.db.models import Model
from earmark.llm.base import ENOUGH_LESSONS, Lesson
from earmark.llm.local_head import Features, Head, Labels, Mask, Taught, learn, learn_again
from earmark.llm.local_model import Scores, probabilities

HUMAN_WEIGHT: Final = 3.0
"""Of a lesson by a person; one by a model, and an example of the taxonomy, weigh 1."""
_SELF_TAUGHT_FROM: Final = 4_000
_TOPICS: Final = 40
_FOLDS: Final = 5
_FEWER_FOLDS: Final = 3
_MANY_LESSONS: Final = 3_000
_LEAST_HELD_OUT: Final = 40
_ENOUGH_HELD_OUT: Final = 1_000
_USUAL_TEMPERATURE: Final = 1.2
"""Of the default taxonomy; used where there are too few examples to measure it."""
_LOG_RANGE: Final = (-2.0, 4.0)
_SEED: Final = 0


class School(Model):
    """A head, and what heads that a lesson did not teach say of that lesson."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    head: Head
    held_out: Scores
    """Probabilities, shape (lessons, categories); no rows where there are too few lessons."""


def teach(
    examples: Taught, lessons: Taught, given: Sequence[Lesson], unlabelled: Features
) -> School:
    """Learn from examples and lessons; `given` are the lessons in the same order.

    Few lessons: examples from other products must carry over to this one, so the head also learns
    from the workspace's own texts.
    """
    if len(given) < ENOUGH_LESSONS:
        head = _teach_few(_together(examples, lessons), unlabelled)
        return School(head=head, held_out=np.zeros((0, examples.categories)))
    log_odds = _cross_fit(examples, lessons, given)
    judged = _fair_judges(given)
    temperature = _likeliest_temperature(log_odds[judged], lessons.labels[judged])
    head = learn(_together(examples, lessons))
    return School(
        head=head.model_copy(update={"temperature": temperature}),
        held_out=probabilities(log_odds, temperature),
    )


def _together(examples: Taught, lessons: Taught) -> Taught:
    """All of them, with a mean importance of 1: the penalty of the regressions stays what it is."""
    importance = np.concatenate([examples.importance, lessons.importance])
    return Taught(
        features=examples.features.followed_by(lessons.features),
        labels=np.concatenate([examples.labels, lessons.labels]),
        importance=importance * (len(importance) / max(float(importance.sum()), 1.0)),
        categories=examples.categories,
    )


# ---------------------------------------------------------------- few lessons


def _teach_few(taught: Taught, unlabelled: Features) -> Head:
    """Learn, then once more with the surest of the unlabelled texts.

    The temperature is measured on texts that were held out by topic, which is closer to meeting a
    workspace's own subjects than a random split. What a model taught itself it is too sure of:
    afterwards the temperature is raised until its average confidence is that from before.
    """
    first = learn(taught)
    if len(np.unique(taught.labels)) < 2:
        return first
    temperature = _measure_temperature(taught)
    met = unlabelled[np.diff(unlabelled.rows.indptr) > 0]
    met = met[:: max(-(-met.rows.shape[0] // _SELF_TAUGHT_FROM), 1)]
    if met.rows.shape[0] == 0:
        return first.model_copy(update={"temperature": temperature})
    before = probabilities(first.log_odds(met), temperature)
    second = learn_again(taught, met, before)
    matched = _match_confidence(second.log_odds(met), float(before.max(axis=1).mean()))
    return second.model_copy(update={"temperature": max(matched, temperature)})


def _measure_temperature(taught: Taught) -> float:
    """The one under which held-out texts are likeliest (Guo et al. 2017)."""
    scores: list[Scores] = []
    labels: list[Labels] = []
    for held_out in _topic_folds(taught):
        rest = taught[~held_out]
        if len(np.unique(rest.labels)) < len(np.unique(taught.labels)):
            continue
        scores.append(learn(rest).log_odds(taught.features[held_out]))
        labels.append(taught.labels[held_out])
        if sum(map(len, labels)) >= _ENOUGH_HELD_OUT:
            break
    if sum(map(len, labels)) < _LEAST_HELD_OUT:
        return _USUAL_TEMPERATURE
    return _likeliest_temperature(np.concatenate(scores), np.concatenate(labels))


def _topic_folds(taught: Taught) -> Iterator[Mask]:
    """Masks of what is held out: whole topics, each the texts nearest to one drawn at random."""
    rows = taught.features.rows
    generator = np.random.default_rng(_SEED)
    drawn = generator.permutation(len(taught.labels))[:_TOPICS]
    nearest = (rows @ rows[drawn].T).toarray().argmax(axis=1)
    for fold in range(_FOLDS):
        held_out = nearest % _FOLDS == fold
        if held_out.any() and not held_out.all():
            yield held_out


# ---------------------------------------------------------------- enough lessons


def _cross_fit(examples: Taught, lessons: Taught, given: Sequence[Lesson]) -> Scores:
    """Log-odds of every lesson by a head that neither it nor a text equal to it taught."""
    log_odds = np.zeros((len(given), lessons.categories), dtype=np.float64)
    folds = _text_folds(given)
    for fold in range(int(folds.max()) + 1):
        held_out = folds == fold
        rest = _together(examples, lessons[~held_out])
        log_odds[held_out] = learn(rest).log_odds(lessons.features[held_out])
    return log_odds


def _text_folds(given: Sequence[Lesson]) -> Labels:
    """A fold for each lesson, the same for equal texts."""
    folds = _FOLDS if len(given) < _MANY_LESSONS else _FEWER_FOLDS
    texts: dict[str, int] = {}
    numbers = np.array([texts.setdefault(one.text, len(texts)) for one in given], dtype=np.intp)
    shuffled = np.random.default_rng(_SEED).permutation(len(texts))
    return shuffled[numbers] % folds


def _fair_judges(given: Sequence[Lesson]) -> Labels:
    """Of all lessons those that can best tell how sure to be: drawn at random and by people."""
    fair = np.array([one.origin == "human" and one.at_random for one in given])
    human = np.array([one.origin == "human" for one in given])
    for mask in (fair, human):
        if np.count_nonzero(mask) >= _LEAST_HELD_OUT:
            return np.flatnonzero(mask)
    return np.arange(len(given))


# ---------------------------------------------------------------- temperature


def _likeliest_temperature(log_odds: Scores, labels: Labels) -> float:
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
