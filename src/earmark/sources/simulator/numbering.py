"""Intercom-like identifiers that can be turned back into indexes."""

from earmark.sources.simulator.hashing import MASK, draw_uniform_at

_ODD = 0xD6E8FEB86659FD93
"""Odd, so that multiplying by it modulo 2**64 can be undone."""
_INVERSE = pow(_ODD, -1, 1 << 64)


class HexNumbering:
    """24 hexadecimal digits, as contacts and companies have them."""

    def __init__(self, prefix: str, key: int, number: int) -> None:
        self._prefix = prefix
        self._key = key & MASK
        self._number = number

    def encode(self, index: int) -> str:
        """The identifier of an index."""
        return f"{self._prefix}{(index * _ODD + self._key) & MASK:016x}"

    def decode(self, identifier: str) -> int | None:
        """The index of an identifier; null if it is not one of these."""
        if len(identifier) != 24 or not identifier.startswith(self._prefix):
            return None
        try:
            value = int(identifier[8:], 16)
        except ValueError:
            return None
        index = ((value - self._key) * _INVERSE) & MASK
        return index if index < self._number and self.encode(index) == identifier else None


class DecimalNumbering:
    """Decimal numbers that rise with the index, with gaps, and get one digit longer on the way.

    The last property is what Intercom's identifiers do too, and what ordering them as text gets
    wrong.
    """

    STEP = 37

    def __init__(self, key: int, number: int) -> None:
        self._key = key
        self._number = number
        self._base = 10**14 - self.STEP * (number // 3)

    def encode(self, index: int) -> str:
        """The identifier of an index."""
        return str(self.encode_number(index))

    def encode_number(self, index: int) -> int:
        """The identifier as a number, for comparing."""
        gap = int(draw_uniform_at(self._key, index) * self.STEP)
        return self._base + index * self.STEP + gap

    def decode(self, identifier: str) -> int | None:
        """The index of an identifier; null if it is not one of these."""
        if not identifier.isascii() or not identifier.isdigit() or len(identifier) > 18:
            return None
        index = (int(identifier) - self._base) // self.STEP
        if 0 <= index < self._number and self.encode(index) == identifier:
            return index
        return None


def number_message(conversation: int, at: int) -> str:
    """The identifier of a conversation's source (`at` 0) or of its part; at most 99,999 parts."""
    if at == 0:
        return str(1_900_000_000 + conversation)
    return str(310_000_000_000 + conversation * 100_000 + at)
