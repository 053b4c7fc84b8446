"""People, companies, labels and articles, from the simulator: in pages, and merges followed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.rows import scalar_row

from earmark.db import directory_storage, people_storage
from earmark.db.connection import Database
from earmark.db.models import Company, Contact, Workspace
from earmark.errors import SourceForbidden
from earmark.pipeline.enrichment import apply_mapping, enrich, to_number
from earmark.pipeline.erasure import erase_contact
from earmark.sources.base import Directory, Label, LabelKind
from earmark.sources.intercom_client import IntercomClient
from earmark.sources.intercom_transport import open_transport
from earmark.sources.simulator.changes import DeleteContact, MergeContacts, UpdateContact
from earmark.sources.simulator.library_routes import write_articles
from earmark.sources.simulator.server import RunningServer, serve
from earmark.wiring import register_workspace
from tests.fixtures.simulator import TOKEN, options, small_sample

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SAMPLE = small_sample(200)


@asynccontextmanager
async def peer() -> AsyncGenerator[tuple[RunningServer, IntercomClient]]:
    async with (
        serve(SAMPLE, token=TOKEN) as server,
        open_transport(options(server.base_url)) as transport,
    ):
        yield server, IntercomClient(transport)


async def ignore(_: str) -> None:
    """Nobody watches."""


async def registered(database: Database, client: IntercomClient) -> Workspace:
    return await register_workspace(database, await client.identity(), kind="intercom")


async def one(database: Database, query: str) -> object:
    async with database.read() as reader, reader.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query.encode())
        return await cursor.fetchone()


async def store_conversation(database: Database, workspace: Workspace, contact_id: str) -> None:
    async with database.write() as connection:
        await connection.execute(
            b"INSERT INTO conversations (workspace_id, id, created_at, updated_at, state,"
            b" contact_id, content_hash) VALUES (%(w)s, %(c)s, now(), now(), 'open', %(c)s, '')",
            {"w": workspace.id, "c": contact_id},
        )


async def contact_ids(client: IntercomClient, number: int) -> list[str]:
    async for page in client.contacts():
        return [contact.id for contact in page[:number]]
    return []


async def test_client_is_a_directory() -> None:
    async with peer() as (_, client):
        assert isinstance(client, Directory)


async def test_everything_is_stored_on_the_first_day(database: Database) -> None:
    async with peer() as (_, client):
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, ignore)
        dataset = SAMPLE
        assert await one(database, "SELECT count(*) FROM contacts") == dataset.contacts.number
        assert await one(database, "SELECT count(*) FROM companies") == dataset.companies.number
        articles = write_articles(dataset)
    assert len(articles) > 100  # more than two pages
    assert await one(database, "SELECT count(*) FROM articles") == len(articles)
    assert "<" not in str(await one(database, "SELECT string_agg(body, '') FROM articles"))
    async with database.read() as reader:
        for kind in LabelKind:
            assert await directory_storage.list_labels(reader, workspace.id, kind), kind
        attributes = await directory_storage.list_labels(
            reader, workspace.id, LabelKind.COMPANY_ATTRIBUTE
        )
    assert attributes["custom_attributes.contract_value"] == "Contract value"


async def test_only_changed_contacts_are_read_on_the_next_day(database: Database) -> None:
    async with peer() as (server, client):
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, ignore)
        (identifier,) = await contact_ids(client, 1)
        before = await one(database, "SELECT sum(xmin::text::bigint) FROM contacts")
        changed_at = int((NOW + timedelta(hours=1)).timestamp())
        server.apply(UpdateContact(contact_id=identifier, name="Someone Else", at=changed_at))
        seen = [c.id async for page in client.contacts_since(NOW) for c in page]
        assert seen == [identifier]
        await enrich(database, client, workspace.id, NOW + timedelta(hours=1), ignore)
        assert await one(database, "SELECT sum(xmin::text::bigint) FROM contacts") == before
        await enrich(database, client, workspace.id, NOW + timedelta(hours=21), ignore)
    names = await one(database, "SELECT count(*) FROM contacts WHERE name = 'Someone Else'")
    assert names == 1


async def test_conversations_of_merged_contacts_belong_to_those_who_are_left(
    database: Database,
) -> None:
    async with peer() as (server, client):
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, ignore)
        first, second, third, deleted, other = await contact_ids(client, 5)
        for identifier in (first, deleted, other):
            await store_conversation(database, workspace, identifier)
        server.apply(MergeContacts(contact_id=first, into=second))
        server.apply(DeleteContact(contact_id=deleted))
        await enrich(database, client, workspace.id, NOW + timedelta(days=8), ignore)
        query = f"SELECT contact_id FROM conversations WHERE id = '{first}'"  # noqa: S608 - own id
        assert await one(database, query) == second
        server.apply(MergeContacts(contact_id=second, into=third))
        await enrich(database, client, workspace.id, NOW + timedelta(days=16), ignore)
        assert await one(database, query) == third
        async with database.write() as connection:
            # A late answer names the merged one again.
            await connection.execute(
                b"UPDATE conversations SET contact_id = id WHERE id = %(id)s", {"id": first}
            )
        await enrich(database, client, workspace.id, NOW + timedelta(days=16), ignore)
        assert await one(database, query) == third
    kept = await one(
        database,
        "SELECT array_agg(contact_id = id ORDER BY contact_id = id) FROM conversations",
    )
    assert kept == [False, True, True]
    former = await one(database, "SELECT count(*) FROM former_contacts WHERE canonical_id IS NULL")
    assert former == 1
    gone = await one(database, f"SELECT count(*) FROM contacts WHERE id = '{first}'")  # noqa: S608
    assert gone == 0


async def test_of_a_deleted_contact_only_the_conversations_stay(database: Database) -> None:
    async with peer() as (server, client):
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, ignore)
        before = await one(database, "SELECT count(*) FROM contacts")
        wrote, silent = await contact_ids(client, 2)
        await store_conversation(database, workspace, wrote)
        for identifier in (wrote, silent):
            server.apply(DeleteContact(contact_id=identifier))
        await enrich(database, client, workspace.id, NOW + timedelta(days=8), ignore)
        assert isinstance(before, int)
        assert await one(database, "SELECT count(*) FROM contacts") == before - 2
        # Its conversation is read again, and still names it.
        async with database.write() as connection:
            told = [Contact(id=wrote, name="Told By A Conversation")]
            await people_storage.add_missing_contacts(connection, workspace.id, told)
    assert await one(database, "SELECT count(*) FROM contacts") == before - 2
    assert await one(database, "SELECT count(*) FROM conversations") == 1


async def test_contact_that_is_listed_again_is_known_again(database: Database) -> None:
    async with peer() as (_, client):
        workspace = await registered(database, client)
        (identifier,) = await contact_ids(client, 1)
        async with database.write() as connection:
            await directory_storage.record_former(connection, workspace.id, {identifier: None})
        await enrich(database, client, workspace.id, NOW, ignore)
    assert await one(database, "SELECT count(*) FROM former_contacts") == 0
    known = f"SELECT count(*) FROM contacts WHERE id = '{identifier}'"  # noqa: S608 - own id
    assert await one(database, known) == 1


async def test_contact_who_was_erased_does_not_come_back(database: Database) -> None:
    async with peer() as (_, client):
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, ignore)
        before = await one(database, "SELECT count(*) FROM contacts")
        (erased,) = await contact_ids(client, 1)
        await erase_contact(database, workspace.id, erased)
        await enrich(database, client, workspace.id, NOW + timedelta(days=8), ignore)
    assert isinstance(before, int)
    assert await one(database, "SELECT count(*) FROM contacts") == before - 1


async def test_what_the_token_may_not_read_is_told_and_the_rest_is_stored(
    database: Database,
) -> None:
    class Narrow(IntercomClient):
        async def labels(self, kind: LabelKind) -> list[Label]:
            if kind is LabelKind.SEGMENT:
                raise SourceForbidden("No.")
            return await super().labels(kind)

    notes: list[str] = []

    async def note(message: str) -> None:
        notes.append(message)

    async with (
        serve(small_sample(20), token=TOKEN) as server,
        open_transport(options(server.base_url)) as transport,
    ):
        client = Narrow(transport)
        workspace = await registered(database, client)
        await enrich(database, client, workspace.id, NOW, note)
    assert notes == ["The access token may not read the workspace's segments."]
    assert await one(database, "SELECT count(*) FROM labels WHERE kind = 'team'")


async def test_labels_and_articles_that_are_gone_are_deleted(database: Database) -> None:
    async with peer() as (_, client):
        workspace = await registered(database, client)
        async with database.write() as connection:
            await directory_storage.replace_labels(connection, workspace.id, "tag", {"x": "Old"})
            row = directory_storage.ArticleRow("x", "", "", "", True, None, NOW)
            await directory_storage.upsert_articles(
                connection, workspace.id, [row], NOW - timedelta(days=1)
            )
        await enrich(database, client, workspace.id, NOW, ignore)
    assert await one(database, "SELECT count(*) FROM labels WHERE id = 'x'") == 0
    assert await one(database, "SELECT count(*) FROM articles WHERE id = 'x'") == 0


async def test_mapped_attributes_say_plan_and_revenue(database: Database) -> None:
    async with peer() as (_, client):
        workspace = await registered(database, client)
        async with database.write() as connection:
            await directory_storage.set_mapping(
                connection,
                workspace.id,
                {"revenue": "custom_attributes.contract_value", "plan": "billing_cycle"},
            )
        await enrich(database, client, workspace.id, NOW, ignore)
    right = await one(
        database,
        "SELECT bool_and(monthly_spend = (custom_attributes->>'contract_value')::float8"
        " AND plan = custom_attributes->>'billing_cycle') FROM companies",
    )
    assert right is True


def test_mapping_keeps_intercoms_own_value_where_the_attribute_is_empty() -> None:
    company = Company(
        id="1", plan="Pro", monthly_spend=9.0, user_count=3, custom_attributes={"tier": "", "n": 0}
    )
    mapped = apply_mapping(company, {"plan": "tier", "revenue": "n", "seats": "none"})
    assert (mapped.plan, mapped.monthly_spend, mapped.user_count) == ("Pro", 0.0, 3)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), ("1,250.5", 1250.5), ("$99", 99.0), ("many", None), (True, None), (None, None)],
)
def test_numbers_are_read_from_text_too(value: object, number: float | None) -> None:
    assert to_number(value) == number
