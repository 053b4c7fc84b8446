"""Locks between processes, over the loss of the connection that holds them."""

import pytest
from psycopg import AsyncConnection

from earmark.db.connection import Database, open_database
from earmark.db.locks import exclusive
from earmark.errors import Conflict


def hold(database: Database, name: str = "here"):  # noqa: ANN201 - the context manager of `exclusive`
    return exclusive(database, name, what="Taken.", fix="Wait.")


async def test_lock_keeps_others_out_until_it_is_left(conninfo: str, database: Database) -> None:
    async with open_database(conninfo, max_size=2) as other:
        async with hold(database), hold(other, "elsewhere"):
            with pytest.raises(Conflict, match=r"Taken\. Wait\."):
                await hold(other).__aenter__()
        async with hold(other):
            pass


async def test_block_ends_well_after_the_server_has_dropped_the_connection(
    conninfo: str, database: Database
) -> None:
    async with hold(database), await AsyncConnection.connect(conninfo, autocommit=True) as admin:
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    async with hold(database), database.read() as reader:
        await reader.execute("SELECT 1")
