"""The endpoints of everything but conversations."""

from aiohttp import web

from earmark.sources.simulator.answers import answer, refuse_missing, refuse_parameter
from earmark.sources.simulator.conversation_routes import (
    link_pages,
    parse_page,
    read_body,
    read_pagination,
)
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.fields import CONTACTS, Table
from earmark.sources.simulator.paging import Page, Sort, cut_page, parse_per_page, parse_sort
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
    dataset = request.app[STATE].dataset
    admin, profile = dataset.admins[0], dataset.profile
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
                "timezone": profile.timezone,
                "created_at": profile.created_at,
                "identity_verification": False,
            },
        }
    )


@routes.get("/admins")
async def list_admins(request: web.Request) -> web.Response:
    """All teammates."""
    return answer({"type": "admin.list", "admins": list(request.app[STATE].dataset.admins)})


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
    """One contact."""
    contacts = request.app[STATE].dataset.contacts
    index = contacts.index_of(request.match_info["id"])
    if index is None:
        raise refuse_missing()
    return answer(contacts.document(index))


@routes.post("/companies/list")
async def list_companies(request: web.Request) -> web.Response:
    """At most 10,000 companies, by their last request."""
    per_page = parse_per_page(request.query.get("per_page"), default=15)
    page = parse_page(request.query.get("page"))
    order = request.query.get("order", "desc")
    if page * per_page > _MAX_LISTED:
        raise refuse_parameter(f"page limit reached: {_MAX_LISTED} companies, use scroll", "page")
    state = request.app[STATE]
    companies = state.dataset.companies
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
    token = request.query.get("scroll_param")
    scroll = state.continue_scroll(token) if token else state.open_scroll()
    companies = state.dataset.companies
    end = min(scroll.at + _SCROLL_SIZE, companies.number)
    data = [companies.document(index) for index in range(scroll.at, end)]
    scroll.at = end
    if not data:
        state.scroll = None
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
    contacts = state.dataset.contacts
    page: Page = cut_page(await state.find(CONTACTS, contacts, query, sort), per_page, cursor)
    data: list[JsonObject] = [contacts.document(index) for index in page.indexes]
    return answer({"type": "list", "data": data, "total_count": page.total, "pages": page.pages})
