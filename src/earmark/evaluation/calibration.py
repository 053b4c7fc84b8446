"""How far a model's confidence can be believed, and from which confidence on it may decide alone.

Everything here is found from labels by people that neither taught the model that is judged nor were
chosen because of what it said. Without such labels no threshold is given.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from pydantic import Field

from earmark.db.models import Interval, Model
from earmark.evaluation import intervals

_BINS: Final = 10
_TAIL: Final = 0.025
_OWN_EVIDENCE: Final = 200
"""Judged labels from which on a category is judged by its own alone."""
_FIRST_SHARE: Final = 6
"""The first of the nested sets is one sixth of the labels, within what can be proved at all."""
_GROWTH: Final = 1.1
_RISK_POINTS: Final = 20
_LARGE_SHIFT: Final = 0.25
_LEAST_RECENT: Final = 100

Numbers = npt.NDArray[np.float64]


class Judged(Model):
    """What a model said of a text whose category a person has said."""

    category_id: str
    """By the model."""
    confidence: float = Field(ge=0, le=1)
    is_right: bool


class ReliabilityBin(Model):
    """Labels of about the same confidence."""

    low: float
    high: float
    labels: int
    confidence: float
    """Their mean; 0 for none."""
    accuracy: Interval


class CategoryProof(Model):
    """What the threshold of one category rests on."""

    category_id: str
    labels: int
    """Judged labels that the model gave this category."""
    is_own: bool
    """Proved by these labels alone; otherwise together with all categories that have few, and then
    the target holds for these together, not for each."""
    decided: int
    """Labels at or above the threshold, of the category or of those judged together with it."""
    precision: Interval
    """Of the decided, with its exact interval (Clopper and Pearson 1934)."""


class RiskPoint(Model):
    """Of the surest labels, how many are wrong."""

    coverage: float
    risk: float


class Calibration(Model):
    """All that labels by people say of a model's confidence."""

    target: float = Field(gt=0, lt=1)
    labels: int
    error: float | None
    """Expected calibration error over ten bins of equal width: the mean difference of confidence
    and accuracy, weighted by labels (Naeini et al. 2015). Null without labels. It is never 0 by
    chance: with few labels most of it is their noise."""
    bins: tuple[ReliabilityBin, ...]
    thresholds: dict[str, float | None]
    """By category, from which confidence on the model may decide alone; null for never."""
    categories: tuple[CategoryProof, ...]
    decided_share: float
    """Of the judged labels, what the model would have decided alone."""
    risk_coverage: tuple[RiskPoint, ...]
    risk_area: float | None
    """Under the risk-coverage curve: the mean risk over all coverages."""
    confidences: tuple[int, ...] = ()
    """Texts of the workspace in each of ten confidence bins, when it was fitted."""


class Drift(Model):
    """What became of a calibration's promise."""

    target: float
    precision: Interval
    """Of recent labels that the model decided, or would have, by those who judged them."""
    judged: int
    is_kept: bool | None
    """False once the whole interval lies below the target, true once it lies above, else open."""
    shift: float | None
    """Population stability index of confidence, now against when the model was fitted; null where
    either is too small to say."""
    is_shifted: bool
    """The index is above 0.25, by custom a large shift."""


def calibrate(
    judged: Sequence[Judged],
    category_ids: Sequence[str],
    *,
    target: float,
    confidences: Sequence[float] = (),
) -> Calibration:
    """Measure confidence, and choose thresholds for all of `category_ids`.

    `confidences` are those of the workspace's texts at this time, to compare later ones with.
    """
    surest = sorted(judged, key=lambda one: -one.confidence)
    confidence = np.array([one.confidence for one in surest], dtype=np.float64)
    right = np.array([one.is_right for one in surest], dtype=np.float64)
    thresholds, categories = choose_thresholds(judged, category_ids, target=target)
    return Calibration(
        target=target,
        labels=len(judged),
        error=calibration_error(confidence, right) if judged else None,
        bins=_reliability(confidence, right),
        thresholds=thresholds,
        categories=categories,
        decided_share=float(np.mean([decides(thresholds, one) for one in judged]))
        if judged
        else 0.0,
        risk_coverage=_risk_coverage(right),
        risk_area=risk_area(confidence, right) if judged else None,
        confidences=tuple(_count_bins(np.array(confidences))) if len(confidences) else (),
    )


def decides(thresholds: Mapping[str, float | None], one: Judged) -> bool:
    """Whether a model with these thresholds decides it alone."""
    limit = thresholds.get(one.category_id)
    return limit is not None and one.confidence >= limit


# ---------------------------------------------------------------- how far to believe


def calibration_error(confidence: Numbers, right: Numbers) -> float:
    """See `Calibration.error`; both of shape (labels,), at least one label."""
    places = _bins_of(confidence)
    sizes = np.bincount(places, minlength=_BINS)
    gaps = np.bincount(places, confidence - right, _BINS)
    return float(np.abs(gaps).sum() / sizes.sum())


def risk_area(confidence: Numbers, right: Numbers) -> float:
    """See `Calibration.risk_area`; labels of equal confidence count in the order given."""
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(1 - right[order])
    return float(np.mean(wrong / np.arange(1, len(wrong) + 1)))


def _bins_of(confidence: Numbers) -> npt.NDArray[np.intp]:
    return np.minimum((confidence * _BINS).astype(np.intp), _BINS - 1)


def _count_bins(confidence: Numbers) -> list[int]:
    return np.bincount(_bins_of(confidence), minlength=_BINS).tolist()


def _reliability(confidence: Numbers, right: Numbers) -> tuple[ReliabilityBin, ...]:
    places = _bins_of(confidence)
    found: list[ReliabilityBin] = []
    for place in range(_BINS):
        inside = places == place
        labels = int(inside.sum())
        found.append(
            ReliabilityBin(
                low=place / _BINS,
                high=(place + 1) / _BINS,
                labels=labels,
                confidence=float(confidence[inside].mean()) if labels else 0.0,
                accuracy=intervals.share(int(right[inside].sum()), labels),
            )
        )
    return tuple(found)


def _risk_coverage(right: Numbers) -> tuple[RiskPoint, ...]:
    labels = len(right)
    wrong = np.cumsum(1 - right)
    steps = min(_RISK_POINTS, labels)
    ends = [-(-labels * step // steps) for step in range(1, steps + 1)]
    return tuple(RiskPoint(coverage=end / labels, risk=float(wrong[end - 1] / end)) for end in ends)


# ---------------------------------------------------------------- from where on to decide


def least_labels(target: float) -> int:
    """Labels, all of them right, whose exact interval lies above the target."""
    return math.ceil(math.log(_TAIL) / math.log(target))


def choose_thresholds(
    judged: Sequence[Judged], category_ids: Sequence[str], *, target: float
) -> tuple[dict[str, float | None], tuple[CategoryProof, ...]]:
    """For each category the lowest confidence from which on the target is proved.

    Categories with few labels are judged together: each alone could prove nothing. Which ones these
    are depends on what the model said, not on whether it was right.
    """
    given: dict[str, list[Judged]] = {category: [] for category in category_ids}
    for one in judged:
        if one.category_id in given:
            given[one.category_id].append(one)
    few = [one for group in given.values() if len(group) < _OWN_EVIDENCE for one in group]
    together = _prove(few, target)
    thresholds: dict[str, float | None] = {}
    proofs: list[CategoryProof] = []
    for category, group in given.items():
        is_own = len(group) >= _OWN_EVIDENCE
        thresholds[category], decided, right = _prove(group, target) if is_own else together
        proofs.append(
            CategoryProof(
                category_id=category,
                labels=len(group),
                is_own=is_own,
                decided=decided,
                precision=exact_share(right, decided),
            )
        )
    return thresholds, tuple(proofs)


def _prove(group: Sequence[Judged], target: float) -> tuple[float | None, int, int]:
    """The threshold, the labels at or above it, and how many of these are right.

    To take the best of many thresholds that look good on the same labels promises too much. Instead
    nested sets, whose sizes depend on the number of labels alone, are tested from the surest on,
    and the first that fails ends the search: the chance that any accepted set is below the target
    is then that of a single test (fixed-sequence testing; Maurer, Hothorn and Lehmacher 1995).
    """
    surest = sorted(group, key=lambda one: -one.confidence)
    confidence = np.array([one.confidence for one in surest], dtype=np.float64)
    right = np.array([one.is_right for one in surest], dtype=np.intp).cumsum()
    least = least_labels(target)
    size = min(max(len(surest) // _FIRST_SHARE, least), 4 * least)
    proved = 0
    while proved < len(surest) and size <= len(surest):
        # Labels of the same confidence cannot be told apart.
        end = int(np.count_nonzero(confidence >= confidence[size - 1]))
        if exact_share(int(right[end - 1]), end).low < target:
            break
        proved = end
        size = min(max(end + 1, int(end * _GROWTH)), len(surest))
    if proved == 0:
        return None, 0, 0
    return float(confidence[proved - 1]), proved, int(right[proved - 1])


def exact_share(successes: int, trials: int) -> Interval:
    """A proportion with its exact interval (Clopper and Pearson 1934), which never promises more
    than 95 %; the whole range for no trials."""
    from scipy import special  # noqa: PLC0415 - half a second, which no start should wait for

    if trials == 0:
        return Interval(value=0.0, low=0.0, high=1.0)
    wrong = trials - successes
    low = float(special.betaincinv(successes, wrong + 1, _TAIL)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, wrong, 1 - _TAIL)) if wrong else 1.0
    return Interval(value=successes / trials, low=low, high=high)


# ---------------------------------------------------------------- what became of it


def find_drift(
    calibration: Calibration, recent: Sequence[Judged], confidences: Sequence[float]
) -> Drift:
    """Compare recent judgements and confidences with what the calibration promised and saw."""
    decided = [one for one in recent if decides(calibration.thresholds, one)]
    precision = exact_share(sum(one.is_right for one in decided), len(decided))
    shift = _shift(calibration.confidences, confidences)
    return Drift(
        target=calibration.target,
        precision=precision,
        judged=len(decided),
        is_kept=_is_kept(precision, calibration.target),
        shift=shift,
        is_shifted=shift is not None and shift > _LARGE_SHIFT,
    )


def _is_kept(precision: Interval, target: float) -> bool | None:
    if precision.high < target:
        return False
    return True if precision.low >= target else None


def _shift(before: Sequence[int], now: Sequence[float]) -> float | None:
    if sum(before) < _LEAST_RECENT or len(now) < _LEAST_RECENT:
        return None
    # Half a text in every bin: an empty one would make the index infinite.
    then = np.array(before, dtype=np.float64) + 0.5
    present = np.array(_count_bins(np.array(now, dtype=np.float64)), dtype=np.float64) + 0.5
    then, present = then / then.sum(), present / present.sum()
    return float(((present - then) * np.log(present / then)).sum())
