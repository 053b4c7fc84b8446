"""Conversations made longer than Intercom serves whole, for tests of a reader."""

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.edits import OPERATOR
from earmark.sources.simulator.hashing import draw_uniform_at

PADDED_PARTS = 501
"""One more than a retrieval gives."""
_KEY = 0x5061_6464
_FIRST_PART = 1_000_000_000_000


def pad_thread(document: JsonObject, index: int, share: float) -> None:
    """Puts 501 comments before the last part of the conversations that are chosen."""
    if draw_uniform_at(_KEY, index) >= share:
        return
    listing = document["conversation_parts"]
    parts: list[JsonObject] = listing["conversation_parts"]
    at = parts[0]["created_at"] if parts else document["updated_at"]
    padding = [_write_part(index, place, at) for place in range(PADDED_PARTS)]
    listing["conversation_parts"] = [*parts[:1], *padding, *parts[1:]]
    listing["total_count"] = len(parts) + PADDED_PARTS
    count = document["statistics"].get("count_conversation_parts", 0)
    document["statistics"]["count_conversation_parts"] = count + PADDED_PARTS


def _write_part(index: int, place: int, at: int) -> JsonObject:
    return {
        "type": "conversation_part",
        "id": str(_FIRST_PART + index * 1000 + place),
        "part_type": "comment",
        "body": f"<p>Message {place + 1} of {PADDED_PARTS}</p>",
        "created_at": at,
        "updated_at": at,
        "notified_at": at,
        "assigned_to": None,
        "author": {**OPERATOR, "from_ai_agent": False, "is_ai_answer": False},
        "attachments": [],
        "external_id": None,
        "redacted": False,
        "email_message_metadata": None,
        "metadata": {},
        "state": "open",
        "tags": [],
        "event_details": None,
        "app_package_code": None,
    }
