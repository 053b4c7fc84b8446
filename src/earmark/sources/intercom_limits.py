"""Keeps one process within Intercom's request quota, by what each answer's headers say.

Quotas come in windows of ten seconds and are shared with the workspace's other apps, so a share of
each window is left to them. Times are compared with the answer's own `Date`, never with our clock.
"""

import asyncio
import random
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_OTHERS_SHARE: Final = 0.2
_LONGEST_PAUSE: Final = 60.0
_JITTER: Final = 1.0


class RateLimiter:
    """Hands out permission to send; `observe` every answer."""

    def __init__(self) -> None:
        self._remaining: int | None = None
        self._reserve = 0
        self._opens_at = 0.0
        self._paused_until = 0.0

    async def acquire(self) -> None:
        """Wait until one more request fits into the window."""
        while True:
            delay = self._delay()
            if delay <= 0:
                break
            await asyncio.sleep(delay)
        if self._remaining is not None:
            self._remaining -= 1

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the window; without the headers nothing is known."""
        limit = _integer(headers, "X-RateLimit-Limit")
        remaining = _integer(headers, "X-RateLimit-Remaining")
        wait = seconds_to_reset(headers)
        if limit is None or remaining is None or wait is None:
            return
        opens_at = _now() + wait
        # Answers overtake each other: within one window the lowest count is the newest.
        same_window = abs(opens_at - self._opens_at) < 1.5 and self._remaining is not None
        known = self._remaining if same_window and self._remaining is not None else remaining
        self._remaining = min(known, remaining)
        self._reserve = int(limit * _OTHERS_SHARE)
        self._opens_at = opens_at

    def pause(self, headers: Mapping[str, str]) -> float:
        """After a 429: hold every request of this process back; returns the seconds."""
        wait = seconds_to_reset(headers)
        delay = (1.0 if wait is None else wait) + random.random() * _JITTER  # noqa: S311
        self._paused_until = max(self._paused_until, _now() + delay)
        return delay

    def _delay(self) -> float:
        now = _now()
        if now < self._paused_until:
            return self._paused_until - now
        if self._remaining is None or self._remaining > self._reserve:
            return 0.0
        if now >= self._opens_at:
            self._remaining = None
            return 0.0
        return self._opens_at - now + 0.05


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds from the answer's own time to the next window; null if the headers do not say."""
    reset = _integer(headers, "X-RateLimit-Reset")
    date = headers.get("Date")
    if reset is None or date is None:
        return None
    try:
        sent = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    return min(max(reset - sent, 0.0), _LONGEST_PAUSE)


def _integer(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "")
    return int(value) if value.strip().isdigit() else None


def _now() -> float:
    return asyncio.get_running_loop().time()
