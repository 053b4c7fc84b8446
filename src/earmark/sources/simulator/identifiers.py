"""Invented identifiers and secrets: well-formed, with valid checksums, belonging to nobody.

Secrets are put together at run time, so that no text that looks like one stands in the source.
"""

from stdnum import iban, luhn
from stdnum.es import ccc

from earmark.sources.simulator.hashing import Draw

_DIGITS = "0123456789"
_HEX = "0123456789abcdef"
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ALPHANUMERIC = _UPPER + _UPPER.lower() + _DIGITS

_BBAN = {"GB": (4, 14), "DE": (0, 18), "ES": (0, 20), "FR": (0, 23), "PT": (0, 21)}
"""Letters and digits of an account number, by country."""
_CARD_RANGES = (("424242", 16), ("400000", 16), ("555555", 16), ("510510", 16), ("378282", 15))
"""Beginnings and lengths of the card networks' published test numbers."""
_NETWORKS = ("192.0.2.", "198.51.100.", "203.0.113.")
"""Addresses kept for documentation by RFC 5737."""


def make_iban(draw: Draw, country: str) -> str:
    """An IBAN with valid check digits, mostly in groups of four."""
    letters, digits = _BBAN[country]
    account = draw.text(_UPPER, letters) + draw.digits(digits)
    if country == "ES":
        account = account[:8] + ccc.calc_check_digits(account) + account[10:]
    check = iban.calc_check_digits(f"{country}00{account}")
    number = f"{country}{check}{account}"
    return group(number, (4,) * 9) if draw.chance(0.7) else number


def make_card(draw: Draw) -> str:
    """A card number out of a test range that passes the Luhn check."""
    start, length = draw.pick(_CARD_RANGES)
    number = start + draw.digits(length - len(start) - 1)
    number += luhn.calc_check_digit(number)
    form = draw.below(3)
    if form == 0:
        return number
    sizes = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    return group(number, sizes, " " if form == 1 else "-")


def group(text: str, sizes: tuple[int, ...], separator: str = " ") -> str:
    """The text cut into groups of these sizes."""
    pieces: list[str] = []
    for size in sizes:
        if not text:
            break
        pieces.append(text[:size])
        text = text[size:]
    return separator.join(pieces)


def make_ip(draw: Draw) -> str:
    """An address out of the ranges for documentation; one in five of version 6."""
    if draw.chance(0.2):
        return f"2001:db8:{draw.text(_HEX, 3)}::{draw.text(_HEX, 2)}:{draw.text(_HEX, 4)}"
    return draw.pick(_NETWORKS) + str(draw.between(2, 254))


def make_token(draw: Draw) -> str:
    """An API key, access token or signing secret in one of the usual forms."""
    form = draw.below(6)
    if form == 0:
        return "_".join(("otm", "live", draw.text(_ALPHANUMERIC, 32)))
    if form == 1:
        return "_".join(("sk", "live", draw.text(_ALPHANUMERIC, 24)))
    if form == 2:
        return "AK" + "IA" + draw.text(_UPPER + "234567", 16)
    if form == 3:
        return "gh" + "p_" + draw.text(_ALPHANUMERIC, 36)
    if form == 4:
        header = "ey" + "JhbGciOiJIUzI1NiJ9"
        return f"{header}.ey{draw.text(_ALPHANUMERIC, 40)}.{draw.text(_ALPHANUMERIC, 43)}"
    return "wh" + "sec_" + draw.text(_HEX, 32)


def make_password(draw: Draw, name: str) -> str:
    """A password as people choose them: a word with a number, or a generated one."""
    form = draw.below(3)
    if form == 0:
        return f"{name.capitalize()}{draw.between(1965, 2025)}!"
    if form == 1:
        return draw.text(_ALPHANUMERIC, 5) + "-" + draw.text(_ALPHANUMERIC, 5)
    return f"{draw.pick(('Summer', 'Salon', 'Coffee', 'Sunny', 'Welcome'))}{draw.digits(3)}$"


def make_phone(draw: Draw, pattern: str) -> str:
    """A number by its pattern, `#` being any digit."""
    return "".join([str(draw.below(10)) if sign == "#" else sign for sign in pattern])


def make_invoice_number(draw: Draw) -> str:
    """How invoices are numbered: not personal."""
    form = draw.below(3)
    if form == 0:
        return f"INV-{draw.between(1001, 9899)}"
    if form == 1:
        return f"{draw.pick(('2025', '2026'))}-{draw.digits(4)}"
    return f"RE{draw.digits(5)}"


def make_booking_number(draw: Draw) -> str:
    """How bookings are numbered: not personal."""
    if draw.chance(0.5):
        return f"OM-{draw.text(_UPPER, 2)}{draw.digits(5)}"
    return f"#{draw.between(100_000, 999_999)}"
