"""Connections, through context managers only.

`Database.read` and `Database.write` give connections of different types: a storage function that
changes anything asks for a `WriteConnection`, so a reader cannot call it. One `async with` is one
transaction; it commits at the end of the block and rolls back when an error leaves it.
"""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import NewType

from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection, DataError, OperationalError, ProgrammingError, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from earmark.errors import (
    ConfigurationError,
    DatabaseError,
    DatabaseFull,
    DatabaseUnavailable,
    InvalidInput,
    SchemaMismatch,
)

ReadConnection = NewType("ReadConnection", AsyncConnection[DictRow])
WriteConnection = NewType("WriteConnection", ReadConnection)
Pool = AsyncConnectionPool[AsyncConnection[DictRow]]

# Lost peers are noticed in about half a minute instead of the kernel's two hours.
_KEEPALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SEARCH_PATH = "-c search_path=earmark,public"


class Database:
    """A pool of connections to one database."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[ReadConnection]:
        """A read-only transaction."""
        async with self._transaction(read_only=True) as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[WriteConnection]:
        """A transaction that may change things."""
        async with self._transaction(read_only=False) as connection:
            yield WriteConnection(connection)

    @asynccontextmanager
    async def _transaction(self, *, read_only: bool) -> AsyncGenerator[ReadConnection]:
        with translated_errors():
            async with self.pool.connection() as connection:
                # The pool's own check asks in autocommit. In a connection that stayed so, each
                # statement would be a transaction: staged rows gone, nothing undone after an error.
                await connection.set_autocommit(False)
                await connection.set_read_only(read_only)
                yield ReadConnection(connection)


@asynccontextmanager
async def open_database(conninfo: str, *, max_size: int = 10) -> AsyncGenerator[Database]:
    """Connect to an existing, migrated database; `conninfo` is a URL or a libpq keyword string."""
    pool = Pool(
        conninfo,
        connection_class=AsyncConnection[DictRow],
        kwargs={"row_factory": dict_row, "options": _SEARCH_PATH, **_KEEPALIVE},
        min_size=1,
        max_size=max_size,
        timeout=15,
        configure=_configure,
        reset=_reset,
        check=Pool.check_connection,
        open=False,
    )
    try:
        with translated_errors():
            await pool.open(wait=True, timeout=15)
        yield Database(pool)
    finally:
        await pool.close()


@asynccontextmanager
async def connect(conninfo: str) -> AsyncGenerator[WriteConnection]:
    """One connection outside any pool, for set-up work: the caller commits by `transaction()`."""
    with translated_errors():
        connection = await AsyncConnection[DictRow].connect(
            conninfo,
            autocommit=True,
            row_factory=dict_row,
            connect_timeout=10,
            options=_SEARCH_PATH,
        )
        async with connection:
            yield WriteConnection(ReadConnection(connection))


def check_address(url: str) -> None:
    """Raise `ConfigurationError` for what libpq cannot read, without showing its password."""
    try:
        ports = str(conninfo_to_dict(url).get("port") or "")
    except ProgrammingError:
        ports = "unreadable"
    if not all(port.isdigit() for port in ports.split(",") if port):
        raise ConfigurationError(
            "DATABASE_URL is not the address of a PostgreSQL.",
            why="It has another form, or a character in it is not escaped (@ is %40, / is %2F).",
            fix="Write it as postgresql://user:password@host:5432/database, or unset it for the"
            " embedded PostgreSQL.",
        )


@contextmanager
def translated_errors() -> Generator[None]:
    """Turn the driver's errors into ours, so that no other layer needs to know the driver."""
    try:
        yield
    except errors.OutOfMemory as error:
        raise DatabaseUnavailable(
            "PostgreSQL has no memory left.",
            why=_first_line(error),
            fix="Give its machine more memory, or lower EARMARK_WORKER_CONCURRENCY.",
        ) from error
    except errors.DiskFull as error:
        raise DatabaseFull(
            "PostgreSQL has no space left.",
            why=_first_line(error),
            fix="Free some space on its disk; the work then goes on where it stopped.",
        ) from error
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise SchemaMismatch(
            "The database lacks something that this version of Earmark needs.",
            why=_first_line(error),
            fix="Run `earmark db migrate`.",
        ) from error
    except (errors.DeadlockDetected, errors.QueryCanceled, errors.LockNotAvailable) as error:
        raise DatabaseUnavailable(
            "PostgreSQL broke a statement off.",
            why=_first_line(error),
            fix="Try again: nothing of it was kept.",
        ) from error
    except (OperationalError, PoolTimeout, errors.InterfaceError) as error:
        raise DatabaseUnavailable(
            "PostgreSQL cannot be reached.",
            why=_first_line(error),
            fix="Check that it runs and that DATABASE_URL is right: `earmark doctor` tells.",
        ) from error
    except DataError as error:
        # The driver's own check, before anything is sent; its subclasses come from the server.
        if "NUL" not in str(error):
            raise
        raise InvalidInput(
            "A text holds a NUL character.",
            why="PostgreSQL cannot store it, so nothing can be found by it.",
            fix="Leave it out.",
        ) from error
    except errors.InsufficientPrivilege as error:
        raise DatabaseError(
            "The database role may not do this.",
            why=_first_line(error),
            fix="Grant the role of DATABASE_URL the right to create objects in its database.",
        ) from error


def _first_line(error: Exception) -> str:
    """The driver's own reason, without the query or its values."""
    return str(error).strip().partition("\n")[0]


async def _configure(connection: AsyncConnection[DictRow]) -> None:
    await register_vector_async(connection)
    await connection.commit()


async def _reset(connection: AsyncConnection[DictRow]) -> None:
    # The job engine takes connections from the same pool and expects them as they were made.
    await connection.set_read_only(None)
    await connection.set_autocommit(False)
