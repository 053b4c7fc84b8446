"""`earmark eval` and the page of accuracy: without labels, and with what labels say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect

from earmark.api.accuracy import AccuracyReport, Confidence
from earmark.api.changes import Changes, compare_mix
from earmark.api.versions import Version
from earmark.db.judgement_storage import MixCount
from earmark.db.models import Decider
from earmark.evaluation.accuracy import Judgement, measure_accuracy
from earmark.evaluation.agreement import compare_labellers, measure_agreement
from earmark.evaluation.calibration import Judged, calibrate, find_drift
from earmark.evaluation.gates import compare
from tests.fixtures.browser import NARROW, WIDE, Scheme, audit, open_browser, visiting
from tests.fixtures.demo import run_earmark
from tests.fixtures.threads import START

browser = open_browser

_SAID = ["product_issue"] * 40 + ["billing_question"] * 30 + ["cannot_tell"] * 20
_TRUTH = ["product_issue"] * 50 + ["billing_question"] * 40


@pytest.mark.usefixtures("demo_server")
def test_command_says_what_is_missing(open_folder: Path) -> None:
    told = run_earmark(open_folder / "demo", "eval")
    assert told.returncode == 0, told.stderr
    assert "Nobody has labelled a conversation that was drawn by chance yet" in told.stdout
    report = json.loads(run_earmark(open_folder / "demo", "eval", "--json").stdout)
    assert (report["accuracy"]["labels"], report["needed"]) == (0, 100)
    assert report["quotes"][0]["located"] > 0
    refused = run_earmark(open_folder / "demo", "eval", "--compare", "nothing", "--json")
    assert refused.returncode == 2
    assert "version nothing" in json.loads(refused.stdout)["error"]["what"]
    assert run_earmark(open_folder / "demo", "eval", "--with", "x").returncode == 2


def make_report() -> AccuracyReport:
    """What 90 labels would say."""
    judgements = [
        Judgement(
            said=said,
            answered=answered,
            confidence=0.5 + 0.005 * place,
            decider=Decider.LOCAL_MODEL,
            model_version="v2",
            said_at=START,
            answered_at=START,
        )
        for place, (said, answered) in enumerate(zip(_SAID, _TRUTH, strict=True))
    ]
    judged = [
        Judged(category_id=one.said, confidence=one.confidence, is_right=one.said == one.answered)
        for one in judgements
        if one.said != "cannot_tell"
    ]
    measured = calibrate(judged, (), target=0.95)
    pairs = [{"ada": "product_issue", "bob": one} for one in _TRUTH[40:60]]
    return AccuracyReport(
        stage="final",
        needed=100,
        labelled=90,
        accuracy=measure_accuracy(judgements),
        confidence=Confidence(
            error=measured.error, bins=measured.bins, risk_coverage=measured.risk_coverage
        ),
        agreement=measure_agreement([list(one.values()) for one in pairs]),
        labellers=tuple(compare_labellers(pairs)),
        changes=Changes(
            since=START,
            recent_days=28,
            before_days=84,
            mix=compare_mix([MixCount(category_id="product_issue", recent=50, before=10)]),
            audits=None,
            audited=0,
            promise=find_drift(calibrate(judged, ("product_issue",), target=0.5), judged, ()),
        ),
        quotes=(),
        versions=tuple(
            Version(
                decider=Decider.LOCAL_MODEL,
                model_version=name,
                taxonomy_version=1,
                conversations=90,
                first_at=START,
            )
            for name in ("v2", "v1")
        ),
        as_of=START,
    )


async def show(page: Page, query: str = "") -> None:
    """The page of accuracy as if people had given 90 labels."""
    answers: dict[str, Any] = {
        "accuracy": make_report().model_dump(mode="json"),
        "accuracy/comparison": compare(_TRUTH, _TRUTH, _SAID).model_dump(mode="json"),
    }

    async def answer(route: Route) -> None:
        path = re.sub(r"^.*/workspaces/[^/]+/([^?]+).*$", r"\1", route.request.url)
        await route.fulfill(json=answers[path])

    await page.route(re.compile(r"/api/v1/workspaces/\w+/accuracy"), answer)
    code = (await (await page.request.get("/api/v1/workspaces")).json())[0]["code"]
    await page.goto(f"/w/{code}/accuracy{query}")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
async def test_page_shows_what_labels_say(
    browser: Browser, demo_server: str, width: int, scheme: Scheme
) -> None:
    async with visiting(browser, demo_server, width=width, scheme=scheme) as page:
        await show(page, "?before=v1")
        await expect(page.get_by_text("10 more labels are needed")).to_be_visible()
        row = page.get_by_role("row", name="Product issue").first
        await expect(row).to_contain_text("80% (67% to 89%)")
        await expect(page.get_by_text("Worse", exact=True)).to_be_visible()
        await expect(page.get_by_role("img", name="How far its confidence")).to_be_visible()
        assert await audit(page) == []
        assert not await page.evaluate("document.documentElement.scrollWidth > innerWidth")


async def test_charts_have_the_same_numbers_as_tables(browser: Browser, demo_server: str) -> None:
    async with visiting(browser, demo_server) as page:
        await show(page)
        await page.get_by_role("button", name="As a table").first.click()
        await expect(page).to_have_url(re.compile("calibration=table"))
        table = page.get_by_role("group", name="How far its confidence can be believed")
        await expect(table.get_by_role("row")).to_have_count(5)
        await page.get_by_role("button", name="As a table").click()
        await expect(page.get_by_role("columnheader", name="Decided")).to_be_visible()
        assert await audit(page) == []


async def test_page_without_labels_leads_to_review(browser: Browser, demo_server: str) -> None:
    async with visiting(browser, demo_server) as page:
        await page.goto("/")
        await page.get_by_role("link", name="Accuracy").click()
        await expect(page.get_by_text("Nothing is measured yet")).to_be_visible()
        await page.get_by_role("link", name="Go to review").click()
        await expect(page).to_have_url(re.compile("/review"))
