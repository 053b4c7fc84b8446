"""What the default sample holds: its sizes, shares and special cases."""

from collections import Counter
from typing import cast

import numpy as np
import pytest
from sample_data import END, list_messages, make_sample, tell_all, write_all

from earmark.db.models import Sentiment, Urgency
from earmark.sources.simulator.grammar_files import load_grammar
from earmark.sources.simulator.truth import InjectionKind

CATEGORIES = {
    "product_issue", "how_to_question", "feature_request", "account_issue", "billing_question",
    "configuration_help", "general_inquiry", "spam",
}  # fmt: skip
WEEK = 7 * 86_400


def count_by_week(theme: str, number: int = 40_000) -> list[int]:
    """Conversations of a theme by week, in a sample large enough to see it."""
    plan = make_sample(number).plan
    themes = [entry.key for entry in load_grammar().themes]
    mine = plan.created_at[plan.column("theme") == themes.index(theme)]
    weeks = (mine - plan.spec.start_second) // WEEK
    return cast(list[int], np.bincount(weeks, minlength=26).tolist())


def test_at_least_forty_themes_in_eight_areas_are_there() -> None:
    issues = [issue for truth in tell_all() for issue in truth.issues]
    assert len({issue.theme for issue in issues}) >= 56
    assert len({issue.area for issue in issues if issue.area}) >= 8


def test_every_category_is_there() -> None:
    counts = Counter(truth.category for truth in tell_all())
    assert set(counts) == CATEGORIES
    assert min(counts.values()) >= 40


def test_theme_sizes_have_a_long_tail() -> None:
    counts = Counter(truth.issues[0].theme for truth in tell_all() if truth.issues)
    sizes = sorted(counts.values(), reverse=True)
    assert sizes[0] >= 80
    assert sizes[-1] <= 12
    assert sum(sizes[:10]) > 0.3 * sum(sizes)


def test_each_language_has_its_share() -> None:
    counts = Counter(truth.language for truth in tell_all())
    assert set(counts) == {"en", "de", "es", "fr", "pt"}
    assert 0.82 <= counts["en"] / 2000 <= 0.9
    assert min(counts.values()) >= 25


def test_one_in_eight_has_several_issues() -> None:
    several = sum(len(truth.issues) > 1 for truth in tell_all())
    assert 0.09 <= several / 2000 <= 0.15


def test_two_in_three_come_by_chat() -> None:
    mails = sum(document["source"]["type"] == "email" for document in write_all())
    assert 0.31 <= mails / 2000 <= 0.39


def test_there_are_three_customers_to_five_conversations() -> None:
    writers = Counter(document["contacts"]["contacts"][0]["id"] for document in write_all())
    assert 0.55 <= len(writers) / 2000 <= 0.65
    assert max(writers.values()) >= 8


def test_a_bad_release_shows_within_two_weeks() -> None:
    weeks = count_by_week("calendar.hour_shift")
    start = 16
    before = sum(weeks[:start]) / start
    assert weeks[start] > 8 * before
    assert sum(weeks[start : start + 2]) > 0.4 * sum(weeks)
    assert weeks[-1] < 4 * before


def test_one_theme_grows_slowly() -> None:
    weeks = count_by_week("calendar.slow_loading")
    assert sum(weeks[13:]) > 2 * sum(weeks[:13])


def test_one_theme_falls_after_a_fix() -> None:
    weeks = count_by_week("mobile.photo_crash")
    assert sum(weeks[15:]) < 0.2 * sum(weeks[:15])


def test_weekends_and_nights_are_quiet() -> None:
    hours = make_sample(40_000).plan.created_at // 3600
    weekday = (hours // 24 + 3) % 7
    assert np.mean(weekday >= 5) < 0.15
    assert np.mean((hours % 24 >= 8) & (hours % 24 < 18)) > 0.7


def test_a_conversation_has_more_than_500_parts() -> None:
    counts = [document["conversation_parts"]["total_count"] for document in write_all()]
    assert max(counts) > 500
    assert sorted(counts)[1000] in range(3, 12)


def test_some_are_deleted_and_some_redacted() -> None:
    truths = tell_all()
    assert sum(truth.deleted for truth in truths) >= 8
    assert sum(truth.redacted for truth in truths) >= 5
    redacted = [
        message
        for document, truth in zip(write_all(), truths, strict=True)
        if truth.redacted
        for text, message in list_messages(document)
        if text == "This message was deleted"
    ]
    assert len(redacted) == sum(truth.redacted for truth in truths)
    assert all(message["redacted"] for message in redacted)


@pytest.mark.parametrize("kind", list(InjectionKind))
def test_every_kind_of_injection_is_there(kind: InjectionKind) -> None:
    assert any(truth.injection is kind for truth in tell_all())


def test_moods_are_mixed() -> None:
    truths = tell_all()
    for share in (
        Counter(truth.sentiment for truth in truths)[Sentiment.NEGATIVE],
        Counter(truth.sentiment for truth in truths)[Sentiment.POSITIVE],
        Counter(truth.urgency for truth in truths)[Urgency.HIGH],
        sum(bool(truth.churn_risk) for truth in truths),
    ):
        assert 0.03 <= share / 2000 <= 0.25


def test_parts_of_all_kinds_occur() -> None:
    parts = [
        part
        for document in write_all()
        for part in document["conversation_parts"]["conversation_parts"]
    ]
    kinds = {part["part_type"] for part in parts}
    assert kinds >= {
        "comment", "note", "quick_reply", "open", "close", "assignment", "snoozed",
        "conversation_tags_updated",
    }  # fmt: skip
    assert any(part["part_type"] == "close" and part["body"] is None for part in parts)
    assert any(part["part_type"] == "close" and part["body"] for part in parts)
    assert any(part["author"]["from_ai_agent"] for part in parts)
    assert any(
        part["author"]["type"] == "bot" and not part["author"]["from_ai_agent"] for part in parts
    )


def test_mail_history_comes_in_all_forms() -> None:
    bodies = "".join(
        part["body"] or ""
        for document in write_all()
        for part in document["conversation_parts"]["conversation_parts"]
    )
    for sign in ("gmail_quote", "MsoNormal", 'blockquote type="cite"', "&gt; "):
        assert sign in bodies


def test_ratings_tags_attachments_and_plans_are_there() -> None:
    documents = write_all()
    ratings = [entry["conversation_rating"] for entry in documents if entry["conversation_rating"]]
    assert {rating["rating"] for rating in ratings} == {1, 2, 3, 4, 5}
    assert any(rating["remark"] for rating in ratings)
    tagged = sum(bool(document["tags"]["tags"]) for document in documents)
    assert 0.25 <= tagged / 2000 <= 0.6
    assert any(document["source"]["attachments"] for document in documents)
    plans = {document["company"]["plan"]["name"] for document in documents if document["company"]}
    assert plans == {"Solo", "Studio", "Multi", "Enterprise"}


def test_some_teammates_tag_the_wrong_area() -> None:
    areas = {area.tag: area.key for area in load_grammar().setting.areas}
    right = wrong = 0
    for document, truth in zip(write_all(), tell_all(), strict=True):
        for tag in document["tags"]["tags"]:
            if tag["name"] in areas:
                hit = any(issue.area == areas[tag["name"]] for issue in truth.issues)
                right, wrong = right + hit, wrong + (not hit)
    assert 0.03 <= wrong / (right + wrong) <= 0.15


def test_openings_rarely_repeat() -> None:
    openings = Counter(
        list_messages(document)[0][0].casefold()
        for document, truth in zip(write_all(), tell_all(), strict=True)
        if truth.category_at_open
    )
    repeated = sum(count - 1 for count in openings.values())
    assert repeated / 2000 < 0.12


def test_everything_happened_before_the_end() -> None:
    plan = make_sample().plan
    end = int(END.timestamp())
    assert plan.created_at.min() >= end - 26 * WEEK
    assert plan.updated_at.max() < end
    assert (plan.updated_at >= plan.created_at).all()
    indexes, times = make_sample().conversations.deletions()
    assert (times >= plan.updated_at[indexes]).all()
    assert times.max() < end


@pytest.mark.parametrize("number", [1, 2, 17, 130])
def test_small_samples_can_be_written(number: int) -> None:
    assert len(write_all(number)) == number
    assert all(truth.category in CATEGORIES for truth in tell_all(number))
