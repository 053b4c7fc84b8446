"""The endpoints of conversations."""

import asyncio
import json
from typing import cast

from aiohttp import web

from earmark.sources.simulator.answers import Refusal, answer, refuse_missing, refuse_parameter
from earmark.sources.simulator.census import MAX_PARTS
from earmark.sources.simulator.changes import DeleteConversation, Touch
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.faults import Route
from earmark.sources.simulator.fields import CONVERSATIONS
from earmark.sources.simulator.page_faults import bend_page, cap_page_size
from earmark.sources.simulator.paging import Sort, cut_page, parse_per_page, parse_sort
from earmark.sources.simulator.search import Query, parse_query
from earmark.sources.simulator.serverstate import STATE, VERSION, ServerState
from earmark.sources.simulator.shapes import adapt_version, bend_shape, make_plain

_BREATH = 20
"""Conversations written between two breaths of the event loop."""
_DEFAULT_SORT = Sort("updated_at", is_ascending=False)

routes = web.RouteTableDef()


async def read_json(request: web.Request) -> object:
    """The JSON of a request."""
    try:
        return cast(object, json.loads(await request.read()))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "bad_request", "the body is not JSON") from error


async def read_body(request: web.Request) -> dict[str, object]:
    """The JSON object of a request."""
    return read_object(await read_json(request), "the body")


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
    return await _list(request, "search", query, sort, (per_page, cursor))


@routes.get("/conversations")
async def list_conversations(request: web.Request) -> web.Response:
    """All conversations, the latest change first."""
    per_page = parse_per_page(request.query.get("per_page"), default=20)
    cursor = request.query.get("starting_after") or None
    return await _list(request, "list", None, _DEFAULT_SORT, (per_page, cursor))


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
    conversations = request.app[STATE].live.conversations
    rows = sorted(
        ((ending.at, index) for index, ending in conversations.endings.items()),
        reverse=order != "asc",
    )
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
    log = state.live.conversations
    index = log.index_of(request.match_info["id"])
    if index is None or index in log.endings:
        raise refuse_missing()
    if not state.mischief.is_idle and state.mischief.happens("vanish_share", "retrieve"):
        state.live.apply(DeleteConversation(conversation_id=log.id_of(index)))
        raise refuse_missing()
    document = cut_parts(log.document(index))
    if request.query.get("display_as") == "plaintext":
        make_plain(document)
    return answer(_adapt(request, document))


def cut_parts(document: JsonObject) -> JsonObject:
    """The conversation with the parts that a retrieval gives: the newest 500."""
    listing = document["conversation_parts"]
    listing["conversation_parts"] = listing["conversation_parts"][-MAX_PARTS:]
    return document


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
    request: web.Request,
    route: Route,
    query: Query | None,
    sort: Sort,
    part: tuple[int, str | None],
) -> web.Response:
    """One page; `part` is page size and cursor."""
    state = request.app[STATE]
    per_page, cursor = part
    is_faulty = not state.mischief.is_idle
    if is_faulty:
        per_page = cap_page_size(state.mischief, route, per_page)
    view = state.live.view_conversations()
    result = await state.find(state.conversation_table, view, query, sort)
    page = cut_page(result, per_page, cursor, state.clock())
    if is_faulty:
        page = bend_page(state.mischief, route, result, page, cursor, state.clock())
    items: list[JsonObject] = []
    for count, index in enumerate(page.indexes):
        document = view.document(index)
        del document["conversation_parts"]
        items.append(_adapt(request, document))
        if count % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    if is_faulty and state.mischief.has("moving", route):
        _move_some(state, page.indexes)
    return answer(
        {
            "type": "conversation.list",
            "conversations": items,
            "total_count": page.total,
            "pages": page.pages,
        }
    )


def _move_some(state: ServerState, listed: list[int]) -> None:
    """Conversations that change while somebody is reading the list."""
    log, draw = state.live.conversations, state.mischief.draw
    for count in range(state.mischief.faults.moving):
        index = draw.pick(listed) if count % 2 and listed else draw.below(log.number)
        if index not in log.endings:
            state.live.apply(Touch(conversation_id=log.id_of(index)))


def _adapt(request: web.Request, document: JsonObject) -> JsonObject:
    """The conversation as this request's version has it, with the faults that are on."""
    adapt_version(document, request[VERSION])
    mischief = request.app[STATE].mischief
    return document if mischief.is_idle else bend_shape(document, mischief.faults, mischief.draw)
