"""Text folded for comparison, with the way back to the original characters.

Folding: NFKC, case folded, typographic quotes and dashes made plain, invisible characters
(zero-width, bidirectional, tag and variation characters, soft hyphens) removed, each run of white
space one space. A base character and the marks on it are one unit: no position falls between them.
"""

import re
import unicodedata
from bisect import bisect_right
from typing import NamedTuple

_SINGLE_QUOTES = "‘’‚‛′‵ʼʹ´‹›＇"
_DOUBLE_QUOTES = "“”„‟″‶«»＂〝〞〟"
_DASHES = "‐‑‒–—―−﹘﹣－⁃"
_PLAIN_MARKS = (
    dict.fromkeys(_SINGLE_QUOTES, "'")
    | dict.fromkeys(_DOUBLE_QUOTES, '"')
    | dict.fromkeys(_DASHES, "-")
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_MAX_MARKS = 30
"""Marks on one base character (the limit of the stream-safe format); ordering them is quadratic."""
_MAX_CACHED = 20_000

# Letters that fold one to one and never combine with what precedes them; a test holds that.
ONE_TO_ONE = (
    "!-~À-ÖØ-Þà-öø-ÿ\u0100-\u012f\u0131\u0134-\u013e\u0141-\u0148\u014a-\u017e\u0391-\u03af"
    "\u03b1-\u03ce\u0400-\u0481\u048a-\u052f\u05d0-\u05ea\u0621-\u064a\u3041-\u3094\u30a1-\u30fa"
    "\u4e00-\u9fff\uac00-\ud7a3"
)
_IRREGULAR = re.compile(f" [^{ONE_TO_ONE}]+|[^ {ONE_TO_ONE}][^{ONE_TO_ONE}]*")


class _Piece(NamedTuple):
    """A stretch that did not fold one to one: `[start, end)` folded, `[body_start, body_end)`."""

    start: int
    end: int
    body_start: int
    body_end: int


class _Folds(dict[str, str | None]):
    """What single characters fold to: empty for removed ones, None for marks on the one before."""

    def __missing__(self, character: str) -> str | None:
        folded = _fold_character(character)
        if len(self) < _MAX_CACHED:
            self[character] = folded
        return folded


def _fold_character(character: str) -> str | None:
    if _INVISIBLE.match(character):
        return ""
    if character.isspace():
        return " "
    if character in _PLAIN_MARKS:
        return _PLAIN_MARKS[character]
    folded = _normalize(character)
    if folded[:1].isspace():  # spacing accents would become a space and a mark
        return character
    if unicodedata.category(folded[:1] or " ")[0] == "M" or "\u1160" <= folded[:1] <= "\u11ff":
        return None
    return folded


def _normalize(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else unicodedata.normalize("NFKC", folded)


FOLDS = _Folds()


class FoldedText:
    """The folded text and, for each of its ranges, the range of the original it stands for."""

    def __init__(self, original: str) -> None:
        self._pieces: list[_Piece] = []
        parts: list[str] = []
        done = length = 0
        for region in _IRREGULAR.finditer(original):
            start = region.start()
            if start > done and FOLDS[original[start]] is None:
                start -= 1
            parts.append(original[done:start].casefold())
            length += start - done
            length = self._add_units(original, start, region.end(), parts, length)
            done = region.end()
        parts.append(original[done:].casefold())
        self.text = "".join(parts)
        self._starts = [piece.start for piece in self._pieces]

    def _add_units(self, text: str, start: int, end: int, parts: list[str], length: int) -> int:
        """Fold what needs a closer look; positions move with it, so its places are written down."""
        if end - start == 1 and len(FOLDS[text[start]] or "") == 1:
            parts.append(_fold_unit(text[start]))
            return length + 1
        at = start
        for unit_start, unit_end in _units(text, start, end):
            folded = _fold_unit(text[unit_start:unit_end])
            parts.append(folded)
            after = length + len(folded)
            if at < unit_start or unit_end - unit_start > 1 or len(folded) != 1:
                self._pieces.append(_Piece(length, after, unit_start, unit_end))
            at, length = unit_end, after
        if at < end:
            self._pieces.append(_Piece(length, length, at, end))
        return length

    def original_range(self, start: int, end: int) -> tuple[int, int] | None:
        """The original range of the folded one; None where it would cut a character in two."""
        first = bisect_right(self._starts, start) - 1
        if first < 0:
            body_start = start
        else:
            piece = self._pieces[first]
            if piece.start < start < piece.end:
                return None
            body_start = piece.body_start if start < piece.end else self._after(piece, start)
        last = bisect_right(self._starts, end - 1) - 1
        if last < 0:
            return body_start, end
        piece = self._pieces[last]
        if end < piece.end:
            return None
        return body_start, self._after(piece, end)

    @staticmethod
    def _after(piece: _Piece, position: int) -> int:
        return piece.body_end + position - piece.end


def _units(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of base characters with their marks, of white-space runs, without removed ones."""
    units: list[tuple[int, int]] = []
    marks, space = 0, False
    for position in range(start, end):
        folded = FOLDS[text[position]]
        if folded == "":
            continue
        extends = (folded == " " and space) or (
            folded is None and bool(units) and not space and marks < _MAX_MARKS
        )
        if extends:
            units[-1] = (units[-1][0], position + 1)
            marks += folded is None
        else:
            units.append((position, position + 1))
            marks, space = 0, folded == " "
    return units


def _fold_unit(unit: str) -> str:
    first = FOLDS[unit[0]]
    if len(unit) == 1 or first == " ":
        return unit if first is None else first
    visible = "".join(_PLAIN_MARKS.get(sign, sign) for sign in unit if FOLDS[sign] != "")
    return _normalize(visible)
