"""Every page of the web app, wide and narrow, light and dark: accessible, and within its screen."""

import re
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.fixtures.browser import (
    NARROW,
    WIDE,
    Scheme,
    audit,
    keep_screenshot,
    open_browser,
    visiting,
)

pytestmark = pytest.mark.browser
browser = open_browser


async def read(page: Page, path: str) -> Any:  # noqa: ANN401 - a JSON document
    """An answer of the API."""
    answer = await page.request.get(f"/api/v1/workspaces{path}")
    return await answer.json()


async def draft_id(page: Page, code: str) -> int:
    """The open draft of the taxonomy, or a new one."""
    found = (await read(page, f"/{code}/taxonomy"))["draft_id"]
    if found is None:
        address = f"/api/v1/workspaces/{code}/taxonomy/changes"
        answer = await page.request.post(address, data={})
        found = (await answer.json())["change"]["id"]
    return int(found)


async def list_pages(page: Page) -> dict[str, str]:
    """The address of every kind of page, with an example of each."""
    code = (await read(page, ""))[0]["code"]
    base = f"/w/{code}"
    week = await read(page, f"/{code}/week")
    driver = week["drivers"][0]
    quote = driver["quotes"][0]
    theme = f"{base}/themes/{driver['theme']['id']}"
    story = (await read(page, f"/{code}/stories"))["items"][0]
    run = (await read(page, f"/{code}/runs"))[0]
    place = f"message={quote['message_id']}&from={quote['start']}&to={quote['end']}"
    return {
        "week": base,
        "themes": f"{base}/themes",
        "themes-none": f"{base}/themes?q=nothing-is-called-so",
        "theme": theme,
        "theme-table": f"{theme}?chart=table",
        "conversations": f"{base}/conversations",
        "conversations-filtered": f"{base}/conversations?category=cannot_tell&sentiment=neutral",
        "conversation": f"{base}/conversations/{quote['conversation_id']}?{place}",
        "stories": f"{base}/stories",
        "story": f"{base}/stories/{story['id']}",
        "runs": f"{base}/runs",
        "run": f"{base}/runs/{run['id']}",
        "coverage": f"{base}/coverage",
        "coverage-table": f"{base}/coverage?chart=table",
        "review": f"{base}/review",
        "taxonomy": f"{base}/taxonomy",
        "taxonomy-table": f"{base}/taxonomy?chart=table",
        "taxonomy-change": f"{base}/taxonomy/changes/{await draft_id(page, code)}",
        "cost": f"{base}/cost",
        "explain": f"{base}/explain?kind=theme&id={driver['theme']['id']}",
        "explain-changed": f"{base}/explain?kind=category&id=cannot_tell&expect=100000",
        "accuracy": f"{base}/accuracy",
        "no-such-theme": f"{base}/themes/999999",
        "no-such-page": f"{base}/nowhere",
    }


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
async def test_every_page_is_accessible_and_fits_its_screen(
    browser: Browser, demo_server: str, width: int
) -> None:
    found: dict[str, list[str]] = {}
    schemes: tuple[Scheme, Scheme] = ("light", "dark")
    async with visiting(browser, demo_server, width=width, refusals=True) as page:
        for name, address in (await list_pages(page)).items():
            await page.goto(address)
            await expect(page.locator("h1")).to_be_visible()
            await page.wait_for_load_state("networkidle")
            for scheme in schemes:
                await page.emulate_media(color_scheme=scheme)
                await keep_screenshot(page, f"{name}-{width}-{scheme}")
                if problems := await examine(page):
                    found[f"{name} {scheme}"] = problems
            # The next page is opened in the dark, and turns light again.
            schemes = (schemes[1], schemes[0])
    assert found == {}


async def examine(page: Page) -> list[str]:
    """What is wrong with a page as it is shown now."""
    problems = await audit(page)
    if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        problems.append("it is wider than the screen")
    return problems


EMPTY: dict[str, Any] = {
    "themes": {
        "totals": {"conversations": 0, "themed": 0, "without_issue": 0, "themes": 0},
        "themed_estimate": None,
        "weeks": [],
        "items": [],
    },
    "stories": {"total": 0, "items": [], "next": None},
    "conversations": {"items": [], "next": None},
    "runs": [],
}


@pytest.mark.parametrize("name", sorted(EMPTY))
async def test_workspace_without_data_says_what_to_do_next(
    browser: Browser, demo_server: str, name: str
) -> None:
    async def answer(route: Route) -> None:
        await route.fulfill(json=EMPTY[name])

    async with visiting(browser, demo_server, width=NARROW, scheme="dark") as page:
        await page.route(re.compile(rf"/api/v1/workspaces/\w+/{name}(\?|$)"), answer)
        pages = await list_pages(page)
        await page.goto(pages[name])
        await expect(page.get_by_text(re.compile(rf"^No {name} yet$"))).to_be_visible()
        assert await audit(page) == []


async def test_failing_server_is_told_with_the_id_of_the_request(
    browser: Browser, demo_server: str
) -> None:
    problem: dict[str, Any] = {
        "type": "urn:earmark:problem:internal",
        "title": "Earmark failed at this request.",
        "status": 500,
        "detail": "",
        "fix": "Look for the request id in the log.",
        "instance": "/api/v1",
        "request_id": "0123abcd",
        "errors": [],
    }

    async def fail(route: Route) -> None:
        await route.fulfill(status=500, json=problem, content_type="application/problem+json")

    async with visiting(browser, demo_server, refusals=True) as page:
        pages = await list_pages(page)
        await page.route("**/api/v1/workspaces/*/themes", fail)
        await page.goto(pages["themes"])
        await expect(page.get_by_role("alert")).to_contain_text("0123abcd")
        assert await audit(page) == []
        await page.unroute("**/api/v1/workspaces/*/themes")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator("tbody th a").first).to_be_visible()


async def test_dialogs_are_accessible(browser: Browser, demo_server: str) -> None:
    async with visiting(browser, demo_server, width=NARROW) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Open the menu").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await audit(page) == []
    async with visiting(browser, demo_server, scheme="dark") as page:
        await page.goto("/")
        await page.get_by_role("button", name="Keys").click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await audit(page) == []


async def test_app_asks_no_other_server_and_runs_no_inline_script(
    browser: Browser, demo_server: str
) -> None:
    asked: set[str] = set()
    async with visiting(browser, demo_server) as page:
        page.on("request", lambda request: asked.add(request.url))
        await page.goto("/")
        await expect(page.locator("h3").first).to_be_visible()
        assert await page.locator("script:not([src])").count() == 0
        answer = await page.request.get("/")
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert asked
    assert [url for url in asked if not url.startswith(demo_server)] == []
