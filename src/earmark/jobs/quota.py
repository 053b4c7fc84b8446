"""One request quota for all processes that use the same access token, kept in PostgreSQL."""

import hashlib
from collections.abc import Callable

from pydantic import SecretStr

from earmark.db.connection import Database
from earmark.db.quota_storage import StoredQuota, lock_quota, save_quota
from earmark.sources.intercom_limits import Bucket, Quota


class SharedQuota(Quota):
    """Hands out permission to send, as PostgreSQL grants it to this process."""

    def __init__(self, database: Database, token: SecretStr) -> None:
        super().__init__()
        self._database = database
        self._token_hash = hashlib.sha256(token.get_secret_value().encode()).hexdigest()

    async def change(self, change: Callable[[Bucket, float], Bucket]) -> None:
        """Change the bucket that all share; PostgreSQL's clock counts."""
        async with self._database.write() as connection:
            stored = await lock_quota(connection, self._token_hash)
            bucket = change(Bucket(**stored.model_dump(exclude={"now"})), stored.now)
            new = StoredQuota(now=stored.now, **bucket.model_dump())
            if new != stored:
                await save_quota(connection, self._token_hash, new)
