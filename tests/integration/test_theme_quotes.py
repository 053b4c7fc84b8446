"""Which of the customers' words stand for a theme, and in which order."""

import pytest

from earmark.db import insight_storage
from earmark.db.connection import Database
from earmark.db.models import Workspace
from tests.fixtures.threads import CUSTOMER, make_thread, make_workspace, store

_BROKEN = "The export is broken."


@pytest.fixture(name="workspace")
async def _workspace(database: Database) -> Workspace:
    """One customer says the same twice and something else; another one says the same, too."""
    workspace = await make_workspace(database)
    first = make_thread("1", (CUSTOMER, _BROKEN), (CUSTOMER, "the EXPORT is broken."))
    more = make_thread("2", (CUSTOMER, "It was better before."))
    other = make_thread("3", (CUSTOMER, _BROKEN))
    other = other.model_copy(
        update={"conversation": other.conversation.model_copy(update={"contact_id": "c2"})}
    )
    await store(database, workspace, first, more, other)
    async with database.write() as connection:
        await connection.execute(
            "WITH theme AS (INSERT INTO themes (workspace_id, id) VALUES (%(id)s, 1)),"
            " issue AS (INSERT INTO issues (workspace_id, conversation_id, position, statement,"
            " direction, verified, input_key) SELECT workspace_id, id, 1, 'the export is broken',"
            " 'broken', true, 'k' FROM conversations WHERE workspace_id = %(id)s"
            " RETURNING workspace_id, conversation_id, id),"
            " member AS (INSERT INTO theme_assignments (workspace_id, issue_id, theme_id,"
            " probability, decider, model_version)"
            " SELECT workspace_id, id, 1, 0.9, 'rule', 'v' FROM issue)"
            " INSERT INTO evidence (workspace_id, conversation_id, message_id, author_role,"
            " body_length, issue_id, kind, quote_start, quote_end)"
            " SELECT m.workspace_id, m.conversation_id, m.id, m.author_role, m.body_length, i.id,"
            " 'issue', 0, m.body_length FROM messages m JOIN issue i"
            " ON i.conversation_id = m.conversation_id WHERE m.workspace_id = %(id)s"
            " ORDER BY m.conversation_id, m.position",
            {"id": workspace.id},
        )
    return workspace


async def test_the_same_words_of_one_customer_are_one_quote(
    database: Database, workspace: Workspace
) -> None:
    async with database.read() as reader:
        quotes = await insight_storage.theme_quotes(reader, workspace.id, [1], per_theme=10)
        second = await insight_storage.theme_quotes(
            reader, workspace.id, [1], per_theme=1, offset=1
        )
    assert [(quote.conversation_id, quote.text) for quote in quotes] == [
        ("1", _BROKEN),
        ("3", _BROKEN),
        ("2", "It was better before."),  # beside the statement
    ]
    assert second == quotes[1:2]
