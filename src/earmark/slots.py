"""How many requests to a peer are in flight: found out by asking more while all goes well."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

_FIRST_SLOTS: Final = 4
_TROUBLE: Final = 0.1
_GROWTH: Final = 8


class Slots:
    """How many requests are in flight: more while all goes well, half after trouble.

    Judged once a second: trouble is when more than a tenth of the answers failed. Doubles up to the
    first trouble, then grows by an eighth. Rare failures change nothing, or a server that answers
    one request in fifty with an error would be asked one thing at a time.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._limit = min(_FIRST_SLOTS, most)
        self._free = asyncio.Semaphore(self._limit)
        self._surplus = 0
        self._has_met_trouble = False
        self._judged_at = clock()
        self._succeeded = 0
        self._failed = 0

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._limit

    @asynccontextmanager
    async def slot(self) -> AsyncGenerator[None]:
        """One request in flight."""
        await self._free.acquire()
        try:
            yield
        finally:
            self._release(1)

    def succeed(self) -> None:
        """An answer came."""
        self._succeeded += 1
        self._judge()

    def fail(self) -> None:
        """The peer is overloaded or far, or its answer was useless."""
        self._failed += 1
        self._judge()

    def _judge(self) -> None:
        now = self._clock()
        if now - self._judged_at < 1:
            return
        is_trouble = self._failed > (self._succeeded + self._failed) * _TROUBLE
        self._judged_at, self._succeeded, self._failed = now, 0, 0
        self._has_met_trouble |= is_trouble
        if is_trouble:
            self._resize(self._limit // 2)
        else:
            step = self._limit // _GROWTH if self._has_met_trouble else self._limit
            self._resize(self._limit + max(step, 1))

    def _resize(self, limit: int) -> None:
        new = min(max(limit, 1), self._most)
        if new > self._limit:
            self._release(new - self._limit)
        self._surplus += max(self._limit - new, 0)
        self._limit = new

    def _release(self, number: int) -> None:
        """Give slots back, except those that are no longer wanted."""
        for _ in range(number):
            if self._surplus:
                self._surplus -= 1
            else:
                self._free.release()
