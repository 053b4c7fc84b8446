"""Search bodies: their rules, and which objects they mean.

The rules are those of `POST /conversations/search` and `/contacts/search` in version 2.16: at most
two levels of groups, at most 15 filters in each, operators by the field's type, and only `=`, `<`
and `>` on dates.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias, cast
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.answers import refuse_parameter
from earmark.sources.simulator.dataset import Collection
from earmark.sources.simulator.fields import Kind, Table, read_values

Value: TypeAlias = str | int | bool | None
Mask: TypeAlias = NDArray[np.bool_]

MAX_DEPTH = 2
MAX_FILTERS = 15
_LAST_DAY = 100_000_000_000
"""Calendars end somewhere."""
_BREATH = 20
"""Objects looked at between two breaths of the event loop."""

_OPERATORS: dict[Kind, frozenset[str]] = {
    "date": frozenset({"=", "<", ">"}),
    "integer": frozenset({"=", "!=", "IN", "NIN", "<", ">", "<=", ">="}),
    "string": frozenset({"=", "!=", "IN", "NIN", "~", "!~", "^", "$"}),
    "boolean": frozenset({"=", "!=", "IN", "NIN"}),
    "identifier": frozenset({"=", "!=", "IN", "NIN", "<", ">"}),
}


class Condition(NamedTuple):
    """One filter."""

    field: str
    kind: Kind
    operator: str
    values: tuple[Value, ...]
    """One value, or those of IN and NIN."""


class Group(NamedTuple):
    """Filters of which all or any must hold."""

    is_all: bool
    members: tuple["Query", ...]


Query = Condition | Group


# ------------------------------------------------------------ parsing


def parse_query(raw: object, table: Table) -> Query:
    """The query of a search body; raises `Refusal` where Intercom answers 400."""
    return _parse(raw, table, depth=0)


def _parse(raw: object, table: Table, depth: int) -> Query:
    if not isinstance(raw, dict):
        raise refuse_parameter("query must be an object with operator and value", "query")
    entry = cast(Mapping[str, object], raw)
    operator = entry.get("operator")
    if operator in ("AND", "OR"):
        if depth == MAX_DEPTH:
            raise refuse_parameter(f"filters can be nested {MAX_DEPTH} levels deep at most")
        members = entry.get("value")
        if not isinstance(members, list) or not members:
            raise refuse_parameter(f"value of {operator} must be a list of filters", "value")
        members = cast(list[object], members)
        if len(members) > MAX_FILTERS:
            raise refuse_parameter(f"a group can hold {MAX_FILTERS} filters at most")
        return Group(operator == "AND", tuple(_parse(item, table, depth + 1) for item in members))
    return _parse_condition(entry, table)


def _parse_condition(entry: Mapping[str, object], table: Table) -> Condition:
    field, operator = entry.get("field"), entry.get("operator")
    if not isinstance(field, str) or "value" not in entry:
        raise refuse_parameter("a filter needs field, operator and value")
    kind = table.kind_of(field)
    if kind is None:
        raise refuse_parameter(f"{field} is not a searchable field", field)
    if not isinstance(operator, str) or operator not in _OPERATORS[kind]:
        raise refuse_parameter(
            f"operator {operator} is not supported for the {kind} {field}", field
        )
    raw = entry["value"]
    if operator in ("IN", "NIN"):
        if not isinstance(raw, list):
            raise refuse_parameter(f"{operator} needs a list of values", field)
        values = tuple(_read_value(item, kind, field) for item in cast(list[object], raw))
    else:
        values = (_read_value(raw, kind, field),)
    if kind == "identifier" and operator in ("<", ">") and not str(values[0]).isdecimal():
        raise refuse_parameter(f"{field} can be compared with {operator} to a number only", field)
    return Condition(field, kind, operator, values)


def _read_value(raw: object, kind: Kind, field: str) -> Value:
    if raw is None or (kind == "boolean" and isinstance(raw, bool)):
        return raw
    if kind in ("date", "integer"):
        if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        if isinstance(raw, str) and raw.lstrip("-").isdecimal():
            return int(raw)
    elif kind in ("string", "identifier") and isinstance(raw, str | int):
        return str(raw)
    elif kind == "boolean" and raw in ("true", "false"):
        return raw == "true"
    raise refuse_parameter(f"{raw!r} is not a value for the {kind} {field}", field)


# ------------------------------------------------------------ evaluation


async def select(query: Query | None, table: Table, objects: Collection, alive: Mask) -> Mask:
    """Which objects the query means.

    What columns can tell is decided at once for all; only what they leave open is looked at one
    by one, giving way to other requests in between.
    """
    if query is None:
        return alive
    certain, possible = _bound(query, table, objects)
    found = certain & alive
    doubtful = np.flatnonzero(possible & ~certain & alive)
    for count, index in enumerate(doubtful):
        document = objects.document(int(index))
        found[index] = _holds(query, table, document)
        if count % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    return found


def _bound(query: Query, table: Table, objects: Collection) -> tuple[Mask, Mask]:
    """Objects that match for certain, and those that may match."""
    if isinstance(query, Condition):
        mask = _match_column(query, table, objects)
        if mask is None:
            number = objects.number
            return np.zeros(number, dtype=np.bool_), np.ones(number, dtype=np.bool_)
        return mask, mask
    bounds = [_bound(member, table, objects) for member in query.members]
    combine = np.logical_and if query.is_all else np.logical_or
    certain = combine.reduce([low for low, _ in bounds])
    possible = combine.reduce([high for _, high in bounds])
    return certain, possible


def _match_column(condition: Condition, table: Table, objects: Collection) -> Mask | None:
    if condition.field in ("created_at", "updated_at"):
        times = objects.instants(condition.field)
        return _compare_times(times, condition, table)
    if condition.field == "id" and condition.operator in _OPERATORS["identifier"]:
        return _compare_identifiers(condition, objects)
    if condition.operator not in ("=", "!=", "IN", "NIN"):
        return None
    masks = [objects.equals(condition.field, value) for value in condition.values]
    if any(mask is None for mask in masks):
        return None
    empty = np.zeros(objects.number, dtype=np.bool_)
    hit = np.logical_or.reduce([empty, *cast(list[Mask], masks)])
    return ~hit if condition.operator in ("!=", "NIN") else hit


def _compare_times(times: NDArray[np.int64], condition: Condition, table: Table) -> Mask:
    value = condition.values[0]
    if not isinstance(value, int):
        return np.zeros(len(times), dtype=np.bool_)
    start, end = find_span(value, table)
    if condition.operator == "=":
        return (times >= start) & (times < end)
    return times >= end if condition.operator == ">" else times < start


def find_span(moment: int, table: Table) -> tuple[int, int]:
    """The seconds that count as equal to `moment`: itself, or its whole day; the end is outside."""
    if not table.dates_by_day or not 0 <= moment < _LAST_DAY:
        return moment, moment + 1
    return _find_day(moment, table.timezone)


@lru_cache(maxsize=4096)
def _find_day(moment: int, timezone: str) -> tuple[int, int]:
    zone = ZoneInfo(timezone)
    start = datetime.fromtimestamp(moment, UTC).astimezone(zone)
    start = start.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return int(start.timestamp()), int((start + timedelta(days=1)).timestamp())


def _compare_identifiers(condition: Condition, objects: Collection) -> Mask:
    mask = np.zeros(objects.number, dtype=np.bool_)
    if condition.operator in ("<", ">"):
        at = _find_place(str(condition.values[0]), objects)
        exact = objects.index_of(str(condition.values[0])) is not None
        mask[slice(0, at) if condition.operator == "<" else slice(at + exact, None)] = True
        return mask
    indexes = [objects.index_of(str(value)) for value in condition.values]
    mask[[index for index in indexes if index is not None]] = True
    return ~mask if condition.operator in ("!=", "NIN") else mask


def _find_place(identifier: str, objects: Collection) -> int:
    """How many identifiers are lower, as numbers; conversations have them in rising order."""
    wanted, low, high = int(identifier), 0, objects.number
    while low < high:
        middle = (low + high) // 2
        if int(objects.id_of(middle)) < wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _holds(query: Query, table: Table, document: Mapping[str, Any]) -> bool:
    if isinstance(query, Group):
        results = (_holds(member, table, document) for member in query.members)
        return all(results) if query.is_all else any(results)
    found = read_values(document, query.field)
    negated = query.operator in ("!=", "NIN", "!~")
    positive = {"!=": "=", "NIN": "=", "!~": "~", "IN": "="}.get(query.operator, query.operator)
    hit = any(
        _compare(value, positive, wanted, table if query.kind == "date" else None)
        for value in found
        for wanted in query.values
    )
    return hit != negated


def _compare(value: Value, operator: str, wanted: Value, dates: Table | None) -> bool:
    if value is None or wanted is None:
        return operator == "=" and value is None and wanted is None
    if operator in ("<", ">"):  # also identifiers, which are numbers in the form of text
        value, wanted = int(value), int(wanted)
    if isinstance(value, int) and isinstance(wanted, int):
        if dates is not None:
            value, wanted = find_span(value, dates)[0], find_span(wanted, dates)[0]
        return _COMPARE_NUMBERS[cast(_NumberOperator, operator)](value, wanted)
    text, part = str(value).casefold(), str(wanted).casefold()
    if operator == "~":
        return part in text
    if operator == "^":
        return text.startswith(part)
    if operator == "$":
        return text.endswith(part)
    return text == part


_NumberOperator = Literal["=", "<", ">", "<=", ">="]
_COMPARE_NUMBERS = {
    "=": int.__eq__,
    "<": int.__lt__,
    ">": int.__gt__,
    "<=": int.__le__,
    ">=": int.__ge__,
}
