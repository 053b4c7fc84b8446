"""Keeps requests to a provider within what the account allows, for all who use it."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Self, TypeVar

from earmark.errors import ModelUnavailable
from earmark.llm.provider_options import ModelOptions

R = TypeVar("R")

_MOST_WAITS: Final = 6
_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 60.0


class Busy(ModelUnavailable):
    """The provider asks to come back later; nothing was spent."""


class Limits:
    """Waits before a request until it fits."""

    def __init__(self, concurrency: int) -> None:
        self._free = asyncio.Semaphore(concurrency)
        self._opens_at = 0.0

    @classmethod
    def of(cls, options: ModelOptions) -> Self:
        """For an account that only this process uses."""
        return cls(options.concurrency)

    async def run(
        self,
        call: Callable[[], Awaitable[R]],
        *,
        tokens: int,  # noqa: ARG002 - for a subclass that counts
        spent: Callable[[R], int],  # noqa: ARG002
    ) -> R:
        """Make the call when it fits; when the provider is busy, again after a common pause.

        `tokens` is how many it may take, `spent` tells how many it took. Raises the call's errors.
        """
        for attempt in range(_MOST_WAITS):
            await self._wait()
            try:
                async with self._free:
                    return await call()
            except Busy as busy:
                if attempt + 1 == _MOST_WAITS or (busy.retry_after or 0) > _LONGEST_WAIT:
                    raise
                self._pause(busy, attempt)
        raise ModelUnavailable("The provider is busy.")

    async def _wait(self) -> None:
        left = self._opens_at - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
            await self._wait()

    def _pause(self, busy: Busy, attempt: int) -> None:
        seconds = busy.retry_after if busy.retry_after is not None else _FIRST_WAIT * 2**attempt
        jitter = 1 + random.random() / 4  # noqa: S311
        until = asyncio.get_running_loop().time() + seconds * jitter
        self._opens_at = max(self._opens_at, until)

    async def observe(self, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the account's limits."""
