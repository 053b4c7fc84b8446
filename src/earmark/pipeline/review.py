"""Asking people: what is drawn for them, what they are shown, and what their answers do."""

from collections.abc import Sequence
from typing import Final

from earmark.db import (
    conversation_storage,
    label_storage,
    review_storage,
    taxonomy_storage,
    theme_label_storage,
    theme_storage,
)
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.label_storage import NewLabel, Verdicts
from earmark.db.models import CANNOT_TELL, Conversation, Message, Model
from earmark.db.review_storage import Reason, ReviewItem
from earmark.db.theme_label_storage import Candidate
from earmark.errors import Conflict, InvalidInput, NotFound

_MIX: Final[dict[Reason, float]] = {
    "margin": 0.2,
    "disagreement": 0.2,
    "quotes": 0.1,
    "theme": 0.1,
}
"""Shares of what is drawn; the rest, and what these cannot fill, is random."""
_CANDIDATES: Final = 8
_LEASE_SECONDS: Final = 600


class ReviewTask(Model):
    """One item with what a person needs to decide it. What the machine thinks is not shown."""

    item: ReviewItem
    conversation: Conversation
    messages: tuple[Message, ...]
    candidates: tuple[Candidate, ...]
    """Themes that the conversation may belong to, in an order that gives nothing away."""


class Verdict(Model):
    """What a person says of one conversation."""

    final: str
    """The category of the whole thread."""
    open: str | None = None
    """The category of the first message, where it was asked for."""
    themes: tuple[int, ...] | None = None
    """The themes that it belongs to; null where the person did not say."""


async def draw(
    connection: WriteConnection, workspace_id: int, *, number: int, only_random: bool = False
) -> dict[Reason, int]:
    """Fill the queue with so many items; returns how many of each reason.

    Raises `Conflict` before anything was classified.
    """
    if await taxonomy_storage.latest_model(connection, workspace_id) is None:
        raise Conflict(
            "There is nothing to label yet.",
            why="No conversation of this workspace was classified.",
            fix="Start a run, and draw again when it has classified.",
        )
    shares: dict[Reason, int] = {}
    if not only_random:
        shares = {reason: round(number * part) for reason, part in _MIX.items()}
    # Random ones first: one that is drawn so must not be asked for another reason as well.
    wanted: list[tuple[Reason, int]] = [("random", number - sum(shares.values())), *shares.items()]
    added: list[int] = []
    for reason, most in wanted:
        added += await review_storage.draw(connection, workspace_id, reason, number=most)
    left = number - len(added)
    added += await review_storage.draw(connection, workspace_id, "random", number=left)
    return await review_storage.count_drawn(connection, workspace_id, added)


async def next_tasks(
    connection: WriteConnection, workspace_id: int, labeller: str, *, number: int
) -> list[ReviewTask]:
    """The next items for a person, kept from others for ten minutes."""
    items = await review_storage.lease_next(
        connection, workspace_id, labeller, number=number, seconds=_LEASE_SECONDS
    )
    return await load_tasks(connection, workspace_id, items)


async def load_tasks(
    connection: ReadConnection, workspace_id: int, items: Sequence[ReviewItem]
) -> list[ReviewTask]:
    """The items with their threads and candidates, without those whose conversation is gone."""
    ids = [item.conversation_id for item in items]
    conversations = await conversation_storage.list_conversations(connection, workspace_id, ids)
    messages = await conversation_storage.list_messages(connection, workspace_id, ids)
    candidates: dict[str, list[Candidate]] = {identifier: [] for identifier in ids}
    for candidate in await theme_label_storage.list_theme_candidates(
        connection, workspace_id, ids, most=_CANDIDATES
    ):
        candidates[candidate.conversation_id].append(candidate)
    known = {conversation.id: conversation for conversation in conversations}
    return [
        ReviewTask(
            item=item,
            conversation=known[item.conversation_id],
            messages=tuple(messages[item.conversation_id]),
            # By name: the order of likelihood, and who is assigned, would suggest an answer.
            candidates=tuple(
                candidate.model_copy(update={"assigned": False, "near": 0})
                for candidate in sorted(
                    candidates[item.conversation_id],
                    key=lambda one: (one.name.casefold(), one.theme_id),
                )
            ),
        )
        for item in items
        if item.conversation_id in known
    ]


async def answer(
    connection: WriteConnection, workspace_id: int, item_id: int, labeller: str, verdict: Verdict
) -> list[Verdicts]:
    """Store what a person says of an item; returns where others said something else.

    Raises `NotFound` or `InvalidInput`. The category is the conversation's from now on.
    """
    found = await review_storage.list_items(connection, workspace_id, [item_id])
    if not found:
        raise NotFound(
            f"There is no item {item_id} to be labelled.",
            fix="Its conversation may have been deleted; go on with the next.",
        )
    (item,) = found
    labels = _to_labels(item.conversation_id, verdict, item.id)
    await label(connection, workspace_id, labeller, labels)
    await review_storage.settle_items(connection, workspace_id, [item_id])
    await review_storage.end_leases(connection, workspace_id, labeller, [item_id])
    every = await label_storage.list_conflicts(connection, workspace_id, limit=500)
    return [one for one in every if one.conversation_id == item.conversation_id]


def _to_labels(conversation_id: str, verdict: Verdict, item_id: int | None) -> list[NewLabel]:
    def to_label(kind: label_storage.LabelKind, value: str) -> NewLabel:
        return NewLabel(conversation_id=conversation_id, kind=kind, value=value, item_id=item_id)

    labels = [to_label("final", verdict.final)]
    if verdict.open is not None:
        labels.append(to_label("open", verdict.open))
    if verdict.themes is not None:
        labels.append(to_label("theme", ",".join(map(str, sorted(set(verdict.themes))))))
    return labels


async def label(
    connection: WriteConnection, workspace_id: int, labeller: str, labels: Sequence[NewLabel]
) -> None:
    """Store labels of a person, of the queue or in passing; raises `InvalidInput`, `NotFound`."""
    await _check_values(connection, workspace_id, labels)
    stored = await label_storage.add_labels(connection, workspace_id, labeller, labels)
    if len(stored) < len(labels):
        raise NotFound(
            "The conversation is not there any more.",
            fix="It was deleted in Intercom or erased; go on with the next.",
        )
    await theme_label_storage.move_to_labelled_themes(
        connection, workspace_id, [one.conversation_id for one in labels if one.kind == "theme"]
    )


async def _check_values(
    connection: ReadConnection, workspace_id: int, labels: Sequence[NewLabel]
) -> None:
    taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
    names = [category.id for category in taxonomy.categories] if taxonomy else []
    wrong = {one.value for one in labels if one.kind != "theme"} - {*names, CANNOT_TELL}
    if wrong:
        raise InvalidInput(
            f"There is no category {min(wrong)!r}.",
            why="The taxonomy may have changed since the page was opened.",
            fix=f"Choose one of: {', '.join(names)}, {CANNOT_TELL}.",
        )
    wanted = {int(part) for one in labels if one.kind == "theme" for part in _parts(one.value)}
    themes = await theme_storage.list_themes(connection, workspace_id, sorted(wanted))
    missing = wanted - {theme.id for theme in themes}
    if missing:
        raise InvalidInput(
            f"There is no theme {min(missing)}.", fix="Load the page again and choose anew."
        )


def _parts(value: str) -> list[str]:
    return value.split(",") if value else []


async def undo(connection: WriteConnection, workspace_id: int, labeller: str) -> list[ReviewTask]:
    """Take back the person's last answer or skip and hand the item out again; empty for none."""
    act = await review_storage.latest_act(connection, workspace_id, labeller)
    if act is None:
        return []
    if act.skipped_item_id is None:
        item_ids = await label_storage.undo_labels(
            connection, workspace_id, labeller, [act.conversation_id]
        )
        await review_storage.settle_items(connection, workspace_id, item_ids)
    else:
        item_ids = await review_storage.take_back_skip(
            connection, workspace_id, labeller, act.skipped_item_id
        )
    items = await review_storage.list_items(connection, workspace_id, item_ids)
    await review_storage.begin_leases(
        connection, workspace_id, labeller, item_ids, seconds=_LEASE_SECONDS
    )
    return await load_tasks(connection, workspace_id, items)
