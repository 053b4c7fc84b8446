"""Brings a database to the schema of this program.

A new database gets `schema.sql` whole; an existing one gets those numbered files of `migrations/`
that it lacks, all in one transaction with their records. Files that have been applied must not
change: their checksums are compared.
"""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import LiteralString, cast

from psycopg import errors

from earmark.db.connection import WriteConnection
from earmark.db.models import Model
from earmark.errors import DatabaseError, SchemaMismatch

_LOCK = 0x6561726D  # "earm": one migration at a time per database


class Migration(Model):
    """One numbered SQL file."""

    version: int
    name: str
    checksum: str
    sql: str


class SchemaState(Model):
    """What the database has against what this program knows."""

    current: int
    """0 for an empty database."""
    latest: int

    @property
    def pending(self) -> int:
        """Migrations still to be applied; negative if the database is newer than the program."""
        return self.latest - self.current


def known_migrations() -> list[Migration]:
    """The files of `migrations/`, by number."""
    folder = files("earmark.db") / "migrations"
    found = [_read(file) for file in folder.iterdir() if file.name.endswith(".sql")]
    return sorted(found, key=lambda migration: migration.version)


async def migrate(connection: WriteConnection) -> SchemaState:
    """Apply what is missing and return the state before; raises `SchemaMismatch`."""
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _LOCK})
        before = await schema_state(connection)
        require_known(before)
        if before.current == 0:
            await _create(connection)
        else:
            await _upgrade(connection, before.current)
    return before


async def schema_state(connection: WriteConnection) -> SchemaState:
    """Where the database stands; raises `SchemaMismatch` if an applied file has changed since."""
    known = {migration.version: migration for migration in known_migrations()}
    applied = await _applied(connection)
    for version, checksum in applied.items():
        if version in known and known[version].checksum != checksum:
            raise SchemaMismatch(
                f"Migration {known[version].name} is not the one that was applied.",
                why="Its text has changed since, so the schema of this database is unknown.",
                fix="Install the released version of Earmark again, or restore a dump.",
            )
    return SchemaState(current=max(applied, default=0), latest=max(known))


def require_known(state: SchemaState) -> None:
    """Refuse a database that a newer program has made."""
    if state.pending < 0:
        raise SchemaMismatch(
            "The database is newer than this program.",
            why=f"It has schema version {state.current}; this Earmark knows {state.latest}.",
            fix="Upgrade Earmark, or restore a dump made with this version.",
        )


def require_current(state: SchemaState) -> None:
    """Refuse a database that is not exactly at this program's schema."""
    require_known(state)
    if state.pending > 0:
        raise SchemaMismatch(
            "The database has an older schema than this program needs.",
            why=f"It has version {state.current}, version {state.latest} is needed.",
            fix="Run `earmark db migrate`.",
        )


async def _applied(connection: WriteConnection) -> dict[int, str]:
    cursor = await connection.execute("SELECT to_regclass('earmark.schema_migrations') AS name")
    row = await cursor.fetchone()
    if row is None or row["name"] is None:
        return {}
    cursor = await connection.execute("SELECT version, checksum FROM earmark.schema_migrations")
    return {row["version"]: row["checksum"] for row in await cursor.fetchall()}


async def _create(connection: WriteConnection) -> None:
    await connection.execute("CREATE SCHEMA IF NOT EXISTS earmark")
    try:
        await _run(connection, (files("earmark.db") / "schema.sql").read_text("utf-8"))
    except (errors.UndefinedFile, errors.FeatureNotSupported) as error:
        raise DatabaseError(
            "This PostgreSQL has no pgvector.",
            why=str(error).partition("\n")[0],
            fix="Install the extension `vector` on the server, or unset DATABASE_URL.",
        ) from error
    for migration in known_migrations():
        await _record(connection, migration)


async def _upgrade(connection: WriteConnection, current: int) -> None:
    for migration in known_migrations():
        if migration.version > current:
            await _run(connection, migration.sql)
            await _record(connection, migration)


async def _run(connection: WriteConnection, sql: str) -> None:
    # Package data, not input: the only place where SQL is not a literal.
    await connection.execute(cast(LiteralString, sql))


async def _record(connection: WriteConnection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum)"
        " VALUES (%(version)s, %(name)s, %(checksum)s)",
        {"version": migration.version, "name": migration.name, "checksum": migration.checksum},
    )


def _read(file: Traversable) -> Migration:
    sql = file.read_text("utf-8")
    number, _, name = file.name.removesuffix(".sql").partition("_")
    return Migration(
        version=int(number),
        name=name,
        checksum=hashlib.sha256(sql.encode()).hexdigest(),
        sql=sql,
    )
