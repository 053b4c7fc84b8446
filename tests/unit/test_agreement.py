"""Agreement between people, beyond chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.evaluation.agreement import cohen_kappa, compare_labellers, measure_agreement


def test_agreement_beyond_chance_of_two_labellers() -> None:
    # 7 of 10 agree; by chance 0.5 would: kappa 0.4. Alpha pools the labels, 11 and 9:
    # of 20 * 19 pairs of labels 2 * 11 * 9 differ, of those within items 6 of 20.
    pairs = [("a", "a")] * 4 + [("b", "b")] * 3 + [("a", "b")] * 1 + [("b", "a")] * 2
    assert cohen_kappa(pairs) == pytest.approx((0.7 - 0.5) / 0.5)
    found = measure_agreement(pairs)
    assert found.items == 10
    assert found.agreed is not None
    assert found.agreed.value == pytest.approx(0.7)
    assert found.alpha is not None
    assert found.alpha.value == pytest.approx(1 - 0.3 * 380 / 198)
    assert found.alpha.low < found.alpha.value < found.alpha.high


def test_items_with_one_label_say_nothing() -> None:
    assert measure_agreement([["a"], ["b"], []]).items == 0
    assert measure_agreement([["a"], ["b"], []]).alpha is None


def test_three_labellers_count_once_each() -> None:
    found = measure_agreement([["a", "a", "b"], ["a", "a"]])
    assert found.agreed is not None
    assert found.agreed.value == pytest.approx((1 / 3 + 1) / 2)
    # Disagreement: item 1 gives 3 * (4 / 6) = 2 of 5 labels; expected 8 / 20.
    assert found.alpha is not None
    assert found.alpha.value == pytest.approx(1 - (2 / 5) / (8 / 20))


def test_where_all_say_the_same_always_chance_cannot_be_told() -> None:
    found = measure_agreement([["a", "a"], ["a", "a"]])
    assert found.alpha is None
    assert found.agreed is not None
    assert found.agreed.value == 1
    assert cohen_kappa([("a", "a")]) is None


def test_each_two_people_are_compared_on_what_both_labelled() -> None:
    found = compare_labellers(
        [{"ada": "a", "bob": "a", "eve": "b"}, {"ada": "b", "bob": "b"}, {"eve": "a"}]
    )
    assert [(one.labellers, one.items, one.agreed) for one in found] == [
        (("ada", "bob"), 2, 2),
        (("ada", "eve"), 1, 0),
        (("bob", "eve"), 1, 0),
    ]
    assert found[0].kappa == 1


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=2, max_size=4), min_size=1, max_size=20))
def test_agreement_does_not_depend_on_order(ratings: list[list[str]]) -> None:
    one = measure_agreement(ratings)
    other = measure_agreement([list(reversed(item)) for item in ratings])
    assert one == other
    if one.alpha is not None:
        assert one.alpha.low <= one.alpha.value <= one.alpha.high <= 1
