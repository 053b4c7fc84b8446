"""How one file will be read: decided once, from the mapping and the first rows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, cast

from earmark.db.models import Model
from earmark.errors import InvalidInput
from earmark.sources.file_mapping import Columns, FileForm, FileMapping, guess_columns
from earmark.sources.file_rows import find_form, flatten, peek, read_rows
from earmark.sources.file_times import infer_day_first

_SAMPLE: Final = 200
_MARKUP: Final = re.compile(r"<(?:p|div|br|span|ul|ol|li|table|blockquote)\b[^>]*>", re.IGNORECASE)
_OF_TURNS: Final = ("message", "author_kind", "author_id", "author_name", "author_email")
_TURN_FIELDS: Final = (*_OF_TURNS, "text", "time")


class FilePlan(Model):
    """One file, and what is what in it."""

    path: Path
    form: FileForm
    columns: Columns
    """Of a row; with `turns`, of what stands beside the turns."""
    turn_columns: Columns | None = None
    """Of an item of `turns`; null where a row is a message."""
    html: bool
    day_first: bool | None
    """In dates like 13/04/2026; null where the file does not show it."""
    unused: tuple[str, ...]
    """Columns that nothing is taken from."""


def plan_file(path: Path, mapping: FileMapping) -> FilePlan:
    """Look at a file's first rows; raises `InvalidInput` where it cannot be read at all."""
    form = mapping.format or find_form(path)
    rows = peek(
        read_rows(path, form, encoding=mapping.encoding, delimiter=mapping.delimiter), _SAMPLE
    )
    values = [row.values for row in rows]
    _check_given(path, form, values, mapping.columns)
    columns, turn_columns = _find_columns(values, mapping)
    items = _items(values, columns) if turn_columns else values
    inner = turn_columns or columns
    if rows and inner.text is None:
        raise InvalidInput(
            f"No column of {path} is known to hold what was written.",
            why=f"Its columns: {', '.join(_names(items)) or 'none'}.",
            fix='Say which: [columns] text = "NAME" in a mapping, given with --mapping FILE.',
        )
    day_first = infer_day_first(_values(items, inner.time) + _values(values, columns.time))
    used = {*columns.named().values(), *(turn_columns.named().values() if turn_columns else ())}
    return FilePlan(
        path=path,
        form=form,
        columns=columns,
        turn_columns=turn_columns,
        html=mapping.html if mapping.html is not None else _is_html(_values(items, inner.text)),
        day_first=day_first,
        unused=tuple(
            name for name in dict.fromkeys([*_names(values), *_names(items)]) if name not in used
        ),
    )


def _find_columns(
    values: Sequence[Mapping[str, object]], mapping: FileMapping
) -> tuple[Columns, Columns | None]:
    kinds = mapping.author_kinds
    columns = guess_columns(values, mapping.columns, kinds)
    if columns.turns is None:
        return columns, None
    items = _items(values, columns)
    given = {
        field: name
        for field, name in mapping.columns.named().items()
        if field in _TURN_FIELDS and name in _names(items)
    }
    turn = guess_columns(items, Columns.model_validate(given), kinds)
    turn_columns = turn.model_copy(
        update=dict.fromkeys(set(Columns.model_fields) - set(_TURN_FIELDS))
    )
    beside = mapping.columns.model_copy(update=dict.fromkeys(given))
    outer = guess_columns(values, beside, kinds)
    return outer.model_copy(update=dict.fromkeys(("message", "text", "author_kind"))), turn_columns


def _check_given(
    path: Path, form: FileForm, values: Sequence[Mapping[str, object]], given: Columns
) -> None:
    """Columns that the mapping names must be there; in JSON a key may come later."""
    if form == "jsonl" or not values:
        return
    names = {*_names(values), *_names(_items(values, given))}
    absent = [f"{field} = {name!r}" for field, name in given.named().items() if name not in names]
    if absent:
        raise InvalidInput(
            f"{path} has no such column: {', '.join(absent)}.",
            why=f"Its columns: {', '.join(sorted(names))}.",
            fix="Mend the mapping.",
        )


def turns_of(value: object) -> list[dict[str, object]]:
    """The turns in a value, flattened; what is no object is an empty turn."""
    if not isinstance(value, list):
        return []
    return [
        flatten(cast(dict[str, object], item)) if isinstance(item, dict) else {}
        for item in cast(list[object], value)
    ]


def _items(values: Sequence[Mapping[str, object]], columns: Columns) -> list[Mapping[str, object]]:
    if columns.turns is None:
        return []
    return [turn for row in values for turn in turns_of(row.get(columns.turns))]


def _names(values: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for row in values for name in row))


def _values(rows: Iterable[Mapping[str, object]], name: str | None) -> list[object]:
    return [row[name] for row in rows if name in row] if name else []


def _is_html(texts: Sequence[object]) -> bool:
    written = [text for text in texts if isinstance(text, str) and text.strip()]
    return sum(bool(_MARKUP.search(text)) for text in written) * 2 > len(written)
