"""Any figure can be counted again as it was: real PostgreSQL, a workspace that was really read."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from earmark.db import classification_storage, figure_storage, insight_storage
from earmark.db.connection import Database
from earmark.db.figure_storage import FigureKind, FigureSpec
from earmark.db.label_storage import NewLabel
from earmark.db.models import CANNOT_TELL, THEMELESS_CATEGORIES, Decider, Workspace
from earmark.pipeline import review
from tests.fixtures.readings import Read


def spec(kind: FigureKind, identifier: str = "", as_of: datetime | None = None) -> FigureSpec:
    return FigureSpec(kind=kind, id=identifier, as_of=as_of or datetime.now(UTC))


async def value(database: Database, workspace: Workspace, figure: FigureSpec) -> int:
    async with database.read() as reader:
        totals = await figure_storage.count_figure(
            reader, workspace.id, figure, excluded=THEMELESS_CATEGORIES
        )
    return totals.conversations


async def members(database: Database, workspace: Workspace, figure: FigureSpec) -> list[str]:
    """All of them, in pages of seven."""
    found: list[str] = []
    while True:
        async with database.read() as reader:
            page = await figure_storage.list_members(
                reader,
                workspace.id,
                figure,
                excluded=THEMELESS_CATEGORIES,
                after=found[-1] if found else None,
                limit=7,
            )
        if not page:
            return found
        found += page


async def say(
    database: Database, workspace: Workspace, category_id: str, ids: Sequence[str]
) -> None:
    """Let a person put conversations into a category."""
    labels = [NewLabel(conversation_id=one, kind="final", value=category_id) for one in ids]
    async with database.write() as connection:
        await review.label(connection, workspace.id, "Ann", labels)


@pytest.fixture(name="labelled")
async def _labelled(read: Read) -> Read:
    """The workspace with two categories that people filled."""
    ids = await members(*read, spec("category", CANNOT_TELL))
    await say(*read, "billing_question", ids[:9])
    await say(*read, "account_issue", ids[9:13])
    return read


async def test_figures_are_those_of_the_pages(labelled: Read) -> None:
    database, workspace = labelled
    async with database.read() as reader:
        categories = await classification_storage.count_categories(reader, workspace.id)
        now = datetime.now(UTC)
        themes = await insight_storage.theme_volumes(
            reader, workspace.id, recent_from=now, before_from=now, until=now
        )
    assert {"billing_question", "account_issue"} < {one.category_id for one in categories}
    assert len(themes) > 3
    for category in categories:
        figure = spec("category", category.category_id)
        assert await value(database, workspace, figure) == category.conversations
    for theme in themes:
        figure = spec("theme", str(theme.theme_id))
        assert await value(database, workspace, figure) == theme.conversations
        assert len(set(await members(database, workspace, figure))) == theme.conversations


async def test_everything_that_was_read_is_in_a_theme_or_in_the_remainder(read: Read) -> None:
    database, workspace = read
    async with database.read() as reader:
        labels = await classification_storage.final_categories(reader, workspace.id)
        cursor = await reader.execute(
            "SELECT DISTINCT i.conversation_id AS id FROM theme_assignments a"
            " JOIN issues i ON i.id = a.issue_id WHERE a.superseded_at IS NULL"
        )
        themed = {row["id"] for row in await cursor.fetchall()}
    left = await members(database, workspace, spec("remainder"))
    wanted = {key for key, category in labels.items() if category not in THEMELESS_CATEGORIES}
    assert set(left) == wanted - themed


async def test_a_figure_of_before_stays_what_it_was(labelled: Read) -> None:
    database, workspace = labelled
    before = datetime.now(UTC)
    ids = await members(database, workspace, spec("category", "billing_question"))
    await say(database, workspace, "spam", ids[:3])
    in_between = datetime.now(UTC)
    await say(database, workspace, "account_issue", ids[:1])
    counts = [
        [
            await value(database, workspace, spec("category", category, moment))
            for category in ("billing_question", "account_issue", "spam")
        ]
        for moment in (before, in_between, datetime.now(UTC))
    ]
    assert counts == [[9, 4, 0], [6, 4, 3], [6, 5, 2]]


async def test_who_decided_adds_up_to_the_figure(labelled: Read) -> None:
    database, workspace = labelled
    ids = await members(database, workspace, spec("category", CANNOT_TELL))
    await say(database, workspace, CANNOT_TELL, ids[:2])
    async with database.read() as reader:
        parts = await figure_storage.list_provenance(
            reader, workspace.id, spec("category", CANNOT_TELL), excluded=()
        )
    assert {part.decider: part.conversations for part in parts} == {
        Decider.HUMAN: 2,
        Decider.LOCAL_MODEL: len(ids) - 2,
    }


async def test_what_was_deleted_since_is_told(read: Read) -> None:
    database, workspace = read
    before = datetime.now(UTC)
    async with database.write() as connection:
        await connection.execute(
            "UPDATE sync_ledger SET deleted_at = now(), status = 'skipped', reason = 'deleted'"
            " WHERE conversation_id IN (SELECT conversation_id FROM sync_ledger LIMIT 2)"
        )
    async with database.read() as reader:
        gone = await figure_storage.count_gone(reader, workspace.id, before)
        later = await figure_storage.count_gone(
            reader, workspace.id, datetime.now(UTC) + timedelta(hours=1)
        )
    assert (gone.deleted, gone.erased) == (2, 0)
    assert (later.deleted, later.erased) == (0, 0)
