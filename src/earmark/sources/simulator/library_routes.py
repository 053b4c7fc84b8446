"""Segments, data attributes and the help centre: what a workspace has besides its conversations."""

from typing import Final

from aiohttp import web

from earmark.sources.simulator.answers import answer, refuse_parameter
from earmark.sources.simulator.conversation_routes import link_pages, parse_page
from earmark.sources.simulator.dataset import Dataset, JsonObject
from earmark.sources.simulator.paging import parse_per_page
from earmark.sources.simulator.serverstate import STATE

_FIRST_ARTICLE: Final = 8_810_001
_SEGMENTS: Final = ("Active", "New", "Slipping away", "On trial")
_ATTRIBUTES: Final = {
    "contact": (("job", "Job", "string"),),
    "company": (
        ("billing_cycle", "Billing cycle", "string"),
        ("country", "Country", "string"),
        ("contract_value", "Contract value", "string"),
    ),
}
_BUILT_IN: Final = {
    "contact": (("email", "Email", "string"), ("last_seen_at", "Last seen", "date")),
    "company": (("monthly_spend", "Monthly spend", "float"), ("plan.name", "Plan", "string")),
}
_QUESTIONS: Final = (
    ("Get started with {}", "How to set it up."),
    ("Mend {} when it does not work", "The usual causes, and what to do."),
    ("Who may use {}", "Roles and plans."),
    ("Export {}", "As a table, or over the API."),
    ("Limits of {}", "How much there may be."),
    ("What is new in {}", "Changes of the last months."),
)

routes = web.RouteTableDef()


@routes.get("/segments")
async def list_segments(request: web.Request) -> web.Response:
    """All segments."""
    founded = request.app[STATE].dataset.profile.created_at
    segments = [
        {
            "type": "segment",
            "id": f"56203d253cba154d3901{place:04d}",
            "name": name,
            "created_at": founded,
            "updated_at": founded,
            "person_type": "user",
        }
        for place, name in enumerate(_SEGMENTS)
    ]
    return answer({"type": "segment.list", "segments": segments})


@routes.get("/data_attributes")
async def list_attributes(request: web.Request) -> web.Response:
    """The attributes of contacts or companies; since 2.16, conversations have their own list."""
    model = request.query.get("model", "")
    if model not in _ATTRIBUTES:
        raise refuse_parameter("model must be contact or company", "model")
    data = [
        {
            "type": "data_attribute",
            "model": model,
            "name": name,
            "full_name": f"custom_attributes.{name}" if is_custom else name,
            "label": label,
            "description": "",
            "data_type": kind,
            "api_writable": is_custom,
            "ui_writable": is_custom,
            "messenger_writable": False,
            "custom": is_custom,
            "archived": False,
        }
        for attributes, is_custom in ((_BUILT_IN, False), (_ATTRIBUTES, True))
        for name, label, kind in attributes[model]
    ]
    return answer({"type": "list", "data": data})


@routes.get("/articles")
async def list_articles(request: web.Request) -> web.Response:
    """The pages of the help centre, those that changed last first."""
    per_page = parse_per_page(request.query.get("per_page"), default=25)
    page = parse_page(request.query.get("page"))
    articles = write_articles(request.app[STATE].dataset)
    chosen = articles[(page - 1) * per_page : page * per_page]
    return answer(
        {
            "type": "list",
            "pages": link_pages(request, page, per_page, len(articles), "desc"),
            "total_count": len(articles),
            "data": chosen,
        }
    )


def write_articles(dataset: Dataset) -> list[JsonObject]:
    """Some pages about each tag's subject; every sixth is a draft."""
    subjects = [str(tag["name"]).replace("-", " ") for tag in dataset.tags]
    founded = dataset.profile.created_at
    pairs = [(subject, question) for subject in subjects for question in _QUESTIONS]
    articles: list[JsonObject] = [
        {
            "type": "article",
            "id": str(_FIRST_ARTICLE + place),
            "workspace_id": dataset.profile.code,
            "title": title.format(subject),
            "description": text,
            "body": f"<h2>{title.format(subject)}</h2><p>{text}</p><p>Open {subject}.</p>",
            "author_id": 1,
            "state": "draft" if place % 6 == 5 else "published",
            "created_at": founded,
            "updated_at": founded + place * 3_600,
            "url": None if place % 6 == 5 else f"https://help.example/articles/{place}",
            "parent_ids": [],
        }
        for place, (subject, (title, text)) in enumerate(pairs)
    ]
    return articles[::-1]
