"""Searches for conversations, in the form that Intercom wants them."""

from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from earmark.db.models import Model
from earmark.sources.base import Order

PER_PAGE: Final = 150
"""The most that Intercom gives."""
BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before all conversations."""


class Query(Model):
    """One search for conversations by one of their times."""

    order: Order = Order.CREATED
    descending: bool = False
    since: datetime | None = None
    inclusive: bool = True
    """Whether what happened at `since` itself belongs to it."""
    until: datetime | None = None
    per_page: int = PER_PAGE
    cursor: str | None = None

    def body(self) -> JsonValue:
        """As Intercom wants it; the sort must be the same with every page."""
        pagination: dict[str, JsonValue] = {"per_page": self.per_page}
        if self.cursor is not None:
            pagination["starting_after"] = self.cursor
        return {
            "query": {"operator": "AND", "value": self._conditions()},
            "pagination": pagination,
            "sort": {
                "field": self.order.value,
                "order": "descending" if self.descending else "ascending",
            },
        }

    def _conditions(self) -> list[JsonValue]:
        # Dates know only =, < and >, so "at or after" is an OR; two levels are the most allowed.
        found: list[JsonValue] = []
        is_grouped = self.since is not None and self.inclusive
        if self.since is not None:
            after = self._condition(">", self.since)
            at = self._condition("=", self.since)
            found.append({"operator": "OR", "value": [after, at]} if is_grouped else after)
        if self.until is not None:
            before = self._condition("<", self.until)
            # The published description has groups beside groups or conditions beside conditions.
            found.append({"operator": "AND", "value": [before]} if is_grouped else before)
        return found or [self._condition(">", BEGINNING)]

    def _condition(self, operator: str, moment: datetime) -> JsonValue:
        return {"field": self.order.value, "operator": operator, "value": _seconds(moment)}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
