"""A quote that is not in a stored message cannot exist: the database refuses it."""

import pytest
from psycopg import errors

from earmark.db.connection import Database
from earmark.db.models import Workspace
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread, make_workspace, store

_BODY = "The export is broken."


async def _insert(database: Database, workspace: Workspace, **changes: object) -> None:
    row = {
        "workspace_id": workspace.id,
        "message_id": "source",
        "author_role": "customer",
        "body_length": len(_BODY),
        "kind": "churn",
        "quote_start": 0,
        "quote_end": 10,
        **changes,
    }
    async with database.write() as connection:
        await connection.execute(
            "INSERT INTO evidence (workspace_id, conversation_id, message_id, author_role,"
            " body_length, kind, quote_start, quote_end) VALUES (%(workspace_id)s, '1',"
            " %(message_id)s, %(author_role)s, %(body_length)s, %(kind)s, %(quote_start)s,"
            " %(quote_end)s)",
            row,
        )


async def _count(database: Database) -> int:
    async with database.read() as reader:
        cursor = await reader.execute("SELECT count(*) AS number FROM evidence")
        row = await cursor.fetchone()
    return int(row["number"]) if row else 0


@pytest.fixture(name="workspace")
async def _workspace(database: Database) -> Workspace:
    workspace = await make_workspace(database)
    await store(database, workspace, make_thread("1", (CUSTOMER, _BODY), (TEAMMATE, "Sorry!")))
    return workspace


async def test_quote_inside_the_message_is_stored(database: Database, workspace: Workspace) -> None:
    await _insert(database, workspace)
    assert await _count(database) == 1


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"quote_end": len(_BODY) + 1}, errors.CheckViolation),
        ({"quote_start": -1}, errors.CheckViolation),
        ({"quote_start": 5, "quote_end": 5}, errors.CheckViolation),
        ({"body_length": 1_000, "quote_end": 900}, errors.ForeignKeyViolation),
        ({"message_id": "p9"}, errors.ForeignKeyViolation),
        ({"message_id": "p1", "body_length": 6, "quote_end": 5}, errors.ForeignKeyViolation),
        (
            {"message_id": "p1", "body_length": 6, "quote_end": 5, "author_role": "teammate"},
            errors.CheckViolation,
        ),
        ({"kind": "resolution"}, errors.CheckViolation),
        ({"kind": "issue"}, errors.CheckViolation),
    ],
    ids=[
        "beyond the end",
        "before the start",
        "empty",
        "a made-up length",
        "no such message",
        "a teammate's words as the customer's",
        "a teammate threatening to leave",
        "a customer's words as the answer",
        "an issue's quote without an issue",
    ],
)
async def test_quote_that_is_not_there_is_refused(
    database: Database, workspace: Workspace, changes: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await _insert(database, workspace, **changes)


async def test_redacted_message_takes_its_quotes_along(
    database: Database, workspace: Workspace
) -> None:
    await _insert(database, workspace)
    redacted = make_thread("1", (CUSTOMER, "[redacted]"), (TEAMMATE, "Sorry!"), version=1)
    await store(database, workspace, redacted)
    assert await _count(database) == 0


async def test_unchanged_message_keeps_its_quotes(database: Database, workspace: Workspace) -> None:
    await _insert(database, workspace)
    again = make_thread("1", (CUSTOMER, _BODY), (TEAMMATE, "Sorry, mended now!"), version=1)
    await store(database, workspace, again)
    assert await _count(database) == 1
