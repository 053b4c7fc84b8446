"""What Intercom knows of customers and of the workspace besides conversations.

Changed contacts are searched for: the dates of that search are calendar days of the workspace, and
"after a day" begins with the next one, so two days more are asked for. A merged contact is in no
list; asked for by its id, it is answered with 410 and a link to the one who is left.
(Source: Intercom's published API description 2.16.)
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, JsonValue

from earmark.db.models import Contact
from earmark.errors import SourceNotFound, SourceRejected
from earmark.sources.base import Article, FormerContact, Label, LabelKind
from earmark.sources.html_text import html_to_text
from earmark.sources.intercom_models import (
    Id,
    Integer,
    Text,
    Wire,
    WireContact,
    WireContactPage,
    WireNext,
    WirePages,
)
from earmark.sources.intercom_parsing import to_contact, to_time
from earmark.sources.intercom_query import PER_PAGE
from earmark.sources.intercom_transport import IntercomTransport, MergedAway

_DAYS_BACK: Final = timedelta(days=2)
_MOST_PAGES: Final = 100_000
_ARTICLES_PER_PAGE: Final = 50
_PATHS: Final[dict[LabelKind, tuple[str, dict[str, str]]]] = {
    LabelKind.TEAM: ("/teams", {}),
    LabelKind.TAG: ("/tags", {}),
    LabelKind.SEGMENT: ("/segments", {}),
    LabelKind.CONTACT_ATTRIBUTE: ("/data_attributes", {"model": "contact"}),
    LabelKind.COMPANY_ATTRIBUTE: ("/data_attributes", {"model": "company"}),
}


def _to_list(value: object) -> object:
    return [] if value is None else value


class WireLabel(Wire):
    """A team, tag, segment or attribute."""

    id: Id = None
    name: Text = None
    full_name: Text = None
    label: Text = None
    archived: bool | None = None


Labels = Annotated[list[WireLabel], BeforeValidator(_to_list)]


class WireLabelList(Wire):
    """All of a kind; the name of the list differs by kind."""

    teams: Labels = Field(default_factory=list[WireLabel])
    segments: Labels = Field(default_factory=list[WireLabel])
    data: Labels = Field(default_factory=list[WireLabel])


class WireArticle(Wire):
    """A page of the help centre."""

    id: Id = None
    title: Text = None
    description: Text = None
    body: str | None = None
    state: Text = None
    url: Text = None
    updated_at: Integer = None


class WireArticlePage(Wire):
    """A page of articles, those that changed last first."""

    data: Annotated[list[WireArticle], BeforeValidator(_to_list)]
    pages: WirePages | None = None


class IntercomDirectory:
    """The `Directory` of one workspace."""

    def __init__(self, transport: IntercomTransport) -> None:
        self._transport = transport

    async def contacts_since(self, since: datetime) -> AsyncIterator[list[Contact]]:
        """Contacts that changed at or after a moment, in pages; some may be older."""
        cursor: str | None = None
        for _ in range(_MOST_PAGES):
            page, _, _ = await self._transport.read(
                WireContactPage, "POST", "/contacts/search", body=_changed_since(since, cursor)
            )
            found = [contact for wire in page.data if (contact := to_contact(wire))]
            yield [contact for contact in found if _is_since(contact, since)]
            following = page.pages.next if page.pages else None
            next_cursor = following.starting_after if isinstance(following, WireNext) else None
            if next_cursor is None or next_cursor == cursor or not page.data:
                return
            cursor = next_cursor

    async def former_contacts(self, ids: Sequence[str]) -> list[FormerContact]:
        """Those of the contacts that are no more, with whom they were merged into."""
        tasks = [asyncio.ensure_future(self._find_former(identifier)) for identifier in ids]
        try:
            found = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        return [former for former in found if former is not None]

    async def _find_former(self, identifier: str) -> FormerContact | None:
        try:
            await self._transport.read(WireContact, "GET", f"/contacts/{identifier}")
        except MergedAway as error:
            successor = (error.successor or "").rpartition("/")[2]
            return FormerContact(id=identifier, canonical_id=successor or None)
        except SourceNotFound:
            return FormerContact(id=identifier, canonical_id=None)
        except SourceRejected:
            return None  # nothing is known of it, so nothing is changed
        return None

    async def labels(self, kind: LabelKind) -> list[Label]:
        """All labels of a kind; archived attributes are left out."""
        path, params = _PATHS[kind]
        page, _, _ = await self._transport.read(WireLabelList, "GET", path, params=params)
        wires = [*page.teams, *page.segments, *page.data]
        return [label for wire in wires if (label := _to_label(kind, wire))]

    async def articles(self) -> AsyncIterator[list[Article]]:
        """All pages of the help centre, in pages."""
        known: set[str] = set()
        for number in range(1, _MOST_PAGES):
            params = {"page": str(number), "per_page": str(_ARTICLES_PER_PAGE)}
            page, _, _ = await self._transport.read(
                WireArticlePage, "GET", "/articles", params=params
            )
            found = [article for wire in page.data if (article := _to_article(wire))]
            yield found
            new = {article.id for article in found} - known
            # A next page has been seen to be offered for ever: only new rows go on.
            if not new or page.pages is None or page.pages.next is None:
                return
            known |= new


def _changed_since(since: datetime, cursor: str | None) -> JsonValue:
    moment = int((since - _DAYS_BACK).timestamp())
    pagination: dict[str, JsonValue] = {"per_page": PER_PAGE}
    if cursor is not None:
        pagination["starting_after"] = cursor
    return {
        "query": {"field": "updated_at", "operator": ">", "value": moment},
        "pagination": pagination,
        "sort": {"field": "updated_at", "order": "ascending"},
    }


def _is_since(contact: Contact, since: datetime) -> bool:
    return contact.updated_at is None or contact.updated_at >= since


def _to_label(kind: LabelKind, wire: WireLabel) -> Label | None:
    is_attribute = kind in (LabelKind.CONTACT_ATTRIBUTE, LabelKind.COMPANY_ATTRIBUTE)
    identifier = (wire.full_name or wire.name) if is_attribute else wire.id
    if identifier is None or wire.archived:
        return None
    return Label(kind=kind, id=identifier, name=wire.label or wire.name or identifier)


def _to_article(wire: WireArticle) -> Article | None:
    if wire.id is None:
        return None
    return Article(
        id=wire.id,
        title=html_to_text(wire.title),
        description=html_to_text(wire.description),
        body=html_to_text(wire.body),
        is_published=wire.state == "published",
        url=wire.url,
        updated_at=to_time(wire.updated_at) or datetime.fromtimestamp(0, UTC),
    )
