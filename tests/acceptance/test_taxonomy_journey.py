"""The taxonomy as a person changes it, by commands and on its page: draft to version and back."""

import json
import re
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Browser, Page, expect

from tests.fixtures.browser import NARROW, audit, keep_screenshot, open_browser, visiting
from tests.fixtures.demo import read_document, run_earmark
from tests.fixtures.processes import started

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
browser = open_browser


class Place(NamedTuple):
    """A served sample workspace whose taxonomy may change."""

    data_dir: Path
    url: str


@pytest.fixture(scope="module")
def place(open_folder: Path) -> Generator[Place]:
    """A demo of its own."""
    folder = open_folder / "taxonomy"
    with started(
        folder, "demo", "--json", "--port", "0", "--conversations", "150", "--end", "2026-11-01"
    ) as process:
        yield Place(folder, str(read_document(process.stdout)["url"]))


def command(place: Place, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - a JSON document
    """What `earmark taxonomy WORDS --json` prints."""
    done = run_earmark(place.data_dir, "taxonomy", *words, "--json", seconds=200)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def test_taxonomy_is_kept_as_a_file_and_changed_by_commands(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "taxonomy.yaml"
    assert run_earmark(place.data_dir, "taxonomy", "export", str(path)).returncode == 0
    again = run_earmark(place.data_dir, "taxonomy", "export", str(path))
    assert again.returncode == 0  # the same text may be written again
    before = command(place, "show")["taxonomy"]
    assert command(place, "diff", str(path))["operations"] == []
    # A mistake is told with its line, and nothing is written.
    text = path.read_text("utf-8")
    path.write_text(text.replace("name: Spam", "name: feature REQUEST"), "utf-8")
    kept = run_earmark(place.data_dir, "taxonomy", "export", str(path))
    assert (kept.returncode, "--force" in kept.stderr) == (2, True)
    assert "name: feature REQUEST" in path.read_text("utf-8")
    wrong = run_earmark(place.data_dir, "taxonomy", "import", str(path), "--yes")
    line = text.splitlines().index("  name: Spam") + 1
    assert (wrong.returncode, f"line {line}, categories[" in wrong.stderr) == (2, True)
    path.write_text(text.replace("id: spam\n", "id: junk\n  was: [spam]\n"), "utf-8")
    told = command(place, "import", str(path))
    assert [(o["kind"], o["before"], o["after"]) for o in told["operations"]] == [
        ("rename", ["spam"], ["junk"])
    ]
    assert told["written"] is False
    assert command(place, "diff", code=1)["error"]["what"].startswith("There is no draft")
    draft = command(place, "import", str(path), "--yes", "--note", "Junk is clearer")
    assert draft["written"] is True
    for words in (["apply"], ["apply", "--yes"]):  # what would be refused is not promised either
        refused = command(place, *words, code=1)
        assert refused["error"]["what"].startswith("There is no preview")
    early = command(place, "revert", str(draft["change_id"]), code=1)
    assert early["error"]["what"].endswith("it is draft.")
    preview = command(place, "preview")["preview"]
    assert preview["read"] > 0
    assert command(place, "apply")["written"] is False
    applied = command(place, "apply", "--yes")
    assert applied["run"]["status"] == "succeeded"
    assert applied["version"] == before["version"] + 1
    assert "junk" in {c["id"] for c in command(place, "show")["taxonomy"]["categories"]}
    # A file of the version before would undo what came since.
    path.write_text(text, "utf-8")
    assert "was made of version" in command(place, "import", str(path), code=1)["error"]["what"]
    assert command(place, "diff", str(path), code=1)["is_stale"] is True
    told = command(place, "revert", str(applied["change_id"]))
    assert told["written"] is False
    assert [(o["kind"], o["before"], o["after"]) for o in told["operations"]] == [
        ("rename", ["junk"], ["spam"])
    ]
    reverted = command(place, "revert", str(applied["change_id"]), "--yes")
    assert reverted["run"]["status"] == "succeeded"
    after = command(place, "show")["taxonomy"]
    assert after == {**before, "version": before["version"] + 2}
    changes = command(place, "list")["changes"]
    assert (changes[0]["status"], changes[0]["note"]) == ("reverted", "Junk is clearer")


def test_a_draft_that_others_overtook_is_told_and_can_be_replaced(
    place: Place, tmp_path: Path
) -> None:
    path = tmp_path / "taxonomy.yaml"

    def renamed(name: str) -> None:
        exported = run_earmark(place.data_dir, "taxonomy", "export", str(path), "--force")
        assert exported.returncode == 0
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"(- id: spam\n  name: ).*", rf"\g<1>{name}", text), "utf-8")

    renamed("Advertising")
    first = command(place, "import", str(path), "--yes")
    command(place, "apply", "--yes", "--without-preview")
    renamed("Noise")
    stale = command(place, "import", str(path), "--yes")
    version = command(place, "revert", str(first["change_id"]), "--yes")["version"]
    told = command(place, "diff", code=1)
    assert (told["is_stale"], told["newest_version"]) == (True, version)
    assert "moved on" in command(place, "preview", code=1)["error"]["what"]
    renamed("Noise")
    draft = command(place, "import", str(path), "--replace", "--yes")
    assert (draft["is_stale"], draft["base_version"]) == (False, version)
    assert draft["change_id"] != stale["change_id"]
    assert command(place, "discard", "--yes")["status"] == "discarded"


async def open_taxonomy(page: Page) -> str:
    """The page, without a draft; returns the workspace's code."""
    workspaces: Any = await (await page.request.get("/api/v1/workspaces")).json()
    code = str(workspaces[0]["code"])
    base = f"/api/v1/workspaces/{code}/taxonomy"
    draft: Any = (await (await page.request.get(base)).json())["draft_id"]
    if draft is not None:
        tag = (await page.request.get(f"{base}/changes/{draft}")).headers["etag"]
        await page.request.delete(f"{base}/changes/{draft}", headers={"If-Match": tag})
    await page.goto(f"/w/{code}/taxonomy")
    await expect(page.get_by_role("heading", name="Taxonomy", exact=True)).to_be_visible()
    return code


async def newest_version(page: Page, code: str) -> int:
    """Number of the newest version."""
    answer = await page.request.get(f"/api/v1/workspaces/{code}/taxonomy")
    return int((await answer.json())["version"])


@pytest.mark.browser
async def test_change_goes_from_draft_to_version_and_back(browser: Browser, place: Place) -> None:
    async with visiting(browser, place.url) as page:
        code = await open_taxonomy(page)
        first = await newest_version(page, code)
        await page.get_by_role("button", name="Edit").click()
        saved = page.get_by_text("All edits are saved.")
        await expect(saved).to_be_visible()
        # A mistake is told at its field, and the draft cannot be applied.
        entries = page.get_by_role("region", name="Categories").locator("details")
        money, how = entries.nth(4), entries.nth(1)
        await money.locator("summary").click()
        name = money.get_by_label("Name", exact=True)
        await name.fill("Product issue")
        await expect(money.get_by_text("is given twice")).to_be_visible()
        await expect(name).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
        assert await audit(page) == []
        await name.fill("Money")
        await expect(page.get_by_text("is given twice")).to_have_count(0)
        # Two categories become one.
        await how.locator("summary").click()
        await how.get_by_label("Merge another one into this").select_option(
            label="Configuration help"
        )
        await expect(page.get_by_text("Merged", exact=True)).to_be_visible()
        await expect(saved).to_be_visible()
        await page.get_by_role("button", name="Preview", exact=True).click()
        await expect(page.get_by_role("heading", name="What moves")).to_be_visible(timeout=60_000)
        await expect(page.get_by_text("conversations of the last twelve weeks")).to_be_visible()
        await keep_screenshot(page, "taxonomy-preview")
        assert await audit(page) == []
        # The words of an example are shown, and lead to its conversation.
        example = page.get_by_role("group", name="What moves").get_by_role("link").first
        await expect(example).to_have_attribute("href", re.compile("/conversations/"))
        await page.get_by_role("button", name="Apply", exact=True).click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text(f"It becomes version {first + 1}")
        await dialog.get_by_role("button", name="Apply", exact=True).click()
        await expect(page).to_have_url(re.compile(r"/runs/\d+"))
        await expect(page.get_by_text("Succeeded").first).to_be_visible(timeout=60_000)
        await open_taxonomy(page)
        await expect(page.get_by_text("Money", exact=True).first).to_be_visible()
        # Either version can be counted, and both beside each other.
        await page.get_by_label("Beside it").select_option(label=f"Version {first}")
        await expect(page).to_have_url(re.compile(f"beside={first}"))
        await expect(page.get_by_role("columnheader", name=f"Sum, version {first}")).to_be_visible()
        await page.get_by_role("link", name=re.compile(r"Change \d+")).first.click()
        await page.get_by_role("button", name="Revert").click()
        await page.get_by_role("dialog").get_by_role("button", name="Revert").click()
        await expect(page).to_have_url(re.compile(r"/runs/\d+"))
        await expect(page.get_by_text("Succeeded").first).to_be_visible(timeout=60_000)
        assert await newest_version(page, code) == first + 2


@pytest.mark.browser
async def test_two_people_do_not_undo_each_other(browser: Browser, place: Place) -> None:
    async with visiting(browser, place.url, width=NARROW, refusals=True) as page:
        code = await open_taxonomy(page)
        await page.get_by_role("button", name="Edit").click()
        await expect(page.get_by_text("All edits are saved.")).to_be_visible()
        number = page.url.rpartition("/")[2]
        address = f"/api/v1/workspaces/{code}/taxonomy/changes/{number}"
        theirs = await page.request.get(address)
        change: Any = (await theirs.json())["change"]
        answer = await page.request.put(
            address,
            data={"proposal": change["proposal"], "note": "theirs"},
            headers={"If-Match": theirs.headers["etag"]},
        )
        assert answer.ok
        await page.get_by_label("What the change is for").fill("mine")
        await expect(page.get_by_text("Somebody else has edited this draft.")).to_be_visible()
        assert await audit(page) == []
        await page.get_by_role("button", name="Read it again").click()
        await expect(page.get_by_label("What the change is for")).to_have_value("theirs")
        await page.get_by_role("button", name="Discard").click()
        await page.get_by_role("dialog").get_by_role("button", name="Discard").click()
        await expect(page.get_by_role("button", name="Edit")).to_be_visible()
