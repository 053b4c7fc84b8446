"""How far people agree with each other, beyond what chance alone would give."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from earmark.db.models import Interval, Model

Ratings = Sequence[Sequence[str]]
"""For each item what each of its labellers said; items with one label say nothing."""
Counts = npt.NDArray[np.float64]

_RESAMPLES: Final = 1000


class Agreement(Model):
    """Agreement between labellers."""

    items: int
    """Conversations that two people or more have labelled."""
    agreed: Interval | None
    """Share of the pairs of labels that are the same; null without items."""
    alpha: Interval | None
    """Krippendorff's alpha for names; null without items, or where all say the same always."""


class PairAgreement(Model):
    """Agreement of two people on what both have labelled."""

    labellers: tuple[str, str]
    items: int
    agreed: int
    kappa: float | None
    """Cohen's kappa; null where both give one and the same category always."""


def measure_agreement(ratings: Ratings, *, seed: int = 0) -> Agreement:
    """Over all items with two labels or more; intervals by resampling the items."""
    counts = _count(ratings)
    if not len(counts):
        return Agreement(items=0, agreed=None, alpha=None)
    return Agreement(
        items=len(counts),
        agreed=_with_interval(counts, _agreed_share, seed),
        alpha=_with_interval(counts, krippendorff_alpha, seed),
    )


def krippendorff_alpha(counts: Counts, times: Counts) -> Counts:
    """Alpha for nominal data (Krippendorff 2011); NaN where nobody could disagree.

    `counts` is (items, categories): how many labellers gave each, two or more an item; `times` is
    (samples, items): how often each item is in a sample. One value for each sample.
    """
    labels = counts.sum(axis=1)
    # Each item counts by its labels, however many pairs they make.
    observed = times @ ((labels**2 - (counts**2).sum(axis=1)) / (labels - 1))
    totals = times @ counts
    number = totals.sum(axis=1)
    expected = (number**2 - (totals**2).sum(axis=1)) / (number - 1)
    ratio = np.divide(observed, expected, out=np.full_like(expected, np.nan), where=expected > 0)
    return 1 - ratio


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Kappa of two labellers (Cohen 1960); null where both give one and the same always."""
    number = len(pairs)
    names = sorted({name for pair in pairs for name in pair})
    shares = [
        [sum(pair[who] == name for pair in pairs) / number for name in names] for who in (0, 1)
    ]
    by_chance = sum(one * other for one, other in zip(*shares, strict=True))
    agreed = sum(one == other for one, other in pairs) / number
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else None


def compare_labellers(labels: Sequence[dict[str, str]]) -> list[PairAgreement]:
    """Each two people on what both have labelled; a dictionary per item, by labeller."""
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for item in labels:
        for one, other in combinations(sorted(item), 2):
            pairs.setdefault((one, other), []).append((item[one], item[other]))
    return [
        PairAgreement(
            labellers=names,
            items=len(both),
            agreed=sum(one == other for one, other in both),
            kappa=cohen_kappa(both),
        )
        for names, both in sorted(pairs.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    ]


def _count(ratings: Ratings) -> Counts:
    useful = [labels for labels in ratings if len(labels) > 1]
    names = sorted({name for labels in useful for name in labels})
    counts = np.zeros((len(useful), len(names)))
    for row, labels in enumerate(useful):
        for name in labels:
            counts[row, names.index(name)] += 1
    return counts


def _agreed_share(counts: Counts, times: Counts) -> Counts:
    labels = counts.sum(axis=1)
    same = (counts * (counts - 1)).sum(axis=1) / (labels * (labels - 1))
    return times @ same / len(counts)


def _with_interval(
    counts: Counts, statistic: Callable[[Counts, Counts], Counts], seed: int
) -> Interval | None:
    items = len(counts)
    value = float(statistic(counts, np.ones((1, items)))[0])
    if np.isnan(value):
        return None
    times = np.random.default_rng(seed).multinomial(items, np.full(items, 1 / items), _RESAMPLES)
    low, high = np.nanquantile(statistic(counts, times.astype(np.float64)), [0.025, 0.975])
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))
