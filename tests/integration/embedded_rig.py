"""Directories, client processes and queries for the tests of the embedded server."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from time import monotonic
from typing import LiteralString

import psycopg
import pytest

import earmark
from earmark.db import embedded
from earmark.db.embedded import EmbeddedServer

IS_ROOT = os.geteuid() == 0
LINGER = 0.3
running = partial(embedded.running, linger=LINGER)
"""The real thing, with a server that stops soon."""

_CLIENT = """
import asyncio, sys
from pathlib import Path
from earmark.db.embedded import running

async def main():
    options = dict(linger=float(sys.argv[2]), patience=float(sys.argv[3]))
    async with running(Path(sys.argv[1]), **options) as server:
        print(server.pid, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


@contextmanager
def new_directory(under: str | None = None) -> Generator[Path]:
    """A data directory to be, which any account can reach; nothing of it outlives the block."""
    base = Path(tempfile.mkdtemp(prefix="earmark-test-", dir=under or _roomy_folder()))
    base.chmod(0o755)
    try:
        yield base / "pg"
    finally:
        _end_processes(base)
        shutil.rmtree(base)


def _roomy_folder() -> str:
    """In memory if there is room: first starts write much and wait for the disk."""
    memory = Path("/dev/shm")  # noqa: S108 (mkdtemp is safe there)
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 1024**3
    return str(memory if roomy else "/tmp")  # noqa: S108


def remove(directory: Path) -> None:
    """Also while a server writes there."""
    while directory.exists():
        shutil.rmtree(directory, ignore_errors=True)


def processes(directory: Path) -> dict[int, str]:
    """Servers and watchers of the directory: command line by pid."""
    listing = subprocess.run(
        ["/bin/ps", "-ww", "-eo", "pid=,args="], check=True, capture_output=True, text=True
    )
    found = [line.split(maxsplit=1) for line in listing.stdout.splitlines() if line.strip()]
    return {
        int(pid): command
        for pid, command in found
        if f"{directory}/" in command and ("embedded_watch" in command or "postgres" in command)
    }


def watcher(directory: Path) -> int:
    """Its pid; there must be exactly one."""
    (pid,) = (p for p, command in processes(directory).items() if "embedded_watch" in command)
    return pid


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def log(directory: Path) -> str:
    return (directory / "server" / "postgres.log").read_text()


async def until(condition: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait for it; an assertion if it does not come true."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "waited in vain"
        await asyncio.sleep(0.02)


async def until_stopped(directory: Path) -> None:
    """Wait for server and watcher to end by themselves."""
    await until(lambda: not processes(directory))


async def ask(server: EmbeddedServer, query: LiteralString) -> object:
    """The first value that the query gives, None if it gives no rows."""
    async with await psycopg.AsyncConnection.connect(server.conninfo(), autocommit=True) as session:
        cursor = await session.execute(query)
        row = await cursor.fetchone() if cursor.description else None
    return row[0] if row else None


@asynccontextmanager
async def client(
    directory: Path,
    *,
    linger: float = LINGER,
    patience: float = 30,
    python: Sequence[str] = (sys.executable,),
    environment: Mapping[str, str] | None = None,
    account: str | None = None,
) -> AsyncGenerator[Process]:
    """Another Earmark process that is inside `running` until its standard input closes."""
    process = await asyncio.create_subprocess_exec(
        *(*python, "-c", _CLIENT, directory, str(linger), str(patience)),
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=environment,
        user=account,
        group=account,
        extra_groups=() if account else None,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def server_pid(process: Process) -> int:
    """Wait until the client is inside; gives the pid of the server that it has got."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        _, problems = await process.communicate()
        raise AssertionError(problems.decode())
    return int(line)


async def leave(process: Process) -> str:
    """Let the client leave in good order; gives what it has printed since."""
    output, problems = await process.communicate(b"")
    assert process.returncode == 0, problems.decode()
    return output.decode()


async def run(*command: str | Path) -> str:
    """A program's output, errors included; it must end well."""
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=STDOUT)
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


def library_path(before: Path | None = None) -> dict[str, str]:
    """An environment in which any interpreter of this version finds Earmark and its libraries."""
    places = [Path(file).parents[1] for file in (earmark.__file__, psycopg.__file__) if file]
    path = map(str, [before, *places] if before else places)
    return {"PYTHONPATH": os.pathsep.join(path), "PATH": "/usr/bin:/bin"}


ORDINARY = "daemon"
"""An account that every system has."""


async def ordinary_python() -> str:
    """A Python of this version that an ordinary account can start; skips the test without one."""
    for python in _pythons():
        if await _starts(python):
            return python
    pytest.skip("no Python here that an ordinary account can start")


def _pythons() -> list[str]:
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    common = shutil.which(name, path="/usr/local/bin:/usr/bin")
    return [os.path.realpath(python) for python in (sys.executable, common) if python]


async def _starts(python: str) -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            *(python, "-c", "import earmark.db.embedded"),
            env=library_path(),
            stderr=PIPE,
            user=ORDINARY,
            group=ORDINARY,
            extra_groups=(),
        )
    except PermissionError:
        return False
    await process.communicate()
    return process.returncode == 0


async def kill(process: Process) -> None:
    process.kill()
    await process.wait()


def kill_hard(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _end_processes(base: Path) -> None:
    """By pid, each found by this directory's own random name."""
    end = monotonic() + 20
    while left := processes(base):
        assert monotonic() < end, f"still running: {left}"
        for pid, command in left.items():
            is_watcher = "embedded_watch" in command
            _signal(pid, signal.SIGKILL if is_watcher else signal.SIGQUIT)
            _signal(pid, signal.SIGCONT)
        _wait_a_little()


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _wait_a_little() -> None:
    subprocess.run(["/bin/sleep", "0.05"], check=True)
