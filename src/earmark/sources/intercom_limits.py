"""Keeps requests within Intercom's quota, by what each answer's headers say.

Quotas come in windows of ten seconds and are shared with the workspace's other apps, so a share of
each window is left to them, and the rest is not taken all at once. Times are compared with the
answer's own `Date`, never with our clock.
"""

import asyncio
import math
import random
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from earmark.db.models import Model

_OTHERS_SHARE: Final = 0.2
_WINDOW: Final = 10.0
_SPARE: Final = 2.0
"""Seconds before a window's end by which our share is to be used up."""
_PORTION: Final = 0.25
"""Seconds of work that are handed out at once."""
_SAME_WINDOW: Final = _WINDOW / 2
"""Ends that differ by less are of the same window: `Date` has whole seconds, answers travel."""
_LONGEST_PAUSE: Final = 60.0
_JITTER: Final = 1.0
_SPENT_WITHIN: Final = 1.0
"""Seconds after which permissions that nobody used are void."""
_MOST_AT_ONCE: Final = 1_000
_TELL_EVERY: Final = 0.25
_NEWS_AFTER: Final = 0.05
_SHORTEST_WAIT: Final = 0.02


class Window(Model):
    """What an answer says of the present window."""

    limit: int
    remaining: int
    reset: int
    """When it ends, in Unix seconds of the server: no two windows have the same."""
    seconds_left: float

    @property
    def reserve(self) -> int:
        """Requests that are left to the workspace's other apps."""
        return int(self.limit * _OTHERS_SHARE)


class Grant(Model):
    """Permissions to send, or how long to wait before asking again."""

    requests: int
    wait_seconds: float = 0.0


class Bucket(Model):
    """What is left of our share of a window; times are seconds of any one clock.

    Our share is handed out evenly, so that other apps of the workspace get theirs at any moment of
    the window and we notice in time what they take.
    """

    budget: int = 0
    """Our share of a whole window; 0 until an answer has told."""
    remaining: int = 0
    resets_at: float = -math.inf
    opens_at: float = -math.inf
    """Nothing is granted before: the pace, or a pause after a refusal."""

    def take(self, wanted: int, now: float) -> "tuple[Bucket, Grant]":
        """Up to `wanted` permissions, and the bucket without them."""
        if now < self.opens_at:
            return self, Grant(requests=0, wait_seconds=self.opens_at - now)
        if not self.budget:
            return self, Grant(requests=wanted)
        bucket = self._present(now)
        if bucket.remaining <= 0:
            return bucket, Grant(requests=0, wait_seconds=bucket.resets_at - now)
        pace = max(bucket.resets_at - now - _SPARE, _PORTION) / bucket.remaining
        requests = min(wanted, bucket.remaining, max(round(_PORTION / pace), 1))
        changes = {"remaining": bucket.remaining - requests, "opens_at": now + requests * pace}
        return bucket.model_copy(update=changes), Grant(requests=requests)

    def _present(self, now: float) -> "Bucket":
        """A window that is over is followed by one of the same size, until an answer tells."""
        if now < self.resets_at:
            return self
        missed = math.floor((now - self.resets_at) / _WINDOW) if self.resets_at > -math.inf else 0
        ends = self.resets_at + (missed + 1) * _WINDOW
        return self.model_copy(
            update={"remaining": self.budget, "resets_at": max(ends, now + _PORTION)}
        )

    def observe(self, window: Window, now: float, *, unspent: int = 0) -> "Bucket":
        """Take over what an answer says; `unspent` permissions are given out already.

        Answers overtake each other: within a window the lowest count is the newest, and the
        earliest end the most exact.
        """
        budget = max(window.limit - window.reserve, 1)
        left, ends = max(window.remaining - window.reserve - unspent, 0), now + window.seconds_left
        if self.budget and abs(ends - self.resets_at) < _SAME_WINDOW:
            left, ends = min(left, self.remaining), min(ends, self.resets_at)
        return self.model_copy(update={"budget": budget, "remaining": left, "resets_at": ends})

    def pause(self, seconds: float, now: float) -> "Bucket":
        """Grant nothing for so long."""
        return self.model_copy(update={"opens_at": max(self.opens_at, now + seconds)})


class Quota:
    """Hands out permission to send, for one access token that only this process uses.

    A subclass may keep the bucket elsewhere, for all who use the token: see `change`.
    """

    def __init__(self) -> None:
        self._bucket = Bucket()
        self._asking = asyncio.Lock()
        self._waiting = 0
        self._granted = 0
        self._granted_at = 0.0
        self._handful = 1
        self._told: Window | None = None
        self._told_at = 0.0

    async def change(self, change: Callable[[Bucket, float], Bucket]) -> None:
        """Replace the bucket by what `change` makes of it and of the time."""
        self._bucket = change(self._bucket, time.monotonic())

    async def acquire(self) -> None:
        """Wait until one more request fits into the window."""
        self._waiting += 1
        try:
            while not self._spend():
                async with self._asking:
                    if not self._unspent:
                        await self._ask()
        finally:
            self._waiting -= 1

    @property
    def _unspent(self) -> int:
        # What was granted in one window must not be spent in a later one.
        return self._granted if time.monotonic() - self._granted_at < _SPENT_WITHIN else 0

    def _spend(self) -> bool:
        if not self._unspent:
            return False
        self._granted -= 1
        return True

    async def _ask(self) -> None:
        """Ask for what is wanted now, and for more where that lasts for a moment only."""
        lasted = time.monotonic() - self._granted_at
        self._handful = min(self._handful * 2, _MOST_AT_ONCE) if lasted < _PORTION else 1
        wanted = max(self._waiting, self._handful)
        grant = Grant(requests=0)

        def take(bucket: Bucket, now: float) -> Bucket:
            nonlocal grant
            bucket, grant = bucket.take(wanted, now)
            return bucket

        await self.change(take)
        self._granted, self._granted_at = grant.requests, time.monotonic()
        if not grant.requests:
            await asyncio.sleep(max(grant.wait_seconds, _SHORTEST_WAIT))

    async def observe(self, window: Window) -> None:
        """Take over what an answer says; some times a second is enough."""
        newest = self._told.reset if self._told else 0
        if is_over(window, newest):
            return
        is_news = window.reset != newest or window.remaining <= window.reserve
        now = time.monotonic()
        if now - self._told_at < (_NEWS_AFTER if is_news else _TELL_EVERY):
            return
        self._told, self._told_at = window, now
        unspent = self._unspent
        await self.change(lambda bucket, at: bucket.observe(window, at, unspent=unspent))

    async def pause(self, seconds: float) -> None:
        """After a refusal: hold every request back."""
        self._granted = 0
        await self.change(lambda bucket, now: bucket.pause(seconds, now))


def read_window(headers: Mapping[str, str]) -> Window | None:
    """What an answer's headers say of the window; null if they do not."""
    limit = _integer(headers, "X-RateLimit-Limit")
    remaining = _integer(headers, "X-RateLimit-Remaining")
    reset = _integer(headers, "X-RateLimit-Reset")
    wait = seconds_to_reset(headers)
    if limit is None or remaining is None or reset is None or wait is None:
        return None
    return Window(limit=limit, remaining=remaining, reset=reset, seconds_left=wait)


def is_over(window: Window, newest: int) -> bool:
    """Whether an answer is of an earlier window than one seen before: it was overtaken.

    One that is much earlier is no late answer: the server's clock was set back.
    """
    return newest - _LONGEST_PAUSE < window.reset < newest


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
