"""What a language model read, who decided and what waits, as the pages show it."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from earmark.api.main import create_app
from earmark.cli.web_server import address_of, bind, serve_app
from earmark.db import run_storage
from earmark.db.connection import Database
from earmark.db.models import RunStatus, Stage
from earmark.db.spending_storage import Ceilings
from earmark.llm.base import Prompt, Usage
from earmark.pipeline.spending import Spending
from tests.fixtures.browser import (
    NARROW,
    WIDE,
    Scheme,
    audit,
    keep_screenshot,
    open_browser,
    visiting,
)
from tests.fixtures.readers import Form, ScriptedModel, customer_words, filled, issue
from tests.fixtures.threads import CUSTOMER, TEAMMATE, make_thread
from tests.integration.reading_rig import Desk, open_desk

pytestmark = pytest.mark.browser
browser = open_browser

_SAID = "The export to CSV is empty since yesterday. Write to jane.roe@initech.example please."
_ANSWER = "An old cache of the page does that. Please clear the cache."
_MARKUP = "<b>empty</b> file for <EMAIL_1>"


def _says(prompt: Prompt) -> Form:
    """All that can be said, with a placeholder and with what looks like markup."""
    if len(customer_words(prompt)) > 1:
        return filled(summary="A very long complaint.")
    return filled(
        summary="The export is empty; <EMAIL_1> is to get an answer.",
        category_final="how_to_question",
        confidence_final="medium",
        second_choice="product_issue",
        change_reason="It turned out to be a matter of the cache.",
        issues=[
            issue(
                "CSV export gives an empty file",
                ("m1", "The export to CSV is empty since yesterday"),
                component="CSV export",
                symptoms=[_MARKUP],
                root_cause_stated="An old cache of the page",
                root_cause_guessed="The cache outlives a release",
            )
        ],
        resolution="workaround",
        resolution_quote={"message": "m2", "text": "Please clear the cache"},
        self_service_gap=True,
    )


def _price(_: str, usage: Usage) -> Decimal:
    return Decimal(usage.requests)


@pytest_asyncio.fixture(name="desk")
async def _desk(database: Database) -> Desk:
    """Read by the local model first, then by a language model."""
    desk = await open_desk(database)
    long = [(CUSTOMER, f"This is complaint number {n}. " * 40) for n in range(60)]
    await desk.add(
        make_thread("1", (CUSTOMER, _SAID), (TEAMMATE, _ANSWER)), make_thread("2", *long)
    )
    await desk.read_in_run(None)
    await desk.read_in_run(ScriptedModel(_says))
    return desk


@asynccontextmanager
async def served(desk: Desk) -> AsyncGenerator[str]:
    """The base URL of the app on this database."""

    @asynccontextmanager
    async def open_database() -> AsyncGenerator[Database]:
        yield desk.database

    listener, stop = bind("127.0.0.1", 0), asyncio.Event()
    serving = asyncio.create_task(serve_app(create_app(open_database), listener, stop))
    try:
        yield str(address_of(listener))
    finally:
        stop.set()
        await serving
        listener.close()


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


async def sound(page: Page, name: str) -> None:
    """It is accessible, and within its screen."""
    await keep_screenshot(page, name)
    assert await audit(page) == []
    assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")


async def test_what_a_model_said_is_shown_as_its_words_and_never_as_markup(
    browser: Browser, desk: Desk
) -> None:
    async with served(desk) as url, visiting(browser, url) as page:
        await page.goto(f"/w/{desk.workspace.code}/conversations/1")
        known = section(page, "What else is known")
        await expect(known).to_contain_text("The export is empty; <EMAIL_1> is to get an answer.")
        await expect(known.get_by_text("A language model's words")).to_have_count(2)
        await expect(known).to_contain_text("It turned out to be a matter of the cache.")
        await expect(known).to_contain_text("A good one would have answered")
        issues = section(page, "Issues")
        await expect(issues).to_contain_text(_MARKUP)
        await expect(issues.locator("b")).to_have_count(0)
        for source, words in (
            ("Said in the conversation", "An old cache of the page"),
            ("A guess of the model", "The cache outlives a release"),
        ):
            cause = issues.locator("div", has=page.get_by_text(source, exact=True)).last
            await expect(cause).to_contain_text(words)
        await known.scroll_into_view_if_needed()
        await sound(page, "model-words")
        await page.goto(f"/w/{desk.workspace.code}/conversations/2")
        await expect(
            page.get_by_text(re.compile(r"the language model was not shown \d+ messages of it"))
        ).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
async def test_each_label_says_who_decided_and_what_was_said_before(
    browser: Browser, desk: Desk, width: int, scheme: Scheme
) -> None:
    await desk.execute("UPDATE classifications SET is_audit = true WHERE decider = 'llm'")
    label = await desk.label("1")
    assert label is not None
    assert label.prompt_hash is not None
    async with served(desk) as url, visiting(browser, url, width=width, scheme=scheme) as page:
        await page.goto(f"/w/{desk.workspace.code}/conversations/1")
        labels = section(page, "Labels")
        why = labels.locator("details").first
        await why.get_by_label("Why this label: whole thread").press("Enter")
        for words in (
            *("Decided by", "A language model", "Fairly sure", "compatible:scripted", "version 1"),
            *(label.prompt_hash, "The local model was sure", "thought", "Before that"),
            *("by the local model until", "Nobody has labelled this by hand."),
        ):
            await expect(why).to_contain_text(words)
        await sound(page, f"why-{width}-{scheme}")
        await labels.get_by_label("Correct: whole thread").select_option("billing_question")
        await expect(why).to_contain_text("A person")
        await expect(why).to_contain_text(re.compile(r"me: .+ \(the machine had said .+ by a lang"))
        await expect(why).to_contain_text("by a language model until")


async def test_a_run_that_reached_a_ceiling_says_so_and_leads_to_the_costs(
    browser: Browser, desk: Desk
) -> None:
    await desk.add(make_thread("3", (CUSTOMER, "Another export is empty")), fit=False)
    ceilings = Ceilings(run=Decimal(0), day=None, total=None)
    spending = Spending(desk.database, _price, ceilings)
    before = desk.run
    run = await desk.read_in_run(ScriptedModel(), spending=spending)
    base = f"/w/{desk.workspace.code}"
    async with served(desk) as url, visiting(browser, url, width=NARROW, scheme="dark") as page:
        await page.goto(f"{base}/runs/{before.id}")
        reading = section(page, "Reading")
        row = reading.get_by_role("row", name="A language model")
        await expect(row.get_by_role("cell")).to_have_text(["2", "100%"])
        await sound(page, "run-read")
        await page.goto(f"{base}/runs/{run.id}")
        waits = page.get_by_text("Reading waits: The ceiling of the run is reached: 0.00 US")
        await expect(waits).to_contain_text("1 conversation that was never read waits for that now")
        await sound(page, "run-waits")
        await waits.get_by_role("link").click()
        await expect(page).to_have_url(re.compile(rf"{base}/cost$"))


async def test_a_run_that_a_model_refused_says_so_and_leads_to_the_costs(
    browser: Browser, desk: Desk
) -> None:
    error = "The model server refuses the key. Set `EARMARK_MODEL_API_KEY`."
    async with desk.database.write() as connection:
        run = await run_storage.create_run(connection, desk.workspace.id)
        await run_storage.start_stage(connection, run, Stage.CLASSIFY)
        await run_storage.finish_run(connection, run, RunStatus.FAILED, error=error)
    async with served(desk) as url, visiting(browser, url) as page:
        await page.goto(f"/w/{desk.workspace.code}/runs/{run.id}")
        await expect(page.get_by_text("The model server refuses the key.").first).to_be_visible()
        stopped = page.get_by_text("Reading stopped at this error.")
        await expect(stopped.get_by_role("link")).to_have_attribute(
            "href", f"/w/{desk.workspace.code}/cost"
        )
        await sound(page, "run-refused")


async def test_figures_lead_to_an_explanation_that_counts_the_same(
    browser: Browser, demo_server: str
) -> None:
    async with visiting(browser, demo_server) as page:
        await page.goto("/")
        item = page.locator("main ol > li").first
        shown = item.locator("dd").first.get_by_role("link")
        number = await shown.first.inner_text()
        name = await item.get_by_role("heading").inner_text()
        await shown.nth(1).click()
        await explained(page, name, number)
        await page.go_back()
        await item.get_by_role("heading").get_by_role("link").click()
        week = page.locator("dd").first
        await expect(week).to_contain_text(re.compile(rf"^{number} "))
        await week.get_by_role("link").click()
        await explained(page, name, number)
        await page.go_back()
        await page.goto(f"{page.url}?chart=table")
        row = page.get_by_role("row").filter(has=page.get_by_role("link")).nth(1)
        number = await row.get_by_role("link").inner_text()
        await row.get_by_role("link").click()
        await explained(page, name, number)


async def explained(page: Page, name: str, number: str) -> None:
    """The page that explains a figure names the same figure."""
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)
    await expect(page.get_by_text(re.compile(rf"^{number} conversations? of "))).to_be_visible()
