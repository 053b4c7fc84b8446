"""The figures that Intercom keeps of a conversation."""

from statistics import median
from typing import NamedTuple

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.script import By


class Moment(NamedTuple):
    """One turn, as far as statistics go."""

    at: int
    by: By
    part_type: str
    is_message: bool
    """It has a body that the customer can see."""


def summarise(moments: list[Moment], admin_id: int) -> JsonObject:
    """`conversation_statistics`; the first moment is the source, the others are parts.

    What has not happened is left out: Intercom's description knows no null here.
    """
    start = moments[0].at
    replies = [item.at for item in moments[1:] if item.by is By.AGENT and item.is_message]
    contacts = [item.at for item in moments if item.by is By.CUSTOMER and item.is_message]
    closes = [item.at for item in moments if item.part_type == "close"]
    assignments = [item.at for item in moments if item.part_type == "assignment"]
    waits = _list_waits(moments)
    figures: JsonObject = {
        "type": "conversation_statistics",
        "time_to_assignment": assignments[0] - start if assignments else None,
        "time_to_admin_reply": replies[0] - start if replies else None,
        "time_to_first_close": closes[0] - start if closes else None,
        "time_to_last_close": closes[-1] - start if closes else None,
        "median_time_to_reply": int(median(waits)) if waits else None,
        "first_contact_reply_at": contacts[0] if contacts else None,
        "first_assignment_at": assignments[0] if assignments else None,
        "first_admin_reply_at": replies[0] if replies else None,
        "first_close_at": closes[0] if closes else None,
        "last_assignment_at": assignments[-1] if assignments else None,
        "last_assignment_admin_reply_at": replies[-1] if replies and assignments else None,
        "last_contact_reply_at": contacts[-1] if contacts else None,
        "last_admin_reply_at": replies[-1] if replies else None,
        "last_close_at": closes[-1] if closes else None,
        "last_closed_by_id": str(admin_id) if closes else None,
        "count_reopens": sum(1 for item in moments if item.part_type == "open"),
        "count_assignments": len(assignments),
        "count_conversation_parts": len(moments) - 1,
    }
    return {name: value for name, value in figures.items() if value is not None}


def _list_waits(moments: list[Moment]) -> list[int]:
    """How long the customer waited for each answer of a teammate."""
    waits: list[int] = []
    asked: int | None = None
    for item in moments:
        if not item.is_message:
            continue
        if item.by is By.CUSTOMER:
            asked = item.at if asked is None else asked
        elif item.by is By.AGENT and asked is not None:
            waits.append(item.at - asked)
            asked = None
    return waits
