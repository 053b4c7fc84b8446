"""Reads one Intercom workspace: the `Source` port over Intercom's REST API."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from earmark.db.models import Admin, Company, Contact
from earmark.errors import SourceNotFound, SourceRejected, SourceUnavailable
from earmark.sources.base import (
    STUCK,
    Deletion,
    Failed,
    Fetched,
    Gone,
    Listed,
    ListingPage,
    Merged,
    Order,
    SourceIdentity,
    Unreadable,
)
from earmark.sources.intercom_companies import read_companies
from earmark.sources.intercom_directory import IntercomDirectory
from earmark.sources.intercom_limits import Quota
from earmark.sources.intercom_models import (
    WireAdminList,
    WireContactPage,
    WireConversation,
    WireConversationPage,
    WireDeletionPage,
    WireMe,
    WireNext,
)
from earmark.sources.intercom_options import IntercomOptions
from earmark.sources.intercom_parsing import (
    count_taken_in,
    linked_ids,
    may_be_merged,
    to_admin,
    to_contact,
    to_deletion,
    to_listed,
    to_thread,
    to_time,
)
from earmark.sources.intercom_query import BEGINNING, PER_PAGE, Query
from earmark.sources.intercom_transport import open_transport

_MOST_PAGES: Final = 1_000_000
_MOST_IDLE: Final = 1
"""Pages in a row without anything that was not seen before."""
_MOST_RESTARTS: Final = 3
"""Queries in a row that begin where the last one was, and bring nothing new."""
_AT_AN_END: Final = 20
_QUARTER: Final = 15 * 60


class IntercomClient(IntercomDirectory):
    """One workspace behind one token; open it with `open_intercom`."""

    async def identity(self) -> SourceIdentity:
        """Whom the token speaks for."""
        try:
            me, _, headers = await self._transport.read(WireMe, "GET", "/me")
        except SourceNotFound as error:
            raise SourceRejected(
                "There is no Intercom API at this address.",
                why=error.why,
                fix="Set INTERCOM_REGION to us, eu or au; mend INTERCOM_BASE_URL, or unset it.",
            ) from error
        if me.app is None or me.app.id_code is None:
            raise SourceRejected(
                "Intercom does not say which workspace the token belongs to.",
                fix="Use an access token of a private app of that workspace.",
            )
        return SourceIdentity(
            code=me.app.id_code,
            name=me.app.name or me.app.id_code,
            region=me.app.region,
            timezone=me.app.timezone or "UTC",
            server_time=_server_time(headers),
        )

    async def count(self, *, since: datetime | None, until: datetime) -> int:
        """Conversations created in [since, until)."""
        page = await self._search(Query(since=since, until=until, per_page=1))
        return page.total_count or 0

    async def edge(self, order: Order, *, newest: bool) -> datetime | None:
        """That time of the first or the last conversation of all; null where there is none."""
        rows, is_empty = await self._ends(order, newest=newest)
        if not rows and not is_empty and not newest:
            return BEGINNING  # there are conversations, but those at this end cannot be read
        return rows[0].time(order) if rows else None

    async def _ends(self, order: Order, *, newest: bool) -> tuple[list[Listed], bool]:
        """The readable conversations at one end of all, and whether there are none at all."""
        page = await self._search(Query(order=order, descending=newest, per_page=_AT_AN_END))
        rows = [row for row in map(to_listed, page.conversations) if isinstance(row, Listed)]
        return rows, not page.conversations

    async def dates_by_day(self) -> bool:
        """Whether conditions on times know whole days of the workspace's time zone only.

        Yes also where it cannot be told: asking for whole days finds the same, only more slowly.
        """
        rows, is_empty = await self._ends(Order.UPDATED, newest=True)
        times = [int(row.updated_at.timestamp()) for row in rows]
        # Not at the beginning of a day, wherever that is: all offsets are quarters of an hour.
        chosen = next((time for time in times if time % _QUARTER), None)
        if chosen is None:
            return not is_empty
        # Where dates are days, "after a second ago" means "from tomorrow".
        before = datetime.fromtimestamp(chosen - 1, UTC)
        query = Query(order=Order.UPDATED, since=before, inclusive=False, per_page=1)
        page = await self._search(query)
        first = [row for row in map(to_listed, page.conversations) if isinstance(row, Listed)]
        return not first or int(first[0].updated_at.timestamp()) != chosen

    async def listing(
        self, *, since: datetime | None, until: datetime | None, order: Order = Order.CREATED
    ) -> AsyncIterator[ListingPage]:
        """Pages of conversations with their time in [since, until), ascending."""
        start, position, cursor, idle, restarts = since, since, None, 0, 0
        seen: set[tuple[str, datetime]] = set()
        while True:
            query = Query(order=order, since=start, until=until, cursor=cursor)
            page = await self._listing_page(query)
            if page is not None:
                yield _within(page, query, since)
                new = {(item.id, item.time(order)) for item in page.items} - seen
                if page.cursor is None or not (page.items or page.unreadable):
                    return
                idle, restarts = (0, 0) if new else (idle + 1, restarts)
                position = max((item.time(order) for item in page.items), default=position)
                seen |= new
                cursor = page.cursor
            if page is None or idle > _MOST_IDLE:
                # The cursor was refused, or leads nowhere: a new query begins where it was.
                if restarts >= _MOST_RESTARTS:
                    raise SourceUnavailable(
                        "Intercom's listing repeats itself and does not advance.", code=STUCK
                    )
                start, cursor, idle, restarts = position, None, 0, restarts + 1

    async def _listing_page(self, query: Query) -> ListingPage | None:
        try:
            page = await self._search(query)
        except (SourceRejected, SourceNotFound):
            if query.cursor is None:
                raise
            return None
        rows = [to_listed(row) for row in page.conversations]
        following = page.pages.next if page.pages else None
        return ListingPage(
            items=tuple(row for row in rows if isinstance(row, Listed)),
            unreadable=tuple(row for row in rows if isinstance(row, Unreadable)),
            total=page.total_count or 0,
            cursor=following.starting_after if isinstance(following, WireNext) else None,
        )

    async def _search(self, query: Query) -> WireConversationPage:
        page, _, _ = await self._transport.read(
            WireConversationPage, "POST", "/conversations/search", body=query.body()
        )
        return page

    async def deletions(self) -> AsyncIterator[list[Deletion]]:
        """What was deleted, newest first, in pages; nothing before version 2.16."""
        known: set[str] = set()
        for number in range(1, _MOST_PAGES):
            params = {"page": str(number), "per_page": "60", "order": "desc"}
            try:
                page, _, _ = await self._transport.read(
                    WireDeletionPage, "GET", "/conversations/deleted", params=params
                )
            except (SourceRejected, SourceNotFound):
                if number == 1:
                    return  # an older version: deleted ones are met when they are fetched
                raise
            found = [item for wire in page.conversations if (item := to_deletion(wire))]
            yield found
            new = {item.id for item in found} - known
            if not new or page.pages is None or page.pages.next is None:
                return
            known |= new

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        """One result per id, in the order of `ids`."""
        tasks = [asyncio.ensure_future(self._fetch_one(identifier)) for identifier in ids]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            # A refusal (a withdrawn token, say) stops the rest of the page.
            for task in tasks:
                task.cancel()

    async def _fetch_one(self, identifier: str) -> Fetched:
        try:
            wire, repairs, _ = await self._transport.read(
                WireConversation, "GET", f"/conversations/{identifier}"
            )
            into = await self._find_primary(identifier, wire)
            if into is not None:
                changed = to_time(wire.updated_at) or datetime.now(UTC)
                return Merged(id=identifier, into=into, updated_at=changed)
            return to_thread(wire, repairs, identifier)
        except SourceNotFound as error:
            return Gone(id=identifier, reason=f"deleted at the source ({error.http_status})")
        except (SourceUnavailable, SourceRejected) as error:
            return Failed(id=identifier, reason=f"{error.what} {error.why}".strip())

    async def _find_primary(self, identifier: str, wire: WireConversation) -> str | None:
        """The conversation that this one was merged into; null if it was not.

        Both sides of a merge are linked to each other, and only the one that lives on has a part
        that tells of it, so that one is asked.
        """
        for other in linked_ids(wire) if may_be_merged(wire) else ():
            try:
                primary, _, _ = await self._transport.read(
                    WireConversation, "GET", f"/conversations/{other}"
                )
            except SourceNotFound:
                continue
            if count_taken_in(primary) and identifier in linked_ids(primary):
                return other
        return None

    async def contacts(self) -> AsyncIterator[list[Contact]]:
        """All contacts, in pages; one may come twice.

        Raises `SourceUnavailable` with the code `STUCK` where the source refuses to go on.
        """
        cursor, restarts = None, 0
        while True:
            page = await self._contact_page(cursor)
            if page is None:  # the cursor was refused: only the beginning can be asked for again
                if restarts >= _MOST_RESTARTS:
                    raise SourceUnavailable("Intercom does not list all contacts.", code=STUCK)
                cursor, restarts = None, restarts + 1
                continue
            yield [contact for wire in page.data if (contact := to_contact(wire))]
            following = page.pages.next if page.pages else None
            after = following.starting_after if isinstance(following, WireNext) else None
            if after in (None, cursor) or not page.data:
                return
            cursor = after

    async def _contact_page(self, cursor: str | None) -> WireContactPage | None:
        params = {"per_page": str(PER_PAGE)} | ({"starting_after": cursor} if cursor else {})
        try:
            page, _, _ = await self._transport.read(
                WireContactPage, "GET", "/contacts", params=params
            )
        except (SourceRejected, SourceNotFound):
            if cursor is None:
                raise
            return None
        return page

    def companies(self) -> AsyncIterator[list[Company]]:
        """All companies, in pages."""
        return read_companies(self._transport)

    async def admins(self) -> list[Admin]:
        """All teammates."""
        page, _, _ = await self._transport.read(WireAdminList, "GET", "/admins")
        return [admin for wire in page.admins if (admin := to_admin(wire))]


@asynccontextmanager
async def open_intercom(
    options: IntercomOptions, quota: Quota | None = None
) -> AsyncGenerator[IntercomClient]:
    """A client with its own connections; without `quota`, the token is used here alone."""
    async with open_transport(options, quota) as transport:
        yield IntercomClient(transport)


def _within(page: ListingPage, query: Query, since: datetime | None) -> ListingPage:
    """The page without what the server gave beyond the window (its dates may be day-wide)."""
    inside = tuple(
        item
        for item in page.items
        if (query.until is None or item.time(query.order) < query.until)
        and (since is None or item.time(query.order) >= since)
    )
    return page.model_copy(update={"items": inside})


def _server_time(headers: Mapping[str, str]) -> datetime:
    try:
        return parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)
