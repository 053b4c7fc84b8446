"""Times as files write them: ISO 8601, Unix seconds, mail dates, days and months in either order.

A time without a zone is one of the zone that the mapping names. What cannot be told apart, such as
03/04/2026, is refused rather than guessed.
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"\d{9,17}(?:\.\d+)?\Z")
_NUMERIC: Final = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[T,\s]+(.+))?\Z")
_CLOCK_FORMS: Final = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
_WORD_FORMS: Final = (
    *("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    *("%d-%b-%Y", "%d %b %y"),
)
_ZONE_WORD: Final = re.compile(r"\s*(?:UTC|GMT|Z)\Z", re.IGNORECASE)
_MERIDIEM: Final = re.compile(r"\s*([AaPp])\.?[Mm]\.?\Z")


class TimeReader:
    """Reads the times of one file."""

    def __init__(
        self, zone: tzinfo = UTC, *, form: str | None = None, day_first: bool | None = None
    ) -> None:
        self._zone = zone
        self._form = form
        self._day_first = day_first

    def read(self, value: object) -> datetime:
        """A moment in UTC; raises `ValueError` with the reason, which never holds the value."""
        moment = self._read(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone)
        moment = moment.astimezone(UTC)
        if not _EARLIEST <= moment < _LATEST:
            raise ValueError("its time is before the year 2000 or after 2200")
        return moment

    def _read(self, value: object) -> datetime:
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime.combine(value, time())
        if isinstance(value, str):
            return self._read_text(" ".join(value.split()))
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_epoch(value)
        raise ValueError("its time is neither text nor a number")

    def _read_text(self, text: str) -> datetime:
        if self._form is not None:
            try:
                return datetime.strptime(text, self._form)  # noqa: DTZ007 - the caller adds the zone
            except ValueError:
                raise ValueError("its time is not of the form that the mapping gives") from None
        if _NUMBER.match(text):
            return _from_epoch(float(text))
        for read in (datetime.fromisoformat, self._read_numeric, _read_words, _read_mail):
            try:
                found = read(text)
            except (ValueError, TypeError, IndexError) as error:
                if isinstance(error, _AmbiguousTime):
                    raise
                continue
            return found
        raise ValueError("its time is of no known form")

    def _read_numeric(self, text: str) -> datetime:
        plain, zone = _split_zone(text)
        match = _NUMERIC.match(plain)
        if match is None:
            raise ValueError(text)
        first, separator, second, third, clock = match.groups()
        if len(first) == 4:
            year, month, day = int(first), int(second), int(third)
        else:
            year = int(third) + (2000 if len(third) == 2 else 0)
            day, month = self._order(int(first), int(second), separator)
        return datetime.combine(date(year, month, day), _read_clock(clock or "0:00"), zone)

    def _order(self, first: int, second: int, separator: str) -> tuple[int, int]:
        """(day, month)."""
        if first > 12 or separator == "." or first == second:
            return first, second
        if second > 12:
            return second, first
        if self._day_first is None:
            raise _AmbiguousTime("day and month of its time cannot be told apart")
        return (first, second) if self._day_first else (second, first)


class _AmbiguousTime(ValueError):
    pass


def infer_day_first(values: Iterable[object]) -> bool | None:
    """Whether days come before months, by the first value that can only be one of both."""
    for value in values:
        match = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
        if match is None or len(match[1]) == 4:
            continue
        if int(match[1]) > 12:
            return True
        if int(match[3]) > 12:
            return False
    return None


def _from_epoch(number: float) -> datetime:
    """Unix seconds, milliseconds or microseconds, by their size."""
    size = abs(number)
    seconds = number if size < 1e11 else number / 1e3 if size < 1e14 else number / 1e6
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        raise ValueError("its time is before the year 2000 or after 2200") from None


def _split_zone(text: str) -> tuple[str, tzinfo | None]:
    plain = _ZONE_WORD.sub("", text)
    return plain, UTC if plain != text else None


def _read_clock(text: str) -> time:
    plain = _MERIDIEM.sub(r" \1M", text.strip())
    for form in _CLOCK_FORMS:
        try:
            return datetime.strptime(plain, form).time()  # noqa: DTZ007 - a time of day
        except ValueError:
            continue
    raise ValueError(text)


def _read_words(text: str) -> datetime:
    """`5 Jan 2026 10:00`, `Jan 5, 2026, 10:00 PM`, `2026-01-05 10:00 UTC`."""
    plain, zone = _split_zone(text)
    if zone is not None and plain[:4].isdigit():
        return datetime.fromisoformat(plain).replace(tzinfo=zone)
    day, clock = _split_clock(plain)
    for form in _WORD_FORMS:
        try:
            found = datetime.strptime(day, form)  # noqa: DTZ007 - the caller adds the zone
        except ValueError:
            continue
        return datetime.combine(found.date(), _read_clock(clock), zone)
    raise ValueError(text)


def _split_clock(text: str) -> tuple[str, str]:
    place = text.find(":")
    if place < 0:
        return text.strip(" ,"), "0:00"
    start = text.rfind(" ", 0, place)
    return text[: max(start, 0)].removesuffix(" at").strip(" ,"), text[start + 1 :]


def _read_mail(text: str) -> datetime:
    """RFC 5322, as in mail headers."""
    return parsedate_to_datetime(text)
