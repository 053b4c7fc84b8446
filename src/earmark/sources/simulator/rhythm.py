"""When customers write: hours, weekdays, weeks, and how themes come and go."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.grammar import Theme
from earmark.sources.simulator.hashing import draw_uniform

DAY = 86_400
HOUR = 3600
CHUNK = 1 << 16
"""Conversations worked on at once, so that large samples need little memory."""
TIE = 97
"""One conversation in this many begins in the same second as the one before it."""

RELEASE_AT = 0.62
"""The bad release goes out when this share of the time has passed ..."""
FIX_AT = 0.54
"""... and the fix of the theme that falls at this."""

_WEEKDAYS = np.array([1.25, 1.12, 1.05, 1.0, 0.9, 0.36, 0.2])
_HOURS = np.array(
    [2, 1, 1, 1, 1, 2, 5, 14, 30, 44, 48, 42, 34, 37, 43, 42, 38, 31, 21, 14, 12, 10, 7, 4],
    dtype=np.float64,
)


def find_midnight() -> datetime:
    """The latest UTC midnight: where a sample ends unless told otherwise."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def weigh_days(weeks: int, themes: Sequence[Theme]) -> NDArray[np.float64]:
    """How likely each theme is on each day: an array of days x themes."""
    days = weeks * 7
    position = (np.arange(days) + 0.5) / days
    return np.stack(
        [theme.weight * follow_trend(theme.trend, position, days) for theme in themes], 1
    )


def follow_trend(trend: str, position: NDArray[np.float64], days: int) -> NDArray[np.float64]:
    """The factor on a theme's weight over time, `position` being the share of the time passed."""
    if trend == "spike":
        since = (position - RELEASE_AT) * days
        return 1.0 + np.where(since >= 0, 60.0 * np.exp(-np.maximum(since, 0.0) / 5.0), 0.0)
    if trend == "growth":
        return 0.3 + 2.0 * position
    if trend == "fall":
        return np.where(position < FIX_AT, 1.55, 0.12)
    return np.ones_like(position)


def draw_created(
    key: int, number: int, start: int, end: int, day_weights: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Creation times in [start, end), never falling with the index, some in the same second.

    Each conversation has its own slice of the total intensity, and a random place within it.
    """
    hours = np.arange(start // HOUR, -(-end // HOUR), dtype=np.int64)
    weekday = (hours // 24 + 3) % 7  # 1 January 1970 was a Thursday
    day = np.clip((hours * HOUR - start) // DAY, 0, len(day_weights) - 1)
    growth = 1.0 + 0.25 * day / len(day_weights)
    chance = 0.7 + 0.6 * draw_uniform(key ^ 2, day)
    intensity = _WEEKDAYS[weekday] * _HOURS[hours % 24] * growth * chance * day_weights[day]
    edges = np.concatenate([hours, hours[-1:] + 1]) * HOUR
    total = np.concatenate([[0.0], np.cumsum(intensity)])
    low, high = np.interp([start, end], edges, total)
    created = np.empty(number, dtype=np.int64)
    last = start
    for begin in range(0, number, CHUNK):
        indexes = np.arange(begin, min(begin + CHUNK, number), dtype=np.int64)
        share = (indexes + draw_uniform(key, indexes)) / number
        times = np.interp(low + share * (high - low), total, edges).astype(np.int64)
        times = np.clip(times, start, end - 1)
        tied = draw_uniform(key ^ 1, indexes) < 1 / TIE
        times = np.where(tied, np.concatenate([[last], times[:-1]]), times)
        created[begin : begin + len(indexes)] = np.maximum.accumulate(times)
        last = int(times[-1])
    return created
