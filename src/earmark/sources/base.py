"""The port that every source of conversations implements."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from earmark.db.models import Admin, Company, Contact, Model, Thread


class SourceIdentity(Model):
    """What the source says of itself."""

    code: str
    name: str
    region: str | None
    timezone: str
    server_time: datetime


class Listed(Model):
    """One conversation in a listing; its messages are fetched apart."""

    id: str
    created_at: datetime
    updated_at: datetime
    parts_expected: int | None


class Unreadable(Model):
    """An answer that holds no usable conversation; `id` is null where even that is missing."""

    id: str | None
    reason: str


class ListingPage(Model):
    """One page of a listing, oldest first; the source's own paging cursor never leaves it."""

    items: tuple[Listed, ...]
    unreadable: tuple[Unreadable, ...]
    total: int
    """Conversations that the source counts for the whole query."""
    cursor: str | None
    """Where the next page begins; null on the last."""


class Gone(Model):
    """A conversation that was listed and is no longer there."""

    id: str
    reason: str


class Failed(Model):
    """A conversation that could not be fetched this time; it stays on the list."""

    id: str
    reason: str


Fetched = Thread | Gone | Failed
"""What asking for one conversation comes to."""


class Source(Protocol):
    """Reads one workspace. Every method may raise a `SourceError`."""

    async def identity(self) -> SourceIdentity:
        """Whom the token speaks for; also the connection test."""
        ...

    async def count(self, *, until: datetime) -> int:
        """Conversations created before `until`."""
        ...

    def listing(self, *, since: datetime | None, until: datetime) -> AsyncIterator[ListingPage]:
        """Pages of conversations created in [since, until), by creation time.

        A conversation may come twice, on neighbouring pages.
        """
        ...

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        """One result per id, in the order of `ids`; several requests in flight."""
        ...

    def contacts(self) -> AsyncIterator[list[Contact]]:
        """All contacts, in pages."""
        ...

    def companies(self) -> AsyncIterator[list[Company]]:
        """All companies, in pages."""
        ...

    async def admins(self) -> list[Admin]:
        """All teammates."""
        ...
