"""Child processes that live no longer than this one, and ends that come by a signal."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import structlog

_GRACE_SECONDS: Final = 25.0
_LONGEST_WAIT: Final = 30.0

_log = structlog.stdlib.get_logger(__name__)


def stop_on_signals() -> asyncio.Event:
    """An event that the first SIGINT or SIGTERM sets; a second SIGINT interrupts as usual."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal, number)
    return stop


async def stop_when_parent_ends(stop: asyncio.Event) -> None:
    """Set `stop` when standard input closes: the parent holds its other end as a lifeline."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    stop.set()


@asynccontextmanager
async def child(
    *arguments: str, environment: Mapping[str, str] | None = None, captured: bool = False
) -> AsyncGenerator[Process]:
    """`earmark ARGUMENTS` as a child; it is told to stop at the end of the block, then made to.

    `environment` is added to ours; with `captured`, its standard output can be read.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "earmark",
        *arguments,
        stdin=PIPE,
        stdout=PIPE if captured else sys.stderr,
        # Two arenas: with one per thread, glibc keeps a hundred megabytes that nobody uses.
        env={"MALLOC_ARENA_MAX": "2", **os.environ, **(environment or {})},  # noqa: TID251
        start_new_session=True,  # Ctrl-C reaches us alone; we tell the child
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class WorkerKeeper:
    """Keeps one worker child alive: started again whenever it ends, until it is told to stop."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = environment

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """A worker for as long as the block runs."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = 1.0
        while True:
            started = clock()
            async with child("worker", "--lifeline", environment=self._environment) as process:
                code = await process.wait()
            wait = 1.0 if clock() - started > _LONGEST_WAIT else min(wait * 2, _LONGEST_WAIT)
            await _log.awarning("worker_ended", exit_code=code, restart_in=wait)
            await asyncio.sleep(wait)
