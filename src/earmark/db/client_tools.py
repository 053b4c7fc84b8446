"""PostgreSQL's own client programs on our database: pg_dump, pg_restore, psql.

Credentials go through the environment, never through arguments, which everyone on the machine can
read.
"""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from earmark.db.connection import WriteConnection
from earmark.db.embedded_binaries import find_binaries
from earmark.db.models import Model
from earmark.errors import DatabaseError

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "require_auth": "PGREQUIREAUTH",
    "options": "PGOPTIONS",
}


class DatabaseDescription(Model):
    """What a server says of itself."""

    server_version: str
    address: str
    """Host and database, without credentials."""
    size_bytes: int


async def describe(connection: WriteConnection) -> DatabaseDescription:
    """The server's version, where it is, and how much space the database takes."""
    cursor = await connection.execute(
        "SELECT current_setting('server_version') AS version,"
        " pg_database_size(current_database()) AS size"
    )
    row = await cursor.fetchone() or {}
    info = connection.info
    return DatabaseDescription(
        server_version=str(row["version"]),
        address=f"{info.host}:{info.port}/{info.dbname}",
        size_bytes=int(row["size"]),
    )


async def dump(conninfo: str, file: Path) -> None:
    """Write Earmark's schema with all its rows in pg_dump's own format, for its owner's eyes."""
    partial = file.with_name(file.name + ".partial")
    try:
        await asyncio.to_thread(partial.touch, mode=0o600)
        await _run(
            conninfo,
            "pg_dump",
            "--format=custom",
            "--schema=earmark",
            "--extension=vector",
            "--no-owner",
            f"--file={partial}",
        )
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


async def restore(conninfo: str, file: Path) -> None:
    """Replace Earmark's schema by that of a dump; all or nothing."""
    await _run(
        conninfo,
        "pg_restore",
        "--clean",
        "--if-exists",
        "--no-owner",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={conninfo_to_dict(conninfo).get('dbname', 'postgres')}",
        str(file),
    )


async def psql(conninfo: str, arguments: Sequence[str]) -> int:
    """PostgreSQL's shell on this terminal; returns its exit code."""
    environment = environment_of(conninfo)
    options = f"{environment.get('PGOPTIONS', '')} -c search_path=earmark,public".strip()
    process = await asyncio.create_subprocess_exec(
        _program("psql", conninfo), *arguments, env={**environment, "PGOPTIONS": options}
    )
    return await process.wait()


async def _run(conninfo: str, name: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        _program(name, conninfo),
        *arguments,
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
        env=environment_of(conninfo),
    )
    _, said = await process.communicate()
    if process.returncode != 0:
        # DETAIL and CONTEXT may quote rows: only the error lines themselves are shown.
        lines = [line for line in said.decode(errors="replace").splitlines() if "error:" in line]
        raise DatabaseError(
            f"{name} ended with {process.returncode}.",
            why=" ".join(lines[:3]) or "It says no more.",
            fix="If that is about versions: install PostgreSQL's client programs of at least the"
            " version of the server, and of the program that wrote the file.",
        )


def _program(name: str, conninfo: str) -> str:
    """The embedded one for a server on this machine: the system's may be too old for it.

    Over the network the system's own if there is one, for only that knows TLS.
    """
    is_local = str(conninfo_to_dict(conninfo).get("host") or "/").startswith("/")
    found = None if is_local else shutil.which(name)
    return found or str(find_binaries().program(name))


def environment_of(conninfo: str) -> dict[str, str]:
    """The variables by which libpq's programs find the database, and nothing else of ours."""
    given = conninfo_to_dict(conninfo)
    values = {_VARIABLES[key]: str(value) for key, value in given.items() if key in _VARIABLES}
    path = os.defpath
    return {"PATH": path, "LC_ALL": "C", "TERM": "xterm", **values}
