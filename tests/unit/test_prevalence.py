"""Estimated shares contain the truth as often as they say, and say so where they cannot know."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluation.prevalence import (
    Basis,
    Estimate,
    Stratum,
    estimate,
    score_intervals,
    share_of,
    tuned_mean,
)
from tests.fixtures.threads import START

BASIS = Basis(as_of=START, taxonomy_version=3)
Draws = npt.NDArray[np.int64]


def stratum(size: int, labels: int = 0, positives: int = 0) -> Stratum:
    return Stratum(size=size, labels=labels, positives=positives)


def only(strata: Sequence[Stratum]) -> Estimate:
    return estimate([strata], BASIS)[0]


def draw(share: float, *, number: int, labels: int, draws: int) -> tuple[Draws, Draws, float]:
    """Sizes of said and not said, labels and positives of each draw, and the true share."""
    generator = np.random.default_rng(11)
    truth = generator.random(number) < share
    said = np.where(truth, generator.random(number) < 0.85, generator.random(number) > 0.98)
    cells = np.array([np.sum(said & truth), np.sum(said & ~truth), np.sum(~said & truth)])
    sizes = np.array([np.sum(said), np.sum(~said)])
    drawn = generator.multivariate_hypergeometric(
        [*cells, number - cells.sum()], labels, size=draws
    )
    shape = (draws, 2, 2)
    return np.broadcast_to(sizes, (draws, 2)), drawn.reshape(shape), float(truth.mean())


@pytest.mark.parametrize("labels", [200, 500])
@pytest.mark.parametrize("share", [0.02, 0.05, 0.2, 0.4])
def test_intervals_contain_the_truth_as_often_as_they_say(share: float, labels: int) -> None:
    sizes, drawn, truth = draw(share, number=5000, labels=labels, draws=2000)
    _, low, high = score_intervals(
        sizes.astype(float), drawn.sum(axis=2).astype(float), drawn[:, :, 0].astype(float)
    )
    covered = float(np.mean((low <= truth) & (truth <= high)))
    # 2,000 draws know a share of 95 % to half a point; few positives make intervals cautious.
    assert 0.935 <= covered <= (0.985 if share * labels < 8 else 0.965)


def test_machine_makes_intervals_narrower_than_labels_alone() -> None:
    sizes, drawn, _ = draw(0.2, number=5000, labels=300, draws=200)
    labels, positives = drawn.sum(axis=2).astype(float), drawn[:, :, 0].astype(float)
    _, low, high = score_intervals(sizes.astype(float), labels, positives)
    whole = sizes.sum(axis=1, keepdims=True).astype(float)
    _, low_alone, high_alone = score_intervals(
        whole, labels.sum(axis=1, keepdims=True), positives.sum(axis=1, keepdims=True)
    )
    assert np.mean(high - low) < 0.75 * np.mean(high_alone - low_alone)


def test_value_is_the_power_tuned_one_of_the_labels() -> None:
    # Power 80/100 - 10/200 = 0.75; 0.75 * 0.4 + (90 - 0.75 * 100) / 300 = 0.35.
    [interval] = share_of([[stratum(400, 100, 80), stratum(600, 200, 10)]])
    assert interval.value == pytest.approx(0.35)


@st.composite
def strata(draw: st.DrawFn) -> list[Stratum]:
    made: list[Stratum] = []
    for _ in range(draw(st.integers(1, 3))):
        size = draw(st.integers(0, 3000))
        labels = draw(st.integers(0, min(size, 400)))
        made.append(stratum(size, labels, draw(st.integers(0, labels))))
    return made


@given(strata())
def test_interval_holds_its_value_and_all_that_labels_prove(made: list[Stratum]) -> None:
    [interval] = share_of([made])
    assert 0 <= interval.low <= interval.value <= interval.high <= 1
    number = sum(one.size for one in made)
    positives = sum(one.positives for one in made)
    negatives = sum(one.labels - one.positives for one in made)
    assert interval.low * number >= positives - 1e-6
    assert interval.high * number <= number - negatives + 1e-6


@given(strata())
def test_counting_what_does_not_belong_gives_the_mirrored_interval(made: list[Stratum]) -> None:
    opposite = [stratum(one.size, one.labels, one.labels - one.positives) for one in made]
    [one], [other] = share_of([made]), share_of([opposite])
    assert one.low == pytest.approx(1 - other.high, abs=1e-6)
    assert one.high == pytest.approx(1 - other.low, abs=1e-6)


def test_all_labelled_leaves_no_doubt() -> None:
    found = only([stratum(40, 40, 30), stratum(60, 60, 5)])
    assert found.missing == 0
    assert found.count is not None
    assert (found.count.low, found.count.high) == pytest.approx((35, 35))


def test_stratum_without_labels_may_hold_anything() -> None:
    [interval] = share_of([[stratum(100), stratum(900, 200, 0)]])
    assert interval.low == pytest.approx(0)
    assert interval.high >= 0.1


def test_thin_stratum_between_is_taken_together_with_the_rest() -> None:
    thin = share_of([[stratum(100, 20, 15), stratum(50, 9, 1), stratum(850, 171, 2)]])
    together = share_of([[stratum(100, 20, 15), stratum(900, 180, 3)]])
    assert thin == together


def test_too_few_labels_show_the_raw_number_and_what_is_missing() -> None:
    found = only([stratum(100, 3, 3), stratum(1900, 57, 1)])
    assert (found.count, found.share) == (None, None)
    assert (found.raw, found.population, found.labels, found.labels_within) == (100, 2000, 60, 3)
    assert found.missing == 40
    assert (found.taxonomy_version, found.as_of) == (3, START)


def test_rare_count_needs_labels_of_what_the_machine_counts() -> None:
    # 5 of 10 would have to be drawn; one draw in 200 is one of them.
    found = only([stratum(10, 1, 1), stratum(1990, 199, 0)])
    assert found.count is None
    assert found.missing == 800


def test_what_the_machine_never_says_is_measured_by_labels_alone() -> None:
    found = only([stratum(0), stratum(2000, 200, 0)])
    assert found.count is not None
    assert found.count.value == 0
    assert 20 < found.count.high < 60


def test_nothing_to_count_is_not_measured() -> None:
    assert only([stratum(0), stratum(0)]).count is None


def test_variance_of_what_the_machine_says_belongs_to_the_interval() -> None:
    generator = np.random.default_rng(3)
    truth = generator.random(4000) < 0.3
    said = np.where(truth, generator.random(4000) < 0.9, generator.random(4000) > 0.95)
    answers, labelled = truth[:1000].astype(float), said[:1000].astype(float)
    few = tuned_mean(answers, labelled, said[1000:1500].astype(float))
    many = tuned_mean(answers, labelled, said[1000:].astype(float))
    assert 0 < few.power < many.power <= 1
    assert many.interval.high - many.interval.low < few.interval.high - few.interval.low
    assert many.interval.low < 0.3 < many.interval.high


def test_useless_machine_is_not_used() -> None:
    answers = np.array([0.0, 1.0, 1.0, 0.0])
    tuned = tuned_mean(answers, np.zeros(4), np.zeros(100))
    assert tuned.power == 0
    assert tuned.interval.value == pytest.approx(0.5)
