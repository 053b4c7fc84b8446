"""Stories: backlog candidates drafted from themes."""

from collections.abc import Sequence
from typing import Any

from psycopg.rows import DictRow, scalar_row
from psycopg.types.json import Jsonb

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.insight_storage import Quote
from earmark.db.models import (
    AcceptanceCriterion,
    Decider,
    Interval,
    Model,
    ScorePart,
    Story,
)
from earmark.errors import NotFound


class StoryContent(Model):
    """The parts of a story that only its own page reads."""

    problem: str
    who: str
    acceptance_criteria: tuple[AcceptanceCriterion, ...]
    out_of_scope: tuple[str, ...] = ()
    open_questions: tuple[str, ...] = ()
    workaround: str | None = None
    score_parts: tuple[ScorePart, ...]


class StoryDraft(Model):
    """A story to be written; `evidence_ids` in the order in which they are shown."""

    theme_id: int
    theme_version: int
    theme_name: str
    """As it was when the story was drafted: if it has changed since, the draft is void."""
    title: str
    content: StoryContent
    reach: Interval
    score: Interval
    decider: Decider
    workaround_of: str | None = None
    """The conversation whose answer is quoted as a workaround."""
    workaround_hash: str | None = None
    """The content hash of that conversation; the quote is left out if it has changed since."""
    evidence_ids: tuple[int, ...]


async def upsert_stories(
    connection: WriteConnection, workspace_id: int, drafts: Sequence[StoryDraft]
) -> list[int]:
    """One story per theme: a new draft replaces the machine's older one; returns the ids.

    Words that were withdrawn since the draft are not written: a theme whose name has changed keeps
    its older story until the next run.
    """
    ids: list[int] = []
    drafts = await _lock_names(connection, workspace_id, drafts)
    drafts = await _lock_answers(connection, workspace_id, drafts)
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.executemany(
            "INSERT INTO stories (workspace_id, theme_id, theme_version, title, content, reach,"
            " reach_low, reach_high, score, score_low, score_high, decider, workaround_of) VALUES"
            " (%(workspace_id)s, %(theme_id)s, %(theme_version)s, %(title)s, %(content)s,"
            " %(reach)s, %(reach_low)s, %(reach_high)s, %(score)s, %(score_low)s, %(score_high)s,"
            " %(decider)s, %(workaround_of)s) ON CONFLICT (workspace_id, theme_id) DO UPDATE SET"
            " theme_version = excluded.theme_version, title = excluded.title,"
            " content = excluded.content, reach = excluded.reach,"
            " reach_low = excluded.reach_low, reach_high = excluded.reach_high,"
            " score = excluded.score, score_low = excluded.score_low,"
            " score_high = excluded.score_high, decider = excluded.decider,"
            " workaround_of = excluded.workaround_of, updated_at = now()"
            " RETURNING id",
            [_parameters(workspace_id, draft) for draft in drafts],
            returning=True,
        )
        async for result in cursor.results():
            ids += await result.fetchall()
    await _replace_evidence(connection, workspace_id, ids, drafts)
    return ids


def _parameters(workspace_id: int, draft: StoryDraft) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "theme_id": draft.theme_id,
        "theme_version": draft.theme_version,
        "title": draft.title,
        "content": Jsonb(draft.content.model_dump(mode="json")),
        "reach": draft.reach.value,
        "reach_low": draft.reach.low,
        "reach_high": draft.reach.high,
        "score": draft.score.value,
        "score_low": draft.score.low,
        "score_high": draft.score.high,
        "decider": draft.decider.value,
        "workaround_of": draft.workaround_of,
    }


async def _lock_names(
    connection: WriteConnection, workspace_id: int, drafts: Sequence[StoryDraft]
) -> list[StoryDraft]:
    """The drafts whose theme is still called the same; until the transaction ends, it is."""
    cursor = await connection.execute(
        "SELECT theme_id, version, name FROM theme_versions WHERE workspace_id = %(workspace_id)s"
        " AND theme_id = ANY(%(ids)s) ORDER BY theme_id, version FOR SHARE",
        {"workspace_id": workspace_id, "ids": [draft.theme_id for draft in drafts]},
    )
    names = {(row["theme_id"], row["version"]): row["name"] async for row in cursor}
    return [
        draft
        for draft in drafts
        if names.get((draft.theme_id, draft.theme_version)) == draft.theme_name
    ]


async def _lock_answers(
    connection: WriteConnection, workspace_id: int, drafts: Sequence[StoryDraft]
) -> list[StoryDraft]:
    """The drafts without answers from conversations that have changed; the others hold still."""
    cursor = await connection.execute(
        "SELECT id, content_hash FROM conversations WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(ids)s) ORDER BY id FOR SHARE",
        {
            "workspace_id": workspace_id,
            "ids": [draft.workaround_of for draft in drafts if draft.workaround_of],
        },
    )
    hashes = {row["id"]: row["content_hash"] async for row in cursor}
    return [
        draft
        if draft.workaround_of is None or hashes.get(draft.workaround_of) == draft.workaround_hash
        else draft.model_copy(
            update={
                "workaround_of": None,
                "content": draft.content.model_copy(update={"workaround": None}),
            }
        )
        for draft in drafts
    ]


async def _replace_evidence(
    connection: WriteConnection,
    workspace_id: int,
    ids: Sequence[int],
    drafts: Sequence[StoryDraft],
) -> None:
    await connection.execute(
        "DELETE FROM story_evidence WHERE workspace_id = %(workspace_id)s"
        " AND story_id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "ids": list(ids)},
    )
    rows = [
        (story_id, evidence_id, position)
        for story_id, draft in zip(ids, drafts, strict=True)
        for position, evidence_id in enumerate(draft.evidence_ids)
    ]
    stories, evidence, positions = zip(*rows, strict=True) if rows else ((), (), ())
    # Joined with evidence: a quote withdrawn meanwhile is left out.
    await connection.execute(
        "INSERT INTO story_evidence (workspace_id, story_id, evidence_id, position)"
        " SELECT e.workspace_id, s.story_id, e.id, s.position FROM unnest(%(stories)s::bigint[],"
        " %(evidence)s::bigint[], %(positions)s::int[]) AS s (story_id, evidence_id, position)"
        " JOIN evidence e ON e.workspace_id = %(workspace_id)s AND e.id = s.evidence_id",
        {
            "workspace_id": workspace_id,
            "stories": list(stories),
            "evidence": list(evidence),
            "positions": list(positions),
        },
    )


async def delete_other_stories(
    connection: WriteConnection, workspace_id: int, theme_ids: Sequence[int]
) -> int:
    """Delete machine-made stories of themes that no longer earn one; returns how many."""
    cursor = await connection.execute(
        "DELETE FROM stories WHERE workspace_id = %(workspace_id)s"
        " AND NOT theme_id = ANY(%(ids)s) AND decider <> 'human'",
        {"workspace_id": workspace_id, "ids": list(theme_ids)},
    )
    return cursor.rowcount


async def list_stories(
    connection: ReadConnection,
    workspace_id: int,
    *,
    limit: int,
    after: tuple[float, int] | None = None,
) -> list[Story]:
    """Stories by the lower bound of their score; `after` is (score_low, id) of the last seen."""
    cursor = await connection.execute(
        "SELECT * FROM stories WHERE workspace_id = %(workspace_id)s"
        " AND (%(id)s::bigint IS NULL OR (score_low, -id) < (%(score_low)s::real, -%(id)s))"
        " ORDER BY score_low DESC, id LIMIT %(limit)s",
        {
            "workspace_id": workspace_id,
            "limit": limit,
            "score_low": after[0] if after else None,
            "id": after[1] if after else None,
        },
    )
    return [_to_story(row) for row in await cursor.fetchall()]


async def get_story(connection: ReadConnection, workspace_id: int, story_id: int) -> Story:
    """One story; raises `NotFound`."""
    cursor = await connection.execute(
        "SELECT * FROM stories WHERE workspace_id = %(workspace_id)s AND id = %(id)s",
        {"workspace_id": workspace_id, "id": story_id},
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"There is no story {story_id} in this workspace.")
    return _to_story(row)


async def find_story_id(connection: ReadConnection, workspace_id: int, theme_id: int) -> int | None:
    """The story of a theme, if it has earned one."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT id FROM stories WHERE workspace_id = %(workspace_id)s"
            " AND theme_id = %(theme_id)s",
            {"workspace_id": workspace_id, "theme_id": theme_id},
        )
        return await cursor.fetchone()


async def count_stories(connection: ReadConnection, workspace_id: int) -> int:
    """How many stories there are."""
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(
            "SELECT count(*) FROM stories WHERE workspace_id = %(workspace_id)s",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchone() or 0


async def story_quotes(connection: ReadConnection, workspace_id: int, story_id: int) -> list[Quote]:
    """The quotes that a story rests on, in its order."""
    cursor = await connection.execute(
        "SELECT e.id AS evidence_id, s.theme_id, e.conversation_id, e.message_id, e.kind,"
        " e.quote_start AS start, e.quote_end AS end,"
        " substr(m.body, e.quote_start + 1, e.quote_end - e.quote_start) AS text,"
        " c.contact_id AS customer_id, m.created_at AS said_at, o.plan,"
        " coalesce(a.probability, 0) AS probability"
        " FROM story_evidence v JOIN stories s ON (s.workspace_id, s.id)"
        " = (v.workspace_id, v.story_id)"
        " JOIN evidence e ON (e.workspace_id, e.id) = (v.workspace_id, v.evidence_id)"
        " JOIN messages m ON (m.workspace_id, m.conversation_id, m.id)"
        " = (e.workspace_id, e.conversation_id, e.message_id)"
        " JOIN conversations c ON (c.workspace_id, c.id) = (e.workspace_id, e.conversation_id)"
        " LEFT JOIN companies o ON (o.workspace_id, o.id) = (c.workspace_id, c.company_id)"
        " LEFT JOIN theme_assignments a ON (a.workspace_id, a.issue_id)"
        " = (e.workspace_id, e.issue_id) AND a.superseded_at IS NULL"
        " WHERE v.workspace_id = %(workspace_id)s AND v.story_id = %(story_id)s"
        " ORDER BY v.position",
        {"workspace_id": workspace_id, "story_id": story_id},
    )
    return [Quote.model_validate(row) for row in await cursor.fetchall()]


def _to_story(row: DictRow) -> Story:
    content: dict[str, Any] = row["content"]
    return Story(
        id=row["id"],
        theme_id=row["theme_id"],
        theme_version=row["theme_version"],
        title=row["title"],
        reach=Interval(value=row["reach"], low=row["reach_low"], high=row["reach_high"]),
        score=Interval(value=row["score"], low=row["score_low"], high=row["score_high"]),
        decider=row["decider"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        **StoryContent.model_validate(content).model_dump(),
    )
