"""One allowance for all processes that use the same account of a provider, kept in PostgreSQL."""

import hashlib
from collections.abc import Callable

from earmark.db.allowance_storage import StoredAllowance, lock_allowance, save_allowance
from earmark.db.connection import Database
from earmark.llm.allowance import Allowance
from earmark.llm.limits import Limits
from earmark.llm.provider_options import ModelOptions


class SharedLimits(Limits):
    """Hands out permission to ask, as PostgreSQL grants it to this process."""

    def __init__(self, database: Database, options: ModelOptions) -> None:
        super().__init__(options)
        self._database = database
        key = options.api_key.get_secret_value() if options.api_key else ""
        account = f"{options.address}\n{options.model}\n{key}"
        self._account_hash = hashlib.sha256(account.encode()).hexdigest()

    async def change(self, change: Callable[[Allowance, float], Allowance]) -> None:
        """Change the allowance that all share; PostgreSQL's clock counts."""
        async with self._database.write() as connection:
            stored = await lock_allowance(connection, self._account_hash)
            allowance = change(Allowance(**stored.model_dump(exclude={"now"})), stored.now)
            new = StoredAllowance(now=stored.now, **allowance.model_dump())
            if new != stored:
                await save_allowance(connection, self._account_hash, new)
