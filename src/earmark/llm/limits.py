"""Keeps requests to a provider within what the account allows, for all who use it."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from earmark.errors import ModelUnavailable
from earmark.llm.allowance import Allowance, Grant, Seen, read_headers
from earmark.llm.provider_options import ModelOptions
from earmark.slots import Slots

R = TypeVar("R")

_PATIENCE: Final = 120.0
"""Seconds that one call is tried; then it is left to the queue."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 60.0
_JITTER: Final = 0.25
_SPENT_WITHIN: Final = 1.0
"""Seconds after which permissions that nobody used are void."""
_PORTION: Final = 0.25
"""Permissions that last for a shorter time are asked for in larger handfuls."""
_MOST_AT_ONCE: Final = 1_000
_TELL_EVERY: Final = 0.25
_SHORTEST_WAIT: Final = 0.02


class Busy(ModelUnavailable):
    """The provider asks to come back later; nothing was spent."""


class Limits:
    """Waits before a request until it fits, for an account that only this process uses.

    A subclass may keep the allowance elsewhere, for all who use the account: see `change`.
    """

    def __init__(self, options: ModelOptions) -> None:
        self._options = options
        self._allowance = Allowance()
        self._slots = Slots(options.concurrency)
        self._asking = asyncio.Lock()
        self._waiting = 0
        self._granted = 0
        self._granted_at = 0.0
        self._handful = 1
        self._tokens_each = 0.0
        self._owed = 0.0
        self._refusals = 0
        """One after the other, without an answer between them."""
        self._told = Seen()
        self._told_at = 0.0

    async def change(self, change: Callable[[Allowance, float], Allowance]) -> None:
        """Replace the allowance by what `change` makes of it and of the time."""
        self._allowance = change(self._allowance, time.monotonic())

    async def run(
        self, call: Callable[[], Awaitable[R]], *, tokens: int, spent: Callable[[R], int]
    ) -> R:
        """Make the call when it fits; when the provider is busy, again after a common pause.

        `tokens` is how many it may take, `spent` tells how many it took. Raises the call's errors.
        """
        gives_up_at = time.monotonic() + _PATIENCE
        while True:
            try:
                return await self._once(call, tokens, spent)
            except Busy as busy:
                seconds = busy.retry_after
                if seconds is None:
                    seconds = min(_FIRST_PAUSE * 2**self._refusals, _LONGEST_PAUSE)
                self._refusals += 1
                await self._pause(seconds)
                if seconds > _LONGEST_PAUSE or time.monotonic() + seconds > gives_up_at:
                    raise

    async def _once(
        self, call: Callable[[], Awaitable[R]], tokens: int, spent: Callable[[R], int]
    ) -> R:
        async with self._slots.slot():
            await self._acquire(tokens)
            try:
                answer = await call()
            except Busy:
                self._owed -= tokens
                self._slots.fail()
                raise
            except ModelUnavailable:
                self._slots.fail()
                raise
            self._slots.succeed()
            self._refusals = 0
            self._owed += spent(answer) - tokens
            return answer

    async def _acquire(self, tokens: int) -> None:
        """Wait for permission to send one request of so many tokens."""
        self._waiting += 1
        try:
            while not self._spend(tokens):
                async with self._asking:
                    if not self._unspent:
                        await self._ask(tokens)
        finally:
            self._waiting -= 1

    @property
    def _unspent(self) -> int:
        # What was granted in one second must not be spent in a later one.
        return self._granted if time.monotonic() - self._granted_at < _SPENT_WITHIN else 0

    def _spend(self, tokens: int) -> bool:
        if not self._unspent:
            return False
        self._granted -= 1
        self._owed += tokens - self._tokens_each
        return True

    async def _ask(self, tokens: int) -> None:
        """Ask for what is wanted now, and for more where that lasts for a moment only."""
        lasted = time.monotonic() - self._granted_at
        self._handful = min(self._handful * 2, _MOST_AT_ONCE) if lasted < _PORTION else 1
        wanted, owed = max(self._waiting, self._handful), self._owed
        unused, self._granted = self._granted, 0
        owed -= unused * self._tokens_each
        grant = Grant(requests=0)

        def take(allowance: Allowance, now: float) -> Allowance:
            nonlocal grant
            options = self._options
            allowance = allowance.within(options.requests_per_minute, options.tokens_per_minute)
            allowance, grant = allowance.correct(owed, unused).take(wanted, tokens, now)
            return allowance

        await self.change(take)
        self._owed -= owed + unused * self._tokens_each
        self._granted, self._granted_at = grant.requests, time.monotonic()
        self._tokens_each = float(tokens)
        if grant.wait_seconds > _LONGEST_PAUSE:
            raise ModelUnavailable(
                f"{self._options.name} is left alone for a while.",
                why=f"It asked for a pause of {grant.wait_seconds:,.0f} more seconds.",
                fix="The work waits; it is tried again.",
                retry_after=grant.wait_seconds,
            )
        if not grant.requests:
            await asyncio.sleep(max(grant.wait_seconds, _SHORTEST_WAIT))

    async def _pause(self, seconds: float) -> None:
        """Hold every request back, here and elsewhere."""
        self._granted = 0
        held = seconds * (1 + random.random() * _JITTER)  # noqa: S311
        await self.change(lambda allowance, now: allowance.pause(held, now))

    async def observe(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer's headers say; some times a second is enough."""
        seen = read_headers(headers)
        if seen is None:
            return
        is_news = (seen.requests_limit, seen.tokens_limit) != (
            self._told.requests_limit,
            self._told.tokens_limit,
        )
        now = time.monotonic()
        if not is_news and (not seen.is_scarce or now - self._told_at < _TELL_EVERY):
            return
        self._told, self._told_at = seen, now
        await self.change(lambda allowance, at: allowance.observe(seen, at))
