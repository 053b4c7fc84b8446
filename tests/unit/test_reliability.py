"""Confidence against truth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluation.reliability import measure_reliability


def test_labels_of_about_the_same_confidence_are_held_against_how_many_are_right() -> None:
    found = measure_reliability([0.95, 0.91, 0.55, 0.52], [True, True, True, False])
    assert [(one.low, one.labels) for one in found.bins] == [(0.5, 2), (0.9, 2)]
    low, high = found.bins
    assert (low.confidence, low.accuracy.value) == (pytest.approx(0.535), 0.5)
    assert (high.confidence, high.accuracy.value) == (pytest.approx(0.93), 1)
    assert found.error == pytest.approx((0.035 + 0.07) / 2)


def test_surest_labels_come_first_on_the_curve_of_risk() -> None:
    found = measure_reliability([0.6, 0.9, 0.8, 1.0], [False, True, False, True])
    assert [(one.coverage, one.risk) for one in found.risk_coverage] == [
        (0.25, 0),
        (0.5, 0),
        (0.75, pytest.approx(1 / 3)),
        (1, 0.5),
    ]


def test_nothing_judged_says_nothing() -> None:
    found = measure_reliability([], [])
    assert (found.error, found.bins, found.risk_coverage) == (None, (), ())


def test_different_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 confidences"):
        measure_reliability([0.5, 0.6], [True])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_curve_ends_with_all_labels_and_their_share_of_wrong(
    labels: list[tuple[float, bool]],
) -> None:
    found = measure_reliability([one for one, _ in labels], [right for _, right in labels])
    wrong = sum(not right for _, right in labels) / len(labels)
    assert found.risk_coverage[-1].coverage == 1
    assert found.risk_coverage[-1].risk == pytest.approx(wrong)
    assert sum(one.labels for one in found.bins) == len(labels)
    assert found.error is not None
    assert 0 <= found.error <= 1
