"""The masked copies that models read."""

from collections.abc import Mapping, Sequence
from operator import attrgetter

from psycopg.rows import class_row, scalar_row
from psycopg.types.json import Jsonb

from earmark.db.bulk import stage
from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import AuthorRole, Model

_masked_row = attrgetter("conversation_id", "message_id", "text")


MaskSpans = tuple[tuple[int, int, int, int, str], ...]
"""(start, end) in the masked text, (start, end) in what was masked, kind of the placeholder."""


class MaskedMessage(Model):
    """The copy of a message that models see: its author's own words, without personal data."""

    conversation_id: str
    message_id: str
    author_role: AuthorRole
    is_note: bool
    text: str
    own_spans: tuple[tuple[int, int], ...]
    """Ranges of the body that are the author's own words; `text` is made from them joined."""
    mask_spans: MaskSpans
    """Back to the joined own words."""


class MaskedConversation(Model):
    """All that models see of a conversation's words."""

    id: str
    content_hash: str
    """Of what was masked."""
    subject: str | None
    subject_spans: MaskSpans = ()
    messages: tuple[MaskedMessage, ...]


class Maskable(Model):
    """What is known of a conversation before its messages are masked."""

    id: str
    content_hash: str
    subject: str | None


async def list_maskable(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[Maskable]:
    """Conversations with their unmasked subjects; deleted ones left out."""
    async with connection.cursor(row_factory=class_row(Maskable)) as cursor:
        await cursor.execute(
            "SELECT id, content_hash, subject FROM conversations"
            " WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s) ORDER BY id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        return await cursor.fetchall()


async def store_masked(
    connection: WriteConnection,
    workspace_id: int,
    conversations: Sequence[MaskedConversation],
    *,
    masker: str,
) -> None:
    """Replace the masked copies of conversations; `masker` is the version that made them.

    Of those whose text is not the one that was masked nothing is stored.
    """
    keys = {item.id: f"{item.content_hash}:{masker}" for item in conversations}
    hashes = {item.id: item.content_hash for item in conversations}
    present = await lock_unchanged(connection, workspace_id, hashes)
    await connection.execute(
        "DELETE FROM masked_messages WHERE workspace_id = %(workspace_id)s"
        " AND conversation_id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": present},
    )
    await stage(
        connection,
        create="CREATE TEMP TABLE IF NOT EXISTS staged_masked"
        " (LIKE masked_messages INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
        copy="COPY staged_masked (workspace_id, conversation_id, message_id, text, own_spans,"
        " mask_spans) FROM STDIN (FORMAT BINARY)",
        types=("int8", "text", "text", "text", "jsonb", "jsonb"),
        rows=(
            (
                workspace_id,
                *_masked_row(message),
                Jsonb(message.own_spans),
                Jsonb(message.mask_spans),
            )
            for item in conversations
            for message in item.messages
        ),
    )
    await connection.execute(
        "INSERT INTO masked_messages SELECT s.* FROM staged_masked s JOIN messages m"
        " ON (m.workspace_id, m.conversation_id, m.id)"
        " = (s.workspace_id, s.conversation_id, s.message_id)"
        " WHERE s.conversation_id = ANY(%(present)s)",
        {"present": present},
    )
    await connection.execute(
        "UPDATE conversations c SET masked_key = k.key, masked_subject = k.subject,"
        " subject_spans = k.spans FROM unnest(%(ids)s::text[], %(keys)s::text[],"
        " %(subjects)s::text[], %(spans)s::jsonb[]) AS k (id, key, subject, spans)"
        " WHERE c.workspace_id = %(workspace_id)s AND c.id = k.id AND c.id = ANY(%(present)s)",
        {
            "workspace_id": workspace_id,
            "present": present,
            "ids": list(keys),
            "keys": list(keys.values()),
            "subjects": [item.subject for item in conversations],
            "spans": [Jsonb(item.subject_spans) for item in conversations],
        },
    )


async def lock_unchanged(
    connection: WriteConnection, workspace_id: int, hashes: Mapping[str, str]
) -> list[str]:
    """Those of the conversations whose text still has this hash; none changes before the commit.

    The others (a part was redacted meanwhile, say) are masked again by the next run: a copy of the
    old text must not come after its end.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT c.id FROM conversations c"
            " JOIN unnest(%(ids)s::text[], %(hashes)s::text[]) AS k (id, hash)"
            " ON (k.id, k.hash) = (c.id, c.content_hash)"
            " WHERE c.workspace_id = %(workspace_id)s ORDER BY c.id FOR UPDATE OF c",
            {"workspace_id": workspace_id, "ids": list(hashes), "hashes": list(hashes.values())},
        )
        return await cursor.fetchall()


async def list_masked(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> dict[str, list[MaskedMessage]]:
    """The masked messages of each conversation, oldest first."""
    found: dict[str, list[MaskedMessage]] = {identifier: [] for identifier in conversation_ids}
    async with connection.cursor(row_factory=class_row(MaskedMessage)) as cursor:
        await cursor.execute(
            "SELECT k.conversation_id, k.message_id, m.author_role, m.is_note, k.text,"
            " k.own_spans, k.mask_spans FROM masked_messages k JOIN messages m"
            " ON (m.workspace_id, m.conversation_id, m.id)"
            " = (k.workspace_id, k.conversation_id, k.message_id)"
            " WHERE k.workspace_id = %(workspace_id)s AND k.conversation_id = ANY(%(ids)s)"
            " ORDER BY k.conversation_id, m.created_at, m.position, m.id",
            {"workspace_id": workspace_id, "ids": list(conversation_ids)},
        )
        async for message in cursor:
            found[message.conversation_id].append(message)
    return found


async def sample_customer_texts(
    connection: ReadConnection, workspace_id: int, *, limit: int
) -> list[str]:
    """What customers wrote, masked, one text per conversation; an even sample if there are more.

    Deterministic: the same conversations give the same sample.
    """
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "WITH chosen AS (SELECT id FROM conversations WHERE workspace_id = %(workspace_id)s"
            " AND masked_key IS NOT NULL"
            " ORDER BY hashtextextended(id, 0) LIMIT %(limit)s)"
            " SELECT string_agg(k.text, E'\\n' ORDER BY m.created_at, m.position)"
            " FROM chosen JOIN masked_messages k ON k.workspace_id = %(workspace_id)s"
            " AND k.conversation_id = chosen.id JOIN messages m"
            " ON (m.workspace_id, m.conversation_id, m.id)"
            " = (k.workspace_id, k.conversation_id, k.message_id)"
            " WHERE m.author_role = 'customer' GROUP BY chosen.id ORDER BY chosen.id",
            {"workspace_id": workspace_id, "limit": limit},
        )
        return await cursor.fetchall()


class MaskedOriginal(MaskedMessage):
    """A masked message with the body that it was made from."""

    body: str


class MaskedThread(Model):
    """All that models see of a conversation, and what it was made from. Never for a model."""

    id: str
    masked_key: str | None
    """Content hash and masker version; null: not masked yet, or changed since."""
    subject: str | None
    masked_subject: str | None
    subject_spans: MaskSpans
    messages: tuple[MaskedOriginal, ...] = ()


async def list_masked_threads(
    connection: ReadConnection, workspace_id: int, conversation_ids: Sequence[str]
) -> list[MaskedThread]:
    """Masked copies with their originals, in the order of the ids; unknown ids are left out."""
    parameters = {"workspace_id": workspace_id, "ids": list(conversation_ids)}
    async with connection.cursor(row_factory=class_row(MaskedThread)) as cursor:
        await cursor.execute(
            "SELECT id, masked_key, subject, masked_subject, subject_spans FROM conversations"
            " WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)",
            parameters,
        )
        threads = {thread.id: thread async for thread in cursor}
    messages: dict[str, list[MaskedOriginal]] = {identifier: [] for identifier in threads}
    async with connection.cursor(row_factory=class_row(MaskedOriginal)) as cursor:
        await cursor.execute(
            "SELECT k.conversation_id, k.message_id, m.author_role, m.is_note, k.text,"
            " k.own_spans, k.mask_spans, m.body FROM masked_messages k JOIN messages m"
            " ON (m.workspace_id, m.conversation_id, m.id)"
            " = (k.workspace_id, k.conversation_id, k.message_id)"
            " WHERE k.workspace_id = %(workspace_id)s AND k.conversation_id = ANY(%(ids)s)"
            " ORDER BY k.conversation_id, m.created_at, m.position, m.id",
            parameters,
        )
        async for message in cursor:
            messages[message.conversation_id].append(message)
    return [
        threads[identifier].model_copy(update={"messages": tuple(messages[identifier])})
        for identifier in dict.fromkeys(conversation_ids)
        if identifier in threads
    ]


async def draw_conversations(
    connection: ReadConnection, workspace_id: int, *, number: int
) -> list[str]:
    """Conversations drawn at random, others each time."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM conversations WHERE workspace_id = %(workspace_id)s"
            " ORDER BY random() LIMIT %(number)s",
            {"workspace_id": workspace_id, "number": number},
        )
        return await cursor.fetchall()
