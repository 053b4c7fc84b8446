"""What a crash of a process or of the machine leaves behind."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from embedded_rig import (
    IS_ROOT,
    LINGER,
    ask,
    client,
    kill,
    kill_hard,
    log,
    new_directory,
    processes,
    running,
    server_pid,
    until,
    until_stopped,
    watcher,
)

from earmark.db.embedded import EmbeddedServer
from earmark.errors import DatabaseUnavailable

_BUSY_FOR_TWO_SECONDS = """
DO $$
DECLARE stop timestamptz := clock_timestamp() + '2 s';
BEGIN WHILE clock_timestamp() < stop LOOP END LOOP; END $$
"""


async def test_killed_server_is_started_again_with_its_data() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
            kill_hard(server.pid)
            async with running(directory) as again:
                assert again.pid != server.pid
                assert again.conninfo() == server.conninfo()
                assert await ask(again, "SELECT answer FROM kept") == 42
        assert "automatic recovery in progress" in log(directory)


async def test_start_waits_for_the_busy_orphan_of_a_killed_server() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            orphan = asyncio.create_task(ask(server, _BUSY_FOR_TWO_SECONDS))
            await until(lambda: any(" DO" in command for command in _children(server.pid)))
            kill_hard(server.pid)
            async with running(directory) as again:
                assert again.pid != server.pid
                assert await ask(again, "SELECT 1") == 1
            await asyncio.gather(orphan, return_exceptions=True)
        assert "is still in use" in log(directory)


def _children(parent: int) -> list[str]:
    """Lines of parent, pid and title."""
    listing = subprocess.run(
        ["/bin/ps", "-ww", "-eo", "ppid=,pid=,args="], check=True, capture_output=True, text=True
    )
    return [line for line in listing.stdout.splitlines() if line.split()[0] == str(parent)]


async def _crash(directory: Path) -> EmbeddedServer:
    """A cluster whose processes all ended at once: pid file and socket are stale."""
    async with running(directory) as server:
        kill_hard(watcher(directory), server.pid)
        await until(lambda: not processes(directory))
    assert (directory / "server" / "data" / "postmaster.pid").exists()
    assert any((directory / "server").glob("*/.s.PGSQL.5432"))
    return server


async def test_restart_of_the_machine_leaves_nothing_in_the_way() -> None:
    with new_directory() as directory:
        await _crash(directory)
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1
        await until_stopped(directory)


async def test_other_program_with_the_pid_of_the_old_server_is_left_alone() -> None:
    with new_directory() as directory, _other_program() as other:
        await _crash(directory)
        _write_pid(directory, str(other.pid))
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1
        await until_stopped(directory)
        assert other.poll() is None


async def test_watcher_signals_no_program_that_a_pid_file_names() -> None:
    with new_directory() as directory, _other_program() as other:
        async with running(directory) as server:
            kill_hard(server.pid)
            _write_pid(directory, str(other.pid))
        await until_stopped(directory)
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1
        await until_stopped(directory)
        assert other.poll() is None


async def test_pid_file_that_a_crash_left_empty_is_removed() -> None:
    with new_directory() as directory:
        await _crash(directory)
        file = directory / "server" / "data" / "postmaster.pid"
        file.write_text("")
        os.utime(file, (0, 0))
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1


def _write_pid(directory: Path, pid: str) -> None:
    file = directory / "server" / "data" / "postmaster.pid"
    _, *rest = file.read_text().splitlines()
    file.write_text("\n".join([pid, *rest]) + "\n")


@contextmanager
def _other_program() -> Generator[subprocess.Popen[bytes]]:
    """Under the server's own account, where PostgreSQL would take its pid for a server's."""
    account = 65534 if IS_ROOT else None
    with subprocess.Popen(["/bin/sleep", "60"], user=account) as process:
        yield process
        process.kill()


async def test_cluster_half_made_by_a_killed_process_is_made_anew() -> None:
    with new_directory() as directory:
        server_folder = directory / "server"
        async with client(directory) as process:
            await until(lambda: any(server_folder.glob("new-*/data/base")))
            await kill(process)
        assert not (server_folder / "data").exists()
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1
        await until(lambda: not processes(directory))
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1
        assert (server_folder / "data" / "PG_VERSION").exists()


async def test_first_start_that_is_cut_short_leaves_no_half_made_cluster() -> None:
    with new_directory() as directory:
        with pytest.raises(DatabaseUnavailable, match=r"within 0.2 s.*initdb"):
            await running(directory, patience=0.2).__aenter__()
        assert not (directory / "server" / "data").exists()
        assert not list((directory / "server").glob("new-*/data/PG_VERSION"))
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1


async def test_long_recovery_is_reported_and_left_to_finish() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            await ask(server, "CREATE TABLE much (n int)")
            await ask(server, "CHECKPOINT")
            await ask(server, "INSERT INTO much SELECT generate_series(1, 600000)")
            kill_hard(watcher(directory), server.pid)
        await until(lambda: not processes(directory))
        entering = asyncio.create_task(running(directory, patience=3).__aenter__())
        await until(lambda: bool(_recovery(directory)))
        os.kill(_recovery(directory), signal.SIGSTOP)
        with pytest.raises(DatabaseUnavailable, match="recover from a crash"):
            await entering
        with pytest.raises(DatabaseUnavailable, match="starting up, recovering"):
            await running(directory, patience=0.5).__aenter__()
        await asyncio.sleep(5 * LINGER)
        os.kill(_recovery(directory), signal.SIGCONT)
        async with running(directory) as server:
            assert await ask(server, "SELECT count(*) FROM much") == 600_000


def _recovery(directory: Path) -> int:
    """The process that replays the log, 0 if there is none."""
    for pid, command in processes(directory).items():
        if "embedded_watch" not in command:
            for line in _children(pid):
                if "startup recovering" in line:
                    return int(line.split()[1])
    return 0


async def test_start_waits_for_a_server_that_shuts_down() -> None:
    """With SIGTERM PostgreSQL turns new sessions away until the last old one has ended."""
    with new_directory() as directory:
        async with running(directory) as server:
            session = await psycopg.AsyncConnection.connect(server.conninfo())
            os.kill(server.pid, signal.SIGTERM)
            await until(lambda: "smart shutdown" in log(directory))
            entering = asyncio.create_task(_pid_of_next(directory))
            await asyncio.sleep(0.5)
            assert not entering.done()
            await session.close()
            assert await entering != server.pid


async def _pid_of_next(directory: Path) -> int:
    async with running(directory) as server:
        assert await ask(server, "SELECT 1") == 1
        return server.pid


async def test_client_killed_as_it_starts_the_server_leaves_no_server_behind() -> None:
    with new_directory() as directory:
        async with running(directory):
            pass
        await until_stopped(directory)
        for delay in (0.0, 0.03, 0.1):
            async with client(directory) as process:
                await until(lambda: bool(processes(directory)))
                await asyncio.sleep(delay)
                await kill(process)
            await until_stopped(directory)
        async with client(directory) as process:
            assert await server_pid(process)
