"""A version is called better or worse only where chance does not explain it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluation.gates import compare, mcnemar

CATEGORIES = ("billing", "bug", "wish", "spam")


def labels(generator: np.random.Generator, truth: list[str], accuracy: float) -> list[str]:
    """Labels that are right as often, and any category otherwise."""
    return [
        true if generator.random() < accuracy else str(generator.choice(CATEGORIES))
        for true in truth
    ]


def truths(generator: np.random.Generator, number: int) -> list[str]:
    return [str(one) for one in generator.choice(CATEGORIES, number, p=[0.4, 0.3, 0.2, 0.1])]


def test_clearly_better_version_is_resolved_and_its_mirror_is_worse() -> None:
    generator = np.random.default_rng(1)
    truth = truths(generator, 300)
    before, after = labels(generator, truth, 0.5), labels(generator, truth, 0.8)
    found = compare(truth, before, after, names=("v1", "v2"))
    assert (found.before, found.after, found.items) == ("v1", "v2", 300)
    assert found.verdict == "better"
    assert found.macro_f1_change.low > 0
    assert found.only_after - found.only_before == found.right_after - found.right_before
    assert compare(truth, after, before).verdict == "worse"


def test_rank_is_refused_where_chance_explains_the_difference() -> None:
    generator = np.random.default_rng(2)
    truth = truths(generator, 60)
    before, after = labels(generator, truth, 0.72), labels(generator, truth, 0.75)
    found = compare(truth, before, after)
    assert found.verdict == "not resolved"
    assert found.right_before != found.right_after
    assert "Chance" in found.reason


def test_versions_that_are_alike_are_seldom_resolved() -> None:
    generator = np.random.default_rng(3)
    resolved = 0
    for _ in range(60):
        truth = truths(generator, 120)
        before, after = labels(generator, truth, 0.7), labels(generator, truth, 0.7)
        resolved += compare(truth, before, after).verdict != "not resolved"
    # One in twenty at most is expected; eight of sixty would have a chance of 2 in 100 then.
    assert resolved <= 7


def test_better_in_one_measure_and_worse_in_the_other_is_not_ranked() -> None:
    truth = ["billing"] * 200 + ["bug"] * 30
    # All rare ones right against more of the frequent ones right.
    before = ["billing"] * 130 + ["bug"] * 70 + ["bug"] * 30
    after = ["billing"] * 230
    found = compare(truth, before, after)
    assert found.right_after > found.right_before
    assert found.macro_f1_change.high < 0
    assert found.verdict == "not resolved"
    assert "better in accuracy and worse in macro-F1" in found.reason


def test_few_conversations_resolve_nothing() -> None:
    found = compare(["bug"] * 19, ["spam"] * 19, ["bug"] * 19)
    assert found.verdict == "not resolved"
    assert "20 are needed" in found.reason


def test_nothing_in_common_is_told() -> None:
    assert compare([], [], []).items == 0


def test_different_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare(["bug"], ["bug"], [])


@pytest.mark.parametrize(
    ("before", "after", "p_value"), [(0, 0, 1.0), (0, 5, 0.0625), (5, 0, 0.0625), (3, 3, 1.0)]
)
def test_exact_test_of_mcnemar(before: int, after: int, p_value: float) -> None:
    assert mcnemar(before, after) == pytest.approx(p_value)


@given(st.integers(0, 300), st.integers(0, 300))
def test_p_value_is_a_probability_and_knows_no_direction(one: int, other: int) -> None:
    assert 0 <= mcnemar(one, other) <= 1
    assert mcnemar(one, other) == mcnemar(other, one)
