"""File locks between processes, waited for without blocking the event loop."""

import asyncio
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from earmark.db.embedded_watch import try_lock

_RETRY_SECONDS = 0.02


@contextmanager
def opened(path: Path) -> Generator[int]:
    """The lock file, made if need be. Closing it frees the lock; programs do not inherit it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


@asynccontextmanager
async def locked(path: Path, *, exclusive: bool) -> AsyncGenerator[int]:
    """Hold the lock inside; the descriptor is given.

    Asked for again and again rather than waited for in a thread: such a thread could not be
    cancelled, and would keep the process from ending.
    """
    with opened(path) as lock:
        while True:
            if try_lock(lock, exclusive=exclusive):
                break
            await asyncio.sleep(_RETRY_SECONDS)
        yield lock
