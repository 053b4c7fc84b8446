"""How well groups agree with known ones.

What was left unassigned (label below 0) counts as a group of its own member each: leaving out what
belongs together costs recall, and no two things are called alike because neither was grouped.
Loads scikit-learn: for the command line, workers and benchmarks, not for the API server.
"""

from collections.abc import Hashable, Sequence
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from earmark.db.models import Model

_Codes = npt.NDArray[np.intp]


class ClusteringScores(Model):
    """Agreement of a grouping with the truth; 1 is perfect."""

    adjusted_rand: float
    """Share of pairs judged alike, corrected for chance (Hubert and Arabie 1985); 0 by chance."""
    normalized_mutual_information: float
    """Arithmetic mean as the norm; not corrected for chance, so many small groups flatter it."""
    pairwise_precision: float
    """Of the pairs put together, the share that belongs together; 1 if there is none."""
    pairwise_recall: float
    """Of the pairs that belong together, the share put together; 1 if there is none."""
    assigned_share: float
    """Items in any group; 0 for no items."""


class _Score(Protocol):
    def __call__(self, labels_true: _Codes, labels_pred: _Codes) -> float: ...


_adjusted_rand = cast(_Score, metrics.adjusted_rand_score)  # pyright: ignore[reportUnknownMemberType]
_mutual_information = cast(
    _Score,
    metrics.normalized_mutual_info_score,  # pyright: ignore[reportUnknownMemberType]
)


def score_clustering(truth: Sequence[Hashable], labels: Sequence[int]) -> ClusteringScores:
    """Compare group numbers with true groups; raises `ValueError` on different lengths."""
    numbers: dict[Hashable, int] = {}
    pairs = zip(truth, labels, strict=True)
    known = np.array([numbers.setdefault(name, len(numbers)) for name, _ in pairs], dtype=np.intp)
    given = np.array(labels, dtype=np.intp)
    alone = given < 0
    given[alone] = given.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
    precision, recall = _score_pairs(known, given)
    return ClusteringScores(
        adjusted_rand=float(_adjusted_rand(known, given)),
        normalized_mutual_information=float(_mutual_information(known, given)),
        pairwise_precision=precision,
        pairwise_recall=recall,
        assigned_share=float(np.mean(~alone)) if len(alone) else 0.0,
    )


def _score_pairs(known: _Codes, given: _Codes) -> tuple[float, float]:
    both = _count_pairs(np.unique(np.stack([known, given]), axis=1, return_counts=True)[1])
    put = _count_pairs(np.unique(given, return_counts=True)[1])
    belonging = _count_pairs(np.unique(known, return_counts=True)[1])
    return both / put if put else 1.0, both / belonging if belonging else 1.0


def _count_pairs(sizes: _Codes) -> int:
    return int((sizes * (sizes - 1) // 2).sum())
