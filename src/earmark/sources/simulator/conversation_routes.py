"""The endpoints of conversations."""

import asyncio
import json
from typing import cast

from aiohttp import web

from earmark.sources.simulator.answers import Refusal, answer, refuse_missing, refuse_parameter
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.fields import CONVERSATIONS
from earmark.sources.simulator.markup import to_plain
from earmark.sources.simulator.paging import Sort, cut_page, parse_per_page, parse_sort
from earmark.sources.simulator.search import Query, parse_query
from earmark.sources.simulator.serverstate import STATE, VERSION

MAX_PARTS = 500
"""Intercom gives the newest parts only."""
_BREATH = 20
"""Conversations written between two breaths of the event loop."""
_DEFAULT_SORT = Sort("updated_at", is_ascending=False)

routes = web.RouteTableDef()


async def read_body(request: web.Request) -> dict[str, object]:
    """The JSON object of a request."""
    try:
        raw = cast(object, json.loads(await request.read()))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_request", "the body is not JSON") from error
    return read_object(raw, "the body")


def read_object(raw: object, what: str) -> dict[str, object]:
    """A JSON object, or a refusal."""
    if not isinstance(raw, dict):
        raise refuse_parameter(f"{what} must be an object")
    return cast(dict[str, object], raw)


def read_pagination(body: dict[str, object], default: int) -> tuple[int, str | None]:
    """Page size and cursor of a search body."""
    entry = read_object(body.get("pagination") or {}, "pagination")
    cursor = entry.get("starting_after")
    if cursor is not None and not isinstance(cursor, str):
        raise refuse_parameter("starting_after must be text", "starting_after")
    return parse_per_page(entry.get("per_page"), default=default), cursor or None


@routes.post("/conversations/search")
async def search_conversations(request: web.Request) -> web.Response:
    """Conversations that match a query, without their parts."""
    body = await read_body(request)
    query = parse_query(body.get("query"), CONVERSATIONS)
    sort = parse_sort(body.get("sort"), CONVERSATIONS, _DEFAULT_SORT)
    per_page, cursor = read_pagination(body, default=20)
    return await _list(request, query, sort, per_page, cursor)


@routes.get("/conversations")
async def list_conversations(request: web.Request) -> web.Response:
    """All conversations, the latest change first."""
    per_page = parse_per_page(request.query.get("per_page"), default=20)
    cursor = request.query.get("starting_after") or None
    return await _list(request, None, _DEFAULT_SORT, per_page, cursor)


@routes.get("/conversations/deleted")
async def list_deleted(request: web.Request) -> web.Response:
    """Identifiers of deleted conversations; known from version 2.16 on."""
    if request[VERSION] < (2, 16):
        raise Refusal(
            400,
            "intercom_version_invalid",
            "Requested resource is not available in current API version.",
        )
    per_page = parse_per_page(request.query.get("per_page"), default=20, maximum=60)
    page = parse_page(request.query.get("page"))
    order = request.query.get("order", "desc")
    conversations = request.app[STATE].dataset.conversations
    indexes, times = conversations.deletions()
    rows = sorted(zip(times.tolist(), indexes.tolist(), strict=True), reverse=order != "asc")
    chosen = rows[(page - 1) * per_page : page * per_page]
    items = [
        {
            "type": "conversation",
            "id": conversations.id_of(index),
            "metrics_retained": True,
            "deleted_at": moment,
        }
        for moment, index in chosen
    ]
    return answer(
        {
            "type": "conversations.list",
            "conversations": items,
            "total_count": len(rows),
            "pages": link_pages(request, page, per_page, len(rows), order),
        }
    )


@routes.get("/conversations/{id}")
async def retrieve_conversation(request: web.Request) -> web.Response:
    """One conversation with its newest 500 parts."""
    state = request.app[STATE]
    index = state.dataset.conversations.index_of(request.match_info["id"])
    if index is None or index in state.deleted:
        raise refuse_missing()
    document = state.dataset.conversations.document(index)
    listing = document["conversation_parts"]
    listing["conversation_parts"] = listing["conversation_parts"][-MAX_PARTS:]
    if request.query.get("display_as") == "plaintext":
        _make_plain(document)
    return answer(_adapt(document, request[VERSION]))


def parse_page(raw: str | None) -> int:
    """The number of a page, from 1."""
    if raw is None:
        return 1
    if not raw.isdecimal() or int(raw) < 1:
        raise refuse_parameter("page must be a positive number", "page")
    return int(raw)


def link_pages(
    request: web.Request, page: int, per_page: int, total: int, order: str
) -> JsonObject:
    """`pages` of the older style, where `next` is an address."""
    last = -(-total // per_page)
    following = request.url.with_query(per_page=per_page, order=order, page=page + 1)
    return {
        "type": "pages",
        "next": str(following) if page < last else None,
        "page": page,
        "per_page": per_page,
        "total_pages": last,
    }


async def _list(
    request: web.Request, query: Query | None, sort: Sort, per_page: int, cursor: str | None
) -> web.Response:
    conversations = request.app[STATE].dataset.conversations
    result = await request.app[STATE].find(CONVERSATIONS, conversations, query, sort)
    page = cut_page(result, per_page, cursor)
    items: list[JsonObject] = []
    for count, index in enumerate(page.indexes):
        document = conversations.document(index)
        del document["conversation_parts"]
        items.append(_adapt(document, request[VERSION]))
        if count % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    return answer(
        {
            "type": "conversation.list",
            "conversations": items,
            "total_count": page.total,
            "pages": page.pages,
        }
    )


def _make_plain(document: JsonObject) -> None:
    """What `display_as=plaintext` does to all bodies."""
    for message in (document["source"], *document["conversation_parts"]["conversation_parts"]):
        if message["body"] is not None:
            message["body"] = to_plain(message["body"])


def _adapt(document: JsonObject, version: tuple[int, int]) -> JsonObject:
    """The conversation as older versions gave it, in what a reader would stumble over."""
    if version < (2, 16):
        is_priority = document["priority"] != "none"
        document["priority"] = "priority" if is_priority else "not_priority"
        for name in ("admin_assignee_id", "team_assignee_id"):
            document[name] = document[name] or None
        for name in ("channel", "external_references", "monitor_evaluations", "scorecards"):
            document.pop(name, None)
    if version < (2, 15):
        document.pop("company", None)
    return document
