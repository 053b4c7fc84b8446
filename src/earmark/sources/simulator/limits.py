"""The rate limit: windows of ten seconds, or as long as is said, that begin at multiples of it."""

from collections.abc import Callable
from typing import Final, NamedTuple

WINDOW: Final = 10
"""Seconds of Intercom's windows."""


class Allowance(NamedTuple):
    """What is left after one request."""

    limit: int
    remaining: int
    reset: int
    """Unix seconds at which the window ends."""
    is_granted: bool

    @property
    def headers(self) -> dict[str, str]:
        """The headers that go with every answer."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class Traffic(NamedTuple):
    """Requests so far."""

    granted: int
    refused: int


class RateLimiter:
    """Counts requests; `clock` gives Unix seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._limit = 1
        self._others = 0.0
        self._seconds = WINDOW
        self._clock = clock
        self._window = -1
        self._used = 0
        self.traffic = Traffic(0, 0)
        """What came and was within the limit, and what was not."""
        self.configure(per_minute)

    def configure(self, per_minute: int, others: float = 0.0, seconds: int = WINDOW) -> None:
        """Another limit from now on, of which other programs use the share `others`, evenly.

        `seconds`: the length of a window.
        """
        self._limit = max(1, per_minute * seconds // 60)
        self._others = others
        self._seconds = seconds

    def take(self) -> Allowance:
        """One request; those above the limit are not granted and not counted further."""
        now = self._clock()
        seconds = self._seconds
        window = int(now) // seconds
        if window != self._window:
            self._window, self._used = window, 0
        taken = 0
        if self._others:
            taken = int(self._limit * self._others * (now - window * seconds) / seconds)
        is_granted = self._used + taken < self._limit
        self._used += is_granted
        granted, refused = self.traffic
        self.traffic = Traffic(granted + is_granted, refused + (not is_granted))
        left = max(0, self._limit - self._used - taken)
        return Allowance(self._limit, left, (window + 1) * seconds, is_granted)
