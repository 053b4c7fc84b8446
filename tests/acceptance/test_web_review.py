"""The review queue as a person uses it: by keys alone, and by mouse."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.fixtures.browser import NARROW, audit, keep_screenshot, open_browser, visiting

pytestmark = pytest.mark.browser
browser = open_browser


async def read(page: Page, path: str) -> Any:  # noqa: ANN401 - a JSON document
    answer = await page.request.get(f"/api/v1/workspaces{path}")
    return await answer.json()


@pytest_asyncio.fixture
async def page(browser: Browser, demo_server: str) -> AsyncGenerator[Page]:
    """The queue of the sample workspace, with something in it."""
    async with visiting(browser, demo_server) as opened:
        code = (await read(opened, ""))[0]["code"]
        await opened.request.post(f"/api/v1/workspaces/{code}/review/draw", data={"number": 12})
        await opened.goto(f"/w/{code}/review")
        await expect(opened.get_by_role("group", name="What is it about?")).to_be_visible()
        yield opened


async def shown(page: Page) -> str:
    """The conversation that is to be labelled."""
    link = page.get_by_role("link", name="Open the conversation")
    return str(await link.get_attribute("href")).rsplit("/", 1)[-1]


async def test_a_conversation_is_labelled_with_two_keys_and_taken_back_with_one(
    page: Page,
) -> None:
    code = (await read(page, ""))[0]["code"]
    first = await shown(page)
    await page.keyboard.press("2")
    await expect(page.locator("button[aria-pressed=true]")).to_have_count(1)
    async with page.expect_response("**/label"):
        await page.keyboard.press("Enter")
    await expect(page.get_by_text("Saved: ")).to_be_visible()
    await expect(page.locator(f"a[href$='/conversations/{first}']")).to_have_count(0)
    (label,) = await read(page, f"/{code}/conversations/{first}/labels")
    assert label["kind"] == "final"
    assert label["labeller"] == "me"
    await page.keyboard.press("u")
    await expect(page.get_by_text("Taken back.")).to_be_visible()
    await expect(page.locator(f"a[href$='/conversations/{first}']")).to_have_count(1)
    assert await read(page, f"/{code}/conversations/{first}/labels") == []


async def test_items_that_come_late_do_not_displace_the_one_taken_back(page: Page) -> None:
    late = asyncio.Event()

    async def hold(route: Route) -> None:
        if late.is_set():
            await route.continue_()
            return
        answer = await route.fetch()
        late.set()
        await asyncio.sleep(1)
        await route.fulfill(response=answer)

    first = await shown(page)
    await page.route("**/review/next", hold)
    await page.keyboard.press("2")
    async with page.expect_response("**/review/next"):
        await page.keyboard.press("Enter")
        await late.wait()
        await page.keyboard.press("u")
    await expect(page.get_by_text("Taken back.")).to_be_visible()
    assert await shown(page) == first


async def test_nothing_is_saved_without_a_category(page: Page) -> None:
    first = await shown(page)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Choose a category first.")
    assert await shown(page) == first


async def test_keys_go_to_the_themes_and_back(page: Page) -> None:
    themes = page.get_by_role("group", name="Which themes does it belong to?")
    while await themes.get_by_role("button").count() == 0:  # nothing is near every conversation
        await page.keyboard.press("s")
        await expect(page.get_by_text("Skipped")).to_be_visible()
    await page.keyboard.press("t")
    await page.keyboard.press("1")
    await expect(themes.locator("button[aria-pressed=true]")).to_have_count(1)
    await page.keyboard.press("1")
    await expect(themes.locator("button[aria-pressed=true]")).to_have_count(0)
    await page.keyboard.press("t")
    await page.keyboard.press("1")
    about = page.get_by_role("group", name="What is it about?")
    await expect(about.locator("button[aria-pressed=true]")).to_have_count(1)


async def test_enter_on_a_button_is_the_buttons(page: Page) -> None:
    first = await shown(page)
    await page.keyboard.press("1")
    await page.get_by_role("button", name="Skip").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Skipped")).to_be_visible()
    code = (await read(page, ""))[0]["code"]
    assert await read(page, f"/{code}/conversations/{first}/labels") == []


async def test_an_answer_that_is_not_stored_comes_back(browser: Browser, demo_server: str) -> None:
    async def fail(route: Route) -> None:
        await route.fulfill(
            status=503,
            content_type="application/problem+json",
            json={
                "type": "urn:earmark:problem:database-unavailable",
                "title": "PostgreSQL cannot be reached.",
                "status": 503,
                "detail": "",
                "fix": "Try again.",
                "instance": "/api/v1",
                "request_id": "0123abcd",
                "errors": [],
            },
        )

    async with visiting(browser, demo_server, refusals=True, width=NARROW) as page:
        code = (await read(page, ""))[0]["code"]
        await page.request.post(f"/api/v1/workspaces/{code}/review/draw", data={"number": 12})
        await page.goto(f"/w/{code}/review")
        first = await shown(page)
        await page.route("**/review/items/*/label", fail)
        await (
            page.get_by_role("group", name="What is it about?").get_by_role("button").first.click()
        )
        await page.get_by_role("button", name="Save and next").click()
        await expect(page.get_by_role("alert")).to_contain_text("PostgreSQL cannot be reached.")
        assert await shown(page) == first
        assert await audit(page) == []


async def test_an_empty_queue_says_how_to_fill_it(browser: Browser, demo_server: str) -> None:
    async def nothing(route: Route) -> None:
        await route.fulfill(json=[])

    async with visiting(browser, demo_server, scheme="dark") as page:
        code = (await read(page, ""))[0]["code"]
        await page.route("**/review/next", nothing)
        await page.goto(f"/w/{code}/review")
        await expect(page.get_by_text("The queue is empty")).to_be_visible()
        await keep_screenshot(page, "review-empty")
        assert await audit(page) == []


async def test_a_label_is_corrected_where_it_is_read_and_taken_back(
    browser: Browser, demo_server: str
) -> None:
    async with visiting(browser, demo_server) as page:
        code = (await read(page, ""))[0]["code"]
        item = (await read(page, f"/{code}/conversations?limit=1"))["items"][0]
        address = f"/{code}/conversations/{item['id']}"
        await page.goto(f"/w{address}")
        choice = page.get_by_label("Correct: whole thread")
        await expect(choice).to_be_visible()
        await page.keyboard.press("c")
        await expect(choice).to_be_focused()
        async with page.expect_response("**/labels"):
            await choice.select_option("spam")
        await expect(page.get_by_text("by a person")).to_be_visible()
        (label,) = await read(page, f"{address}/labels")
        assert (label["value"], label["item_id"]) == ("spam", None)
        async with page.expect_response("**/labels?*"):
            await choice.select_option("Take back what I said")
        await expect(page.get_by_text("by a person")).to_have_count(0)
        assert await read(page, f"{address}/labels") == []
