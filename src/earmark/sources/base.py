"""The port that every source of conversations implements."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from earmark.db.models import Admin, Company, Contact, Model, Thread

STUCK: Final = "listing_stuck"
"""The code of the error that a listing does not go on from where it is."""


class SourceIdentity(Model):
    """What the source says of itself."""

    code: str
    name: str
    region: str | None
    timezone: str
    server_time: datetime


class Order(StrEnum):
    """By which time a listing is asked for and sorted."""

    CREATED = "created_at"
    UPDATED = "updated_at"


class Listed(Model):
    """One conversation in a listing; its messages are fetched apart."""

    id: str
    created_at: datetime
    updated_at: datetime
    parts_expected: int | None
    opening: Thread | None = None
    """What the listing itself tells: the conversation with its first message only."""

    def time(self, order: Order) -> datetime:
        """The time that it is listed by."""
        return self.created_at if order is Order.CREATED else self.updated_at


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


class Merged(Model):
    """A conversation that was closed because it lives on in another one."""

    id: str
    into: str
    updated_at: datetime


class Failed(Model):
    """A conversation that could not be fetched this time; it stays on the list."""

    id: str
    reason: str


class Deletion(Model):
    """A conversation that the source has deleted."""

    id: str
    deleted_at: datetime


Fetched = Thread | Gone | Merged | Failed
"""What asking for one conversation comes to."""


class Source(Protocol):
    """Reads one workspace. Every method may raise a `SourceError`."""

    async def identity(self) -> SourceIdentity:
        """Whom the token speaks for; also the connection test."""
        ...

    async def count(self, *, since: datetime | None, until: datetime) -> int:
        """Conversations created in [since, until)."""
        ...

    async def edge(self, order: Order, *, newest: bool) -> datetime | None:
        """That time of the first or the last conversation of all; null where there is none."""
        ...

    async def dates_by_day(self) -> bool:
        """Whether conditions on times know whole days of the workspace's time zone only."""
        ...

    def listing(
        self, *, since: datetime | None, until: datetime | None, order: Order = Order.CREATED
    ) -> AsyncIterator[ListingPage]:
        """Pages of conversations with their time in [since, until), ascending.

        A conversation may come twice. Raises `SourceUnavailable` with the code `STUCK` where the
        source repeats itself and does not go on.
        """
        ...

    def deletions(self) -> AsyncIterator[list[Deletion]]:
        """What was deleted, newest first, in pages; nothing where the source does not tell."""
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


# ---------------------------------------------------------------- what is known of customers


class LabelKind(StrEnum):
    """What conversations and customers are sorted by in the source."""

    TEAM = "team"
    TAG = "tag"
    SEGMENT = "segment"
    CONTACT_ATTRIBUTE = "contact_attribute"
    COMPANY_ATTRIBUTE = "company_attribute"


class Label(Model):
    """A team, tag, segment or attribute of the workspace."""

    kind: LabelKind
    id: str
    """Of an attribute its full name, such as `custom_attributes.tier`."""
    name: str


class Article(Model):
    """A page of the help centre."""

    id: str
    title: str
    description: str
    body: str
    """Plain text."""
    is_published: bool
    url: str | None
    updated_at: datetime


class FormerContact(Model):
    """A contact that the source has no more."""

    id: str
    canonical_id: str | None
    """Whom it was merged into; null if it was deleted."""


@runtime_checkable
class Directory(Protocol):
    """What a source may know of customers and of the workspace besides conversations."""

    def contacts_since(self, since: datetime) -> AsyncIterator[list[Contact]]:
        """Contacts that changed at or after a moment, in pages; some may be older."""
        ...

    async def former_contacts(self, ids: Sequence[str]) -> list[FormerContact]:
        """Those of the contacts that are no more."""
        ...

    async def labels(self, kind: LabelKind) -> list[Label]:
        """All labels of a kind; raises `SourceForbidden` where the token may not read them."""
        ...

    def articles(self) -> AsyncIterator[list[Article]]:
        """All pages of the help centre; raises as `labels` does."""
        ...
