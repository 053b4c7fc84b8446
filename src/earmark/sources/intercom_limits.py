"""Keeps requests within Intercom's quota, by what each answer's headers say.

Quotas come in windows of ten seconds and are shared with the workspace's other apps, so a share of
each window is left to them. Times are compared with the answer's own `Date`, never with our clock.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from earmark.db.models import Model

_OTHERS_SHARE: Final = 0.2
_LONGEST_PAUSE: Final = 60.0
_JITTER: Final = 1.0
_FIRST_SLOTS: Final = 4


class Window(Model):
    """What an answer says of the present window."""

    limit: int
    remaining: int
    seconds_left: float

    @property
    def reserve(self) -> int:
        """Requests that are left to the workspace's other apps."""
        return int(self.limit * _OTHERS_SHARE)


class Quota(Protocol):
    """Hands out permission to send, for one access token."""

    async def acquire(self) -> None:
        """Wait until one more request fits into the window."""
        ...

    async def observe(self, window: Window) -> None:
        """Take over what an answer says."""
        ...

    async def pause(self, seconds: float) -> None:
        """After a refusal: hold every request back."""
        ...


class LocalQuota:
    """The quota of a token that only this process uses."""

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

    async def observe(self, window: Window) -> None:
        """Take over what an answer says."""
        opens_at = _now() + window.seconds_left
        # Answers overtake each other: within one window the lowest count is the newest.
        same_window = abs(opens_at - self._opens_at) < 1.5 and self._remaining is not None
        known = self._remaining if same_window and self._remaining is not None else window.remaining
        self._remaining = min(known, window.remaining)
        self._reserve = window.reserve
        self._opens_at = opens_at

    async def pause(self, seconds: float) -> None:
        """Hold every request of this process back."""
        self._paused_until = max(self._paused_until, _now() + seconds)

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


class Slots:
    """How many requests are in flight: more while all goes well, half after each trouble.

    Doubles each second up to the first trouble, then grows by one a second (additive increase,
    multiplicative decrease: Chiu and Jain 1989). A storm of failures counts once a second.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._limit = float(min(_FIRST_SLOTS, most))
        self._used = 0
        self._has_met_trouble = False
        self._changed_at = 0.0
        self._free = asyncio.Condition()

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return max(int(self._limit), 1)

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """One request in flight."""
        async with self._free:
            await self._free.wait_for(lambda: self._used < self.limit)
            self._used += 1
        try:
            yield
        finally:
            async with self._free:
                self._used -= 1
                self._free.notify()

    async def succeed(self) -> None:
        """An answer came: there may be room for more."""
        now = _now()
        if now - self._changed_at < 1 or self._limit >= self._most:
            return
        self._changed_at = now
        grown = self._limit + 1 if self._has_met_trouble else self._limit * 2
        self._limit = min(grown, self._most)
        async with self._free:
            self._free.notify_all()

    def fail(self) -> None:
        """The peer is overloaded or far: step back."""
        now = _now()
        if self._has_met_trouble and now - self._changed_at < 1:
            return
        self._has_met_trouble, self._changed_at = True, now
        self._limit = max(self._limit / 2, 1.0)


def read_window(headers: Mapping[str, str]) -> Window | None:
    """What an answer's headers say of the window; null if they do not."""
    limit = _integer(headers, "X-RateLimit-Limit")
    remaining = _integer(headers, "X-RateLimit-Remaining")
    wait = seconds_to_reset(headers)
    if limit is None or remaining is None or wait is None:
        return None
    return Window(limit=limit, remaining=remaining, seconds_left=wait)


def pause_after_refusal(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429: until the reset, and a little more for each process."""
    wait = seconds_to_reset(headers)
    return (1.0 if wait is None else wait) + random.random() * _JITTER  # noqa: S311


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
