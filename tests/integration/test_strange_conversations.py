"""Conversations as nobody expects them, all the way from Intercom to stored labels."""

import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from psycopg.rows import scalar_row

from earmark.db import classification_storage, run_storage, sync_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus
from tests.fixtures.scripted import Answer, scripted
from tests.fixtures.simulator import registered
from tests.integration.test_runs import finish, start, working

_AT: Final = 1_750_000_000
_PERSON: Final = {"type": "user", "id": "u1"}


def _said(body: object, **changes: object) -> dict[str, Any]:
    return {"source": {"body": body, "author": _PERSON}, **changes}


STRANGE: Final[Mapping[str, dict[str, Any]]] = {
    "1": _said("The invoice is wrong.", id=1, contacts={"contacts": [{"id": 7}]}),
    "2": {},
    "3": {"source": None, "contacts": None, "conversation_parts": None, "tags": None},
    "4": _said(None),
    "5": _said("a\0b \ud83d c cannot log in", title="\0", custom_attributes={"\0": "\udc00"}),
    "6": _said("<p>" + "The export never ends. " * 95_000 + "</p>"),
    "7": _said("x" * 300_000),
    "8": _said("<div>" * 20_000 + "deep" + "</div>" * 20_000),
    "9": _said("%s {0} ${x} '; DROP TABLE conversations; -- \\N \\. \t|"),
    "10": _said("Hello", created_at=0, updated_at=0),
    "11": _said("Hello", updated_at=99_999_999_999),
    "12": _said(
        "It fails",
        conversation_parts={
            "conversation_parts": [
                {"id": 1, "part_type": "from_the_future", "body": None, "author": None},
                {"id": 2, "part_type": None, "body": "Why?", "author": {"type": "alien", "id": 3}},
            ],
            "total_count": 40,
        },
    ),
    "13": _said("日本語 ﷽ 👩‍👩‍👧‍👦 " + "é" * 5_000),
    "14": _said("1234 " * 50_000),
    "15": _said("a@b." * 40_000),
    "16": _said("Hello", conversation_parts={"conversation_parts": ["nonsense"]}),
}
UNUSABLE: Final = {"10": "no usable creation time", "16": "unexpected shape"}


def _answer() -> Answer:
    """An Intercom that holds these conversations and nothing else."""
    whole = {
        identifier: {"id": identifier, "created_at": _AT, "updated_at": _AT, **change}
        for identifier, change in STRANGE.items()
    }

    async def answer(request: web.Request) -> web.StreamResponse:
        found = re.fullmatch(r"/conversations/(\d+)", request.path)
        if found:
            return web.json_response(whole[found[1]])
        rows = [{"id": key, "created_at": _AT, "updated_at": _AT} for key in whole]
        return web.json_response(
            {
                "app": {"id_code": "strange", "name": "Strange"},
                "admins": [],
                "data": [],
                "conversations": rows,
                "total_count": len(rows),
            }
        )

    return answer


async def test_strange_conversations_are_all_accounted_for(database: Database) -> None:
    async with scripted() as (script, client):
        script.then(_answer())
        async with working(database, client):
            workspace = await registered(database, client)
            run = await finish(database, await start(database, workspace))
    async with database.read() as reader:
        stages = await run_storage.list_stages(reader, workspace.id, run.id)
        coverage = await sync_storage.get_coverage(reader, workspace.id)
        gaps = await sync_storage.list_gaps(reader, workspace.id, limit=50)
        labels = await classification_storage.final_categories(reader, workspace.id)
        async with reader.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute("SELECT max(body_length) FROM messages")
            longest = await cursor.fetchone()
    assert run.status is RunStatus.SUCCEEDED, run.error
    assert coverage.listed == len(STRANGE)
    assert coverage.stored == len(STRANGE) - len(UNUSABLE), gaps
    assert [stage.failed for stage in stages] == [0] * len(stages)
    assert set(STRANGE) - set(labels) == {"2", "3", "4", *UNUSABLE}
    assert longest is not None
    assert longest > 2_000_000
    reasons = {gap.conversation_id: gap.reason for gap in gaps}
    assert set(reasons) == {"12", *UNUSABLE}
    assert all(words in reasons[identifier] for identifier, words in UNUSABLE.items())
