"""Contacts, companies and teammates."""

from collections.abc import Sequence
from operator import attrgetter

from psycopg.types.json import Jsonb

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Admin, Company, Contact, Model

_contact_row = attrgetter(
    *("id", "external_id", "role", "name", "email", "phone", "company_id"),
    *("created_at", "updated_at"),
)
_company_row = attrgetter(
    *("id", "external_id", "name", "plan", "monthly_spend", "user_count", "industry"),
    "updated_at",
)


class KnownPeople(Model):
    """Names and addresses that a conversation's text may hold and a model must not see."""

    names: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    companies: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...] = ()
    """Names and texts of custom attributes of the contact and the company."""


async def hold_erasures(connection: WriteConnection, workspace_id: int) -> None:
    """Let erasures wait until this transaction ends; others may store people meanwhile."""
    await connection.execute(
        "SELECT FROM workspaces WHERE id = %(workspace_id)s FOR KEY SHARE",
        {"workspace_id": workspace_id},
    )


async def upsert_contacts(
    connection: WriteConnection, workspace_id: int, contacts: Sequence[Contact]
) -> None:
    """Store contacts as the source describes them; null never replaces a value."""
    await _stage_contacts(connection, workspace_id, contacts)
    await connection.execute(
        "INSERT INTO contacts AS c SELECT DISTINCT ON (id) * FROM staged_contacts ORDER BY id"
        " ON CONFLICT (workspace_id, id) DO UPDATE SET"
        " external_id = coalesce(excluded.external_id, c.external_id), role = excluded.role,"
        " name = coalesce(excluded.name, c.name), email = coalesce(excluded.email, c.email),"
        " phone = coalesce(excluded.phone, c.phone),"
        " company_id = coalesce(excluded.company_id, c.company_id),"
        " custom_attributes = c.custom_attributes || excluded.custom_attributes,"
        " created_at = coalesce(excluded.created_at, c.created_at),"
        " updated_at = coalesce(excluded.updated_at, c.updated_at)"
        " WHERE (c.external_id, c.role, c.name, c.email, c.phone, c.company_id, c.created_at,"
        " c.updated_at, c.custom_attributes) IS DISTINCT FROM"
        " (coalesce(excluded.external_id, c.external_id), excluded.role,"
        " coalesce(excluded.name, c.name), coalesce(excluded.email, c.email),"
        " coalesce(excluded.phone, c.phone), coalesce(excluded.company_id, c.company_id),"
        " coalesce(excluded.created_at, c.created_at), coalesce(excluded.updated_at, c.updated_at),"
        " c.custom_attributes || excluded.custom_attributes)"
    )


async def add_missing_contacts(
    connection: WriteConnection, workspace_id: int, contacts: Sequence[Contact]
) -> None:
    """Store contacts that only a conversation told of; known ones stay as they are.

    Those who were deleted at the source do not come back with their conversations.
    """
    await _stage_contacts(connection, workspace_id, contacts)
    await connection.execute(
        "INSERT INTO contacts SELECT DISTINCT ON (id) * FROM staged_contacts s"
        " WHERE NOT EXISTS (SELECT FROM former_contacts f WHERE f.workspace_id = s.workspace_id"
        " AND f.id = s.id AND f.canonical_id IS NULL) ORDER BY id ON CONFLICT DO NOTHING"
    )


async def _stage_contacts(
    connection: WriteConnection, workspace_id: int, contacts: Sequence[Contact]
) -> None:
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_contacts"
        " (LIKE contacts INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        copy="COPY staged_contacts (workspace_id, id, external_id, role, name, email, phone,"
        " company_id, created_at, updated_at, custom_attributes) FROM STDIN (FORMAT BINARY)",
        types=("int8", *("text",) * 7, "timestamptz", "timestamptz", "jsonb"),
        rows=(
            (workspace_id, *_contact_row(contact), Jsonb(contact.custom_attributes))
            for contact in contacts
        ),
    )


async def upsert_companies(
    connection: WriteConnection, workspace_id: int, companies: Sequence[Company]
) -> None:
    """Store companies; a newer description replaces the older one."""
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_companies"
        " (LIKE companies INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        copy="COPY staged_companies (workspace_id, id, external_id, name, plan, monthly_spend,"
        " user_count, industry, updated_at, custom_attributes) FROM STDIN (FORMAT BINARY)",
        types=("int8", *("text",) * 4, "float8", "int4", "text", "timestamptz", "jsonb"),
        rows=(
            (workspace_id, *_company_row(company), Jsonb(company.custom_attributes))
            for company in companies
        ),
    )
    await connection.execute(
        "INSERT INTO companies AS c SELECT DISTINCT ON (id) * FROM staged_companies ORDER BY id"
        " ON CONFLICT (workspace_id, id) DO UPDATE SET external_id = excluded.external_id,"
        " name = excluded.name, plan = excluded.plan, monthly_spend = excluded.monthly_spend,"
        " user_count = excluded.user_count, industry = excluded.industry,"
        " custom_attributes = excluded.custom_attributes, updated_at = excluded.updated_at"
        " WHERE (c.external_id, c.name, c.plan, c.monthly_spend, c.user_count, c.industry,"
        " c.custom_attributes, c.updated_at) IS DISTINCT FROM (excluded.external_id, excluded.name,"
        " excluded.plan, excluded.monthly_spend, excluded.user_count, excluded.industry,"
        " excluded.custom_attributes, excluded.updated_at)"
    )


async def upsert_admins(
    connection: WriteConnection, workspace_id: int, admins: Sequence[Admin]
) -> None:
    """Store teammates."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO admins (workspace_id, id, name, email)"
            " VALUES (%(workspace_id)s, %(id)s, %(name)s, %(email)s)"
            " ON CONFLICT (workspace_id, id) DO UPDATE SET name = excluded.name,"
            " email = excluded.email",
            [{"workspace_id": workspace_id, **admin.model_dump()} for admin in admins],
        )


async def list_known_people(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, KnownPeople]:
    """Per conversation: its contact, its company, and everyone who wrote in it."""
    cursor = await connection.execute(
        "SELECT c.id, array_remove(array_agg(DISTINCT n.name), NULL) AS names,"
        " array_remove(array_agg(DISTINCT n.email), NULL) AS emails,"
        " array_remove(array_agg(DISTINCT n.phone), NULL) AS phones,"
        " array_remove(array_agg(DISTINCT o.name), NULL) AS companies"
        " , coalesce((SELECT jsonb_agg(jsonb_build_array(t.key, t.value #>> '{}')"
        "     ORDER BY t.key, t.value) FROM"
        "     (SELECT custom_attributes a FROM contacts p WHERE p.workspace_id = c.workspace_id"
        "         AND p.id = c.contact_id"
        "      UNION ALL SELECT custom_attributes FROM companies f"
        "       WHERE f.workspace_id = c.workspace_id AND f.id = c.company_id) s,"
        "     jsonb_each(s.a) t WHERE jsonb_typeof(t.value) = 'string'), '[]') AS attributes"
        " FROM conversations c"
        " LEFT JOIN LATERAL ("
        "   SELECT name, email, phone FROM contacts p"
        "    WHERE p.workspace_id = c.workspace_id AND p.id = c.contact_id"
        "   UNION ALL SELECT m.author_name, NULL, NULL FROM messages m"
        "    WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id"
        "      AND m.author_role <> 'bot'"
        "   UNION ALL SELECT a.name, a.email, NULL FROM messages m JOIN admins a"
        "       ON a.workspace_id = m.workspace_id AND a.id = m.author_id"
        "    WHERE m.workspace_id = c.workspace_id AND m.conversation_id = c.id"
        "      AND m.author_role = 'teammate'"
        " ) n ON true"
        " LEFT JOIN companies o ON o.workspace_id = c.workspace_id AND o.id = c.company_id"
        " WHERE c.workspace_id = %(workspace_id)s AND c.id = ANY(%(ids)s)"
        " GROUP BY c.workspace_id, c.id",
        {"workspace_id": workspace_id, "ids": list(conversation_ids)},
    )
    return {
        row["id"]: KnownPeople(
            names=row["names"],
            emails=row["emails"],
            phones=row["phones"],
            companies=row["companies"],
            attributes=row["attributes"],
        )
        async for row in cursor
    }
