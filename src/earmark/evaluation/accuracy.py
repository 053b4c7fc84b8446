"""How right labels are, by what people say of conversations that were drawn by chance.

Only such conversations count: those that were chosen because they are hard would make every figure
look worse than it is. A label that the machine cannot tell is no class: it lowers the recall of the
true class, and no precision.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from earmark.db.models import CANNOT_TELL, Decider, Interval, Model
from earmark.evaluation import intervals

Codes = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

_RESAMPLES: Final = 1000


class Judgement(Model):
    """One label of the machine beside a person's of the same conversation."""

    said: str
    answered: str
    confidence: float
    decider: Decider
    model_version: str
    said_at: datetime
    answered_at: datetime


class ClassAccuracy(Model):
    """One category."""

    category_id: str
    said: int
    """Labelled conversations that the machine puts here."""
    answered: int
    """Those that people put here."""
    right: int
    precision: Interval | None
    """Null where the machine never said so."""
    recall: Interval | None
    """Null where people never said so."""
    f1: Interval


class ConfusionCell(Model):
    """Labelled conversations of which the machine says one thing and people another."""

    said: str
    answered: str
    conversations: int


class Accuracy(Model):
    """All categories together."""

    labels: int
    right: Interval | None
    """Share of all; what the machine cannot tell is not right. Null without labels."""
    right_of_decided: Interval | None
    """Of those that the machine decided."""
    undecided: Interval | None
    """Share that the machine cannot tell."""
    macro_f1: Interval | None
    """Mean over the categories that people gave; by resampling, which tells too narrow a range
    where there are fewer than 200 labels (it covered 87 to 93 % of simulated ones at 60)."""
    classes: tuple[ClassAccuracy, ...]
    """The most frequent first."""
    confusion: tuple[ConfusionCell, ...]
    """The largest first."""


def measure_accuracy(judgements: Sequence[Judgement], *, seed: int = 0) -> Accuracy:
    """Precision, recall and F1 with Wilson's intervals, their mean by resampling conversations.

    What people could not tell either is left out.
    """
    known = [one for one in judgements if one.answered != CANNOT_TELL]
    right = sum(one.said == one.answered for one in known)
    decided = sum(one.said != CANNOT_TELL for one in known)
    return Accuracy(
        labels=len(known),
        right=_share(right, len(known)),
        right_of_decided=_share(right, decided),
        undecided=_share(len(known) - decided, len(known)),
        macro_f1=_measure_macro_f1(known, right, seed) if known else None,
        classes=_measure_classes(known),
        confusion=_count_confusion(known),
    )


def _share(part: int, whole: int) -> Interval | None:
    return intervals.share(part, whole) if whole else None


def _measure_classes(known: Sequence[Judgement]) -> tuple[ClassAccuracy, ...]:
    said = Counter(one.said for one in known)
    answered = Counter(one.answered for one in known)
    right = Counter(one.said for one in known if one.said == one.answered)
    names = sorted(
        (said.keys() | answered.keys()) - {CANNOT_TELL},
        key=lambda name: (-answered[name], -said[name], name),
    )
    return tuple(
        ClassAccuracy(
            category_id=name,
            said=said[name],
            answered=answered[name],
            right=right[name],
            precision=_share(right[name], said[name]),
            recall=_share(right[name], answered[name]),
            f1=intervals.f1(right[name], said[name] + answered[name] - right[name]),
        )
        for name in names
    )


def _count_confusion(known: Sequence[Judgement]) -> tuple[ConfusionCell, ...]:
    cells = Counter((one.said, one.answered) for one in known)
    ordered = sorted(cells.items(), key=lambda cell: (-cell[1], cell[0]))
    return tuple(
        ConfusionCell(said=said, answered=answered, conversations=number)
        for (said, answered), number in ordered
    )


def _measure_macro_f1(known: Sequence[Judgement], right: int, seed: int) -> Interval:
    names = sorted({one.said for one in known} | {one.answered for one in known})
    places = {name: place for place, name in enumerate(names)}
    cells = Counter((places[one.said], places[one.answered]) for one in known)
    codes, numbers = np.array([*cells]), np.array([*cells.values()])
    given = sorted({places[one.answered] for one in known})
    value = float(_f1s(codes, numbers[None], len(names))[0, given].mean())
    if right in (0, len(known)):  # drawn again, they would all be the same
        return intervals.f1(right, len(known))
    drawn = np.random.default_rng(seed).multinomial(
        len(known), numbers / len(known), size=_RESAMPLES
    )
    means = _f1s(codes, drawn, len(names))[:, given].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))


def _f1s(codes: Codes, numbers: Codes, categories: int) -> Floats:
    """(samples, categories), of samples with so many conversations in each cell of the table."""
    said, answered = (codes.T[:, :, None] == np.arange(categories)).astype(np.float64)
    both = numbers @ said + numbers @ answered
    return 2 * (numbers @ (said * answered)) / np.maximum(both, 1)
