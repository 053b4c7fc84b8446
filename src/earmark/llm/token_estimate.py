"""How many tokens a text will be at most, without the tokenizer of any provider."""

import math
import re
from functools import lru_cache
from typing import Final

_PIECES: Final = re.compile(r"[A-Za-z]+|[0-9]+|[^\S\n]+|[\x00-\x7f]|[^\x00-\x7f]+")
_LETTERS_PER_TOKEN: Final = 4
"""Tokenizers split rare words into pieces of three to five letters; common ones are one token."""
_DIGITS_PER_TOKEN: Final = 2
_OTHER_BYTES_PER_TOKEN: Final = 2
"""Cyrillic and CJK take a token per one to two characters of two to three bytes; emoji, more."""


def most_tokens(text: str) -> int:
    """An upper estimate: for plain English about a quarter above what providers count."""
    return _count(text) if len(text) > 100_000 else _remembered(text)


@lru_cache(maxsize=64)
def _remembered(text: str) -> int:
    return _count(text)


def _count(text: str) -> int:
    return sum(_of_piece(piece) for piece in _PIECES.findall(text))


def _of_piece(piece: str) -> int:
    first = piece[0]
    if not first.isascii():
        return math.ceil(len(piece.encode("utf-8", "replace")) / _OTHER_BYTES_PER_TOKEN)
    if first.isalpha():
        return math.ceil(len(piece) / _LETTERS_PER_TOKEN)
    if first.isdigit():
        return math.ceil(len(piece) / _DIGITS_PER_TOKEN)
    # A single space belongs to the word after it.
    return 0 if piece == " " else 1
