"""How far confidence can be believed, and from where on a model may decide alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluation import calibration as calibrating
from earmark.evaluation.calibration import Calibration, Judged, calibrate, find_drift

TARGET = 0.95


def judge(confidence: float, *, right: bool, category: str = "bug") -> Judged:
    return Judged(category_id=category, confidence=confidence, is_right=right)


def spread_out(labels: int, *, wrong: int = 0, category: str = "bug") -> list[Judged]:
    """Labels of falling confidence, the last ones wrong."""
    return [
        judge(1 - place / (2 * labels), right=place < labels - wrong, category=category)
        for place in range(labels)
    ]


def found(judged: list[Judged], *categories: str) -> Calibration:
    return calibrate(judged, categories or ("bug",), target=TARGET)


# ---------------------------------------------------------------- thresholds


def test_without_labels_nothing_is_decided() -> None:
    nothing = found([], "bug", "wish")
    assert nothing.thresholds == {"bug": None, "wish": None}
    assert (nothing.labels, nothing.error, nothing.decided_share) == (0, None, 0.0)


def test_as_many_labels_as_can_prove_it_are_needed() -> None:
    assert calibrating.least_labels(TARGET) == 72
    assert found(spread_out(71)).thresholds["bug"] is None
    assert found(spread_out(72)).thresholds["bug"] == pytest.approx(1 - 71 / 144)


def test_threshold_stays_above_where_the_model_is_often_wrong() -> None:
    judged = spread_out(400, wrong=100)
    threshold = found(judged).thresholds["bug"]
    assert threshold is not None
    decided = [one for one in judged if one.confidence >= threshold]
    assert 250 <= len(decided) <= 310
    assert calibrating.exact_share(sum(o.is_right for o in decided), len(decided)).low >= TARGET


def test_search_ends_with_the_first_set_that_fails() -> None:
    """All later ones right would bring the bound above the target again: that is not believed."""
    judged = [judge(1 - place / 3_000, right=place > 5) for place in range(1_500)]
    assert calibrating.exact_share(1_494, 1_500).low > TARGET
    assert found(judged).thresholds["bug"] is None


def test_labels_of_equal_confidence_stand_or_fall_together() -> None:
    judged = [judge(0.9, right=place < 190) for place in range(210)]
    assert found(judged).thresholds["bug"] is None
    assert found([judge(0.9, right=True)] * 80).thresholds["bug"] == 0.9


def test_few_labels_of_many_categories_prove_together_what_none_could_alone() -> None:
    names = ["a", "b", "c", "d"]
    calibration = found([one for name in names for one in spread_out(40, category=name)], *names)
    assert len(set(calibration.thresholds.values())) == 1
    assert None not in calibration.thresholds.values()
    assert not any(one.is_own for one in calibration.categories)
    assert {one.decided for one in calibration.categories} == {160}


def test_many_labels_of_a_category_are_judged_by_themselves() -> None:
    good, bad = spread_out(250, category="good"), spread_out(250, wrong=200, category="bad")
    calibration = found(good + bad, "good", "bad")
    assert calibration.thresholds["good"] is not None
    assert calibration.thresholds["bad"] is None
    assert [one.is_own for one in calibration.categories] == [True, True]


def test_labels_of_unknown_categories_decide_nothing() -> None:
    assert found(spread_out(300, category="gone")).thresholds == {"bug": None}


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1), st.integers(0, 9)), max_size=400),
    st.sampled_from([0.6, 0.8, 0.95]),
)
def test_what_is_decided_meets_the_target_on_the_labels_that_chose(
    rows: list[tuple[str, float, int]], target: float
) -> None:
    judged = [judge(sure, right=luck > 0, category=name) for name, sure, luck in rows]
    calibration = calibrate(judged, "abc", target=target)
    for one in calibration.categories:
        if calibration.thresholds[one.category_id] is not None:
            assert one.precision.low >= target
    assert 0 <= calibration.decided_share <= 1


def test_promise_is_rarely_broken_where_no_threshold_would_keep_it() -> None:
    """A model that is right a little less often than the target, however sure it is. The best of
    all thresholds would look good on these labels in about one draw of nine."""
    generator = np.random.default_rng(5)
    broken = 0
    for _ in range(400):
        sure, luck = generator.random(600), generator.random(600) < 0.949
        judged = [judge(float(a), right=bool(b)) for a, b in zip(sure, luck, strict=True)]
        broken += found(judged).thresholds["bug"] is not None
    assert broken / 400 < 0.05


# ---------------------------------------------------------------- how far to believe


def test_error_is_the_mean_difference_of_confidence_and_accuracy() -> None:
    judged = [judge(0.85, right=place < 6) for place in range(10)]
    judged += [judge(0.35, right=place < 4) for place in range(10)]
    assert found(judged).error == pytest.approx((0.25 + 0.05) / 2)


def test_bins_hold_all_labels_and_their_shares() -> None:
    judged = [judge(1.0, right=True), judge(0.95, right=False), judge(0.0, right=True)]
    bins = found(judged).bins
    assert [one.labels for one in bins] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2]
    assert bins[9].accuracy.value == 0.5
    assert bins[9].confidence == pytest.approx(0.975)
    assert (bins[1].accuracy.low, bins[1].accuracy.high) == (0.0, 1.0)


def test_risk_is_counted_from_the_surest_on() -> None:
    judged = [judge(0.5, right=False), judge(0.9, right=True), judge(0.7, right=True)]
    calibration = found(judged)
    assert [point.risk for point in calibration.risk_coverage] == pytest.approx([0, 0, 1 / 3])
    assert [point.coverage for point in calibration.risk_coverage] == pytest.approx(
        [1 / 3, 2 / 3, 1]
    )
    assert calibration.risk_area == pytest.approx(1 / 9)


def test_calibration_is_read_as_it_was_written() -> None:
    calibration = calibrate(spread_out(300, wrong=20), ["bug"], target=TARGET, confidences=[0.5])
    assert Calibration.model_validate_json(calibration.model_dump_json()) == calibration


# ---------------------------------------------------------------- drift


def seen(confidences: list[float]) -> Calibration:
    return calibrate(spread_out(300), ["bug"], target=TARGET, confidences=confidences)


def test_kept_broken_and_open_promises_are_told_apart() -> None:
    calibration = seen([])
    sure = judge(0.99, right=True)
    wrong = judge(0.99, right=False)
    assert find_drift(calibration, [sure] * 100, []).is_kept is True
    assert find_drift(calibration, [sure] * 50 + [wrong] * 50, []).is_kept is False
    assert find_drift(calibration, [sure] * 19 + [wrong], []).is_kept is None
    assert find_drift(calibration, [], []).is_kept is None


def test_what_the_model_would_not_decide_does_not_count() -> None:
    assert find_drift(seen([]), [judge(0.1, right=False)] * 50, []).judged == 0


def test_confidence_of_another_kind_of_text_is_a_shift() -> None:
    draw = np.random.default_rng(1)
    before = draw.beta(8, 2, 1_000).tolist()
    calibration = seen(before)
    same = find_drift(calibration, [], draw.beta(8, 2, 1_000).tolist())
    other = find_drift(calibration, [], draw.beta(4, 4, 1_000).tolist())
    assert same.shift is not None
    assert same.shift < 0.1
    assert not same.is_shifted
    assert other.is_shifted


def test_few_texts_are_no_shift() -> None:
    assert find_drift(seen([0.9] * 99), [], [0.1] * 500).shift is None
    assert find_drift(seen([0.9] * 500), [], [0.1] * 99).shift is None
