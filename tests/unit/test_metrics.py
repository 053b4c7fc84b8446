"""Scores of labels and of groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.db.models import CANNOT_TELL
from earmark.evaluation import intervals
from earmark.evaluation.classification_metrics import score_classification
from earmark.evaluation.clustering_metrics import score_clustering

names = st.sampled_from(["bug", "wish", "question"])
groups = st.integers(min_value=-1, max_value=4)


# ---------------------------------------------------------------- labels


def test_perfect_labels_score_one() -> None:
    scores = score_classification(["bug", "wish", "bug"], ["bug", "wish", "bug"])
    assert (scores.macro_f1, scores.accuracy, scores.abstention_share) == (1.0, 1.0, 0.0)


def test_every_true_class_has_its_parts() -> None:
    truth = ["bug", "bug", "bug", "wish"]
    scores = score_classification(truth, ["bug", "bug", "wish", "wish"])
    bug, wish = scores.classes
    assert (bug.category_id, bug.support) == ("bug", 3)
    assert (bug.precision, bug.recall) == (1.0, pytest.approx(2 / 3))
    assert (wish.precision, wish.recall, wish.support) == (0.5, 1.0, 1)
    assert scores.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)


def test_abstention_is_wrong_but_no_class() -> None:
    scores = score_classification(["bug", "bug"], ["bug", CANNOT_TELL])
    assert [one.category_id for one in scores.classes] == ["bug"]
    assert scores.classes[0].precision == 1.0
    assert (scores.accuracy, scores.abstention_share) == (0.5, 0.5)


def test_label_that_is_never_true_lowers_no_mean() -> None:
    scores = score_classification(["bug", "bug"], ["bug", "spam"])
    assert scores.macro_f1 == pytest.approx(2 / 3)


def test_no_labels_score_nothing() -> None:
    scores = score_classification([], [])
    assert (scores.macro_f1, scores.accuracy, scores.classes) == (0.0, 0.0, ())


def test_different_numbers_of_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="2 true labels, 1 given"):
        score_classification(["bug", "bug"], ["bug"])


def test_abstention_cannot_be_the_truth() -> None:
    with pytest.raises(ValueError, match="abstention"):
        score_classification([CANNOT_TELL], ["bug"])


@given(st.lists(st.tuples(names, st.one_of(names, st.just(CANNOT_TELL)))))
def test_accuracy_is_the_mean_recall_weighted_by_support(pairs: list[tuple[str, str]]) -> None:
    scores = score_classification([one for one, _ in pairs], [other for _, other in pairs])
    right = sum(one.recall * one.support for one in scores.classes)
    assert scores.accuracy * len(pairs) == pytest.approx(right)


# ---------------------------------------------------------------- groups


def test_renamed_groups_score_one() -> None:
    scores = score_clustering(["a", "a", "b", "b"], [7, 7, 0, 0])
    assert scores.adjusted_rand == scores.normalized_mutual_information == 1.0
    assert scores.pairwise_precision == scores.pairwise_recall == scores.assigned_share == 1.0


def test_pairs_are_counted() -> None:
    scores = score_clustering(["a", "a", "a", "b"], [0, 0, 1, 1])
    assert scores.pairwise_precision == 0.5
    assert scores.pairwise_recall == pytest.approx(1 / 3)


def test_unassigned_items_are_alone_and_not_alike() -> None:
    scores = score_clustering(["a", "a", "b", "b"], [0, 0, -1, -1])
    assert scores.pairwise_precision == 1.0
    assert scores.pairwise_recall == 0.5
    assert scores.assigned_share == 0.5
    assert scores == score_clustering(["a", "a", "b", "b"], [0, 0, -1, -2])


def test_leaving_all_out_puts_nothing_wrong_together() -> None:
    scores = score_clustering(["a", "a"], [-1, -1])
    assert (scores.pairwise_precision, scores.pairwise_recall) == (1.0, 0.0)


def test_groups_by_chance_agree_at_zero() -> None:
    draw = np.random.default_rng(1)
    truth, labels = draw.integers(0, 5, 4_000), draw.integers(0, 5, 4_000)
    scores = score_clustering(truth.tolist(), labels.tolist())
    assert abs(scores.adjusted_rand) < 0.01


def test_no_items_are_no_groups() -> None:
    assert score_clustering([], []).assigned_share == 0.0


def test_different_numbers_of_items_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        score_clustering(["a", "b"], [0])


@given(st.lists(st.tuples(names, groups), max_size=30))
def test_pair_shares_agree_with_counting(items: list[tuple[str, int]]) -> None:
    scores = score_clustering([name for name, _ in items], [group for _, group in items])
    together = belonging = both = 0
    for place, (name, group) in enumerate(items):
        for other_name, other_group in items[:place]:
            alike = group == other_group and group >= 0
            together, belonging = together + alike, belonging + (name == other_name)
            both += alike and name == other_name
    assert scores.pairwise_precision == pytest.approx(both / together if together else 1.0)
    assert scores.pairwise_recall == pytest.approx(both / belonging if belonging else 1.0)


def test_p_value_of_a_change_agrees_with_its_interval() -> None:
    for now, before in [(0, 9), (3, 12), (12, 12), (20, 12), (1, 0), (9, 0), (40, 160)]:
        change = intervals.change(now, before, now_days=7, before_days=28)
        p_value = intervals.change_p_value(now, before, now_days=7, before_days=28)
        excludes_one = change.low > 1 or (change.high is not None and change.high < 1)
        assert (p_value < 0.05) == excludes_one, (now, before)


def test_without_counts_no_change_is_likely() -> None:
    assert intervals.change_p_value(0, 0, now_days=7, before_days=28) == 1.0
    assert intervals.discoveries([]) == []


def test_discoveries_stand_out_among_all() -> None:
    assert intervals.discoveries([0.04]) == [True]
    assert intervals.discoveries([0.04, 0.5, 0.6, 0.7]) == [False] * 4
    assert intervals.discoveries([0.7, 0.001, 0.02, 0.9]) == [False, True, True, False]
    # A larger one that passes takes the smaller ones with it.
    assert intervals.discoveries([0.03, 0.035, 0.036]) == [True, True, True]
