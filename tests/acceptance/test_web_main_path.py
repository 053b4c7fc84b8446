"""The web app as a person uses it, in a real browser, on a served sample workspace."""

import re
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.fixtures.browser import NARROW, open_browser, visiting

pytestmark = pytest.mark.browser
browser = open_browser


@pytest_asyncio.fixture
async def page(browser: Browser, demo_server: str) -> AsyncGenerator[Page]:
    """The first page of the sample workspace."""
    async with visiting(browser, demo_server) as opened:
        await opened.goto("/")
        await expect(opened.locator("h1")).to_have_text("This week")
        await expect(opened.locator("figure a").first).to_be_visible()
        yield opened


async def marked_text(page: Page) -> str:
    """The words that a conversation was opened at."""
    quote = page.locator("[data-target]")
    await expect(quote).to_have_count(1)
    await expect(quote).to_be_in_viewport()
    return await quote.text_content() or ""


async def focused_text(page: Page) -> str:
    """The text of the element that has the focus."""
    return str(await page.evaluate("document.activeElement.textContent"))


async def test_path_from_the_week_to_a_customers_words_and_back(page: Page) -> None:
    await expect(page.get_by_test_id("coverage")).to_contain_text("conversations read")
    driver = page.locator("ol > li").filter(has=page.locator("h3")).first
    name = await driver.locator("h3").inner_text()
    await driver.locator("h3 a").click()
    await expect(page.locator("h1")).to_have_text(name)

    quote = page.locator("figure a").first
    text = await quote.locator("span").first.text_content()
    theme_address = page.url
    await quote.click()
    assert await marked_text(page) == text
    await expect(page.locator("article:focus [data-target]")).to_have_count(1)

    await page.go_back()
    assert page.url == theme_address
    await expect(page.locator("h1")).to_have_text(name)
    await page.go_back()
    await expect(page.locator("h1")).to_have_text("This week")


async def test_every_quote_of_the_week_is_marked_letter_by_letter(page: Page) -> None:
    quotes = page.locator("figure a")
    shown = [
        (await quote.get_attribute("href"), await quote.locator("span").first.text_content())
        for quote in (await quotes.all())[:12]
    ]
    assert shown
    for address, text in shown:
        await page.goto(address or "")
        assert await marked_text(page) == text
        message = parse_qs(urlsplit(address or "").query)["message"][0]
        await expect(page.locator(f"[id='message-{message}'] [data-target]")).to_have_count(1)


async def test_mark_leads_to_its_issue_and_the_issue_back_to_its_mark(page: Page) -> None:
    await page.locator("figure a").first.click()
    mark = page.locator("[data-target] a").first
    await mark.click()
    issue = page.locator("li[id^='issue-']:focus")
    await expect(issue).to_have_count(1)
    await issue.get_by_role("button", name="Quote 1").click()
    await expect(page.locator("mark a:focus")).to_have_count(1)


async def test_messages_are_walked_with_j_and_k(page: Page) -> None:
    await page.locator("figure a").first.click()
    await marked_text(page)
    # The opened message has the focus already.
    await expect(page.locator("article:focus")).to_have_count(1)
    first = await page.evaluate("document.activeElement.id")
    await page.keyboard.press("j")
    assert await page.evaluate("document.activeElement.id") != first
    await page.keyboard.press("k")
    assert await page.evaluate("document.activeElement.id") == first


async def test_themes_are_filtered_and_opened_by_keyboard(page: Page) -> None:
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await expect(page.locator("h1")).to_have_text("Themes")
    last = await page.locator("tbody th a").last.inner_text()
    word = max(last.split(), key=len)

    await page.keyboard.press("/")
    await page.keyboard.type(word)
    await expect(page).to_have_url(re.compile(r"[?&]q="))
    await expect(page.locator("tbody th a").first).to_contain_text(re.compile(word, re.IGNORECASE))

    await page.keyboard.press("Enter")
    await page.keyboard.press("j")
    name = await focused_text(page)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text(name)
    await page.go_back()
    await expect(page.get_by_role("searchbox")).to_have_value(word)


async def test_letters_that_are_typed_are_no_shortcuts(page: Page) -> None:
    await page.get_by_role("link", name="Themes", exact=True).click()
    await page.get_by_role("searchbox").click()
    await page.keyboard.type("gs?j")
    await expect(page.get_by_role("searchbox")).to_have_value("gs?j")
    await expect(page.locator("h1")).to_have_text("Themes")
    await expect(page.get_by_text("No theme matches")).to_be_visible()
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(page.locator("tbody th a").first).to_be_visible()


async def test_themes_are_sorted_by_their_headings(page: Page) -> None:
    await page.get_by_role("link", name="Themes", exact=True).click()
    heading = page.get_by_role("columnheader", name="Theme")
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "ascending")
    await expect(page).to_have_url(re.compile(r"[?&]sort=name"))
    names = await page.locator("tbody th a").all_inner_texts()
    in_order = await page.evaluate("names => [...names].sort((a, b) => a.localeCompare(b))", names)
    assert names == in_order
    await heading.get_by_role("button").click()
    await expect(heading).to_have_attribute("aria-sort", "descending")


async def test_numbers_open_exactly_the_rows_behind_them(page: Page) -> None:
    await page.get_by_role("link", name="Themes", exact=True).click()
    link = page.locator("tbody td a[href*='/conversations?']").last
    count = int(await link.inner_text())
    await link.click()
    await expect(page.get_by_role("status")).to_have_text(f"{count} in all")
    await expect(page.get_by_role("button", name="Remove the filter")).to_have_count(1)


async def test_filters_are_chips_that_can_be_taken_off(page: Page) -> None:
    await page.get_by_role("link", name="Conversations", exact=True).click()
    await page.get_by_label("Sentiment").select_option("negative")
    await page.get_by_label("State").select_option("closed")
    await expect(page).to_have_url(re.compile(r"sentiment=negative&state=closed"))
    chips = page.get_by_role("list", name="Active filters").get_by_role("button")
    await expect(chips).to_have_count(3)
    await page.reload()
    await expect(chips).to_have_count(3)
    await chips.first.click()
    await expect(page).to_have_url(re.compile(r"\?state=closed$"))
    await page.go_back()
    await expect(chips).to_have_count(3)


async def test_long_list_keeps_few_rows_in_the_page_and_its_place_on_return(page: Page) -> None:
    await page.get_by_role("link", name="Conversations", exact=True).click()
    rows = page.locator("li[data-row]")
    await expect(rows.first).to_be_visible()
    for _ in range(8):
        await page.mouse.wheel(0, 4000)
        await page.wait_for_timeout(150)
    assert await rows.count() <= 60
    link = rows.nth(10).locator("a")
    await link.scroll_into_view_if_needed()
    place = await page.evaluate("scrollY")
    assert place > 5000
    await link.click()
    await expect(page.locator("article").first).to_be_visible()
    await page.go_back()
    await expect(rows.first).to_be_attached()
    await page.wait_for_function("y => Math.abs(scrollY - y) < 100", arg=place)


async def test_story_shows_its_parts_and_is_copied_as_markdown(page: Page) -> None:
    await page.get_by_role("link", name="Stories", exact=True).click()
    story = page.locator("ol > li").first
    title = await story.locator("h2").inner_text()
    await story.get_by_text("How the score is made").click()
    await expect(story.get_by_role("rowheader", name="Confidence")).to_be_visible()

    await story.locator("h2 a").click()
    await expect(page.locator("h1")).to_have_text(title)
    await expect(page.get_by_text("Assumption").first).to_be_visible()
    await page.get_by_role("button", name="Copy as Markdown").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = str(await page.evaluate("navigator.clipboard.readText()"))
    assert copied.startswith("# ")
    address = re.search(r"\]\((http://[^)]+)\)", copied)
    assert address
    await page.goto(address.group(1))
    await marked_text(page)


async def test_finished_run_shows_its_stages_and_its_log(page: Page) -> None:
    await page.get_by_role("link", name="Runs", exact=True).click()
    await page.get_by_role("link", name=re.compile(r"^Run \d+$")).first.click()
    table = page.get_by_role("group", name="Stages")
    await expect(table.get_by_role("rowheader")).to_have_count(7)
    await expect(table.get_by_text("Done", exact=True)).to_have_count(8)
    await expect(page.get_by_text("Run: succeeded")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel the run")).to_have_count(0)


async def test_started_run_is_followed_to_its_end_without_a_reload(page: Page) -> None:
    await page.get_by_role("link", name="Runs", exact=True).click()
    await page.get_by_role("button", name="Start a run").click()
    await expect(page.locator("h1")).to_have_text(re.compile(r"^Run \d+$"))
    stages = page.get_by_role("group", name="Stages")
    await expect(stages.get_by_role("progressbar")).to_have_count(7)
    await page.evaluate("window.sameDocument = true")
    await expect(page.get_by_role("button", name="Cancel the run")).to_be_visible()

    await expect(page.get_by_text("Run: succeeded")).to_be_visible(timeout=60_000)
    await expect(page.locator("header").get_by_text("Succeeded")).to_be_visible()
    for bar in await stages.get_by_role("progressbar").all():
        await expect(bar).to_have_attribute("aria-valuenow", "100")
    await expect(page.get_by_role("button", name="Cancel the run")).to_have_count(0)
    assert await page.evaluate("window.sameDocument === true")

    await page.get_by_role("link", name="Coverage", exact=True).click()
    await expect(page.get_by_role("heading", name="Per day")).to_be_visible()
    assert int(await page.locator("dd").first.inner_text()) > 0


PROBLEM: dict[str, Any] = {
    "type": "urn:earmark:problem:conflict",
    "title": "A run is already under way in this workspace.",
    "status": 409,
    "detail": "",
    "fix": "Cancel it first.",
    "instance": "/api/v1/runs",
    "request_id": "0123abcd",
    "errors": [],
}


async def test_refused_run_shows_the_servers_reason(browser: Browser, demo_server: str) -> None:
    async def refuse(route: Route) -> None:
        if route.request.method == "POST":
            await route.fulfill(status=409, json=PROBLEM, content_type="application/problem+json")
        else:
            await route.continue_()

    async with visiting(browser, demo_server, refusals=True) as page:
        await page.route("**/api/v1/workspaces/*/runs", refuse)
        await page.goto("/")
        await page.get_by_role("link", name="Runs", exact=True).click()
        await page.get_by_role("button", name="Start a run").click()
        alert = page.get_by_role("alert")
        for part in ("title", "fix", "request_id"):
            await expect(alert).to_contain_text(PROBLEM[part])
        await expect(page.get_by_role("link", name="Run 1", exact=True)).to_be_visible()


async def test_lost_server_is_told_and_leaves_what_was_shown(
    browser: Browser, demo_server: str
) -> None:
    async with visiting(browser, demo_server, refusals=True) as page:
        await page.goto("/")
        await page.locator("h3 a").first.click()
        quote = page.locator("figure a").first
        await expect(quote).to_be_visible()
        await page.route("**/api/**", lambda route: route.abort())
        await page.get_by_role("link", name="Stories", exact=True).click()
        alert = page.get_by_role("alert")
        await expect(alert).to_contain_text("Earmark does not answer")
        await page.unroute("**/api/**")
        await alert.get_by_role("button", name="Try again").click()
        await expect(page.locator("ol > li h2").first).to_be_visible()
        await expect(alert).to_have_count(0)


async def test_address_of_nothing_says_so(browser: Browser, demo_server: str) -> None:
    async with visiting(browser, demo_server, refusals=True) as page:
        await page.goto("/nowhere")
        await expect(page.locator("h1")).to_have_text("Page not found")
        await page.goto("/w/nobody/themes")
        await expect(page.get_by_role("alert")).to_contain_text("nobody")
        await expect(page.get_by_role("button", name="Try again")).to_have_count(0)
        await page.get_by_role("link", name="Go to the first page").click()
        await expect(page.locator("h1")).to_have_text("This week")


async def test_scheme_is_kept_over_a_reload(page: Page) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light = await page.evaluate(ground)
    await page.get_by_title("Dark").click()
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    await expect(page.locator("h1")).to_be_visible()
    assert await page.evaluate(ground) == dark
    await page.get_by_title("System").click()
    assert await page.evaluate(ground) == light


async def test_keys_are_explained_and_can_be_switched_off(page: Page) -> None:
    await page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(sheet).to_be_visible()
    await sheet.get_by_label("Single-letter shortcuts").uncheck()
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await page.keyboard.press("?")
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await expect(sheet).to_have_count(0)
    await expect(page.locator("h1")).to_have_text("This week")


async def test_keys_are_explained_on_a_narrow_screen_too(
    browser: Browser, demo_server: str
) -> None:
    async with visiting(browser, demo_server, width=NARROW) as page:
        await page.goto("/")
        await expect(page.locator("h1")).to_have_text("This week")
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


async def test_parameters_that_no_screen_knows_are_left_alone(page: Page) -> None:
    address = urlsplit(page.url).path
    await page.goto(f"{address}/conversations?state=open&utm_source=mail")
    await expect(page.locator("li[data-row]").first).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_first_tab_stop_skips_to_the_content(page: Page) -> None:
    await page.keyboard.press("Tab")
    assert await focused_text(page) == "Skip to the content"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.closest('main') !== null")


async def test_chart_has_its_numbers_as_a_table(page: Page) -> None:
    await page.locator("h3 a").first.click()
    await page.get_by_role("button", name="As a table").click()
    rows = page.get_by_role("group", name="Conversations per week").locator("tbody tr")
    await expect(rows).to_have_count(26)
    await expect(page).to_have_url(re.compile(r"\?chart=table$"))


async def test_menu_opens_on_a_narrow_screen(browser: Browser, demo_server: str) -> None:
    async with visiting(browser, demo_server, width=NARROW) as page:
        await page.goto("/")
        await page.get_by_role("button", name="Open the menu").click()
        await page.get_by_role("dialog").get_by_role("link", name="Coverage").click()
        await expect(page.locator("h1")).to_have_text("Coverage")
        await expect(page.get_by_role("dialog")).to_have_count(0)
