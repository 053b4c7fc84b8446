"""Texts as sparse rows of weighted n-grams.

Counted are words, pairs of neighbouring words, and pieces of three to five characters within a word
and its edges; in scripts that write without spaces also pairs of characters. An n-gram is known by
a hash of 22 bits and by nothing else, so a fitted model holds no word that a customer wrote.

Hashes are those of a polynomial over code points, of which every piece of a text follows from two
prefix sums: all n-grams of a batch are hashed in a few array operations.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from earmark.llm.local_artefact import BUCKETS, HASH_BITS

MOST_CHARACTERS: Final = 4_000
"""Of each text, what is read; a longer text has said by then what it is about."""

_BATCH_CHARACTERS: Final = 200_000
_PIECES: Final = (3, 4, 5)
_BASE: Final = 0x9E3779B97F4A7C15
_MODULUS: Final = 1 << 64
_WORD_SALT: Final = np.uint64(0xD6E8FEB86659FD93)
_PIECE_SALT: Final = np.uint64(0xA0761D6478BD642F)
_SPACE: Final = 32
_NEWLINE: Final = 10
_UNSPACED: Final = 0x2E80
"""First code point of the Chinese, Japanese and Korean blocks."""
_FADE: Final = 60.0
"""Characters after which an n-gram counts 1/sqrt(2) of one at the start."""

_TOKEN: Final = re.compile(r"\w+|[?!]")
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z_]*_\d+>")
_ACCENT: Final = re.compile(r"[\u0300-\u036f]")

Rows = csr_array[np.float32, tuple[int, int]]
"""Shape (texts, columns of a vocabulary)."""
_Codes = npt.NDArray[np.uint64]
_Places = npt.NDArray[np.int64]


def normalize(text: str) -> str:
    """Lower-case words one space apart, without accents, placeholders or punctuation but `?!`."""
    text = _PLACEHOLDER.sub(" ", text[:MOST_CHARACTERS])
    if not text.isascii():
        text = _ACCENT.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text)
    return " ".join(_TOKEN.findall(text.lower()))[:MOST_CHARACTERS]


def count_texts(normalized: Sequence[str]) -> npt.NDArray[np.int32]:
    """How many texts hold each n-gram; shape (BUCKETS,)."""
    counts = np.zeros(BUCKETS, dtype=np.int32)
    for batch in _batches(normalized):
        buckets, rows, _ = _Batch(batch).grams()
        keys = np.sort((rows << HASH_BITS) | buckets)
        fresh = np.ones(len(keys), dtype=np.bool_)
        fresh[1:] = keys[1:] != keys[:-1]
        np.add.at(counts, keys[fresh] & (BUCKETS - 1), 1)
    return counts


class Vocabulary:
    """The n-grams that a model knows, a column each, with their weights."""

    def __init__(self, buckets: npt.NDArray[np.int32], weights: npt.NDArray[np.float32]) -> None:
        """`buckets` are distinct, at most MOST_COLUMNS; `weights` are inverse frequencies."""
        self.buckets = buckets
        self.weights = weights
        self._columns = np.zeros(BUCKETS, dtype=np.uint16)
        self._columns[buckets] = np.arange(1, len(buckets) + 1, dtype=np.uint16)

    def __len__(self) -> int:
        return len(self.buckets)

    def rows(self, normalized: Sequence[str], *, fading: bool) -> Iterator[Rows]:
        """Blocks of rows of length 1, or without entries for a text without known n-grams.

        An n-gram weighs its inverse frequency times the square root of its occurrences. With
        `fading`, those further on in the text count less: people begin with what they came for.
        """
        for batch in _batches(normalized):
            yield self._weigh(batch, fading=fading)

    def _weigh(self, batch: Sequence[str], *, fading: bool) -> Rows:
        buckets, rows, offsets = _Batch(batch).grams()
        columns = self._columns[buckets].astype(np.int64) - 1
        known = columns >= 0
        keys = rows[known] * max(len(self), 1) + columns[known]
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        shares = (1.0 + offsets[known][order] * (fading / _FADE)) ** -0.5
        first = np.ones(len(keys), dtype=np.bool_)
        first[1:] = keys[1:] != keys[:-1]
        starts = np.flatnonzero(first)
        sums = np.add.reduceat(shares, starts) if len(starts) else shares
        found, columns = np.divmod(keys[starts], max(len(self), 1))
        values = np.sqrt(sums).astype(np.float32) * self.weights[columns]
        lengths = np.sqrt(np.bincount(found, weights=values**2, minlength=len(batch)))
        values = (values / lengths[found]).astype(np.float32)
        ends = np.searchsorted(found, np.arange(len(batch) + 1))
        rows_of_batch = csr_array(
            (values, columns.astype(np.int32), ends.astype(np.int32)),
            shape=(len(batch), len(self)),
        )
        return cast(Rows, rows_of_batch)


def _batches(normalized: Sequence[str]) -> Iterator[Sequence[str]]:
    begin, size = 0, 0
    for end, text in enumerate(normalized, start=1):
        size += len(text) + 3
        if size >= _BATCH_CHARACTERS:
            yield normalized[begin:end]
            begin, size = end, 0
    if begin < len(normalized):
        yield normalized[begin:]


class _Batch:
    """All n-grams of some normalised texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        joined = " " + " \n ".join(texts) + " "
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self._points = points
        self._prefix, self._inverse = _prefix_sums(points.astype(np.uint64))
        breaks = points == _NEWLINE
        self._gaps = breaks | (points == _SPACE)
        self._row_of = np.cumsum(breaks)
        self._row_starts = np.concatenate([[0], np.flatnonzero(breaks) + 1])

    def grams(self) -> tuple[_Places, _Places, _Places]:
        """Bucket, row and offset in its text, of every occurrence."""
        kinds = [*self._words(), *self._pieces()]
        buckets = np.concatenate([self._hash(*kind) for kind in kinds])
        starts = np.concatenate([starts for starts, _, _ in kinds])
        rows = self._row_of[starts]
        return buckets, rows, starts - self._row_starts[rows]

    def _hash(self, starts: _Places, ends: _Places, salt: np.uint64) -> _Places:
        codes = ((self._prefix[ends] - self._prefix[starts]) * self._inverse[starts]) ^ salt
        return (_scatter(codes) >> np.uint64(64 - HASH_BITS)).astype(np.int64)

    def _words(self) -> Iterator[tuple[_Places, _Places, np.uint64]]:
        starts = np.flatnonzero(self._gaps[:-1] & ~self._gaps[1:]) + 1
        ends = np.flatnonzero(~self._gaps[:-1] & self._gaps[1:]) + 1
        yield starts, ends, _WORD_SALT
        neighbours = self._row_of[starts[:-1]] == self._row_of[starts[1:]]
        yield starts[:-1][neighbours], ends[1:][neighbours], _WORD_SALT

    def _pieces(self) -> Iterator[tuple[_Places, _Places, np.uint64]]:
        gaps_before = np.concatenate([[0], np.cumsum(self._gaps)])
        for size in _PIECES:
            starts = np.arange(max(len(self._points) - size + 1, 0))
            # A gap may stand at either end of a piece, never inside: " ab", "b c" not.
            inside = gaps_before[starts + size - 1] - gaps_before[starts + 1]
            starts = starts[inside == 0]
            yield starts, starts + size, _PIECE_SALT
        unspaced = self._points >= _UNSPACED
        starts = np.flatnonzero(unspaced[:-1] & unspaced[1:])
        yield starts, starts + 2, _PIECE_SALT


def _prefix_sums(points: _Codes) -> tuple[_Codes, _Codes]:
    """Sums of points[i] * base**i modulo 2**64, and the powers of the base's inverse."""
    powers = np.full(len(points) + 1, _BASE, dtype=np.uint64)
    inverse = np.full(len(points) + 1, pow(_BASE, -1, _MODULUS), dtype=np.uint64)
    powers[0] = inverse[0] = 1
    powers, inverse = np.cumprod(powers), np.cumprod(inverse)
    prefix = np.zeros(len(points) + 1, dtype=np.uint64)
    np.cumsum(points * powers[:-1], out=prefix[1:])
    return prefix, inverse


def _scatter(codes: _Codes) -> _Codes:
    """Spread a polynomial's value over all bits (the finalizer of SplitMix64)."""
    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))
