"""The web app on a listening socket, until a signal ends it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator
from typing import Any

import uvicorn

from earmark.cli.ports import port_error


def bind(host: str, port: int, *, or_any_port: bool = False) -> socket.socket:
    """A listening socket; a taken port is an error, or any free one is used instead."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind((host, port))
        except OSError:
            if not or_any_port:
                raise
            listener.bind((host, 0))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise port_error(error, host, port) from error
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
