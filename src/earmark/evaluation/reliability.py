"""How far the confidence of labels can be believed, by labels of people drawn at random."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from earmark.db.models import Interval, Model
from earmark.evaluation import intervals

Floats = npt.NDArray[np.float64]

_BINS: Final = 10
_POINTS: Final = 20


class ConfidenceBin(Model):
    """Labels of about the same confidence; bins without labels are left out."""

    low: float
    high: float
    labels: int
    confidence: float
    """Their mean."""
    accuracy: Interval


class RiskAtCoverage(Model):
    """Of the surest labels, how many are wrong."""

    coverage: float
    risk: float


class Reliability(Model):
    """Confidence against truth."""

    error: float | None
    """Expected calibration error over ten bins of equal width: the mean difference of confidence
    and accuracy, weighted by labels (Naeini et al. 2015); null without labels."""
    bins: tuple[ConfidenceBin, ...]
    risk_coverage: tuple[RiskAtCoverage, ...]


def measure_reliability(confidence: Sequence[float], is_right: Sequence[bool]) -> Reliability:
    """Of labels that were decided; `ValueError` on different lengths."""
    if len(confidence) != len(is_right):
        raise ValueError(f"{len(confidence)} confidences, {len(is_right)} verdicts")
    sure = np.array(confidence, dtype=np.float64)
    right = np.array(is_right, dtype=np.float64)
    bins = _fill_bins(sure, right)
    gaps = [abs(one.confidence - one.accuracy.value) * one.labels for one in bins]
    return Reliability(
        error=sum(gaps) / len(sure) if len(sure) else None,
        bins=bins,
        risk_coverage=_follow_risk(sure, right),
    )


def _fill_bins(sure: Floats, right: Floats) -> tuple[ConfidenceBin, ...]:
    places = np.minimum((sure * _BINS).astype(np.intp), _BINS - 1)
    found: list[ConfidenceBin] = []
    for place in range(_BINS):
        inside = places == place
        labels = int(inside.sum())
        if labels:
            found.append(
                ConfidenceBin(
                    low=place / _BINS,
                    high=(place + 1) / _BINS,
                    labels=labels,
                    confidence=float(sure[inside].mean()),
                    accuracy=intervals.share(int(right[inside].sum()), labels),
                )
            )
    return tuple(found)


def _follow_risk(sure: Floats, right: Floats) -> tuple[RiskAtCoverage, ...]:
    number = len(sure)
    wrong = np.cumsum(1 - right[np.argsort(-sure, kind="stable")])
    steps = min(_POINTS, number)
    ends = [-(-number * step // steps) for step in range(1, steps + 1)]
    return tuple(
        RiskAtCoverage(coverage=end / number, risk=float(wrong[end - 1] / end)) for end in ends
    )
