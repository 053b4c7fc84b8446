"""Is a newer version better than an older one? Both on the same conversations, in pairs.

The gate says better or worse only where chance alone does not explain the difference. Where it
may, the versions are not ranked, and the verdict says so.
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from earmark.db.models import Interval, Model

Verdict = Literal["better", "worse", "not resolved"]
Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_RESAMPLES: Final = 2000
_RISK: Final = 0.05
_FEW: Final = 20
"""Conversations below which nothing is resolved."""


class Comparison(Model):
    """What a newer version changes, on conversations whose truth people have told."""

    before: str
    after: str
    items: int
    """Conversations that people have labelled and both versions have read."""
    right_before: int
    right_after: int
    only_before: int
    """Right in the older version alone."""
    only_after: int
    p_value: float
    """Exact McNemar test, two-sided: how likely so uneven a split is by chance."""
    macro_f1_before: float
    macro_f1_after: float
    macro_f1_change: Interval
    """Paired bootstrap over conversations."""
    macro_f1_p_value: float
    """Two-sided, from the same bootstrap."""
    verdict: Verdict
    reason: str


def compare(
    truth: Sequence[str],
    before: Sequence[str],
    after: Sequence[str],
    *,
    names: tuple[str, str] = ("before", "after"),
    seed: int = 0,
) -> Comparison:
    """Compare two versions; `ValueError` on different lengths.

    Worse if either measure has surely fallen and the other has not surely risen; better likewise.
    Of versions that are alike, one comparison in twenty at most is called resolved.
    """
    pairs = list(zip(truth, before, after, strict=True))
    right = [(one == true, other == true) for true, one, other in pairs]
    only_before = sum(one and not other for one, other in right)
    only_after = sum(other and not one for one, other in right)
    scores = _score_macro_f1(truth, before, after, seed)
    unjudged = Comparison(
        before=names[0],
        after=names[1],
        items=len(pairs),
        right_before=sum(one for one, _ in right),
        right_after=sum(other for _, other in right),
        only_before=only_before,
        only_after=only_after,
        p_value=mcnemar(only_before, only_after),
        macro_f1_before=scores.before,
        macro_f1_after=scores.after,
        macro_f1_change=scores.change,
        macro_f1_p_value=scores.p_value,
        verdict="not resolved",
        reason="",
    )
    verdict, reason = _judge(unjudged)
    return unjudged.model_copy(update={"verdict": verdict, "reason": reason})


def mcnemar(only_before: int, only_after: int) -> float:
    """Exact two-sided p-value: a fair coin for each conversation that only one has right."""
    number = only_before + only_after
    fewer = min(only_before, only_after)
    tail = sum(math.comb(number, hits) for hits in range(fewer + 1))
    return min(2 * tail / 2**number, 1.0)


def _judge(comparison: Comparison) -> tuple[Verdict, str]:
    if comparison.items < _FEW:
        few = f"Only {comparison.items} conversations can be compared; {_FEW} are needed."
        return "not resolved", few
    gained = comparison.only_after - comparison.only_before
    # Two measures are looked at: each gets half of the risk.
    changes = {
        "accuracy": gained if comparison.p_value < _RISK / 2 else 0,
        "macro-F1": comparison.macro_f1_change.value
        if comparison.macro_f1_p_value < _RISK / 2
        else 0,
    }
    risen = [name for name, change in changes.items() if change > 0]
    fallen = [name for name, change in changes.items() if change < 0]
    if risen and fallen:
        return "not resolved", f"It is better in {risen[0]} and worse in {fallen[0]}."
    if fallen:
        return "worse", f"Resolved by {' and '.join(fallen)}."
    if risen:
        return "better", f"Resolved by {' and '.join(risen)}."
    return "not resolved", "Chance alone explains the difference."


class _Scores(Model):
    before: float
    after: float
    change: Interval
    p_value: float


def _score_macro_f1(
    truth: Sequence[str], before: Sequence[str], after: Sequence[str], seed: int
) -> _Scores:
    """Macro-F1 over the categories that occur in the truth; nothing is known of no items."""
    if not truth:
        unknown = Interval(value=0.0, low=-1.0, high=1.0)
        return _Scores(before=0.0, after=0.0, change=unknown, p_value=1.0)
    names = {name: place for place, name in enumerate(sorted({*truth, *before, *after}))}
    codes = np.array([[names[label] for label in labels] for labels in (truth, before, after)])
    cells, numbers = np.unique(codes, axis=1, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(
        len(truth), numbers / len(truth), size=_RESAMPLES
    )
    was, now = (float(_macro_f1(cells[[0, given]], numbers[None])[0]) for given in (1, 2))
    changes = _macro_f1(cells[[0, 2]], drawn) - _macro_f1(cells[[0, 1]], drawn)
    low, high = np.quantile(changes, [_RISK / 2, 1 - _RISK / 2])
    against = min(float(np.mean(changes <= 0)), float(np.mean(changes >= 0)))
    return _Scores(
        before=was,
        after=now,
        change=Interval(value=now - was, low=float(low), high=float(high)),
        p_value=min(2 * max(against, 1 / _RESAMPLES), 1.0),
    )


def _macro_f1(cells: Codes, numbers: Codes) -> Floats:
    """For each row of `numbers`, of a sample with so many conversations in each cell.

    `cells` is (2, cells): the true and the given category.
    """
    names = np.arange(int(cells.max()) + 1)
    truth, given = (cells[:, :, None] == names).astype(np.float64)
    support = numbers @ truth
    f1 = 2 * (numbers @ (truth * given)) / np.maximum(support + numbers @ given, 1)
    return (f1 * (support > 0)).sum(axis=1) / (support > 0).sum(axis=1)
