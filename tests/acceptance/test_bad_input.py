"""Nonsense from outside, as somebody types it: refused with a reason, never a defect."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fixtures.demo import run_earmark

FIGURE = "/explain?kind=category&id=product_issue"


@pytest.mark.parametrize(
    "address",
    [
        "/conversations/%00",
        "/conversations/a%00b/masked",
        "/conversations/%00/labels",
        "/conversations?category=%00",
    ],
)
def test_a_character_that_cannot_be_stored_is_a_wrong_request(
    demo: dict[str, Any], address: str
) -> None:
    answer = httpx.get(f"{api(demo)}{address}")
    assert (answer.status_code, answer.json()["title"]) == (422, "A text holds a NUL character.")


def test_failures_of_a_name_that_cannot_be_are_a_wrong_request(demo: dict[str, Any]) -> None:
    for action in ("retry", "skip"):
        answer = httpx.post(f"{api(demo)}/failures/{action}", json={"conversation_ids": ["\u0000"]})
        assert answer.status_code == 422


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{FIGURE}&as_of=2099-01-01T00:00:00Z", "still to come"),
        (f"{FIGURE}&since=2026-11-01T00:00:00Z&until=2026-10-01T00:00:00Z", "ends before"),
    ],
)
def test_a_figure_that_cannot_be_kept_is_not_given(
    demo: dict[str, Any], address: str, words: str
) -> None:
    answer = httpx.get(f"{api(demo)}{address}")
    assert answer.status_code == 422
    assert words in answer.json()["title"]
    assert answer.json()["fix"]


def test_the_ledger_of_more_days_than_there_were_is_wrong_usage(open_folder: Path) -> None:
    done = run_earmark(open_folder / "demo", "cost", "--days", "99999999")
    assert (done.returncode, "--days" in done.stderr) == (2, True)


def test_figures_of_tables_are_never_cut(demo: dict[str, Any], open_folder: Path) -> None:
    assert demo["themes"] > 10
    lines = run_earmark(open_folder / "demo", "themes").stdout.splitlines()
    assert lines[0].split()[:2] == ["Id", "Theme"]
    assert "This week" in lines[0]
    assert all(len(line) <= 160 for line in lines)
    assert [
        line for line in lines if "labels missin" in line and "labels missing" not in line
    ] == []


def api(demo: dict[str, Any]) -> str:
    """The address of the sample workspace."""
    base = f"{demo['url']}/api/v1/workspaces"
    return f"{base}/{httpx.get(base).json()[0]['code']}"
