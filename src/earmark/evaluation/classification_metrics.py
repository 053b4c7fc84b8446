"""How right labels are.

An abstention (`cannot_tell`) counts as a wrong answer, never as a class: it lowers the recall of
the true class and the accuracy, and no precision.
Loads scikit-learn: for the command line, workers and benchmarks, not for the API server.
"""

from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from earmark.db.models import CANNOT_TELL, Model


class ClassScore(Model):
    """One true class."""

    category_id: str
    precision: float
    """0 where the class was never given."""
    recall: float
    f1: float
    support: int
    """Items that truly belong to the class."""


class ClassificationScores(Model):
    """All items together; every figure is 0 for no items."""

    macro_f1: float
    """Unweighted mean of F1 over the classes that occur in the truth."""
    accuracy: float
    abstention_share: float
    classes: tuple[ClassScore, ...]
    """In alphabetical order."""


class _Score(Protocol):
    def __call__(
        self,
        y_true: Sequence[str],
        y_pred: Sequence[str],
        *,
        labels: Sequence[str],
        zero_division: float,
    ) -> tuple[npt.NDArray[np.float64], ...]: ...


_score = cast(
    _Score,
    metrics.precision_recall_fscore_support,  # pyright: ignore[reportUnknownMemberType]
)


def score_classification(truth: Sequence[str], given: Sequence[str]) -> ClassificationScores:
    """Compare given labels with true ones; `ValueError` on different lengths or an unknown truth.

    A given label that never is the truth counts as wrong, as an abstention does, but is none.
    """
    if len(truth) != len(given):
        raise ValueError(f"{len(truth)} true labels, {len(given)} given ones")
    if CANNOT_TELL in truth:
        raise ValueError(f"{CANNOT_TELL!r} is the abstention, it cannot be the truth")
    names = sorted(set(truth))
    if not names:
        return ClassificationScores(macro_f1=0.0, accuracy=0.0, abstention_share=0.0, classes=())
    parts = _score(truth, given, labels=names, zero_division=0.0)
    classes = tuple(
        ClassScore(
            category_id=name,
            precision=float(precision),
            recall=float(recall),
            f1=float(f1),
            support=int(support),
        )
        for name, precision, recall, f1, support in zip(names, *parts, strict=True)
    )
    return ClassificationScores(
        macro_f1=float(np.mean([one.f1 for one in classes])),
        accuracy=float(np.mean([one == other for one, other in zip(truth, given, strict=True)])),
        abstention_share=float(np.mean([label == CANNOT_TELL for label in given])),
        classes=classes,
    )
