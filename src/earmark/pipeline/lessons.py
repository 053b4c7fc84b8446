"""From what was told of conversations to lessons for the local model."""

from collections import Counter
from collections.abc import Iterable, Sequence

from earmark.db.lesson_storage import Thread, Told
from earmark.db.models import Model, Taxonomy
from earmark.llm.base import Lesson


class Settled(Model):
    """Lessons that do not contradict each other."""

    conversation_ids: tuple[str, ...]
    """One for each lesson."""
    lessons: tuple[Lesson, ...]
    contradictions: int
    """Texts that were told different categories; one of each was believed."""


def settle(told: Sequence[Told], threads: Iterable[Thread], taxonomy: Taxonomy) -> Settled:
    """Lessons of all conversations that have words and a category of the taxonomy.

    `told` is newest first. Where equal texts were told different categories, people outrank models;
    then the most frequent category counts, then the newest.
    """
    known = {category.id for category in taxonomy.categories}
    texts = {thread.conversation_id: thread.text for thread in threads}
    groups: dict[str, list[Told]] = {}
    for one in told:
        if one.category_id in known and one.conversation_id in texts:
            groups.setdefault(texts[one.conversation_id], []).append(one)
    pairs = [
        (
            one.conversation_id,
            Lesson(text=text, category_id=believed, origin=one.origin, at_random=one.at_random),
        )
        for text, group in groups.items()
        for believed in [_believe(group)]
        for one in group
    ]
    return Settled(
        conversation_ids=tuple(conversation_id for conversation_id, _ in pairs),
        lessons=tuple(lesson for _, lesson in pairs),
        contradictions=sum(
            len({one.category_id for one in group}) > 1 for group in groups.values()
        ),
    )


def _believe(group: Sequence[Told]) -> str:
    people = [one for one in group if one.origin == "human"]
    counts = Counter(one.category_id for one in people or group)
    # Of equally frequent ones the first that was counted comes first: the newest.
    return counts.most_common(1)[0][0]
