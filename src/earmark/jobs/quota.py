"""One request quota for all processes that use the same access token, kept in PostgreSQL."""

import asyncio
import hashlib
from typing import Final

from pydantic import SecretStr

from earmark.db import quota_storage
from earmark.db.connection import Database
from earmark.sources.intercom_limits import Window

_HANDFULS: Final = 40
"""Of a window: large enough to ask seldom, small enough that others get theirs."""
_FIRST_HANDFUL: Final = 4
_TELL_EVERY: Final = 0.25
_NEWS_AFTER: Final = 0.05
_SHORTEST_WAIT: Final = 0.02


class SharedQuota:
    """Hands out permission to send, by the handful that PostgreSQL granted this process."""

    def __init__(self, database: Database, token: SecretStr) -> None:
        self._database = database
        self._token_hash = hashlib.sha256(token.get_secret_value().encode()).hexdigest()
        self._granted = 0
        self._valid_until = 0.0
        self._handful = _FIRST_HANDFUL
        self._asking = asyncio.Lock()
        self._told_at = 0.0
        self._known = Window(limit=0, remaining=0, seconds_left=0)

    async def acquire(self) -> None:
        """Wait until one more request fits into the window."""
        while not self._spend():
            async with self._asking:
                if self._spend():
                    return
                async with self._database.write() as connection:
                    grant = await quota_storage.take(
                        connection, self._token_hash, wanted=self._handful
                    )
                self._granted = grant.requests
                # What was granted in one window must not be spent in a later one.
                self._valid_until = _now() + 5
                if not grant.requests:
                    await asyncio.sleep(max(grant.wait_seconds, _SHORTEST_WAIT))

    def _spend(self) -> bool:
        if self._granted <= 0 or _now() > self._valid_until:
            return False
        self._granted -= 1
        return True

    async def observe(self, window: Window) -> None:
        """Take over what an answer says; some times a second is enough."""
        self._handful = max(window.limit // _HANDFULS, 1)
        now = _now()
        is_news = window.limit != self._known.limit or window.remaining <= window.reserve
        if now - self._told_at < (_NEWS_AFTER if is_news else _TELL_EVERY):
            return
        self._told_at, self._known = now, window
        budget = window.limit - window.reserve
        async with self._database.write() as connection:
            await quota_storage.observe(
                connection,
                self._token_hash,
                budget=max(budget, 1),
                remaining=max(window.remaining - window.reserve - self._granted, 0),
                seconds_left=window.seconds_left,
            )

    async def pause(self, seconds: float) -> None:
        """Hold every process back."""
        self._granted = 0
        async with self._database.write() as connection:
            await quota_storage.pause(connection, self._token_hash, seconds=seconds)


def _now() -> float:
    return asyncio.get_running_loop().time()
