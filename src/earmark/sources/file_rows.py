"""The rows of CSV, JSON Lines and Parquet files, one after the other, each with its line.

A row that cannot be read is a `BadRow` in its place; what makes the whole file unreadable (its
encoding, a quote that is never closed) raises `InvalidInput`.
"""

import codecs
import csv
import gzip
import io
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

from earmark.errors import ConfigurationError, InvalidInput
from earmark.sources.file_mapping import FileForm

_LONGEST_FIELD: Final = 1 << 20
_LONGEST_LINE: Final = 64 << 20
_PARQUET_BATCH: Final = 1_000
_DELIMITERS: Final = ",;\t|"
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class Row(NamedTuple):
    """One row with its values by column; a line is counted from 1, a Parquet row too."""

    line: int
    values: Mapping[str, object]


class BadRow(NamedTuple):
    """A row that could not be read, and why."""

    line: int
    reason: str


def find_form(path: Path) -> FileForm:
    """What a file is, by its name; raises `InvalidInput`."""
    name = path.name.casefold().removesuffix(".gz")
    for endings, form in (
        ((".jsonl", ".ndjson", ".json"), "jsonl"),
        ((".csv", ".tsv", ".txt"), "csv"),
        ((".parquet", ".pq"), "parquet"),
    ):
        if name.endswith(endings):
            return cast(FileForm, form)
    raise InvalidInput(
        f"What kind of file {path} is cannot be told.",
        fix='Give it an ending (.jsonl, .csv, .parquet), or say format = "csv" in a mapping.',
    )


def read_rows(
    path: Path, form: FileForm, *, encoding: str | None = None, delimiter: str | None = None
) -> Iterator[Row | BadRow]:
    """The rows of a file; it is read as they are asked for."""
    with _told(path):
        if form == "parquet":
            yield from _read_parquet(path)
        elif form == "jsonl":
            yield from _read_json(path, encoding)
        else:
            yield from _read_csv(path, encoding, delimiter)


@contextmanager
def _told(path: Path) -> Generator[None]:
    try:
        yield
    except (OSError, EOFError) as error:
        raise InvalidInput(f"{path} cannot be read.", why=str(error)) from error


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


# ---------------------------------------------------------------- JSON Lines


def _read_json(path: Path, encoding: str | None) -> Iterator[Row | BadRow]:
    decode = codecs.getdecoder(encoding or "utf-8")
    with _open(path) as stream:
        for line, raw in enumerate(_split_lines(stream), start=1):
            text = raw.removeprefix(codecs.BOM_UTF8) if line == 1 else raw
            if not text.strip():
                continue
            if line == 1 and text.lstrip().startswith(b"["):
                raise InvalidInput(
                    f"{path} is one JSON array, not a JSON value per line.",
                    fix="Turn it into lines first: jq -c '.[]' FILE > FILE.jsonl",
                )
            yield _parse_line(line, text, decode)


def _parse_line(line: int, raw: bytes, decode: Callable[[bytes], tuple[str, int]]) -> Row | BadRow:
    try:
        value: object = json.loads(decode(raw)[0])
    except UnicodeDecodeError as error:
        return BadRow(line, f"it is not {error.encoding} (byte {error.start + 1} of the line)")
    except (ValueError, RecursionError):
        return BadRow(line, "it is not JSON")
    if not isinstance(value, dict):
        return BadRow(line, "it is not a JSON object")
    return Row(line, flatten(cast(dict[str, object], value)))


def flatten(value: Mapping[str, object], prefix: str = "", depth: int = 3) -> dict[str, object]:
    """An object with its inner objects' values beside its own, named by dotted paths."""
    found: dict[str, object] = {}
    for key, item in value.items():
        name = f"{prefix}{key}"
        if isinstance(item, dict) and depth:
            found |= flatten(cast(dict[str, object], item), f"{name}.", depth - 1)
        else:
            found[name] = item
    return found


# ---------------------------------------------------------------- CSV


def _read_csv(path: Path, encoding: str | None, delimiter: str | None) -> Iterator[Row | BadRow]:
    with _open(path) as stream:
        start = stream.read(1 << 16)
    mark = next((name for bom, name in _MARKS.items() if start.startswith(bom)), "utf-8")
    chosen = encoding if encoding and mark == "utf-8" else mark
    with _open(path) as stream:
        lines = _decode_lines(path, stream, chosen)
        reader = csv.reader(lines, delimiter=delimiter or _find_delimiter(start, chosen))
        yield from _read_table(path, reader)


def _decode_lines(path: Path, stream: IO[bytes], encoding: str) -> Iterator[str]:
    line = 0
    try:
        if encoding.startswith("utf-16"):
            # Not split before it is decoded: half of a character may look like a line end.
            with io.TextIOWrapper(stream, encoding, newline="\n") as text:
                yield from text
            return
        for raw in _split_lines(stream):
            line += 1
            yield raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"{path} is not {encoding.removesuffix('-sig')}.",
            why=f"In line {line}, byte 0x{error.object[error.start]:02X} cannot be read.",
            fix='Say encoding = "windows-1252" (or "latin-1", …) in a mapping: --mapping FILE.',
        ) from error


def _split_lines(stream: IO[bytes]) -> Iterator[bytes]:
    return iter(lambda: stream.readline(_LONGEST_LINE), b"")


def _find_delimiter(start: bytes, encoding: str) -> str:
    """The one that the header has most of, outside of quotes."""
    header = start.decode(encoding, "replace").lstrip("\ufeff").partition("\n")[0]
    outside = "".join(header.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _read_table(path: Path, reader: Any) -> Iterator[Row | BadRow]:  # noqa: ANN401 - csv names no type
    csv.field_size_limit(_LONGEST_FIELD)
    header: Sequence[str] | None = None
    line = 1
    try:
        for fields in cast(Iterator[list[str]], reader):
            if fields and header is None:
                header = _check_header(path, fields)
            elif fields and header is not None:
                yield _to_row(line, header, fields)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidInput(
            f"{path} is not usable CSV after line {line}.",
            why=f"{error}. A quote that is never closed does this.",
        ) from error


def _check_header(path: Path, fields: Sequence[str]) -> Sequence[str]:
    names = [name.strip().removeprefix("\ufeff") for name in fields]
    twice = sorted({name for name in names if names.count(name) > 1 and name})
    if twice:
        raise InvalidInput(
            f"{path} has columns of the same name.",
            why=", ".join(twice),
            fix="Rename one of them in the first line.",
        )
    return names


def _to_row(line: int, header: Sequence[str], fields: Sequence[str]) -> Row | BadRow:
    if len(fields) > len(header):
        return BadRow(line, f"it has {len(fields)} fields, the header {len(header)}")
    return Row(line, dict(zip(header, fields, strict=False)))


# ---------------------------------------------------------------- Parquet


def _read_parquet(path: Path) -> Iterator[Row]:
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigurationError(
            f"{path} is a Parquet file, and the reader of those is not installed.",
            why="It is an extra, because it is larger than the rest of Earmark.",
            fix='Install it: pip install "earmark[parquet]"',
        ) from error
    try:
        file = parquet.ParquetFile(path)
    except ValueError as error:  # pyarrow.ArrowInvalid is one
        raise InvalidInput(f"{path} is not a Parquet file.", why=str(error)) from error
    with file:
        line = 0
        for batch in file.iter_batches(batch_size=_PARQUET_BATCH):
            for values in batch.to_pylist():
                line += 1
                yield Row(line, flatten(values))


def peek(rows: Iterator[Row | BadRow], number: int) -> list[Row]:
    """The readable ones among the first rows."""
    return [row for row in islice(rows, number) if isinstance(row, Row)]
