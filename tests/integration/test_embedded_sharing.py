"""Several Earmark processes on one directory."""

import asyncio
import random
import shutil
import sys
from contextlib import AsyncExitStack

import pytest
from embedded_rig import (
    IS_ROOT,
    ask,
    client,
    kill,
    kill_hard,
    leave,
    log,
    new_directory,
    processes,
    remove,
    running,
    server_pid,
    until,
    until_stopped,
    watcher,
)


async def test_four_that_start_at_once_on_an_empty_directory_share_one_server() -> None:
    with new_directory() as directory:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client(directory)) for _ in range(4)]
            pids = {await server_pid(process) for process in clients}
            assert len(pids) == 1
            assert len(list((directory / "server").glob("*data*"))) == 1
            assert watcher(directory)
            outputs = [await leave(process) for process in clients]
            assert outputs == [""] * 4
        await until_stopped(directory)


async def test_server_outlives_the_one_who_started_it() -> None:
    with new_directory() as directory:
        async with client(directory) as first, client(directory) as second:
            pid = await server_pid(first)
            assert await server_pid(second) == pid
            await leave(first)
            await asyncio.sleep(4 * 0.3)
            async with running(directory) as server:
                assert server.pid == pid


async def test_killed_client_leaves_the_server_to_the_next() -> None:
    with new_directory() as directory:
        async with client(directory, linger=5) as process:
            pid = await server_pid(process)
            await kill(process)
            async with running(directory) as server:
                assert server.pid == pid


async def test_server_stops_when_all_clients_were_killed() -> None:
    with new_directory() as directory:
        async with client(directory) as first, client(directory) as second:
            await server_pid(first)
            await server_pid(second)
            await kill(first)
            await kill(second)
            await until_stopped(directory)
        assert log(directory).rstrip().endswith("database system is shut down")


async def test_killed_watcher_is_replaced_by_the_next_client() -> None:
    with new_directory() as directory:
        async with client(directory) as process:
            pid = await server_pid(process)
            old = watcher(directory)
            kill_hard(old)
            await until(lambda: old not in processes(directory))
            async with running(directory) as server:
                assert server.pid == pid
                assert watcher(directory) != old
            await leave(process)
        await until_stopped(directory)


async def test_killed_watcher_is_replaced_by_a_client_that_leaves() -> None:
    with new_directory() as directory:
        async with running(directory):
            old = watcher(directory)
            kill_hard(old)
            await until(lambda: old not in processes(directory))
        await until_stopped(directory)
        assert log(directory).rstrip().endswith("database system is shut down")


async def test_server_and_watcher_end_when_the_directory_disappears() -> None:
    with new_directory() as directory:
        async with client(directory, linger=3600) as process:
            await server_pid(process)
            remove(directory)
            await until_stopped(directory)


async def test_new_directory_in_the_place_of_a_removed_one_keeps_its_server() -> None:
    with new_directory() as directory:
        async with client(directory, linger=8) as process:
            old = await server_pid(process)
            remove(directory)
            async with running(directory, linger=8) as server:
                assert server.pid != old
                await until(lambda: old not in processes(directory))
                await asyncio.sleep(1)
                assert await ask(server, "SELECT 1") == 1


async def test_server_that_lost_its_directory_writes_nothing_into_the_next() -> None:
    """A shutdown in good order would: PostgreSQL opens `pg_control` by its full path."""
    with new_directory() as directory:
        async with client(directory, linger=3600) as process:
            old = await server_pid(process)
            data = directory / "server" / "data"
            data.rename(data.with_name("moved"))
            control = data / "global" / "pg_control"
            control.parent.mkdir(parents=True)
            control.write_bytes(b"of the next cluster")
            control.chmod(0o666)
            await until(lambda: old not in processes(directory))
            assert control.read_bytes() == b"of the next cluster"


async def test_no_client_loses_its_server_however_visits_and_stops_meet() -> None:
    """Pauses are drawn around the linger, so that clients come just as the server stops."""
    chance = random.Random(7)  # noqa: S311 (pauses)
    with new_directory() as directory:
        pids: set[int] = set()

        async def visit_often() -> None:
            for _ in range(5):
                await asyncio.sleep(chance.uniform(0.25, 0.6))
                async with running(directory, linger=0.2) as server:
                    pids.add(server.pid)
                    await asyncio.sleep(chance.uniform(0, 0.3))
                    assert await ask(server, "SELECT 1") == 1

        async with running(directory, linger=0.2):
            pass
        await asyncio.gather(visit_often(), visit_often())
        assert len(pids) > 1, "the server never stopped: the pauses are too short"
        await until_stopped(directory)
        assert "was interrupted" not in log(directory)


needs_namespace = pytest.mark.skipif(
    not IS_ROOT or not shutil.which("unshare"), reason="only root on Linux can set up a container"
)


@needs_namespace
async def test_container_that_ends_with_its_first_process_stops_the_server_first() -> None:
    with new_directory() as directory:
        namespace = ("unshare", "--pid", "--fork", "--mount-proc", sys.executable)
        async with client(directory, linger=60, python=namespace) as process:
            await server_pid(process)
            await leave(process)
        assert log(directory).rstrip().endswith("database system is shut down")


@needs_namespace
async def test_container_with_little_shared_memory_gets_another_kind() -> None:
    script = 'mount -t tmpfs -o size=64m tmpfs /dev/shm && exec "$0" "$@"'
    with new_directory(under="/tmp") as directory:  # noqa: S108 (mkdtemp is safe there)
        container = ("unshare", "--mount", "sh", "-c", script, sys.executable)
        async with client(directory, python=container) as process:
            await server_pid(process)
            async with running(directory) as server:
                assert await ask(server, "SHOW dynamic_shared_memory_type") == "sysv"
            await leave(process)
        await until_stopped(directory)
        async with running(directory) as server:
            kind = await ask(server, "SHOW dynamic_shared_memory_type")
            roomy = shutil.disk_usage("/dev/shm").total >= 1024**3  # noqa: S108 (its size only)
            assert kind == ("posix" if roomy else "sysv")
