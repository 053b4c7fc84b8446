"""Pages of a result, and the opaque cursors that lead from one to the next.

A cursor holds the place of the last object given, as (value of the sort field, index), and a digest
of the query it belongs to: paging neither loses nor repeats objects that share a second, and a
cursor sent with another query or order is refused. It also says how many pages came before, and
when it was given, so that cursors can be made to expire.
"""

import base64
import binascii
import hashlib
import json
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.answers import Refusal, refuse_parameter
from earmark.sources.simulator.dataset import Collection, Instant, JsonObject
from earmark.sources.simulator.fields import Table

_BOUND = 1 << 62
"""Numbers in cursors are below this."""


class Sort(NamedTuple):
    """By which field, and which way."""

    field: str
    is_ascending: bool


class Page(NamedTuple):
    """Indexes of one page, and what `pages` says of it."""

    indexes: list[int]
    total: int
    pages: JsonObject
    start: int = 0
    """How many objects of the result come before it."""
    number: int = 1
    """Counts the pages that were asked for one after the other."""
    asked_at: int = 0
    """When the cursor that leads here was given, in Unix seconds."""


class Cursor(NamedTuple):
    """What a cursor says."""

    value: int
    place: int
    """The index of the last object given."""
    end: int
    number: int
    """Of the page that it leads to."""
    given_at: int


class Result(NamedTuple):
    """All objects of a query in their order."""

    digest: str
    order: NDArray[np.int32]
    values: NDArray[np.int64] | None
    """The sort field by index; null where the order is that of indexes."""
    is_ascending: bool


def parse_sort(raw: object, table: Table, default: Sort) -> Sort:
    """The `sort` of a search body."""
    if raw is None:
        return default
    if not isinstance(raw, dict):
        raise refuse_parameter("sort must be an object with field and order", "sort")
    entry = cast(dict[str, object], raw)
    field, order = entry.get("field", default.field), entry.get("order", "descending")
    if not isinstance(field, str) or field not in table.sortable:
        raise refuse_parameter(f"{table.name}s cannot be sorted by {field}", "sort")
    if order not in ("ascending", "descending"):
        raise Refusal(400, "invalid_sort_order", "order must be ascending or descending", "sort")
    return Sort(field, order == "ascending")


def parse_per_page(raw: object, *, default: int, maximum: int = 150) -> int:
    """The page size, given as a number or a text of digits."""
    if raw is None:
        return default
    size = int(raw) if isinstance(raw, str) and raw.isdecimal() else raw
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= maximum:
        raise refuse_parameter(f"per_page must be between 1 and {maximum}", "per_page")
    return size


def order_result(digest: str, found: NDArray[np.bool_], objects: Collection, sort: Sort) -> Result:
    """The matching objects in their order; equal values by index."""
    indexes = np.flatnonzero(found).astype(np.int32)
    values = None if sort.field == "id" else objects.instants(cast(Instant, sort.field))
    if values is not None:
        indexes = indexes[np.argsort(values[indexes], kind="stable")]
    return Result(
        digest, indexes if sort.is_ascending else indexes[::-1], values, sort.is_ascending
    )


def digest_query(*parts: object) -> str:
    """What a cursor belongs to."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=9).hexdigest()


def cut_page(result: Result, per_page: int, cursor: str | None, now: float = 0) -> Page:
    """The page after the cursor, or the first one; `now` in Unix seconds."""
    total = len(result.order)
    place = None if cursor is None else _read_cursor(cursor, result.digest)
    start = 0 if place is None else _find_start(result, place)
    number = 1 if place is None else place.number
    indexes = [int(index) for index in result.order[start : start + per_page]]
    pages: JsonObject = {
        "type": "pages",
        "page": start // per_page + 1,
        "per_page": per_page,
        "total_pages": -(-total // per_page),
    }
    end = start + len(indexes)
    if indexes and end < total:
        following = _write_cursor(result, indexes[-1], end, number + 1, int(now))
        pages["next"] = {"per_page": per_page, "starting_after": following}
    return Page(indexes, total, pages, start, number, int(now) if place is None else place.given_at)


def _write_cursor(result: Result, index: int, end: int, number: int, now: int) -> str:
    value = index if result.values is None else int(result.values[index])
    entries = [result.digest, value, index, end, number, now]
    text = json.dumps(entries, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode()


def _find_start(result: Result, cursor: Cursor) -> int:
    """Where the page begins: just behind the cursor's place, even if that object has moved."""
    value, index, end = cursor.value, cursor.place, cursor.end
    if end <= len(result.order) and int(result.order[end - 1]) == index:
        current = index if result.values is None else int(result.values[index])
        if current == value:
            return end
    order = result.order if result.is_ascending else result.order[::-1]
    values = order.astype(np.int64) if result.values is None else result.values[order]
    low = int(np.searchsorted(values, value, side="left"))
    high = int(np.searchsorted(values, value, side="right"))
    before = low + int(np.searchsorted(order[low:high], index, side="left"))
    upto = low + int(np.searchsorted(order[low:high], index, side="right"))
    return upto if result.is_ascending else len(order) - before


def _read_cursor(cursor: str, digest: str) -> Cursor:
    wrong = refuse_parameter("starting_after is not a cursor of this query", "starting_after")
    try:
        raw = json.loads(base64.urlsafe_b64decode(cursor.encode()))
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    entries = cast(list[object], raw) if isinstance(raw, list) else []
    if len(entries) != 6 or entries[0] != digest:
        raise wrong
    numbers = [entry for entry in entries[1:] if isinstance(entry, int)]
    if len(numbers) != 5 or min(numbers) < 0 or max(numbers) >= _BOUND or numbers[2] < 1:
        raise wrong
    return Cursor(*numbers)
