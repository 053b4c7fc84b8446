"""Conversations in the forms of older versions, and in forms that only surprise a reader."""

from typing import Final, cast

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.faults import Faults
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.markup import to_plain

_NEEDED: Final = frozenset(
    {"type", "id", "created_at", "updated_at", "source", "conversation_parts", "contacts"}
)
"""Fields that never go missing."""


def adapt_version(document: JsonObject, version: tuple[int, int]) -> None:
    """The conversation as older versions gave it, in what a reader would stumble over."""
    if version < (2, 16):
        is_priority = document["priority"] != "none"
        document["priority"] = "priority" if is_priority else "not_priority"
        for name in ("admin_assignee_id", "team_assignee_id"):
            document[name] = document[name] or None
        for name in ("channel", "external_references", "monitor_evaluations", "scorecards"):
            document.pop(name, None)
    if version < (2, 15):
        document.pop("company", None)


def make_plain(document: JsonObject) -> None:
    """What `display_as=plaintext` does to all bodies."""
    for message in (document["source"], *document["conversation_parts"]["conversation_parts"]):
        if message["body"] is not None:
            message["body"] = to_plain(message["body"])


def bend_shape(document: JsonObject, faults: Faults, draw: Draw) -> JsonObject:
    """The conversation with the faults of shape that are on."""
    if faults.unassigned != "by_version":
        for name in ("admin_assignee_id", "team_assignee_id"):
            document[name] = document[name] or _draw_empty(faults, draw)
    if faults.missing_share:
        document = {
            name: value
            for name, value in document.items()
            if name in _NEEDED or not draw.chance(faults.missing_share)
        }
    return cast(JsonObject, _number_ids(document)) if faults.integer_ids else document


def _draw_empty(faults: Faults, draw: Draw) -> int | None:
    if faults.unassigned == "mixed":
        return 0 if draw.chance(0.5) else None
    return 0 if faults.unassigned == "zero" else None


def _number_ids(value: object) -> object:
    if isinstance(value, list):
        return [_number_ids(item) for item in cast(list[object], value)]
    if not isinstance(value, dict):
        return value
    return {
        name: _number_id(item) if name == "id" else _number_ids(item)
        for name, item in cast(dict[str, object], value).items()
    }


def _number_id(value: object) -> object:
    return int(value) if isinstance(value, str) and value.isdecimal() else value
