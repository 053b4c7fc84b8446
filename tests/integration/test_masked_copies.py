"""Masked copies in the database: made from records too, gone with their originals, reversible."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from earmark.db import masked_storage, people_storage
from earmark.db.connection import Database
from earmark.db.conversation_storage import list_readable, upsert_threads
from earmark.db.masked_storage import MaskedConversation
from earmark.db.models import Company, Contact, Thread
from earmark.errors import NotFound
from earmark.pipeline import masking
from earmark.pipeline.masking import mask_page
from earmark.pipeline.reveal import (
    AT_THIS_MACHINE,
    MaskedText,
    ShownConversation,
    reveal_texts,
    show_conversations,
)
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread, make_workspace, store

CONTACT = Contact(
    id="c1",
    name="Rosalind Achterberg",
    email="rosalind@nordlicht.example",
    company_id="f1",
    custom_attributes={"billing_address": "Hafenkai 9, 20457 Hamburg", "seats": 5},
)
COMPANY = Company(
    id="f1", name="Nordlicht Optik GmbH", custom_attributes={"phone": "+49 40 66969 123"}
)


def thread(*said: str, subject: str | None = None, version: int = 0) -> Thread:
    made = make_thread(
        "1",
        *((CUSTOMER if place % 2 == 0 else TEAMMATE, text) for place, text in enumerate(said)),
        version=version,
    )
    changes = {"subject": subject, "company_id": "f1"}
    return made.model_copy(update={"conversation": made.conversation.model_copy(update=changes)})


async def masked(database: Database, made: Thread) -> int:
    """Store a thread and the records of its people, and mask it; gives the workspace."""
    workspace = await make_workspace(database)
    async with database.write() as connection:
        await people_storage.upsert_companies(connection, workspace.id, [COMPANY])
        await people_storage.upsert_contacts(connection, workspace.id, [CONTACT])
    await store(database, workspace, made)
    await mask_page(database, workspace.id, ["1"])
    return workspace.id


async def show(database: Database, workspace: int, *, reveal: bool = False) -> ShownConversation:
    async with database.read() as reader:
        (shown,) = await show_conversations(
            reader, workspace, ["1"], authority=AT_THIS_MACHINE if reveal else None
        )
    return shown


async def test_values_of_all_records_are_masked_the_same_everywhere(database: Database) -> None:
    workspace = await masked(
        database,
        thread(
            "I am Rosalind of Nordlicht Optik, Hafenkai 9. Ring 040 66969123.",
            "Hello Rosalind, is it Hafenkai 9?",
            subject="Rosalind Achterberg: no invoice at rosalind@nordlicht.example",
        ),
    )
    shown = await show(database, workspace)
    assert [message.text for message in shown.messages] == [
        "I am <NAME_1> of <COMPANY_1>, <ADDRESS_1>. Ring <PHONE_1>.",
        "Hello <NAME_1>, is it <ADDRESS_1>?",
    ]
    assert shown.subject is not None
    assert shown.subject.text == "<NAME_1>: no invoice at <EMAIL_1>"
    assert {p.original for m in shown.messages for p in m.placeholders} == {None}


async def test_readers_are_given_the_masked_subject(database: Database) -> None:
    workspace = await masked(database, thread("It fails.", subject="Call rosalind@x.example"))
    async with database.read() as reader:
        (readable,) = await list_readable(reader, workspace, ["1"])
    assert readable.subject == "Call <EMAIL_1>"


async def test_originals_are_shown_to_whoever_asks_with_authority(database: Database) -> None:
    workspace = await masked(database, thread("I am Rosalind", subject="for Achterberg"))
    shown = await show(database, workspace, reveal=True)
    assert [p.original for p in shown.messages[0].placeholders] == ["Rosalind"]
    assert shown.subject is not None
    assert [p.original for p in shown.subject.placeholders] == ["Achterberg"]


async def test_what_looks_like_a_secret_is_shown_to_nobody(database: Database) -> None:
    # Ingest drops secrets; this one was stored before its rule was there.
    workspace = await masked(database, thread("my password is Tr0ub4dor&3, mail me: a@b.example"))
    shown = await show(database, workspace, reveal=True)
    assert shown.messages[0].text == "my password is <SECRET_1>, mail me: <EMAIL_1>"
    assert [p.original for p in shown.messages[0].placeholders] == [None, "a@b.example"]
    async with database.read() as reader:
        (text,) = await reveal_texts(
            reader,
            workspace,
            [MaskedText(conversation_id="1", text="<SECRET_1> and <EMAIL_1>")],
            authority=AT_THIS_MACHINE,
        )
    assert text == "<SECRET_1> and a@b.example"


async def test_statements_get_back_what_their_placeholders_stand_for(database: Database) -> None:
    workspace = await masked(
        database,
        thread(
            "Rosalind here: <EMAIL_1> is shown instead of a@b.example",
            "Rosalind Achterberg, thanks",
            subject="ask Nordlicht Optik",
        ),
    )
    texts = ("<NAME_1> sees <LITERAL_1> for <EMAIL_1>", "at <COMPANY_1>", "<NAME_9> x <NAME_")
    async with database.read() as reader:
        revealed = await reveal_texts(
            reader,
            workspace,
            [
                *(MaskedText(conversation_id="1", text=text) for text in texts),
                MaskedText(conversation_id="gone", text="<NAME_1>"),
            ],
            authority=AT_THIS_MACHINE,
        )
    assert revealed == [
        "Rosalind Achterberg sees <EMAIL_1> for a@b.example",
        "at Nordlicht Optik",
        "<NAME_9> x <NAME_",
        "<NAME_1>",
    ]


async def test_masked_subject_goes_with_the_subject(database: Database) -> None:
    workspace = await masked(database, thread("It fails.", subject="for Achterberg"))
    async with database.write() as connection:
        await connection.execute("UPDATE conversations SET subject = NULL")
    assert (await show(database, workspace)).subject is None
    async with database.read() as reader:
        (readable,) = await list_readable(reader, workspace, ["1"])
    assert readable.subject is None


async def test_copy_of_an_older_text_is_not_stored(database: Database) -> None:
    workspace = await masked(database, thread("It fails.", subject="first"))
    async with database.read() as reader:
        (stale,) = await masked_storage.list_maskable(reader, workspace, ["1"])
    made = thread("It fails.", subject="second", version=1)
    async with database.write() as connection:
        await upsert_threads(connection, workspace, [made])
        await masked_storage.store_masked(
            connection,
            workspace,
            [
                MaskedConversation(
                    id="1", content_hash=stale.content_hash, subject="first", messages=()
                )
            ],
            masker="k",
        )
    assert (await show(database, workspace)).subject is None


async def rename(database: Database, workspace: int, name: str | None) -> None:
    known = CONTACT.model_copy(update={"name": name, "updated_at": datetime.now(UTC)})
    async with database.write() as connection:
        await people_storage.upsert_contacts(connection, workspace, [known])


async def key_of(database: Database, workspace: int) -> str | None:
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT masked_key FROM conversations WHERE workspace_id = %(id)s", {"id": workspace}
        )
        row = await cursor.fetchone()
    return row["masked_key"] if row else None


async def test_a_name_that_becomes_known_later_is_masked_again(database: Database) -> None:
    workspace = await masked(database, thread("Ask Oswalda Pfeiffenbring, she knows."))
    before = await key_of(database, workspace)
    await rename(database, workspace, CONTACT.name)
    assert await key_of(database, workspace) == before  # nothing that matters has changed
    await rename(database, workspace, "Oswalda Pfeiffenbring")
    assert await key_of(database, workspace) is None
    await mask_page(database, workspace, ["1"])
    assert await key_of(database, workspace) == before
    (message,) = (await show(database, workspace)).messages
    assert "Pfeiffenbring" not in message.text


async def test_a_company_that_becomes_known_later_is_masked_again(database: Database) -> None:
    workspace = await masked(database, thread("We at Quellgrund Werke have a problem."))
    company = COMPANY.model_copy(update={"name": "Quellgrund Werke"})
    async with database.write() as connection:
        await people_storage.upsert_companies(connection, workspace, [company])
    assert await key_of(database, workspace) is None
    await mask_page(database, workspace, ["1"])
    (message,) = (await show(database, workspace)).messages
    assert "Quellgrund" not in message.text


async def test_a_name_that_becomes_known_while_masking_is_not_missed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = await masked(database, thread("Ask Oswalda Pfeiffenbring, she knows."))
    loop, mask_really = asyncio.get_running_loop(), masking.mask_conversations

    def mask_meanwhile(unmasked: Sequence[masking.Unmasked]) -> list[MaskedConversation]:
        renaming = rename(database, workspace, "Oswalda Pfeiffenbring")
        asyncio.run_coroutine_threadsafe(renaming, loop).result(timeout=30)
        return mask_really(unmasked)

    with monkeypatch.context() as patch:
        patch.setattr(masking, "mask_conversations", mask_meanwhile)
        await mask_page(database, workspace, ["1"])
    assert await key_of(database, workspace) is None
    await mask_page(database, workspace, ["1"])
    (message,) = (await show(database, workspace)).messages
    assert "Pfeiffenbring" not in message.text


async def test_unknown_conversation_is_not_found(database: Database) -> None:
    workspace = await masked(database, thread("It fails."))
    async with database.read() as reader:
        with pytest.raises(NotFound):
            await show_conversations(reader, workspace, ["1", "2"], authority=None)
