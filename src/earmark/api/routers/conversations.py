"""Conversations: the list with its filters, and one conversation with all that is known of it."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime

from earmark.api.deps import LARGEST_ID, CurrentWorkspace, Reader
from earmark.api.paging import CursorText, Limit, decode_cursor, encode_cursor
from earmark.api.problems import problem_responses
from earmark.db import (
    classification_storage,
    conversation_storage,
    listing_storage,
    reading_storage,
)
from earmark.db.listing_storage import ConversationFilter, ConversationRow, ThemeRef
from earmark.db.models import (
    Company,
    Contact,
    Conversation,
    Facets,
    Message,
    Model,
    Sentiment,
)
from earmark.db.reading_storage import ReadingState, StoredEvidence, StoredIssue, StoredLabel
from earmark.errors import InvalidInput, NotFound

router = APIRouter(
    prefix="/workspaces/{workspace}/conversations",
    tags=["conversations"],
    responses=problem_responses(404, 422, 503),
)


_EARLIER_LABELS: Final = 20


class ConversationPage(Model):
    """Conversations, newest first."""

    items: tuple[ConversationRow, ...]
    next: str | None


class ConversationIssue(Model):
    """An issue with the theme it belongs to; without one it is in the remainder."""

    issue: StoredIssue
    theme: ThemeRef | None


class ConversationDetail(Model):
    """One conversation: the thread first, then what was understood of it and on which proof."""

    conversation: Conversation
    messages: tuple[Message, ...]
    contact: Contact | None
    company: Company | None
    classifications: tuple[StoredLabel, ...]
    """The labels that count now."""
    earlier_labels: tuple[StoredLabel, ...]
    """Labels that once counted, newest first; those of long ago are left out."""
    facets: Facets | None
    issues: tuple[ConversationIssue, ...]
    evidence: tuple[StoredEvidence, ...]
    reading: ReadingState | None
    """Null: not read yet."""


Text = Annotated[str | None, Query(max_length=200)]


class ConversationQuery(Model):
    """The filters of the list; all that are given must hold."""

    category: Text = None
    theme: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None
    unthemed: bool = False
    language: Text = None
    sentiment: Sentiment | None = None
    churn_risk: bool | None = None
    state: Text = None
    contact: Text = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: CursorText = None
    limit: Limit = 50


@router.get("", operation_id="listConversations")
async def list_conversations(
    reader: Reader, workspace: CurrentWorkspace, query: Annotated[ConversationQuery, Query()]
) -> ConversationPage:
    """A page of conversations."""
    narrow = ConversationFilter(
        category_id=query.category,
        theme_id=query.theme,
        unthemed=query.unthemed,
        language=query.language,
        sentiment=query.sentiment,
        churn_risk=query.churn_risk,
        state=query.state,
        contact_id=query.contact,
        since=query.since,
        until=query.until,
    )
    rows = await listing_storage.list_conversations(
        reader, workspace.id, narrow, after=_after(query.cursor), limit=query.limit + 1
    )
    last = rows[query.limit - 1] if len(rows) > query.limit else None
    return ConversationPage(
        items=tuple(rows[: query.limit]),
        next=encode_cursor(last.created_at.isoformat(), last.id) if last else None,
    )


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    key = decode_cursor(cursor, str, str)
    if key is None:
        return None
    try:
        moment = datetime.fromisoformat(key[0])
    except ValueError as error:
        raise InvalidInput("The cursor is not one that this list gave.") from error
    return moment, key[1]


@router.get("/{conversation_id}", operation_id="getConversation")
async def get_conversation(
    reader: Reader,
    workspace: CurrentWorkspace,
    conversation_id: Annotated[str, Path(max_length=200)],
) -> ConversationDetail:
    """One conversation with its thread, labels, issues and proof."""
    conversation = await conversation_storage.get_conversation(
        reader, workspace.id, conversation_id
    )
    if conversation is None:
        raise NotFound(
            f"There is no conversation {conversation_id} in this workspace.",
            fix="It may have been deleted in Intercom, or not been fetched yet: see coverage.",
        )
    messages = await conversation_storage.list_messages(reader, workspace.id, [conversation_id])
    contact, company = await conversation_storage.get_people(reader, workspace.id, conversation)
    issues = await reading_storage.list_issues(reader, workspace.id, conversation_id)
    themes = await listing_storage.list_issue_themes(
        reader, workspace.id, [issue.id for issue in issues]
    )
    labels = await reading_storage.list_label_history(
        reader, workspace.id, conversation_id, earlier=_EARLIER_LABELS
    )
    return ConversationDetail(
        conversation=conversation,
        messages=tuple(messages[conversation_id]),
        contact=contact,
        company=company,
        classifications=tuple(label for label in labels if label.is_current),
        earlier_labels=tuple(label for label in labels if not label.is_current),
        facets=await classification_storage.get_facets(reader, workspace.id, conversation_id),
        issues=tuple(
            ConversationIssue(issue=issue, theme=themes.get(issue.id)) for issue in issues
        ),
        evidence=tuple(await reading_storage.list_evidence(reader, workspace.id, conversation_id)),
        reading=await reading_storage.get_reading_state(reader, workspace.id, conversation_id),
    )
