"""Explain this number: what a figure counts, who decided so, what it leaves out; also later."""

from datetime import UTC, datetime
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from earmark.api.deps import CurrentWorkspace, Reader
from earmark.api.figure_names import describe
from earmark.api.paging import CursorText, Limit, decode_cursor, encode_cursor
from earmark.api.problems import problem_responses
from earmark.db import figure_storage
from earmark.db.figure_storage import (
    FIGURE_QUERY,
    Exclusion,
    FigureKind,
    FigureSpec,
    FigureTotals,
    Gone,
    Provenance,
)
from earmark.db.models import THEMELESS_CATEGORIES, Model
from earmark.errors import InvalidInput

router = APIRouter(
    prefix="/workspaces/{workspace}/explain",
    tags=["explain"],
    responses=problem_responses(400, 404, 422, 503),
)

_MOST_LABELLED: Final = 1_000


class FigureQuery(Model):
    """Which figure, and as of when."""

    kind: FigureKind
    id: Annotated[str, Field(max_length=200)] = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    as_of: AwareDatetime | None = None
    """Null: now."""


class ExplainQuery(FigureQuery):
    """The same, with what it was when somebody kept the link."""

    expect: Annotated[int | None, Query(ge=0, le=2**53)] = None


class MemberQuery(FigureQuery):
    """The same, page by page."""

    cursor: CursorText = None
    limit: Limit = 100


class Explanation(Model):
    """All that is behind one number."""

    figure: FigureSpec
    name: str
    """Of the category or theme."""
    definition: str
    totals: FigureTotals
    expected: int | None
    """What the number was when the link was kept."""
    gone: Gone
    """Deleted or erased since: why the number may be smaller than it was."""
    provenance: tuple[Provenance, ...]
    exclusions: tuple[Exclusion, ...]
    labelled: tuple[str, ...]
    """Conversations drawn by chance that people had labelled: what the number is measured with."""
    query: str
    """The SQL that gives the rows, as `member`."""
    parameters: dict[str, str]
    permalink: str
    """Query string of a link that gives the same number later."""


class MemberPage(Model):
    """Ids of the conversations that are counted."""

    items: tuple[str, ...]
    next: str | None


@router.get("", operation_id="explainFigure")
async def explain_figure(
    reader: Reader, workspace: CurrentWorkspace, query: Annotated[ExplainQuery, Query()]
) -> Explanation:
    """What a figure counts, who decided so, what it leaves out."""
    figure = _to_spec(query)
    name, definition = await describe(reader, workspace, figure)
    totals = await figure_storage.count_figure(
        reader, workspace.id, figure, excluded=THEMELESS_CATEGORIES
    )
    parameters = figure_storage.parameters_of(workspace.id, figure, THEMELESS_CATEGORIES)
    return Explanation(
        figure=figure,
        name=name,
        definition=definition,
        totals=totals,
        expected=query.expect,
        gone=await figure_storage.count_gone(reader, workspace.id, figure.as_of),
        provenance=tuple(
            await figure_storage.list_provenance(
                reader, workspace.id, figure, excluded=THEMELESS_CATEGORIES
            )
        ),
        exclusions=tuple(await figure_storage.list_exclusions(reader, workspace.id, figure)),
        labelled=tuple(
            await figure_storage.list_labelled(reader, workspace.id, figure, limit=_MOST_LABELLED)
        ),
        query=FIGURE_QUERY,
        parameters={name: str(value) for name, value in parameters.items()},
        permalink=_permalink(figure, totals.conversations),
    )


@router.get("/conversations", operation_id="listFigureConversations")
async def list_figure_conversations(
    reader: Reader, workspace: CurrentWorkspace, query: Annotated[MemberQuery, Query()]
) -> MemberPage:
    """The conversations behind a figure, page by page."""
    key = decode_cursor(query.cursor, str)
    ids = await figure_storage.list_members(
        reader,
        workspace.id,
        _to_spec(query),
        excluded=THEMELESS_CATEGORIES,
        after=key[0] if key else None,
        limit=query.limit + 1,
    )
    more = len(ids) > query.limit
    shown = ids[: query.limit]
    return MemberPage(items=tuple(shown), next=encode_cursor(shown[-1]) if more else None)


def _to_spec(query: FigureQuery) -> FigureSpec:
    if (query.kind == "remainder") == bool(query.id):
        raise InvalidInput(
            "The figure is not named.",
            fix="Give `id` with the kinds category and theme, and leave it out for remainder.",
        )
    return FigureSpec(
        kind=query.kind,
        id=query.id,
        since=query.since,
        until=query.until,
        as_of=query.as_of or datetime.now(UTC),
    )


def _permalink(figure: FigureSpec, value: int) -> str:
    wanted = figure.model_dump(mode="json", exclude_none=True)
    return urlencode({**{name: text for name, text in wanted.items() if text}, "expect": value})
