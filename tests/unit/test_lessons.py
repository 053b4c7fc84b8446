"""What was told of conversations becomes lessons that do not contradict each other."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from earmark.db.lesson_storage import Thread, Told
from earmark.db.models import Category, Taxonomy
from earmark.pipeline.lessons import Settled, settle

TAXONOMY = Taxonomy(
    version=1,
    categories=tuple(Category(id=name, name=name, definition="") for name in ("bug", "wish")),
)
NOW = datetime(2026, 11, 2, tzinfo=UTC)


def tell(
    conversation: str,
    category: str,
    origin: Literal["llm", "human"] = "human",
    *,
    days_ago: int = 0,
    at_random: bool = False,
) -> Told:
    return Told(
        conversation_id=conversation,
        category_id=category,
        origin=origin,
        at_random=at_random,
        told_at=NOW - timedelta(days=days_ago),
    )


def settled(told: list[Told], texts: dict[str, str]) -> Settled:
    threads = [Thread(conversation_id=name, text=text) for name, text in texts.items()]
    return settle(told, threads, TAXONOMY)


def test_every_text_with_a_known_category_is_a_lesson() -> None:
    told = [tell("1", "bug", at_random=True), tell("2", "wish", "llm"), tell("3", "gone")]
    told += [tell("4", "cannot_tell"), tell("5", "bug")]
    lessons = settled(told, {"1": "it breaks", "2": "please add", "3": "x", "4": "y"})
    assert lessons.conversation_ids == ("1", "2")
    assert [one.category_id for one in lessons.lessons] == ["bug", "wish"]
    assert [one.origin for one in lessons.lessons] == ["human", "llm"]
    assert [one.at_random for one in lessons.lessons] == [True, False]
    assert lessons.contradictions == 0


def test_people_outrank_models_on_equal_texts() -> None:
    told = [tell("1", "bug", "llm"), tell("2", "bug", "llm"), tell("3", "wish", days_ago=9)]
    lessons = settled(told, dict.fromkeys("123", "please fix"))
    assert {one.category_id for one in lessons.lessons} == {"wish"}
    assert lessons.contradictions == 1


def test_most_frequent_then_newest_is_believed() -> None:
    told = [tell("1", "bug"), tell("2", "wish", days_ago=1), tell("3", "wish", days_ago=2)]
    texts = dict.fromkeys("123", "please fix")
    assert {one.category_id for one in settled(told, texts).lessons} == {"wish"}
    assert {one.category_id for one in settled(told[:2], texts).lessons} == {"bug"}


def test_nothing_told_is_no_lesson() -> None:
    assert settled([], {"1": "text"}).lessons == ()
