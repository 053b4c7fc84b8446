"""Precision, recall and F1 with their intervals; what nobody could tell is no class."""

from datetime import timedelta

import numpy as np
import pytest

from earmark.api.changes import compare_mix
from earmark.api.versions import list_versions, newest_judgements
from earmark.db.judgement_storage import MachineLabel, MixCount
from earmark.db.models import CANNOT_TELL, Decider
from earmark.evaluation import intervals
from earmark.evaluation.accuracy import Judgement, measure_accuracy
from earmark.evaluation.classification_metrics import score_classification
from tests.fixtures.threads import START


def judged(said: str, answered: str, times: int = 1) -> list[Judgement]:
    return times * [
        Judgement(
            said=said,
            answered=answered,
            confidence=0.8,
            decider=Decider.LOCAL_MODEL,
            model_version="v",
            said_at=START,
            answered_at=START,
        )
    ]


MIXED = [
    *judged("bug", "bug", 30),
    *judged("bug", "wish", 10),
    *judged("wish", "wish", 20),
    *judged(CANNOT_TELL, "wish", 5),
    *judged(CANNOT_TELL, "bug", 5),
]


def test_classes_have_precision_recall_and_f1_with_intervals() -> None:
    found = measure_accuracy(MIXED)
    assert found.labels == 70
    assert found.right == intervals.share(50, 70)
    assert found.right_of_decided == intervals.share(50, 60)
    assert found.undecided == intervals.share(10, 70)
    bug, wish = found.classes
    assert (bug.category_id, bug.said, bug.answered, bug.right) == ("bug", 40, 35, 30)
    assert bug.precision == intervals.share(30, 40)
    assert wish.recall == intervals.share(20, 35)
    assert wish.f1.value == pytest.approx(2 * 20 / (20 + 35))
    assert wish.f1.low < wish.f1.value < wish.f1.high
    assert found.confusion[0].conversations == 30
    assert sum(cell.conversations for cell in found.confusion) == 70


def test_figures_are_those_of_the_library() -> None:
    found = measure_accuracy(MIXED)
    scores = score_classification([one.answered for one in MIXED], [one.said for one in MIXED])
    assert found.macro_f1 is not None
    assert found.macro_f1.value == pytest.approx(scores.macro_f1)
    assert found.macro_f1.low < scores.macro_f1 < found.macro_f1.high


def test_what_people_cannot_tell_is_left_out() -> None:
    assert measure_accuracy([*MIXED, *judged("bug", CANNOT_TELL, 9)]) == measure_accuracy(MIXED)


def test_class_that_only_one_side_names() -> None:
    spam, bug = measure_accuracy(judged("bug", "spam", 3)).classes
    assert (spam.precision, bug.recall) == (None, None)
    assert spam.recall == intervals.share(0, 3)


def test_without_a_hit_or_a_miss_f1_is_still_not_certain() -> None:
    spam, bug = measure_accuracy(judged("bug", "spam", 3)).classes
    assert spam.f1 == bug.f1 == measure_accuracy(judged("bug", "spam", 3)).macro_f1
    assert spam.f1.low == 0 == spam.f1.value
    assert spam.f1.high > 0.5
    perfect = measure_accuracy(judged("bug", "bug", 10)).macro_f1
    assert perfect is not None
    assert (perfect.value, perfect.high) == (1, 1)
    assert 0.5 < perfect.low < 0.9


def test_intervals_of_f1_cover_the_truth_as_often_as_they_say() -> None:
    chance = np.array([0.30, 0.04, 0.06, 0.03, 0.02, 0.55])  # both, said, answered, … the rest
    draws = np.random.default_rng(3).multinomial(150, chance, size=2000)
    true = 2 * chance[0] / (2 * chance[0] + chance[1:3].sum())
    found = [intervals.f1(int(both), int(both + said + other)) for both, said, other, *_ in draws]
    assert 0.94 < np.mean([one.low <= true <= one.high for one in found]) < 0.97


def test_no_labels_give_no_figures() -> None:
    found = measure_accuracy([])
    assert (found.labels, found.right, found.macro_f1, found.classes) == (0, None, None, ())


def labelled(conversation: str, version: str, *, hours: int, holdout: bool) -> MachineLabel:
    """Said `hours` after the person's answer."""
    return MachineLabel(
        conversation_id=conversation,
        category_id="bug",
        confidence=0.9,
        decider=Decider.LOCAL_MODEL,
        model_version=version,
        taxonomy_version=1,
        created_at=START + timedelta(hours=hours),
        answered="bug",
        answered_at=START,
        is_holdout=holdout,
    )


LABELS = [
    labelled("1", "v2", hours=2, holdout=True),
    labelled("1", "v1", hours=-2, holdout=True),
    labelled("2", "v2", hours=2, holdout=False),
    labelled("2", "v1", hours=-2, holdout=False),
]


def test_only_what_the_machine_cannot_have_learnt_is_measured() -> None:
    assert [one.model_version for one in newest_judgements(LABELS)] == ["v2"]
    assert len(newest_judgements([LABELS[1], LABELS[3]])) == 2


def test_versions_are_listed_newest_first() -> None:
    found = list_versions(LABELS)
    assert [(one.model_version, one.conversations) for one in found] == [("v2", 2), ("v1", 2)]


def test_mix_that_changed_is_told_from_one_that_varies() -> None:
    counts = [
        MixCount(category_id="bug", recent=120, before=100),
        MixCount(category_id="wish", recent=70, before=150),
        MixCount(category_id="spam", recent=10, before=150),
    ]
    sure = {one.category_id: one.is_sure for one in compare_mix(counts)}
    assert sure == {"bug": True, "wish": False, "spam": True}


def test_mix_without_a_past_is_no_change() -> None:
    [one] = compare_mix([MixCount(category_id="bug", recent=5, before=0)])
    assert (one.is_sure, one.before_share) == (False, None)
