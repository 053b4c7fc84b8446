"""Child processes that live no longer than this one, and a server that ends with a signal."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
import uvicorn

from earmark.errors import ConfigurationError

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
        env={**os.environ, **(environment or {})},  # noqa: TID251 - handed on, not read
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
        self.pid: int | None = None
        """Of the present child."""

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
                self.pid = process.pid
                code = await process.wait()
            self.pid = None
            wait = 1.0 if clock() - started > _LONGEST_WAIT else min(wait * 2, _LONGEST_WAIT)
            await _log.awarning("worker_ended", exit_code=code, restart_in=wait)
            await asyncio.sleep(wait)


def bind(host: str, port: int, *, or_any_port: bool = False) -> socket.socket:
    """A listening socket; a taken port is an error, or any free one is used instead."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        if or_any_port:
            listener.bind((host, 0))
        else:
            listener.close()
            raise ConfigurationError(
                f"Port {port} is taken.",
                why=f"Another program listens on {host}:{port}.",
                fix="Stop it, or choose another port with --port or EARMARK_PORT (0: any free).",
            ) from error
    listener.listen(128)
    return listener


class Server(uvicorn.Server):
    """A server whose signals are handled by whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave the signals alone."""
        yield


async def serve_app(app: Callable[..., Any], listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    server = Server(
        uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            lifespan="on",
            timeout_graceful_shutdown=3,
            server_header=False,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await serving


def address_of(listener: socket.socket) -> str:
    """The URL that a browser opens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
