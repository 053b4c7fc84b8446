"""`earmark demo` as a newcomer runs it."""

import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.fixtures.demo import run_earmark


def test_demo_reads_everything_and_says_how_right_it_was(demo: dict[str, Any]) -> None:
    conversations = demo["conversations"]
    assert conversations["stored"] == conversations["expected"] > 290
    assert conversations["failed"] == conversations["skipped"] == 0
    assert sum(demo["categories"].values()) <= conversations["stored"]
    assert demo["themes"] > 5
    assert demo["stories"] > 0
    assert demo["quotes"]["located"] > 200
    assert 0 <= demo["remainder_share"] <= 1
    assert set(demo["seconds"]) >= {"total", "setup", "sync", "mask", "learn", "classify", "themes"}
    assert demo["peak_rss_mb"] > 0
    for name in ("category_macro_f1", "theme_ari", "theme_nmi"):
        assert 0 < demo["truth"][name] <= 1


def test_second_demo_on_the_same_database_is_refused(
    demo: dict[str, Any], open_folder: Path
) -> None:
    assert demo["url"]
    second = run_earmark(open_folder / "demo", "demo", "--no-serve", "--conversations", "5")
    assert second.returncode == 1
    assert "Another `earmark demo` is running" in second.stderr
    assert "EARMARK_DATA_DIR" in second.stderr


def test_doctor_says_what_is_there_and_what_to_do_next(
    demo: dict[str, Any], open_folder: Path
) -> None:
    assert demo["url"]
    done = run_earmark(open_folder / "demo", "doctor")
    assert done.returncode == 0, done.stderr
    assert "database: PostgreSQL 18" in done.stdout
    assert "no access token" in done.stdout
    assert "earmark serve" in done.stdout


def test_themes_and_stories_can_be_read_by_programs(
    demo: dict[str, Any], open_folder: Path
) -> None:
    themes = run_earmark(open_folder / "demo", "themes", "--json", "--limit", "500")
    stories = run_earmark(open_folder / "demo", "stories", "--json")
    assert themes.returncode == stories.returncode == 0
    assert len(json.loads(themes.stdout)["themes"]) == demo["themes"]
    assert json.loads(stories.stdout)["stories"][0]["title"]


def test_command_without_a_token_says_how_to_get_one(open_folder: Path) -> None:
    done = run_earmark(open_folder / "demo", "run")
    assert done.returncode == 3
    assert "INTERCOM_ACCESS_TOKEN" in done.stderr
    assert "earmark demo" in done.stderr
    assert done.stdout == ""


async def test_nothing_that_customers_wrote_is_logged(demo_server: str, open_folder: Path) -> None:
    lines: set[str] = set()
    async with ClientSession(demo_server) as api:

        async def get(path: str) -> Any:  # noqa: ANN401 - JSON
            async with api.get(f"/api/v1/workspaces{path}", raise_for_status=True) as answer:
                return await answer.json()

        code = (await get(""))[0]["code"]
        for item in (await get(f"/{code}/conversations?limit=40"))["items"]:
            messages = (await get(f"/{code}/conversations/{item['id']}"))["messages"]
            lines |= {line.strip() for message in messages for line in message["body"].splitlines()}
    written = {line for line in lines if len(line) > 15}
    log = (open_folder / "demo.log").read_text()
    assert len(written) > 100
    assert "job" in log  # at the level of debug there is something to look through
    assert [line for line in written if line in log] == []
