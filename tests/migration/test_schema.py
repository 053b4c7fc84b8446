"""The schema of a new database is that of one which was migrated from the first version on."""

import asyncio
from importlib.resources import files

import pytest
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

from earmark.db.client_tools import environment_of
from earmark.db.connection import connect
from earmark.db.embedded_binaries import find_binaries
from earmark.db.migration import known_migrations, migrate, require_known, schema_state
from earmark.errors import SchemaMismatch


async def _empty_database(postgres: str, name: str) -> str:
    async with await AsyncConnection.connect(postgres, autocommit=True) as admin:
        await admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        await admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return make_conninfo(postgres, dbname=name)


async def _describe(conninfo: str) -> str:
    process = await asyncio.create_subprocess_exec(
        find_binaries().program("pg_dump"),
        *("--schema-only", "--no-owner", "--schema=earmark"),
        stdout=asyncio.subprocess.PIPE,
        env=environment_of(conninfo),
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    lines = output.decode().splitlines()
    return "\n".join(line for line in lines if not line.startswith("\\"))  # a random token


async def test_schema_file_and_migrations_end_in_the_same_schema(postgres: str) -> None:
    new = await _empty_database(postgres, "schema_new")
    async with connect(new) as connection:
        await migrate(connection)
    old = await _empty_database(postgres, "schema_old")
    async with connect(old) as connection:
        await connection.execute("CREATE SCHEMA earmark")
        for migration in known_migrations():
            await connection.execute(migration.sql.encode())
    assert await _describe(old) == await _describe(new)


async def test_migrating_twice_changes_nothing(postgres: str) -> None:
    conninfo = await _empty_database(postgres, "schema_twice")
    async with connect(conninfo) as connection:
        before = await migrate(connection)
        again = await migrate(connection)
    assert before.current == 0
    assert again.current == again.latest == known_migrations()[-1].version


async def test_two_processes_that_migrate_at_once_do_it_once(postgres: str) -> None:
    conninfo = await _empty_database(postgres, "schema_race")

    async def one() -> int:
        async with connect(conninfo) as connection:
            return (await migrate(connection)).current

    assert sorted(await asyncio.gather(one(), one())) == [0, known_migrations()[-1].version]


async def test_newer_database_is_refused(postgres: str) -> None:
    conninfo = await _empty_database(postgres, "schema_newer")
    async with connect(conninfo) as connection:
        await migrate(connection)
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'future', 'x')"
        )
        with pytest.raises(SchemaMismatch, match="newer than this program"):
            require_known(await schema_state(connection))
        with pytest.raises(SchemaMismatch, match="newer than this program"):
            await migrate(connection)


async def test_changed_migration_is_noticed(postgres: str) -> None:
    conninfo = await _empty_database(postgres, "schema_changed")
    async with connect(conninfo) as connection:
        await migrate(connection)
        await connection.execute("UPDATE schema_migrations SET checksum = 'other'")
        with pytest.raises(SchemaMismatch, match="not the one that was applied"):
            await schema_state(connection)


def test_every_migration_has_a_number_of_its_own() -> None:
    versions = [migration.version for migration in known_migrations()]
    assert versions == list(range(1, len(versions) + 1))
    assert (files("earmark.db") / "schema.sql").read_text("utf-8")
