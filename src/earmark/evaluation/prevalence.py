"""How many there truly are, from what a machine says of all and people say of a random few.

Prediction-powered inference (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic 2023; with power
tuning, PPI++: Angelopoulos, Duchi and Zrnic 2023) corrects the machine's share by how wrong it was
on conversations that were drawn by chance. Where both say yes or no, the tuned estimate equals the
mean over what the machine said of the share that people found there, each weighted by its known
size: that is how it is computed here. Its normal interval is too short where few say yes, so the
interval is that of the score test instead, with the restricted estimates that the bound itself
implies (as Miettinen and Nurminen 1985 for two shares), for the finite number of conversations.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from earmark.db.models import Interval, Model
from earmark.evaluation.intervals import Z, scaled

Floats = npt.NDArray[np.float64]

LABELS_NEEDED: Final = 100
"""Labels by people, drawn by chance, below which no share is shown as measured."""
LABELS_WITHIN_NEEDED: Final = 5
"""Of these, labels of conversations that the machine counts; both are known before any answer."""
_SMALLEST_STRATUM: Final = 10
_STEPS: Final = 60
_ENDLESS: Final = 1e9

Method = Literal["ppi++ score"]


class Stratum(Model):
    """All conversations of which the machine says the same."""

    size: int
    labels: int = 0
    """How many of them were drawn by chance and labelled by a person."""
    positives: int = 0
    """How many of these people counted."""


class Estimate(Model):
    """What a raw count would be if people had read everything; with all that explains it."""

    count: Interval | None
    """Null: not yet measured."""
    share: Interval | None
    """Of `population`."""
    raw: int
    """What the machine says."""
    population: int
    """Conversations that the share is of."""
    labels: int
    """Labels by people, drawn by chance from the population, never learnt from."""
    labels_within: int
    """Those of them that the machine counts."""
    missing: int
    """How many more labels are needed, as far as one can tell; 0 where it is measured."""
    method: Method = "ppi++ score"
    taxonomy_version: int | None = None
    since: datetime | None = None
    """The period that is counted; null: from the beginning."""
    until: datetime | None = None
    as_of: datetime


class Basis(Model):
    """What all estimates of one population share."""

    taxonomy_version: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime


def estimate(rows: Sequence[Sequence[Stratum]], basis: Basis) -> list[Estimate]:
    """The counts behind raw counts, each by its strata; the first is what the machine counts."""
    missing = [_missing(strata) for strata in rows]
    measured = [strata for strata, short in zip(rows, missing, strict=True) if short == 0]
    shares = iter(share_of(measured))
    return [
        _to_estimate(strata, short, next(shares) if short == 0 else None, basis)
        for strata, short in zip(rows, missing, strict=True)
    ]


def _to_estimate(
    strata: Sequence[Stratum], missing: int, share: Interval | None, basis: Basis
) -> Estimate:
    population = sum(stratum.size for stratum in strata)
    return Estimate(
        count=scaled(share, population) if share else None,
        share=share,
        raw=strata[0].size,
        population=population,
        labels=sum(stratum.labels for stratum in strata),
        labels_within=strata[0].labels,
        missing=missing,
        **dict(basis),
    )


def _missing(strata: Sequence[Stratum]) -> int:
    population = sum(stratum.size for stratum in strata)
    return labels_missing(population, sum(stratum.labels for stratum in strata), strata[0])


def labels_missing(population: int, labels: int, within: Stratum) -> int:
    """Labels still to be drawn before a count may be called measured.

    A population that is labelled whole needs no more, however small it is. A count that the
    machine says is nothing has nothing to be drawn from: then the number of labels alone decides.
    """
    if population == 0:
        return LABELS_NEEDED
    if labels >= population:
        return 0
    needed = min(LABELS_NEEDED, population)
    rare = 0
    if within.size:
        short = min(LABELS_WITHIN_NEEDED, within.size) - within.labels
        rare = math.ceil(max(short, 0) * population / within.size)
    return max(needed - labels, min(rare, population - labels), 0)


def share_of(rows: Sequence[Sequence[Stratum]]) -> list[Interval]:
    """For each list of strata, the share that people would count, with its 95 % interval.

    The first stratum is what the machine counts, the last one what it counts as something else.
    Those between that hold too few labels are taken together with the last one: how many labels a
    stratum got says nothing about the answers.
    """
    if not rows:
        return []
    kept = [_merge_small(strata) for strata in rows]
    width = max(len(strata) for strata in kept)
    table = np.zeros((3, len(kept), width))
    for row, strata in enumerate(kept):
        for column, stratum in enumerate(strata):
            table[:, row, column] = stratum.size, stratum.labels, stratum.positives
    bounds = zip(*(part.tolist() for part in score_intervals(*table)), strict=True)
    return [Interval(value=value, low=low, high=high) for value, low, high in bounds]


def _merge_small(strata: Sequence[Stratum]) -> list[Stratum]:
    if len(strata) < 2:
        return list(strata)
    first, *middle, last = strata
    kept = [first]
    for stratum in middle:
        if stratum.labels >= _SMALLEST_STRATUM:
            kept.append(stratum)
        else:
            last = Stratum(
                size=last.size + stratum.size,
                labels=last.labels + stratum.labels,
                positives=last.positives + stratum.positives,
            )
    return [*kept, last]


def score_intervals(
    sizes: Floats, labels: Floats, positives: Floats
) -> tuple[Floats, Floats, Floats]:
    """Value, low and high of each row; all three arrays are (rows, strata).

    A stratum without labels may hold anything: its whole weight goes into the interval, and half
    of what the labels of all strata say goes into the value.
    """
    total = np.maximum(sizes.sum(axis=1, keepdims=True), 1.0)
    weights = sizes / total
    found = np.divide(positives, labels, out=np.zeros_like(labels), where=labels > 0)
    trials = _effective(sizes, labels)
    low = _lower_bound(weights, trials, found)
    high = 1 - _lower_bound(weights, trials, np.where(labels > 0, 1 - found, 0.0))
    known = positives.sum(axis=1) / total[:, 0]
    impossible = (labels - positives).sum(axis=1) / total[:, 0]
    low = np.maximum(low, known)
    high = np.maximum(np.minimum(high, 1 - impossible), low)
    overall = _overall(labels, positives)
    value = (weights * np.where(labels > 0, found, overall[:, None])).sum(axis=1)
    return np.clip(value, low, high), low, high


def _overall(labels: Floats, positives: Floats) -> Floats:
    drawn = labels.sum(axis=1)
    return np.divide(positives.sum(axis=1), drawn, out=np.full_like(drawn, 0.5), where=drawn > 0)


def _effective(sizes: Floats, labels: Floats) -> Floats:
    """Labels drawn with replacement that would say as much; endless where all are labelled."""
    left = sizes - labels
    trials = np.divide(
        labels * (sizes - 1), left, out=np.full_like(labels, _ENDLESS), where=left > 0
    )
    return np.where(labels > 0, np.minimum(np.maximum(trials, labels), _ENDLESS), 0.0)


def _lower_bound(weights: Floats, trials: Floats, found: Floats) -> Floats:
    """The smallest share that the score test does not reject.

    For a share below the observed one, the likeliest shares of the strata follow from one
    multiplier m: trials (found - p) = m weight p (1 - p), and the test's statistic is then
    m² times the variance at p. So the bound is one root in m, by bisection on its logarithm.
    """
    drawn = trials > 0
    least = np.full(len(weights), -8.0)
    most = np.full(len(weights), 14.0)
    for _ in range(_STEPS):
        middle = (least + most) / 2
        shares = _restricted(weights, trials, found, 10.0**middle)
        terms = np.divide(
            weights**2 * shares * (1 - shares), trials, out=np.zeros_like(shares), where=drawn
        )
        inside = 10.0 ** (2 * middle) * terms.sum(axis=1) < Z**2
        least, most = np.where(inside, middle, least), np.where(inside, most, middle)
    shares = _restricted(weights, trials, found, 10.0**most)
    return (weights * np.where(drawn, shares, 0.0)).sum(axis=1)


def _restricted(weights: Floats, trials: Floats, found: Floats, multiplier: Floats) -> Floats:
    pull = multiplier[:, None] * weights
    both = trials + pull
    root = np.sqrt(np.maximum(both**2 - 4 * pull * trials * found, 0.0))
    return 2 * trials * found / np.maximum(both + root, np.finfo(np.float64).tiny)


class Tuned(Model):
    """A power-tuned estimate with its normal interval."""

    interval: Interval
    power: float
    """How much of the machine's word is used: 0 for labels alone, 1 for all of it."""


def tuned_mean(answers: Floats, said_of_labelled: Floats, said_of_others: Floats) -> Tuned:
    """PPI++ as published: of the process that conversations come from, not of those at hand.

    `answers` and `said_of_labelled` are of the same conversations, `said_of_others` is of those
    that nobody labelled. The variance of what the machine says of the others belongs to it: left
    out, the interval is too short. For numbers and probabilities; for small shares the normal
    interval is too short all the same, see `share_of`.
    """
    ratio = len(answers) / len(said_of_others)
    said: Floats = np.concatenate([said_of_labelled, said_of_others])
    spread = float(said.var())
    apart = (answers - answers.mean()) * (said_of_labelled - said_of_labelled.mean())
    power = float(apart.mean()) / ((1 + ratio) * spread) if spread else 0.0
    power = min(max(power, 0.0), 1.0)
    rectifier = answers - power * said_of_labelled
    value = power * float(said_of_others.mean()) + float(rectifier.mean())
    variance = power**2 * float(said_of_others.var()) / len(said_of_others)
    variance += float(rectifier.var(ddof=1)) / len(answers)
    half = Z * math.sqrt(variance)
    return Tuned(interval=Interval(value=value, low=value - half, high=value + half), power=power)
