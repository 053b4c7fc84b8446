"""Reads one Intercom workspace: the `Source` port over Intercom's REST API."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from pydantic import JsonValue

from earmark.db.models import Admin, Company, Contact
from earmark.errors import SourceNotFound, SourceRejected, SourceUnavailable
from earmark.sources.base import (
    Failed,
    Fetched,
    Gone,
    Listed,
    ListingPage,
    SourceIdentity,
    Unreadable,
)
from earmark.sources.intercom_companies import read_companies
from earmark.sources.intercom_models import (
    WireAdminList,
    WireContactPage,
    WireConversation,
    WireConversationPage,
    WireMe,
    WireNext,
)
from earmark.sources.intercom_parsing import (
    to_admin,
    to_contact,
    to_listed,
    to_thread,
)
from earmark.sources.intercom_transport import IntercomOptions, IntercomTransport, open_transport

_PER_PAGE: Final = 150
_MOST_PAGES: Final = 1_000_000


class IntercomClient:
    """One workspace behind one token; open it with `open_intercom`."""

    def __init__(self, transport: IntercomTransport) -> None:
        self._transport = transport

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

    async def count(self, *, until: datetime) -> int:
        """Conversations created before `until`."""
        body = _search(since=None, until=until, per_page=1, cursor=None)
        page, _, _ = await self._transport.read(
            WireConversationPage, "POST", "/conversations/search", body=body
        )
        return page.total_count or 0

    async def listing(
        self, *, since: datetime | None, until: datetime
    ) -> AsyncIterator[ListingPage]:
        """Pages of conversations created in [since, until), by creation time."""
        start, position, cursor, idle = since, since, None, 0
        seen: set[str] = set()
        while True:
            page = await self._listing_page(start, until, cursor)
            if page is None:  # the cursor was refused: begin a new query where the old one was
                start, cursor = position, None
                continue
            yield _within(page, since, until)
            found = {item.id for item in page.items}
            idle = 0 if found - seen else idle + 1
            if page.cursor is None or not (page.items or page.unreadable):
                return
            if idle > 1:
                raise SourceUnavailable("Intercom's listing repeats itself and does not advance.")
            position = max((item.created_at for item in page.items), default=position)
            seen, cursor = found, page.cursor

    async def _listing_page(
        self, since: datetime | None, until: datetime, cursor: str | None
    ) -> ListingPage | None:
        body = _search(since=since, until=until, per_page=_PER_PAGE, cursor=cursor)
        try:
            page, _, _ = await self._transport.read(
                WireConversationPage, "POST", "/conversations/search", body=body
            )
        except (SourceRejected, SourceNotFound):
            if cursor is None:
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
            return to_thread(wire, repairs, identifier)
        except SourceNotFound as error:
            return Gone(id=identifier, reason=f"deleted at the source ({error.http_status})")
        except (SourceUnavailable, SourceRejected) as error:
            return Failed(id=identifier, reason=f"{error.what} {error.why}".strip())

    async def contacts(self) -> AsyncIterator[list[Contact]]:
        """All contacts, in pages."""
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            params = {"per_page": str(_PER_PAGE)} | ({"starting_after": cursor} if cursor else {})
            page, _, _ = await self._transport.read(
                WireContactPage, "GET", "/contacts", params=params
            )
            yield [contact for wire in page.data if (contact := to_contact(wire))]
            following = page.pages.next if page.pages else None
            advanced = isinstance(following, WireNext) and following.starting_after != cursor
            if not advanced or not page.data:
                return
            cursor = following.starting_after if isinstance(following, WireNext) else None

    def companies(self) -> AsyncIterator[list[Company]]:
        """All companies, in pages."""
        return read_companies(self._transport)

    async def admins(self) -> list[Admin]:
        """All teammates."""
        page, _, _ = await self._transport.read(WireAdminList, "GET", "/admins")
        return [admin for wire in page.admins if (admin := to_admin(wire))]


@asynccontextmanager
async def open_intercom(options: IntercomOptions) -> AsyncGenerator[IntercomClient]:
    """A client with its own connections."""
    async with open_transport(options) as transport:
        yield IntercomClient(transport)


def _search(
    *, since: datetime | None, until: datetime, per_page: int, cursor: str | None
) -> JsonValue:
    # Dates know only =, < and >, so "at or after" is an OR; two levels are the most allowed.
    conditions: list[JsonValue] = [
        {"field": "created_at", "operator": "<", "value": _seconds(until)}
    ]
    if since is not None:
        edge = _seconds(since)
        conditions.append(
            {
                "operator": "OR",
                "value": [
                    {"field": "created_at", "operator": ">", "value": edge},
                    {"field": "created_at", "operator": "=", "value": edge},
                ],
            }
        )
    pagination: dict[str, JsonValue] = {"per_page": per_page}
    if cursor is not None:
        pagination["starting_after"] = cursor
    return {
        "query": {"operator": "AND", "value": conditions},
        "pagination": pagination,
        "sort": {"field": "created_at", "order": "ascending"},
    }


def _within(page: ListingPage, since: datetime | None, until: datetime) -> ListingPage:
    """The page without what the server gave beyond the window (its dates may be day-wide)."""
    inside = tuple(
        item
        for item in page.items
        if item.created_at < until and (since is None or item.created_at >= since)
    )
    return page.model_copy(update={"items": inside})


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _server_time(headers: Mapping[str, str]) -> datetime:
    try:
        return parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        return datetime.now(UTC)
