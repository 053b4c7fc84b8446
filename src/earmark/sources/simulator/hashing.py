"""Counter-based randomness: a number depends on its key and its place alone.

The generator is SplitMix64 (Steele, Lea, Flood 2014): the n-th output is the finaliser applied to
key + n x golden gamma, so that any conversation can be made alone and in any order.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

MASK = (1 << 64) - 1
_GAMMA = 0x9E3779B97F4A7C15
_FIRST = 0xBF58476D1CE4E5B9
_SECOND = 0x94D049BB133111EB
_BLOCK = 192


def mix(value: int) -> int:
    """SplitMix64's finaliser on one number of 64 bits."""
    value &= MASK
    value = ((value ^ (value >> 30)) * _FIRST) & MASK
    value = ((value ^ (value >> 27)) * _SECOND) & MASK
    return value ^ (value >> 31)


def derive_key(*parts: int) -> int:
    """One key out of several numbers; their order matters."""
    key = 0
    for part in parts:
        key = mix(key + _GAMMA + (part & MASK))
    return key


def mix_array(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`mix` for an array."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(_FIRST)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(_SECOND)
    return values ^ (values >> np.uint64(31))


def hash_indexes(key: int, indexes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 random bits per index."""
    return mix_array(indexes.astype(np.uint64) * np.uint64(_GAMMA) + np.uint64(key))


def draw_uniform(key: int, indexes: NDArray[np.int64]) -> NDArray[np.float64]:
    """A number in [0, 1) per index."""
    return (hash_indexes(key, indexes) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw_uniform_at(key: int, index: int) -> float:
    """What `draw_uniform` gives for one index."""
    return (mix(index * _GAMMA + key) >> 11) * 2.0**-53


_STEPS = np.arange(1, _BLOCK + 1, dtype=np.uint64) * np.uint64(_GAMMA)


class Draw:
    """A stream of choices out of one key; blocks of numbers are made by one vector operation."""

    __slots__ = ("_at", "_block", "_key")

    def __init__(self, key: int) -> None:
        self._key = key & MASK
        self._block: list[int] = []
        self._at = _BLOCK

    def below(self, limit: int) -> int:
        """A number in [0, limit), for limits up to 2**32."""
        if self._at == _BLOCK:
            bits = mix_array(_STEPS + np.uint64(self._key)) >> np.uint64(32)
            self._block = bits.tolist()
            self._key = (self._key + _BLOCK * _GAMMA) & MASK
            self._at = 0
        value = self._block[self._at]
        self._at += 1
        return (value * limit) >> 32

    def chance(self, probability: float) -> bool:
        """True in this share of cases."""
        return self.below(1_000_000) < probability * 1_000_000

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[self.below(len(options))]

    def between(self, low: int, high: int) -> int:
        """A number in [low, high]."""
        return low + self.below(high - low + 1)

    def digits(self, count: int) -> str:
        """A text of decimal digits."""
        return "".join([str(self.below(10)) for _ in range(count)])

    def text(self, alphabet: str, count: int) -> str:
        """A text out of these characters."""
        return "".join([alphabet[self.below(len(alphabet))] for _ in range(count)])
