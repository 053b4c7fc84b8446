"""What is known of customers, and of the workspace: read in pages, never one by one.

Once a day: teammates, companies, contacts that changed since, teams, tags, segments, attributes,
and the help centre. Once a week all contacts are listed, because a merged one is in no list: the
customers and contacts whom the listing did not name are asked for. What a merged contact wrote
belongs to the one who is left; of a deleted one nothing is kept but the conversations. Where a
notification says that somebody was deleted, the source is asked at once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from earmark.db import directory_storage, erasure_storage, people_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.directory_storage import ArticleRow, MappedField
from earmark.db.models import Checkpoint, Company, Contact
from earmark.errors import SourceForbidden
from earmark.sources.base import Directory, FormerContact, LabelKind, Source

PEOPLE: Final = "people"
"""The stream of what is read once a day; `import` and new mappings begin it anew."""
ALL_CONTACTS: Final = "all contacts"
_EVERY: Final = timedelta(hours=20)
_ALL_EVERY: Final = timedelta(days=7)
_OVERLAP: Final = timedelta(hours=1)
_ASKED_AT_ONCE: Final = 200
_OWN: Final = "custom_attributes."

Note = Callable[[str], Awaitable[None]]
"""Tells the person who watches the run."""

_article_row = attrgetter(*ArticleRow._fields)


async def enrich(
    database: Database, source: Source, workspace_id: int, now: datetime, note: Note
) -> None:
    """Bring people, companies and labels up to date, if that is due at `now`."""
    async with database.read() as connection:
        last = await sync_storage.get_checkpoint(connection, workspace_id, PEOPLE)
        mapping = await directory_storage.get_mapping(connection, workspace_id)
    if not last.finished or last.position is None or now - last.position >= _EVERY:
        await _store_people(database, source, workspace_id, mapping)
        await _store_contacts(database, source, workspace_id, last, now)
        if isinstance(source, Directory):
            await _store_labels(database, source, workspace_id, note)
            await _store_articles(database, source, workspace_id, now, note)
        async with database.write() as connection:
            done = Checkpoint(position=now, finished=True)
            await sync_storage.save_checkpoint(connection, workspace_id, done, PEOPLE)
    async with database.write() as connection:
        # Each time: a conversation that was fetched since may name the merged one again.
        await directory_storage.move_conversations(connection, workspace_id)


async def _store_people(
    database: Database, source: Source, workspace_id: int, mapping: Mapping[MappedField, str]
) -> None:
    admins = await source.admins()
    async with database.write() as connection:
        await people_storage.upsert_admins(connection, workspace_id, admins)
    async for companies in source.companies():
        mapped = [apply_mapping(company, mapping) for company in companies]
        async with database.write() as connection:
            await people_storage.upsert_companies(connection, workspace_id, mapped)


def apply_mapping(company: Company, mapping: Mapping[MappedField, str]) -> Company:
    """A company with plan, revenue and seats from its own attributes, where these hold any."""
    values = {
        field: company.custom_attributes.get(attribute.removeprefix(_OWN))
        for field, attribute in mapping.items()
    }
    plan, revenue, seats = values.get("plan"), values.get("revenue"), values.get("seats")
    number = to_number(seats)
    return company.model_copy(
        update={
            "plan": company.plan if plan in (None, "") else str(plan),
            "monthly_spend": _first(to_number(revenue), company.monthly_spend),
            "user_count": _first(None if number is None else int(number), company.user_count),
        }
    )


def _first(mapped: float | None, own: float | None) -> float | None:
    return own if mapped is None else mapped


def to_number(value: object) -> float | None:
    """A number also where an attribute holds it as text, with separators of thousands."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value.strip().lstrip("$€£").replace(",", ""))
        except ValueError:
            return None
    return float(value) if isinstance(value, int | float) and abs(value) < 2**31 else None


# ---------------------------------------------------------------- contacts


async def _store_contacts(
    database: Database, source: Source, workspace_id: int, last: Checkpoint, now: datetime
) -> None:
    async with database.read() as connection:
        full = await sync_storage.get_checkpoint(connection, workspace_id, ALL_CONTACTS)
    is_begun = last.finished and last.position is not None and full.position is not None
    if not isinstance(source, Directory):
        await _store_pages(database, source.contacts(), workspace_id)
    elif is_begun and full.position and last.position and now - full.position < _ALL_EVERY:
        await _store_pages(database, source.contacts_since(last.position - _OVERLAP), workspace_id)
    else:
        async with database.write() as connection:
            await directory_storage.clear_listed(connection, workspace_id)
        await _store_pages(database, source.contacts(), workspace_id, listing=True)
        await _find_former(database, source, workspace_id)
        async with database.write() as connection:
            await directory_storage.clear_listed(connection, workspace_id)
            done = Checkpoint(position=now, finished=True)
            await sync_storage.save_checkpoint(connection, workspace_id, done, ALL_CONTACTS)


async def _store_pages(
    database: Database,
    pages: AsyncIterator[list[Contact]],
    workspace_id: int,
    *,
    listing: bool = False,
) -> None:
    async for contacts in pages:
        async with database.write() as connection:
            # Until it is committed, nobody can be erased in between.
            await people_storage.hold_erasures(connection, workspace_id)
            erased = await erasure_storage.list_erased(
                connection, workspace_id, [contact.id for contact in contacts]
            )
            kept = [contact for contact in contacts if contact.id not in erased]
            await directory_storage.readmit(
                connection, workspace_id, [contact.id for contact in kept]
            )
            await people_storage.upsert_contacts(connection, workspace_id, kept)
            if listing:
                await directory_storage.note_listed(
                    connection, workspace_id, [contact.id for contact in contacts]
                )


async def _find_former(database: Database, source: Directory, workspace_id: int) -> None:
    """Ask for those whom a listing of all did not name; who was deleted is forgotten."""
    after = ""
    while True:
        async with database.read() as connection:
            unlisted = await directory_storage.list_unlisted(
                connection, workspace_id, after=after, limit=_ASKED_AT_ONCE
            )
        if not unlisted:
            return
        after = unlisted[-1]
        await _ask_for(database, source, workspace_id, unlisted)


async def check_contact(
    database: Database, source: Source, workspace_id: int, contact_id: str
) -> None:
    """Forget a contact that is said to be deleted or merged, if the source says so when asked."""
    if not isinstance(source, Directory):
        return
    former = await _ask_for(database, source, workspace_id, [contact_id])
    if any(one.canonical_id is not None for one in former):
        async with database.write() as connection:
            await directory_storage.move_conversations(connection, workspace_id)


async def _ask_for(
    database: Database, source: Directory, workspace_id: int, contact_ids: Sequence[str]
) -> list[FormerContact]:
    """Those of them who are no more, each noted, and the deleted ones forgotten."""
    former = await source.former_contacts(contact_ids)
    async with database.write() as connection:
        await directory_storage.record_former(
            connection, workspace_id, {item.id: item.canonical_id for item in former}
        )
        await directory_storage.forget_deleted(connection, workspace_id)
    return former


# ---------------------------------------------------------------- the workspace


async def _store_labels(
    database: Database, source: Directory, workspace_id: int, note: Note
) -> None:
    for kind in LabelKind:
        try:
            labels = await source.labels(kind)
        except SourceForbidden:
            await note(f"The access token may not read the workspace's {kind.replace('_', ' ')}s.")
            continue
        async with database.write() as connection:
            await directory_storage.replace_labels(
                connection, workspace_id, kind.value, {label.id: label.name for label in labels}
            )


async def _store_articles(
    database: Database, source: Directory, workspace_id: int, now: datetime, note: Note
) -> None:
    try:
        async for articles in source.articles():
            rows = [ArticleRow(*_article_row(article)) for article in articles]
            async with database.write() as connection:
                await directory_storage.upsert_articles(connection, workspace_id, rows, now)
    except SourceForbidden:
        await note("The access token may not read the articles of the help centre.")
        return
    async with database.write() as connection:
        await directory_storage.delete_unlisted_articles(connection, workspace_id, now)
