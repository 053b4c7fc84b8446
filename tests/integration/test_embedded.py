import json
import socket
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import psycopg
import pytest
from embedded_rig import (
    ask,
    log,
    mode,
    new_directory,
    processes,
    run,
    running,
    until,
    until_stopped,
)

from earmark.db.embedded import EmbeddedServer, run_tool, tool
from earmark.db.embedded_watch import trim_log
from earmark.errors import ConfigurationError, DatabaseError


@pytest.fixture(scope="module")
async def server() -> AsyncGenerator[EmbeddedServer]:
    """One that runs meanwhile, for the tests that need neither an empty directory nor a stop."""
    with new_directory() as directory:
        async with running(directory) as server:
            yield server


async def test_new_cluster_has_vectors_and_unicode(server: EmbeddedServer) -> None:
    assert server.version.startswith("18.")
    assert server.pid in processes(server.directory)
    await ask(server, "CREATE EXTENSION vector")
    assert await ask(server, "SELECT '[1,2]'::vector <-> '[1,4]'::vector") == 2
    assert await ask(server, "SELECT lower('ÄÉ') || upper('ß')") == "äéß"
    assert await ask(server, "SHOW server_encoding") == "UTF8"


async def test_settings_are_safe_and_small(server: EmbeddedServer) -> None:
    expected = {
        "data_checksums": "on",
        "fsync": "on",
        "jit": "off",
        "lc_messages": "C",
        "listen_addresses": "",
        "max_connections": "60",
        "password_encryption": "scram-sha-256",
        "shared_buffers": "16384",
        "synchronous_commit": "on",
        "TimeZone": "UTC",
    }
    query = "SELECT json_object_agg(name, setting)::text FROM pg_settings"
    found = json.loads(str(await ask(server, query)))
    assert {name: found[name] for name in expected} == expected


async def test_second_entry_adopts_the_server() -> None:
    with new_directory() as directory:
        async with running(directory) as first, running(directory) as second:
            assert first == second
        async with running(directory) as third:
            assert third.pid == first.pid


async def test_server_stops_cleanly_after_its_last_client_and_keeps_the_data() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        await until_stopped(directory)
        assert log(directory).rstrip().endswith("database system is shut down")
        assert not (directory / "server" / "data" / "postmaster.pid").exists()
        async with running(directory) as server:
            assert await ask(server, "SELECT answer FROM kept") == 42
        assert "recovery" not in log(directory)


async def test_row_of_short_visits_meets_one_server() -> None:
    with new_directory() as directory:
        pids: set[int] = set()
        for _ in range(8):
            async with running(directory, linger=1.0) as server:
                pids.add(server.pid)
            assert _listens(server.host)
        assert len(pids) == 1


def _listens(host: str) -> bool:
    with socket.socket(socket.AF_UNIX) as session:
        return session.connect_ex(f"{host}/.s.PGSQL.5432") == 0


async def test_own_settings_win() -> None:
    with new_directory() as directory:
        async with running(directory):
            overrides = directory / "override.conf"
            assert overrides.read_text().startswith("# Settings for the embedded PostgreSQL")
            overrides.write_text("work_mem = '3MB'\nlisten_addresses = '*'\n")
        await until_stopped(directory)
        async with running(directory) as server:
            assert await ask(server, "SHOW work_mem") == "3MB"
            assert await ask(server, "SHOW listen_addresses") == ""
            assert "3MB" in overrides.read_text()


async def test_password_is_needed(server: EmbeddedServer) -> None:
    for attempt in ("password=wrong", ""):
        address = f"host={server.host} user=earmark dbname=earmark {attempt}"
        with pytest.raises(psycopg.OperationalError, match=r"authentication failed|no password"):
            await psycopg.AsyncConnection.connect(address)


async def test_password_is_in_its_own_file_and_nowhere_else(server: EmbeddedServer) -> None:
    password = server.password.get_secret_value()
    assert len(password) >= 32
    assert mode(server.directory / "password") == 0o600
    assert password not in repr(server) + str(server)
    assert password not in " ".join(processes(server.directory).values())
    await run_tool(server, "psql", "-c", "SELECT 1")
    holders = [file for file in _files(server.directory) if password.encode() in file.read_bytes()]
    assert holders == [server.directory / "password"]


def _files(directory: Path) -> list[Path]:
    return [file for file in directory.rglob("*") if file.is_file()]


async def test_refused_statement_is_not_logged(server: EmbeddedServer) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        await ask(
            server,
            "CREATE TABLE a (b text UNIQUE); INSERT INTO a VALUES ('secret-1'), ('secret-1')",
        )
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        await ask(server, "SELECT 'secret-2'::integer")
    assert "ready to accept connections" in log(server.directory)
    assert "secret" not in log(server.directory)


async def test_dump_is_restored(server: EmbeddedServer) -> None:
    dump = server.directory.parent / "dump"
    await ask(server, "CREATE TABLE kept AS SELECT generate_series(1, 100) AS n")
    await run_tool(server, "pg_dump", "--format=custom", f"--file={dump}", "--table=kept")
    await ask(server, "DROP TABLE kept")
    await run_tool(server, "pg_restore", "--dbname=earmark", dump)
    assert await ask(server, "SELECT sum(n) FROM kept") == 5050


async def test_tool_streams_files_and_gives_its_output(server: EmbeddedServer) -> None:
    script, result = server.directory.parent / "script", server.directory.parent / "result"
    script.write_text("SELECT 6 * 7")
    with script.open("rb") as stdin, result.open("wb") as stdout:
        assert await run_tool(server, "psql", "-At", stdin=stdin, stdout=stdout) == ""
    assert result.read_text() == "42\n"
    assert await run_tool(server, "psql", "-Atc", "SHOW max_connections") == "60\n"


async def test_failed_tool_tells_why_without_showing_rows(server: EmbeddedServer) -> None:
    await ask(server, "CREATE TABLE mail AS SELECT 'secret@example.org' AS address")
    index = "INSERT INTO mail TABLE mail; CREATE UNIQUE INDEX ON mail (address)"
    with pytest.raises(DatabaseError, match="psql ended with 1") as refusal:
        await run_tool(server, "psql", "-v", "ON_ERROR_STOP=1", "-c", index)
    assert "could not create unique index" in refusal.value.why
    assert "secret" not in str(refusal.value)


async def test_unknown_tool_is_refused() -> None:
    with new_directory() as directory, pytest.raises(ConfigurationError, match="pg_dump"):
        tool("rm", directory)


async def test_long_path_gets_a_short_private_socket_folder() -> None:
    with new_directory() as directory:
        long = directory.parent / ("x" * 60) / ("ü,'" * 15)
        async with running(long) as server:
            folder = Path(server.host)
            assert len(server.host) < 60
            assert mode(folder) == 0o700
            assert await ask(server, "SELECT 1") == 1
            async with running(long) as again:
                assert again == server
        await until_stopped(long)
        await until(lambda: not folder.exists())
        async with running(long) as server:
            assert await ask(server, "SELECT 1") == 1
        await until_stopped(long)


async def test_path_with_blanks_and_shell_characters_works() -> None:
    with new_directory() as directory:
        strange = directory.parent / "a 'b' $HOME `c` \\d"
        async with running(strange) as server:
            assert server.host.startswith(str(strange))
            assert await ask(server, "SELECT 1") == 1
        await until_stopped(strange)


async def test_copied_directory_has_a_server_of_its_own() -> None:
    with new_directory() as directory:
        long = directory.parent / ("x" * 90)
        copy = directory.parent / ("y" * 90)
        async with running(long) as server:
            await ask(server, "CREATE TABLE original AS SELECT 1 AS n")
        await until_stopped(long)
        await run("/bin/cp", "-a", long, copy)
        async with running(long) as first, running(copy) as second:
            assert first.host != second.host
            assert first.pid != second.pid
            await ask(second, "DROP TABLE original")
            assert await ask(first, "SELECT n FROM original") == 1
        await until_stopped(directory.parent)


async def test_moved_directory_is_found_at_its_new_place() -> None:
    with new_directory() as directory:
        async with running(directory) as server:
            await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
        await until_stopped(directory)
        moved = directory.rename(directory.parent / "elsewhere")
        async with running(moved) as server:
            assert await ask(server, "SELECT answer FROM kept") == 42


def test_long_log_is_cut_under_the_writer() -> None:
    with new_directory() as directory:
        directory.mkdir()
        file = directory / "postgres.log"
        with file.open("ab", buffering=0) as writer:
            writer.write(b"a" * 600 + b"b" * 900)
            trim_log(file, limit=1000)
            writer.write(b"c")
            trim_log(file, limit=1000)
        assert file.read_bytes() == b"c"
        assert (directory / "postgres.log.1").read_bytes() == b"a" * 100 + b"b" * 900


async def test_windows_is_told_about_database_url() -> None:
    script = """
import asyncio, sys, tempfile, psycopg, pydantic
from pathlib import Path
sys.platform, sys.modules["fcntl"], sys.modules["pwd"] = "win32", None, None
for name in [name for name in sys.modules if name.startswith("earmark")]:
    del sys.modules[name]
from earmark.db.embedded import running
from earmark.errors import ConfigurationError
async def main():
    try:
        async with running(Path("nowhere")):
            pass
    except ConfigurationError as error:
        print(error)
asyncio.run(main())
"""
    assert "DATABASE_URL" in await run(sys.executable, "-c", script)
