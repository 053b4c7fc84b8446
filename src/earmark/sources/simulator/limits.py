"""The rate limit: windows of ten seconds that begin at whole multiples of ten."""

from collections.abc import Callable
from typing import NamedTuple

WINDOW = 10
"""Seconds."""


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


class RateLimiter:
    """Counts requests; `clock` gives Unix seconds."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._limit = max(1, per_minute * WINDOW // 60)
        self._clock = clock
        self._window = -1
        self._used = 0

    def take(self) -> Allowance:
        """One request; those above the limit are not granted and not counted further."""
        window = int(self._clock()) // WINDOW
        if window != self._window:
            self._window, self._used = window, 0
        is_granted = self._used < self._limit
        self._used += is_granted
        return Allowance(self._limit, self._limit - self._used, (window + 1) * WINDOW, is_granted)
