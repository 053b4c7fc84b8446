"""Changes of the taxonomy on real PostgreSQL and the real engine: applied, replayed, reverted."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from earmark.cli.taxonomy_work import await_preview
from earmark.db import (
    change_storage,
    preview_storage,
    run_storage,
    taxonomy_storage,
    theme_storage,
)
from earmark.db.change_storage import Proposal, ProposedArea, TaxonomyChange
from earmark.db.connection import Database
from earmark.db.models import CANNOT_TELL, Run, RunStatus, Workspace
from earmark.db.theme_storage import ThemeDraft
from earmark.errors import Conflict, InvalidInput, VersionStale
from earmark.jobs import taxonomy_jobs
from earmark.jobs.queue import open_queue
from earmark.pipeline import taxonomy_change
from earmark.pipeline.classify import Minds
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.taxonomy_diff import propose
from earmark.pipeline.taxonomy_preview import make_preview
from tests.fixtures.models import HashedModels
from tests.fixtures.readers import ScriptedModel
from tests.fixtures.taxonomy import (
    Edit,
    apply,
    current,
    draft,
    label,
    merged,
    read_all,
    renamed,
    revert,
    split,
    spoken,
    working,
    write_workspace,
)
from tests.integration.test_runs import finish


class Rig:
    """A workspace that was read once, with a worker."""

    def __init__(self, database: Database, workspace: Workspace, models: HashedModels) -> None:
        self.database = database
        self.workspace = workspace
        self.models = models

    async def run_of(self, change: TaxonomyChange) -> Run:
        """The replay, at its end."""
        async with self.database.read() as reader:
            run = await run_storage.get_run(reader, self.workspace.id, change.run_id or 0)
        return await finish(self.database, run)

    async def applied(self, edit: Edit) -> TaxonomyChange:
        """A change that was applied and replayed."""
        change = await draft(self.database, self.workspace, edit)
        change = await apply(self.database, self.workspace, change)
        run = await self.run_of(change)
        assert run.status is RunStatus.SUCCEEDED, run.error
        return change

    async def reverted(self, change: TaxonomyChange) -> TaxonomyChange:
        """The same change, taken back and replayed."""
        change = await revert(self.database, self.workspace, change)
        run = await self.run_of(change)
        assert run.status is RunStatus.SUCCEEDED, run.error
        return change

    async def read(self, change: TaxonomyChange) -> TaxonomyChange:
        """The change as it is now."""
        async with self.database.read() as reader:
            return await change_storage.get_change(reader, self.workspace.id, change.id)

    async def chart(self, version: int) -> dict[tuple[str, str | None], int]:
        """Conversations by week and category under a version."""
        async with self.database.read() as reader:
            rows = await preview_storage.count_weeks(
                reader, self.workspace.id, version=version, weeks=104
            )
        return {(row.week.isoformat(), row.category_id): row.conversations for row in rows}


@asynccontextmanager
async def rigged(database: Database, *, times: int = 1) -> AsyncGenerator[Rig]:
    """A small workspace, read once; ten conversations, or so many times that."""
    models = HashedModels()
    workspace = await write_workspace(database, times=times)
    async with working(database, models):
        run = await finish(database, await read_all(database, workspace))
        assert run.status is RunStatus.SUCCEEDED, run.error
        yield Rig(database, workspace, models)


async def test_change_is_applied_by_a_replay_and_reverted_by_another(database: Database) -> None:
    async with rigged(database, times=3) as rig:
        before = await current(database, rig.workspace)
        assert len({category for category, _, _ in before.values()}) == 5
        first = await rig.chart(1)
        change = await rig.applied(merged)
        then = await current(database, rig.workspace)
        second = await rig.chart(2)
        assert {version for _, _, version in then.values()} == {2}
        assert "configuration_help" not in {category for category, _, _ in then.values()}
        fits = rig.models.fits
        change = await rig.reverted(change)
        after = await current(database, rig.workspace)
        assert (change.status, change.applied_version, change.reverted_version) == (
            "reverted",
            2,
            3,
        )
        # The model of the old version is still there: nothing is learnt, and all is as it was.
        assert rig.models.fits == fits
        assert {i: (c, d) for i, (c, d, _) in after.items()} == {
            i: (c, d) for i, (c, d, _) in before.items()
        }
        assert {version for _, _, version in after.values()} == {3}
        # Any version can be counted at any time.
        assert (await rig.chart(1), await rig.chart(2), await rig.chart(3)) == (
            first,
            second,
            first,
        )
        async with database.read() as reader:
            one = await taxonomy_storage.get_taxonomy(reader, rig.workspace.id, 1)
            three = await taxonomy_storage.get_taxonomy(reader, rig.workspace.id)
        assert one is not None
        assert three == one.model_copy(update={"version": 3})


async def test_chart_says_what_was_never_read_under_a_version(database: Database) -> None:
    async with rigged(database) as rig:
        change = await draft(database, rig.workspace, merged)
        async with database.write() as connection:
            await taxonomy_change.apply(connection, rig.workspace.id, change, unseen=True)
        chart = await rig.chart(2)
        assert {category for _, category in chart} == {None}
        assert sum(chart.values()) == sum((await rig.chart(1)).values())


async def test_labels_by_people_follow_a_merge_and_a_new_id(database: Database) -> None:
    async with rigged(database) as rig:
        one, two, three = sorted(await current(database, rig.workspace))[:3]
        await label(database, rig.workspace, one, "configuration_help")
        await label(database, rig.workspace, two, "billing_question")
        await label(database, rig.workspace, three, CANNOT_TELL)
        change = await rig.applied(lambda entries: renamed(merged(entries)))
        expected = {one: "how_to_question", two: "money", three: CANNOT_TELL}
        assert await spoken(database, rig.workspace) == expected
        now = await current(database, rig.workspace)
        assert {i: now[i] for i in expected} == {
            i: (value, "human", 2) for i, value in expected.items()
        }
        await label(database, rig.workspace, two, "how_to_question")
        await rig.reverted(change)
        # The first is as it was said; the second was said where two had become one.
        assert await spoken(database, rig.workspace) == {
            one: "configuration_help",
            three: CANNOT_TELL,
        }
        now = await current(database, rig.workspace)
        assert now[one] == ("configuration_help", "human", 3)
        assert now[three] == (CANNOT_TELL, "human", 3)
        assert now[two][1:] == ("local_model", 3)


async def test_labels_of_a_split_category_are_put_aside_and_come_back(database: Database) -> None:
    async with rigged(database) as rig:
        one, two, three = sorted(await current(database, rig.workspace))[:3]
        for identifier in (one, two, three):
            await label(database, rig.workspace, identifier, "product_issue")
        change = await rig.applied(split)
        assert await spoken(database, rig.workspace) == {}
        assert {(await current(database, rig.workspace))[i][1:] for i in (one, two)} == {
            ("local_model", 2)
        }
        await label(database, rig.workspace, two, "outage")
        await label(database, rig.workspace, three, "spam")
        await rig.reverted(change)
        expected = {one: "product_issue", two: "product_issue", three: "spam"}
        assert await spoken(database, rig.workspace) == expected
        now = await current(database, rig.workspace)
        assert {i: now[i] for i in expected} == {
            i: (value, "human", 3) for i, value in expected.items()
        }


async def test_label_that_was_taken_back_meanwhile_stays_so(database: Database) -> None:
    async with rigged(database) as rig:
        (one, *_) = sorted(await current(database, rig.workspace))
        await label(database, rig.workspace, one, "billing_question")
        change = await rig.applied(renamed)
        async with database.write() as connection:
            await connection.execute("UPDATE human_labels SET undone_at = now()")
            await connection.execute(
                "UPDATE classifications SET is_current = false, superseded_at = now()"
                " WHERE decider = 'human' AND is_current"
            )
            await connection.execute(
                "UPDATE classifications c SET is_current = true, superseded_at = NULL"
                " WHERE id = (SELECT max(id) FROM classifications WHERE conversation_id = %(id)s"
                " AND stage = 'final' AND decider <> 'human')",
                {"id": one},
            )
        await rig.reverted(change)
        assert (await current(database, rig.workspace))[one][1] == "local_model"


async def test_themes_keep_their_ids_and_get_the_new_categories(database: Database) -> None:
    async with rigged(database) as rig:
        money, broken = await _themes(rig, {"006": "billing_question", "000": "product_issue"})

        async def categories() -> list[str | None]:
            async with database.read() as reader:
                found = await theme_storage.list_themes(reader, rig.workspace.id, [money, broken])
            return [theme.category_id for theme in found]

        change = await rig.applied(lambda entries: renamed(split(entries)))
        # Half of it may be either: the theme is what its conversations are.
        assert await categories() == ["money", "product_issue"]
        await rig.reverted(change)
        assert await categories() == ["billing_question", "product_issue"]


async def _themes(rig: Rig, members: dict[str, str]) -> list[int]:
    """A theme for each conversation, with its category."""
    found: list[int] = []
    async with rig.database.write() as connection:
        for conversation, category in members.items():
            cursor = await connection.execute(
                "SELECT id FROM issues WHERE workspace_id = %(workspace)s"
                " AND conversation_id = %(id)s ORDER BY position LIMIT 1",
                {"workspace": rig.workspace.id, "id": conversation},
            )
            (issue,) = await cursor.fetchall()
            draft_ = ThemeDraft(
                name=category,
                plain_name=category,
                named_by=None,
                keywords=("x",),
                category_id=category,
                product_area_id=None,
                cohesion=1,
            )
            (theme,) = await theme_storage.create_themes(
                connection, rig.workspace.id, [draft_], model_version="m"
            )
            await connection.execute(
                "INSERT INTO theme_assignments (workspace_id, issue_id, theme_id, probability,"
                " decider, model_version) VALUES (%(workspace)s, %(issue)s, %(theme)s, 1,"
                " 'human', 'm')",
                {"workspace": rig.workspace.id, "issue": issue["id"], "theme": theme},
            )
            found.append(theme)
    return found


async def test_preview_says_what_moves_and_keeps_no_words(database: Database) -> None:
    async with rigged(database, times=3) as rig:
        (one, *_) = sorted(await current(database, rig.workspace))
        await label(database, rig.workspace, one, "product_issue")
        change = await draft(database, rig.workspace, split)
        async with open_queue(database) as queue, database.write() as connection:
            await taxonomy_jobs.queue_preview(connection, queue, rig.workspace.id, change)
        async with asyncio.timeout(30):
            done = await await_preview(database, rig.workspace.id, change.id)
        assert done.is_previewed, done.preview_error
        preview = done.preview
        assert preview is not None
        assert preview.read == preview.conversations == sum(w.read for w in preview.weeks)
        assert len(preview.weeks) == 12
        assert sum(move.conversations for move in preview.moves) == preview.read
        for move in preview.moves:
            assert move.is_meant == (
                move.before == move.after
                or (move.before, move.after) == ("product_issue", "outage")
            )
        assert "outage" in {move.after for move in preview.moves}
        assert [(e.category_id, e.labels, e.becomes) for e in preview.labels] == [
            ("product_issue", 1, None)
        ]
        for week in preview.weeks:
            effects = [effect for effect in preview.effects if effect.week == week.week]
            assert sum(effect.before for effect in effects) == pytest.approx(week.read)
            assert sum(effect.after for effect in effects) == pytest.approx(week.read)
        async with database.read() as reader:
            cursor = await reader.execute("SELECT count(*) AS n FROM conversations")
            (row,) = await cursor.fetchall()
            named = [identifier for move in preview.moves for identifier in move.examples]
            excerpts = await preview_storage.list_excerpts(reader, rig.workspace.id, named)
        assert preview.cost.conversations == row["n"]
        assert preview.cost.seconds is not None
        stored = preview.model_dump_json()
        assert excerpts
        assert not [text for text in excerpts.values() if text and text[:30] in stored]
        # Nothing but the change itself has changed.
        assert {version for _, _, version in (await current(database, rig.workspace)).values()} == {
            1
        }


async def test_edited_draft_needs_another_preview(database: Database) -> None:
    async with rigged(database) as rig:
        change = await draft(database, rig.workspace, merged)
        async with database.write() as connection:
            await change_storage.request_preview(connection, rig.workspace.id, change.id)
        await make_preview(
            database, Minds(shelf=ModelShelf(rig.models)), rig.workspace.id, change.id
        )
        change = await rig.read(change)
        assert change.is_previewed
        async with database.write() as connection:
            change = await taxonomy_change.edit_draft(
                connection, rig.workspace.id, change, change.proposal, note="other words"
            )
        assert not change.is_previewed
        with pytest.raises(Conflict, match="no preview"):
            async with database.write() as connection:
                await taxonomy_change.apply(connection, rig.workspace.id, change)


async def test_cancelled_preview_stops_and_a_late_job_does_nothing(database: Database) -> None:
    async with rigged(database) as rig:
        change = await draft(database, rig.workspace, merged)
        async with database.write() as connection:
            await change_storage.request_preview(connection, rig.workspace.id, change.id)
            assert await change_storage.cancel_preview(connection, rig.workspace.id, change.id)
            assert not await change_storage.cancel_preview(connection, rig.workspace.id, change.id)
        await make_preview(
            database, Minds(shelf=ModelShelf(rig.models)), rig.workspace.id, change.id
        )
        change = await rig.read(change)
        assert (change.preview_status, change.preview) == ("cancelled", None)
        with pytest.raises(Conflict):
            async with database.write() as connection:
                await taxonomy_jobs.cancel_preview(connection, rig.workspace.id, change)


async def test_only_one_draft_is_open_and_stale_edits_are_refused(database: Database) -> None:
    async with rigged(database) as rig:
        change = await draft(database, rig.workspace, merged)
        with pytest.raises(Conflict, match="draft"):
            await draft(database, rig.workspace, split)

        async def edit(seen: TaxonomyChange) -> None:
            async with database.write() as connection:
                await taxonomy_change.edit_draft(
                    connection, rig.workspace.id, seen, seen.proposal, note="mine"
                )

        await edit(change)
        with pytest.raises(VersionStale):
            await edit(change)
        async with database.write() as connection:
            await change_storage.discard_change(connection, rig.workspace.id, change.id)
        assert (await rig.read(change)).status == "discarded"
        await draft(database, rig.workspace, split)


async def test_change_cannot_be_applied_twice_or_beside_a_run(database: Database) -> None:
    async with rigged(database) as rig:
        change = await draft(database, rig.workspace, merged)
        run = await read_all(database, rig.workspace)
        with pytest.raises(Conflict, match="already under way"):
            await apply(database, rig.workspace, change)
        # All or nothing: the refused run took the version with it.
        assert (await rig.read(change)).status == "draft"
        async with database.read() as reader:
            assert len(await taxonomy_storage.list_versions(reader, rig.workspace.id)) == 1
        await finish(database, run)
        results = await asyncio.gather(
            apply(database, rig.workspace, change),
            apply(database, rig.workspace, change),
            return_exceptions=True,
        )
        applied = [result for result in results if isinstance(result, TaxonomyChange)]
        refused = [result for result in results if isinstance(result, Conflict)]
        assert (len(applied), len(refused)) == (1, 1)
        await rig.run_of(applied[0])


async def test_only_the_last_change_can_be_reverted(database: Database) -> None:
    async with rigged(database) as rig:
        first = await rig.applied(merged)
        second = await rig.applied(renamed)
        with pytest.raises(Conflict, match="not the last one"):
            await revert(database, rig.workspace, first)
        await rig.reverted(second)
        with pytest.raises(Conflict, match="reverted"):
            await revert(database, rig.workspace, second)


async def test_draft_of_an_older_version_is_refused(database: Database) -> None:
    async with rigged(database) as rig:
        first = await rig.applied(merged)
        change = await draft(database, rig.workspace, renamed)
        await rig.reverted(first)
        with pytest.raises(Conflict, match="moved on to version 3"):
            await apply(database, rig.workspace, change)


async def test_unsound_or_empty_draft_is_kept_but_not_applied(database: Database) -> None:
    async with rigged(database) as rig:
        circle = (
            ProposedArea(id="a", name="A", parent_id="b"),
            ProposedArea(id="b", name="B", parent_id="a"),
        )
        async with database.write() as connection:
            base = await taxonomy_change.require_taxonomy(connection, rig.workspace.id)
            unsound = Proposal(categories=propose(base).categories, areas=circle)
            change = await taxonomy_change.open_draft(
                connection, rig.workspace.id, unsound, note=""
            )
        with pytest.raises(InvalidInput, match="part of itself"):
            await apply(database, rig.workspace, change)
        async with database.write() as connection:
            change = await taxonomy_change.edit_draft(
                connection, rig.workspace.id, change, propose(base), note=""
            )
        with pytest.raises(Conflict, match="changes nothing"):
            await apply(database, rig.workspace, change)


async def test_replay_that_is_cut_off_goes_on(database: Database) -> None:
    models = HashedModels()
    workspace = await write_workspace(database, times=20)
    async with working(database, models):
        await finish(database, await read_all(database, workspace))
    # Applied while nobody works; then a worker that stops in the middle, then another.
    change = await apply(database, workspace, await draft(database, workspace, merged))
    async with database.read() as reader:
        run = await run_storage.get_run(reader, workspace.id, change.run_id or 0)
    async with working(database, models):
        await asyncio.sleep(0.3)
    async with working(database, models):
        run = await finish(database, run)
    assert run.status is RunStatus.SUCCEEDED, run.error
    found = await current(database, workspace)
    assert {version for _, _, version in found.values()} == {2}
    async with database.read() as reader:
        cursor = await reader.execute(
            "SELECT count(*) AS n, count(DISTINCT (conversation_id, stage)) AS apart"
            " FROM classifications WHERE taxonomy_version = 2"
        )
        (row,) = await cursor.fetchall()
    assert row["n"] == row["apart"] == 2 * len(found)


async def test_language_model_is_quoted_for_and_not_paid_twice_after_a_revert(
    database: Database,
) -> None:
    models, model = HashedModels(), ScriptedModel()
    workspace = await write_workspace(database, times=1)
    async with working(database, models, model):
        rig = Rig(database, workspace, models)
        await finish(database, await read_all(database, workspace))
        before = await current(database, workspace)
        asked = len(model.prompts)
        assert asked >= len(before) == 10
        change = await draft(database, workspace, merged)
        async with open_queue(database) as queue, database.write() as connection:
            await taxonomy_jobs.queue_preview(connection, queue, workspace.id, change)
        change = await await_preview(database, workspace.id, change.id)
        assert change.preview is not None, change.preview_error
        cost = change.preview.cost
        assert (cost.model, cost.usd) == (model.name, None)
        assert cost.input_tokens is not None
        assert cost.input_tokens > 10 * len(model.prompts[0].static) // 3
        # A quote asks nothing; the replay asks about everything, since the categories differ.
        assert len(model.prompts) == asked
        change = await apply(database, workspace, change)
        await rig.run_of(change)
        assert len(model.prompts) == 2 * asked
        await rig.reverted(change)
        assert len(model.prompts) == 2 * asked
        after = await current(database, workspace)
    assert {i: c for i, (c, _, _) in after.items()} == {i: c for i, (c, _, _) in before.items()}
    assert {(decider, version) for _, decider, version in after.values()} == {("llm", 3)}
