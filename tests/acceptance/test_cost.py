"""`earmark cost` and the same over HTTP, on a workspace that was read without asking any model."""

import json
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.fixtures.demo import run_earmark


def test_a_workspace_that_asked_no_model_says_so(demo: dict[str, Any], open_folder: Path) -> None:
    assert demo["url"]
    told = run_earmark(open_folder / "demo", "cost")
    report = json.loads(run_earmark(open_folder / "demo", "cost", "--json").stdout)
    assert told.returncode == 0, told.stderr
    assert "No model was asked" in told.stdout
    assert report["ledger"] == []
    assert float(report["ceilings"]["day"]) == 10


def test_ceilings_are_set_and_given_back_to_the_setting(
    demo: dict[str, Any], open_folder: Path
) -> None:
    assert demo["url"]
    folder = open_folder / "demo"
    done = run_earmark(folder, "cost", "limit", "--day", "2.50", "--total", "100", "--json")
    assert {name: float(usd or 0) for name, usd in json.loads(done.stdout).items()} == {
        "schema_version": 1,
        "run": 0,
        "day": 2.5,
        "total": 100,
    }
    back = run_earmark(folder, "cost", "limit", "--day", "default", "--total", "default", "--json")
    assert float(json.loads(back.stdout)["day"]) == 10
    assert json.loads(back.stdout)["total"] is None


def test_a_ceiling_that_is_no_amount_is_refused(demo: dict[str, Any], open_folder: Path) -> None:
    assert demo["url"]
    for words in (("--day", "plenty"), ("--day", "-1"), ("--run", "nan"), ()):
        done = run_earmark(open_folder / "demo", "cost", "limit", *words)
        assert done.returncode == 2
        assert "Next:" in done.stderr


async def test_the_api_tells_what_may_be_spent(demo: dict[str, Any]) -> None:
    async with ClientSession(demo["url"]) as api:
        async with api.get("/api/v1/workspaces", raise_for_status=True) as answer:
            code = (await answer.json())[0]["code"]
        path = f"/api/v1/workspaces/{code}/cost"
        async with api.put(f"{path}/ceilings", json={"run": "1.5"}, raise_for_status=True):
            pass
        async with api.get(path, params={"days": 7}, raise_for_status=True) as answer:
            report = await answer.json()
        async with api.put(f"{path}/ceilings", json={}, raise_for_status=True) as answer:
            assert (await answer.json())["run"] is None
    assert float(report["ceilings"]["run"]) == float(report["own"]["run"]) == 1.5
    assert float(report["ceilings"]["day"]) == 10
    assert report["own"]["day"] is None
    assert len(report["days"]) == 7
