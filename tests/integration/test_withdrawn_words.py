"""What a person may withdraw: nothing that was made of it may outlive it, and it stays away."""

from collections.abc import Sequence

import pytest

from earmark.db import people_storage, run_storage, story_storage
from earmark.db.connection import Database
from earmark.db.models import (
    Contact,
    Decider,
    Interval,
    Message,
    RunStatus,
    Stage,
    Thread,
)
from earmark.db.story_storage import StoryContent, StoryDraft
from earmark.db.theme_storage import ThemeDraft, create_themes
from earmark.errors import NotFound
from earmark.pipeline import erasure, learn, masking
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.naming import choose_name
from earmark.pipeline.progress import Progress
from earmark.sources.simulator.changes import (
    CreateConversation,
    CustomerReply,
    DeleteConversation,
    RedactSource,
)
from tests.fixtures.models import GreedyFinder, HashedModels
from tests.fixtures.replica import Replica, replicating
from tests.fixtures.simulator import small_sample
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread, make_workspace, store

SAMPLE = small_sample(300)
NAME = 'The "export" to C:\\temp\\new is empty, ©'
"""What JSON escapes, and what it does not."""
PLAIN = "export, empty"


class Story:
    """A theme and its story, written by hand from one issue and one answer."""

    def __init__(self, database: Database, workspace_id: int) -> None:
        self.database = database
        self.workspace_id = workspace_id
        self.theme_id = 0

    async def write(self, *, name: str = NAME, conversation: str = "1") -> None:
        """Store an issue whose words the theme's name is, the theme, and its story."""
        async with self.database.write() as connection:
            cursor = await connection.execute(
                "INSERT INTO issues (workspace_id, conversation_id, position, statement,"
                " direction, verified, input_key) VALUES (%(workspace)s, %(id)s, 0, %(name)s,"
                " 'broken', true, 'k') RETURNING id",
                {"workspace": self.workspace_id, "id": conversation, "name": name},
            )
            (issue,) = await cursor.fetchall()
            draft = ThemeDraft(
                name=name,
                plain_name=PLAIN,
                named_by=issue["id"],
                keywords=("export", "empty"),
                category_id=None,
                product_area_id=None,
                cohesion=1,
            )
            (self.theme_id,) = await create_themes(
                connection, self.workspace_id, [draft], model_version="m"
            )
        await self.draft(name)

    async def draft(self, name: str, *, answer_hash: str | None = None) -> None:
        """Store a story of the theme as it was called when it was read."""
        async with self.database.write() as connection:
            if answer_hash is None:
                cursor = await connection.execute(
                    "SELECT content_hash FROM conversations WHERE id = '2'"
                )
                answer_hash = str((await cursor.fetchall())[0]["content_hash"])
            await story_storage.upsert_stories(
                connection, self.workspace_id, [self._story(name, answer_hash)]
            )

    def _story(self, name: str, answer_hash: str) -> StoryDraft:
        one = Interval(value=1, low=1, high=1)
        return StoryDraft(
            theme_id=self.theme_id,
            theme_version=1,
            theme_name=name,
            title=f"Fix: {name}"[:80],
            content=StoryContent(
                problem=f"3 customers wrote about “{name}” in 3 conversations.",
                who="3 customers",
                acceptance_criteria=(),
                workaround="Clear the cache.",
                score_parts=(),
            ),
            reach=one,
            score=one,
            decider=Decider.RULE,
            workaround_of="2",
            workaround_hash=answer_hash,
            evidence_ids=(),
        )

    async def read(self) -> tuple[str, str, str | None, str]:
        """Title, problem and workaround of the story, name of the theme."""
        async with self.database.read() as reader:
            (story,) = await story_storage.list_stories(reader, self.workspace_id, limit=2)
            cursor = await reader.execute("SELECT name FROM theme_versions")
            (theme,) = await cursor.fetchall()
        return story.title, story.problem, story.workaround, theme["name"]


async def written(database: Database, *, name: str = NAME) -> Story:
    """Two conversations: one names a theme, the other one's answer is a workaround."""
    workspace = await make_workspace(database)
    await store(
        database,
        workspace,
        make_thread("1", (CUSTOMER, name), (TEAMMATE, "Hm.")),
        make_thread("2", (CUSTOMER, "The same."), (TEAMMATE, "Clear the cache.")),
    )
    story = Story(database, workspace.id)
    await story.write(name=name)
    return story


async def _execute(database: Database, query: str) -> None:
    async with database.write() as connection:
        await connection.execute(query.encode())


# ---------------------------------------------------------------- names and answers


@pytest.mark.parametrize(
    "withdrawal",
    [
        "DELETE FROM conversations WHERE id = '1'",
        "UPDATE messages SET body = '[redacted]' WHERE conversation_id = '1' AND id = 'source'",
        "DELETE FROM messages WHERE conversation_id = '1' AND id = 'source'",
        "DELETE FROM issues",
    ],
)
@pytest.mark.parametrize(
    "name", [NAME, 'A "quoted" name ' + "that is long, " * 6, "Text: with colon"]
)
async def test_name_goes_with_the_words_that_it_is_made_of(
    database: Database, withdrawal: str, name: str
) -> None:
    story = await written(database, name=name)
    await _execute(database, withdrawal)
    title, problem, workaround, theme = await story.read()
    assert (title, theme) == (f"Fix: {PLAIN}", PLAIN)
    assert problem == f"3 customers wrote about “{PLAIN}” in 3 conversations."
    assert workaround == "Clear the cache."


@pytest.mark.parametrize(
    "withdrawal",
    [
        "DELETE FROM conversations WHERE id = '2'",
        "UPDATE messages SET body = '[redacted]' WHERE conversation_id = '2' AND id = 'p1'",
        "DELETE FROM messages WHERE conversation_id = '2' AND id = 'p1'",
    ],
)
async def test_answer_goes_from_the_story_that_quotes_it(
    database: Database, withdrawal: str
) -> None:
    story = await written(database)
    await _execute(database, withdrawal)
    title, _, workaround, theme = await story.read()
    assert workaround is None
    assert (title, theme) == (f"Fix: {NAME}", NAME)


async def test_words_of_others_leave_a_story_alone(database: Database) -> None:
    story = await written(database)
    before = await story.read()
    await _execute(database, "UPDATE themes SET current_version = 2")
    await _execute(
        database,
        "INSERT INTO theme_versions (workspace_id, theme_id, version, name, keywords, cohesion,"
        " model_version) SELECT workspace_id, theme_id, 2, 'Chosen by people', keywords, 1, 'm'"
        " FROM theme_versions",
    )
    await _execute(
        database,
        "UPDATE stories SET title = 'Fix: Chosen by people', theme_version = 2,"
        " content = jsonb_set(content, '{problem}', '\"Chosen by people\"')",
    )
    await _execute(database, "DELETE FROM conversations WHERE id = '1'")
    async with database.read() as reader:
        (now,) = await story_storage.list_stories(reader, story.workspace_id, limit=2)
    assert (now.title, now.problem) == ("Fix: Chosen by people", "Chosen by people")
    assert before[0] == f"Fix: {NAME}"


async def test_story_that_was_drafted_before_a_withdrawal_is_not_written_after_it(
    database: Database,
) -> None:
    story = await written(database)
    await _execute(database, "DELETE FROM conversations WHERE id = '1'")
    await story.draft(NAME)
    assert (await story.read())[0] == f"Fix: {PLAIN}"
    await story.draft(PLAIN, answer_hash="of an older text")
    assert (await story.read())[2] is None


async def test_theme_is_not_named_by_an_issue_that_is_gone(database: Database) -> None:
    story = await written(database)
    draft = ThemeDraft(
        name=NAME,
        plain_name=PLAIN,
        named_by=10_000,
        keywords=("export", "empty"),
        category_id=None,
        product_area_id=None,
        cohesion=1,
    )
    async with database.write() as connection:
        await create_themes(connection, story.workspace_id, [draft], model_version="m")
        cursor = await connection.execute("SELECT name, named_by FROM theme_versions ORDER BY 1")
        rows = [(row["name"], row["named_by"] is None) for row in await cursor.fetchall()]
    assert sorted(rows) == sorted([(NAME, False), (PLAIN, True)])


@pytest.mark.parametrize(
    ("statements", "keywords", "name", "statement"),
    [
        (["ok", "The export is empty since May"], ["export"], "The export is empty since May", 1),
        (["<EMAIL_1> wrote", "no"], ["export", "empty"], "export, empty", None),
        (["<EMAIL_1> wrote"], [], "… wrote", 0),
        ([], [], "unnamed", None),
    ],
)
def test_a_name_tells_whose_words_it_is(
    statements: Sequence[str], keywords: Sequence[str], name: str, statement: int | None
) -> None:
    assert choose_name(statements, keywords) == (name, statement)


# ---------------------------------------------------------------- through a whole run


TABLES = (
    *("messages", "masked_messages", "issues", "evidence", "classifications", "facets"),
    "analyses",
)


async def _understand(replica: Replica) -> None:
    """What the later stages of a run do."""
    await replica.understand(ModelShelf(HashedModels()), GreedyFinder())


async def _rows(replica: Replica, identifier: str) -> dict[str, object]:
    return {
        table: await replica.one(
            f"SELECT count(*) FROM {table} WHERE conversation_id = %s",  # noqa: S608
            identifier,
        )
        for table in TABLES
    }


async def _namer(replica: Replica) -> str:
    """A conversation whose words are the name of a theme that has a story."""
    return str(
        await replica.one(
            "SELECT i.conversation_id FROM theme_versions v JOIN issues i ON i.id = v.named_by"
            " JOIN stories s ON s.theme_id = v.theme_id JOIN conversations c"
            " ON c.id = i.conversation_id JOIN messages m ON m.conversation_id = c.id"
            " AND m.id = 'source' AND m.author_role = 'customer' AND length(m.body) > 30"
            " ORDER BY v.theme_id LIMIT 1"
        )
    )


async def test_redaction_reaches_everything_that_was_made_of_the_words(
    database: Database,
) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        await _understand(replica)
        assert await replica.one("SELECT count(*) FROM stories WHERE workaround_of IS NOT NULL")
        chosen = await _namer(replica)
        body = (await replica.texts(chosen))[0].body
        replica.server.apply(RedactSource(conversation_id=chosen))
        await replica.sweep()
        rows = await _rows(replica, chosen)
        assert rows["issues"] == 0
        everything = await replica.dump()
        assert body not in everything
        assert (await replica.texts(chosen))[0].redacted
        await _understand(replica)
        assert (await _rows(replica, chosen))["masked_messages"] != 0
        assert await replica.differences() == []


async def test_deletion_reaches_everything_that_was_made_of_the_words(
    database: Database,
) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        await _understand(replica)
        chosen = await _namer(replica)
        name = str(
            await replica.one(
                "SELECT v.name FROM theme_versions v JOIN issues i ON i.id = v.named_by"
                " WHERE i.conversation_id = %s LIMIT 1",
                chosen,
            )
        )
        body = (await replica.texts(chosen))[0].body
        assert name in await replica.dump()
        replica.server.apply(DeleteConversation(conversation_id=chosen))
        await replica.sweep()
        assert set((await _rows(replica, chosen)).values()) == {0}
        assert body not in await replica.dump()
        named = await replica.column("SELECT name FROM theme_versions")
        told = await replica.column("SELECT title || content::text FROM stories")
        assert name not in " ".join(map(str, named + told))
        assert await replica.differences() == []


async def test_unchanged_text_is_not_read_again(database: Database) -> None:
    async with replicating(database, small_sample(60)) as replica:
        await replica.sweep()
        await _understand(replica)
        before = await replica.column("SELECT id FROM classifications ORDER BY id")
        identifier = str(await replica.one("SELECT max(id) FROM conversations"))
        replica.server.apply(CustomerReply(conversation_id=identifier, body="<p>One more</p>"))
        await replica.execute("UPDATE sync_ledger SET status = 'pending'")
        await replica.sweep()
        await _understand(replica)
        after = await replica.column("SELECT id FROM classifications ORDER BY id")
        again = await replica.column(
            "SELECT DISTINCT conversation_id FROM classifications WHERE id > %s", before[-1]
        )
        assert after[: len(before)] == before
        assert again == [identifier]


# ---------------------------------------------------------------- erased people


def _with_author(thread: Thread, message_id: str, author: str) -> Thread:
    def change(message: Message) -> Message:
        named = message.model_copy(update={"author_id": author, "author_name": "Ann"})
        return named if message.id == message_id else message

    return thread.model_copy(update={"messages": tuple(map(change, thread.messages))})


async def test_erased_person_is_gone_and_stays_gone(database: Database) -> None:
    async with replicating(database, SAMPLE) as replica:
        await replica.sweep()
        await _understand(replica)
        contact = str(
            await replica.one(
                "SELECT contact_id FROM conversations GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
            )
        )
        theirs = [
            str(identifier)
            for identifier in await replica.column(
                "SELECT id FROM conversations WHERE contact_id = %s", contact
            )
        ]
        texts = await replica.column(
            "SELECT body FROM messages GROUP BY body HAVING length(body) > 40"
            " AND bool_and(conversation_id = ANY(%s))",
            theirs,
        )
        assert len(texts) > 2
        receipt = await erasure.erase_contact(database, replica.workspace.id, contact)
        assert receipt.counts["conversations"] == len(theirs) > 1
        assert receipt.counts["contacts"] == 1
        # They write again, and all that the source still has is read again.
        replica.server.apply(CustomerReply(conversation_id=theirs[0], body="<p>Hello again</p>"))
        await replica.execute("DELETE FROM sync_streams")
        await replica.execute("DELETE FROM sync_ledger WHERE reason IS NULL")
        await replica.sweep(census=True)
        everything = await replica.dump()
        assert contact not in everything
        assert not await replica.column("SELECT id FROM messages WHERE body = ANY(%s)", texts)
        for identifier in theirs:
            assert set((await _rows(replica, identifier)).values()) == {0}
        assert "Hello again" not in everything
        assert (await replica.ledger(theirs[0]))[1] == "erased on request"


async def test_model_that_has_learnt_from_an_erased_person_is_made_anew(
    database: Database,
) -> None:
    workspace = await make_workspace(database)
    said = (CUSTOMER, "The export to our accountant has been empty since this morning")
    await store(database, workspace, *(make_thread(f"{i}", said, contact=f"c{i}") for i in "123"))
    await masking.mask_page(database, workspace.id, ["1", "2", "3"])
    shelf = ModelShelf(HashedModels())

    async def fit() -> list[tuple[int, bool]]:
        """How many texts each model was made of, and whether it is still there."""
        async with database.write() as connection:
            run = await run_storage.create_run(connection, workspace.id)
        await learn.fit_model(database, shelf, workspace.id, Progress(database, run, Stage.LEARN))
        async with database.write() as connection:
            await run_storage.finish_run(connection, run, RunStatus.SUCCEEDED)
            cursor = await connection.execute(
                "SELECT fitted_on, artefact <> '' AS is_there FROM text_models ORDER BY id"
            )
            return [(row["fitted_on"], row["is_there"]) async for row in cursor]

    assert await fit() == [(3, True)]
    assert await fit() == [(3, True)]
    await erasure.erase_contact(database, workspace.id, "c2")
    assert await fit() == [(3, False), (2, True)]
    assert await fit() == [(3, False), (2, True)]


async def test_person_who_writes_for_the_first_time_after_erasure_is_not_stored(
    database: Database,
) -> None:
    async with replicating(database, small_sample(60)) as replica:
        await replica.sweep()
        contact = str(await replica.one("SELECT min(contact_id) FROM conversations"))
        await erasure.erase_contact(database, replica.workspace.id, contact)
        created = replica.server.apply(
            CreateConversation(contact_id=contact, body="<p>My address is unusual</p>")
        )
        await replica.sweep()
        assert "unusual" not in await replica.dump()
        status, reason = await replica.ledger(str(created.conversation_id))
        assert (status, reason) == ("skipped", "of a person who was erased on request")
        with pytest.raises(NotFound):
            await erasure.erase_contact(database, replica.workspace.id, contact)


async def test_words_in_the_conversations_of_others_are_erased_and_stay_so(
    database: Database,
) -> None:
    workspace = await make_workspace(database)
    thread = _with_author(
        make_thread("1", (CUSTOMER, "I am Ann, at Elm Street 5"), (CUSTOMER, "Me too")),
        "source",
        "ann",
    )
    await store(database, workspace, thread)
    receipt = await erasure.erase_contact(database, workspace.id, "ann")
    assert receipt.counts == {"conversations": 0, "messages": 1, "contacts": 0}
    erased = erasure.drop_erased(thread, {"ann"})
    assert erased is not None
    await store(database, workspace, erased)
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT m.body, m.author_name, c.preview FROM messages m JOIN conversations c"
            " ON c.id = m.conversation_id ORDER BY m.position"
        )
        rows = await cursor.fetchall()
    assert [row["body"] for row in rows] == ["[erased]", "Me too"]
    assert "Elm" not in str(rows)
    assert "Ann" not in str(rows)


async def test_contact_list_does_not_bring_an_erased_person_back(database: Database) -> None:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, "Hi"), contact="c9"))
    await erasure.erase_contact(database, workspace.id, "c9")
    async with database.write() as connection:
        await people_storage.upsert_contacts(
            connection, workspace.id, [Contact(id="c9", name="Ann"), Contact(id="c8")]
        )
        cursor = await connection.execute("SELECT id FROM contacts")
        assert [row["id"] for row in await cursor.fetchall()] == ["c8"]
