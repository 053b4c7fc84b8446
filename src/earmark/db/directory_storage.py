"""What is known of a workspace besides conversations: labels, articles, former contacts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from psycopg.rows import scalar_row

from earmark.db.connection import ReadConnection, WriteConnection

MappedField = Literal["plan", "revenue", "seats"]


class ArticleRow(NamedTuple):
    """An article, in the order of its columns."""

    id: str
    title: str
    description: str
    body: str
    is_published: bool
    url: str | None
    updated_at: datetime


# ---------------------------------------------------------------- contacts that are no more


async def clear_listed(connection: WriteConnection, workspace_id: int) -> None:
    """Begin to note whom a listing of all contacts names."""
    await connection.execute(
        "DELETE FROM listed_contacts WHERE workspace_id = %(workspace_id)s",
        {"workspace_id": workspace_id},
    )


async def note_listed(
    connection: WriteConnection, workspace_id: int, contact_ids: Sequence[str]
) -> None:
    """Note contacts that the listing names; call it in the transaction that stores them."""
    await connection.execute(
        "INSERT INTO listed_contacts (workspace_id, id)"
        " SELECT %(workspace_id)s, id FROM unnest(%(ids)s::text[]) id ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id, "ids": list(contact_ids)},
    )


async def list_unlisted(
    connection: ReadConnection, workspace_id: int, *, after: str, limit: int
) -> list[str]:
    """Contacts and customers of conversations whom the listing did not name, by id."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT c.id FROM (SELECT contact_id AS id FROM conversations"
            " WHERE workspace_id = %(workspace_id)s AND contact_id > %(after)s UNION"
            " SELECT id FROM contacts WHERE workspace_id = %(workspace_id)s AND id > %(after)s) c"
            " WHERE NOT EXISTS (SELECT FROM listed_contacts l"
            " WHERE l.workspace_id = %(workspace_id)s AND l.id = c.id)"
            " AND NOT EXISTS (SELECT FROM former_contacts f"
            " WHERE f.workspace_id = %(workspace_id)s AND f.id = c.id)"
            " ORDER BY c.id LIMIT %(limit)s",
            {"workspace_id": workspace_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()


async def record_former(
    connection: WriteConnection, workspace_id: int, canonical: Mapping[str, str | None]
) -> None:
    """Record contacts that are no more, with whom each was merged into, if it was."""
    await connection.execute(
        "INSERT INTO former_contacts (workspace_id, id, canonical_id)"
        " SELECT %(workspace_id)s, f.id, nullif(f.canonical_id, f.id)"
        " FROM unnest(%(ids)s::text[], %(canonical)s::text[]) f (id, canonical_id) ORDER BY f.id"
        " ON CONFLICT (workspace_id, id) DO UPDATE SET canonical_id = excluded.canonical_id",
        {
            "workspace_id": workspace_id,
            "ids": list(canonical),
            "canonical": list(canonical.values()),
        },
    )
    # Who was merged into someone who is merged now, belongs to the last one.
    await connection.execute(
        "UPDATE former_contacts f SET canonical_id = n.canonical_id FROM former_contacts n"
        " WHERE f.workspace_id = %(workspace_id)s AND n.workspace_id = f.workspace_id"
        " AND n.id = f.canonical_id AND n.canonical_id IS NOT NULL AND n.canonical_id <> f.id",
        {"workspace_id": workspace_id},
    )


async def forget_deleted(connection: WriteConnection, workspace_id: int) -> int:
    """Delete what is known of contacts that were deleted at the source; how many that were.

    Their conversations stay, as they do there.
    """
    cursor = await connection.execute(
        "DELETE FROM contacts p USING former_contacts f WHERE f.workspace_id = %(workspace_id)s"
        " AND f.canonical_id IS NULL AND p.workspace_id = f.workspace_id AND p.id = f.id",
        {"workspace_id": workspace_id},
    )
    return cursor.rowcount


async def readmit(
    connection: WriteConnection, workspace_id: int, contact_ids: Sequence[str]
) -> None:
    """Contacts that the source lists (again) are not deleted."""
    await connection.execute(
        "DELETE FROM former_contacts WHERE workspace_id = %(workspace_id)s"
        " AND canonical_id IS NULL AND id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": list(contact_ids)},
    )


async def move_conversations(connection: WriteConnection, workspace_id: int) -> int:
    """Give conversations of merged contacts to those who are left; how many that were."""
    cursor = await connection.execute(
        "UPDATE conversations c SET contact_id = f.canonical_id FROM former_contacts f"
        " WHERE f.workspace_id = %(workspace_id)s AND f.canonical_id IS NOT NULL"
        " AND c.workspace_id = f.workspace_id AND c.contact_id = f.id",
        {"workspace_id": workspace_id},
    )
    await connection.execute(
        "UPDATE messages m SET author_id = f.canonical_id FROM former_contacts f, conversations c"
        " WHERE f.workspace_id = %(workspace_id)s AND f.canonical_id IS NOT NULL"
        " AND c.workspace_id = f.workspace_id AND c.contact_id = f.canonical_id"
        " AND m.workspace_id = c.workspace_id AND m.conversation_id = c.id"
        " AND m.author_id = f.id AND m.author_role = 'customer'",
        {"workspace_id": workspace_id},
    )
    await connection.execute(
        "DELETE FROM contacts p USING former_contacts f WHERE f.workspace_id = %(workspace_id)s"
        " AND f.canonical_id IS NOT NULL AND p.workspace_id = f.workspace_id AND p.id = f.id",
        {"workspace_id": workspace_id},
    )
    return cursor.rowcount


# ---------------------------------------------------------------- labels and attributes


async def replace_labels(
    connection: WriteConnection, workspace_id: int, kind: str, names: Mapping[str, str]
) -> None:
    """All labels of a kind, name by id; those that are not among them are deleted."""
    parameters = {
        "workspace_id": workspace_id,
        "kind": kind,
        "ids": list(names),
        "names": list(names.values()),
    }
    await connection.execute(
        "DELETE FROM labels WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s"
        " AND NOT id = ANY(%(ids)s)",
        parameters,
    )
    await connection.execute(
        "INSERT INTO labels AS l (workspace_id, kind, id, name)"
        " SELECT %(workspace_id)s, %(kind)s, n.id, n.name"
        " FROM unnest(%(ids)s::text[], %(names)s::text[]) n (id, name) ORDER BY n.id"
        " ON CONFLICT (workspace_id, kind, id) DO UPDATE SET name = excluded.name"
        " WHERE l.name <> excluded.name",
        parameters,
    )


async def list_labels(connection: ReadConnection, workspace_id: int, kind: str) -> dict[str, str]:
    """All labels of a kind, name by id."""
    cursor = await connection.execute(
        "SELECT id, name FROM labels WHERE workspace_id = %(workspace_id)s AND kind = %(kind)s"
        " ORDER BY name, id",
        {"workspace_id": workspace_id, "kind": kind},
    )
    return {row["id"]: row["name"] async for row in cursor}


async def get_mapping(connection: ReadConnection, workspace_id: int) -> dict[MappedField, str]:
    """Custom attribute of companies by what it holds."""
    cursor = await connection.execute(
        "SELECT field, attribute FROM attribute_mappings"
        " WHERE workspace_id = %(workspace_id)s ORDER BY field",
        {"workspace_id": workspace_id},
    )
    return {row["field"]: row["attribute"] async for row in cursor}


async def set_mapping(
    connection: WriteConnection, workspace_id: int, mapping: Mapping[MappedField, str]
) -> None:
    """Replace the mapping of attributes."""
    await connection.execute(
        "DELETE FROM attribute_mappings WHERE workspace_id = %(workspace_id)s",
        {"workspace_id": workspace_id},
    )
    await connection.execute(
        "INSERT INTO attribute_mappings (workspace_id, field, attribute)"
        " SELECT %(workspace_id)s, m.field, m.attribute"
        " FROM unnest(%(fields)s::text[], %(attributes)s::text[]) m (field, attribute)",
        {
            "workspace_id": workspace_id,
            "fields": list(mapping),
            "attributes": list(mapping.values()),
        },
    )


# ---------------------------------------------------------------- help centre


async def upsert_articles(
    connection: WriteConnection,
    workspace_id: int,
    articles: Sequence[ArticleRow],
    listed_at: datetime,
) -> None:
    """Store a page of articles, named by a listing that began at `listed_at`."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO articles (workspace_id, id, title, description, body, is_published, url,"
            " updated_at, listed_at) VALUES (%(workspace_id)s, %(id)s, %(title)s, %(description)s,"
            " %(body)s, %(is_published)s, %(url)s, %(updated_at)s, %(listed_at)s)"
            " ON CONFLICT (workspace_id, id) DO UPDATE SET title = excluded.title,"
            " description = excluded.description, body = excluded.body,"
            " is_published = excluded.is_published, url = excluded.url,"
            " updated_at = excluded.updated_at, listed_at = excluded.listed_at",
            [
                {"workspace_id": workspace_id, "listed_at": listed_at, **article._asdict()}
                for article in articles
            ],
        )


async def delete_unlisted_articles(
    connection: WriteConnection, workspace_id: int, listed_at: datetime
) -> int:
    """Delete articles that the listing did not name; how many that were."""
    cursor = await connection.execute(
        "DELETE FROM articles WHERE workspace_id = %(workspace_id)s AND listed_at < %(listed_at)s",
        {"workspace_id": workspace_id, "listed_at": listed_at},
    )
    return cursor.rowcount
