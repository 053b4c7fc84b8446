"""How model endpoints have to be asked, kept in PostgreSQL for all processes."""

from earmark.db import endpoint_storage
from earmark.db.connection import Database


class StoredDialects:
    """A `DialectShelf`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, endpoint: str) -> str | None:
        """The form that worked."""
        async with self._database.read() as reader:
            return await endpoint_storage.get_form(reader, endpoint)

    async def save(self, endpoint: str, model: str, form: str) -> None:
        """Remember it."""
        async with self._database.write() as connection:
            await endpoint_storage.save_form(connection, endpoint, model=model, form=form)
