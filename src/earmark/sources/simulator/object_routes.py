"""The endpoints of everything but conversations."""

from uuid import uuid4

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from earmark.sources.simulator.answers import answer, refuse_missing, refuse_parameter
from earmark.sources.simulator.conversation_routes import (
    link_pages,
    parse_page,
    read_body,
    read_pagination,
)
from earmark.sources.simulator.dataset import Collection, Instant, JsonObject
from earmark.sources.simulator.fields import CONTACTS, Table
from earmark.sources.simulator.page_faults import bend_page, cap_page_size
from earmark.sources.simulator.paging import Sort, cut_page, parse_per_page, parse_sort
from earmark.sources.simulator.search import Query, parse_query
from earmark.sources.simulator.serverstate import STATE

_COMPANIES = Table("company", {}, frozenset({"updated_at"}), dates_by_day=False)
_MAX_LISTED = 10_000
"""`/companies/list` ends here."""
_SCROLL_SIZE = 100
_NEWEST_CONTACT = Sort("created_at", is_ascending=False)

routes = web.RouteTableDef()


@routes.get("/me")
async def identify(request: web.Request) -> web.Response:
    """The teammate whom the token belongs to, and the workspace."""
    state = request.app[STATE]
    admin, profile = state.live.admins[0], state.dataset.profile
    kept = ("type", "id", "name", "email", "job_title", "has_inbox_seat", "team_ids")
    return answer(
        {
            **{name: admin[name] for name in kept},
            "away_mode_enabled": False,
            "away_mode_reassign": False,
            "email_verified": True,
            "avatar": {"type": "avatar", "image_url": None},
            "app": {
                "type": "app",
                "id_code": profile.code,
                "name": profile.name,
                "region": profile.region,
                "timezone": state.timezone,
                "created_at": profile.created_at,
                "identity_verification": False,
            },
        }
    )


@routes.get("/admins")
async def list_admins(request: web.Request) -> web.Response:
    """All teammates."""
    return answer({"type": "admin.list", "admins": request.app[STATE].live.admins})


@routes.get("/teams")
async def list_teams(request: web.Request) -> web.Response:
    """All teams."""
    return answer({"type": "team.list", "teams": list(request.app[STATE].dataset.teams)})


@routes.get("/tags")
async def list_tags(request: web.Request) -> web.Response:
    """All tags."""
    return answer({"type": "list", "data": list(request.app[STATE].dataset.tags)})


@routes.get("/contacts")
async def list_contacts(request: web.Request) -> web.Response:
    """All contacts, the newest first."""
    per_page = parse_per_page(request.query.get("per_page"), default=50)
    cursor = request.query.get("starting_after") or None
    return await _answer_contacts(request, None, _NEWEST_CONTACT, per_page, cursor)


@routes.post("/contacts/search")
async def search_contacts(request: web.Request) -> web.Response:
    """Contacts that match a query; dates count by the calendar day."""
    body = await read_body(request)
    query = parse_query(body.get("query"), CONTACTS)
    sort = parse_sort(body.get("sort"), CONTACTS, _NEWEST_CONTACT)
    per_page, cursor = read_pagination(body, default=50)
    return await _answer_contacts(request, query, sort, per_page, cursor)


@routes.get("/contacts/{id}")
async def retrieve_contact(request: web.Request) -> web.Response:
    """One contact; 410 for one who is part of another contact now."""
    live = request.app[STATE].live
    index = live.find_contact(request.match_info["id"])
    return answer(live.contacts.document(index))


@routes.post("/companies/list")
async def list_companies(request: web.Request) -> web.Response:
    """At most 10,000 companies, by their last request."""
    per_page = parse_per_page(request.query.get("per_page"), default=15)
    page = parse_page(request.query.get("page"))
    order = request.query.get("order", "desc")
    if page * per_page > _MAX_LISTED:
        raise refuse_parameter(f"page limit reached: {_MAX_LISTED} companies, use scroll", "page")
    state = request.app[STATE]
    companies = Everything(state.dataset.companies)
    sort = Sort("updated_at", is_ascending=order == "asc")
    result = await state.find(_COMPANIES, companies, None, sort)
    chosen = result.order[(page - 1) * per_page : page * per_page]
    total = len(result.order)
    return answer(
        {
            "type": "list",
            "data": [companies.document(int(index)) for index in chosen],
            "total_count": total,
            "pages": link_pages(request, page, per_page, min(total, _MAX_LISTED), order),
        }
    )


@routes.get("/companies/scroll")
async def scroll_companies(request: web.Request) -> web.Response:
    """All companies, page by page; the last page is empty and ends the scroll."""
    state = request.app[STATE]
    faults = state.mischief.faults
    token = request.query.get("scroll_param")
    scroll = state.continue_scroll(token) if token else state.open_scroll()
    companies = state.dataset.companies
    start = 0 if faults.scroll_stuck else scroll.at
    end = min(start + _SCROLL_SIZE, companies.number)
    data = [companies.document(index) for index in range(start, end)]
    scroll.at = end
    if not data:
        state.scroll = None
    elif faults.scroll_tokens == "new":
        scroll.token = str(uuid4())
    return answer(
        {
            "type": "list",
            "data": data,
            "pages": None,
            "total_count": None,
            "scroll_param": scroll.token,
        }
    )


@routes.get("/companies/{id}")
async def retrieve_company(request: web.Request) -> web.Response:
    """One company, by Intercom's identifier."""
    companies = request.app[STATE].dataset.companies
    index = companies.index_of(request.match_info["id"])
    if index is None:
        raise refuse_missing()
    return answer(companies.document(index))


async def _answer_contacts(
    request: web.Request, query: Query | None, sort: Sort, per_page: int, cursor: str | None
) -> web.Response:
    state = request.app[STATE]
    mischief, now = state.mischief, state.clock()
    if not mischief.is_idle:
        per_page = cap_page_size(mischief, "contacts", per_page)
    contacts = state.live.view_contacts()
    result = await state.find(state.contact_table, contacts, query, sort)
    page = cut_page(result, per_page, cursor, now)
    if not mischief.is_idle:
        page = bend_page(mischief, "contacts", result, page, cursor, now)
    data: list[JsonObject] = [contacts.document(index) for index in page.indexes]
    return answer({"type": "list", "data": data, "total_count": page.total, "pages": page.pages})


class Everything:
    """A collection of which nothing is ever gone."""

    def __init__(self, objects: Collection) -> None:
        self._objects = objects
        self.number = objects.number
        self.alive: NDArray[np.bool_] = np.ones(objects.number, dtype=np.bool_)

    def id_of(self, index: int) -> str:
        """Intercom's identifier."""
        return self._objects.id_of(index)

    def index_of(self, identifier: str) -> int | None:
        """The inverse of `id_of`."""
        return self._objects.index_of(identifier)

    def instants(self, field: Instant) -> NDArray[np.int64]:
        """Unix seconds by index."""
        return self._objects.instants(field)

    def equals(self, field: str, value: str | int | bool | None) -> NDArray[np.bool_] | None:
        """Which objects hold exactly this value."""
        return self._objects.equals(field, value)

    def document(self, index: int) -> JsonObject:
        """The object."""
        return self._objects.document(index)
