"""Stories: backlog candidates, ranked by what is surely known of them."""

from fastapi import APIRouter

from earmark.api.deps import CurrentWorkspace, Reader, RowId
from earmark.api.paging import CursorText, Limit, decode_cursor, encode_cursor
from earmark.api.problems import problem_responses
from earmark.db import story_storage
from earmark.db.insight_storage import Quote
from earmark.db.models import Model, Story

router = APIRouter(
    prefix="/workspaces/{workspace}/stories",
    tags=["stories"],
    responses=problem_responses(404, 422, 503),
)


class StoryPage(Model):
    """Stories by the lower bound of their score."""

    total: int
    items: tuple[Story, ...]
    next: str | None


class StoryDetail(Model):
    """A story with the quotes that it rests on."""

    story: Story
    quotes: tuple[Quote, ...]


@router.get("", operation_id="listStories")
async def list_stories(
    reader: Reader, workspace: CurrentWorkspace, cursor: CursorText = None, limit: Limit = 50
) -> StoryPage:
    """A page of stories, best first."""
    key = decode_cursor(cursor, float, int)
    found = await story_storage.list_stories(
        reader, workspace.id, limit=limit + 1, after=(key[0], key[1]) if key else None
    )
    last = found[limit - 1] if len(found) > limit else None
    return StoryPage(
        total=await story_storage.count_stories(reader, workspace.id),
        items=tuple(found[:limit]),
        next=encode_cursor(float(last.score.low), last.id) if last else None,
    )


@router.get("/{story_id}", operation_id="getStory")
async def get_story(reader: Reader, workspace: CurrentWorkspace, story_id: RowId) -> StoryDetail:
    """One story with its evidence."""
    return StoryDetail(
        story=await story_storage.get_story(reader, workspace.id, story_id),
        quotes=tuple(await story_storage.story_quotes(reader, workspace.id, story_id)),
    )
