"""An Intercom that refuses, is somewhere else, or is none: what the command line says of it."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from tests.fixtures.demo import run_earmark
from tests.fixtures.scripted import Answer, json, refusal, scripted, text

Done = subprocess.CompletedProcess[str]

ME = {"app": {"id_code": "w", "name": "Acme [bold]", "region": "EU"}}


async def ask(
    conninfo: str, open_folder: Path, answers: list[Answer], *command: str, region: str = ""
) -> Done:
    """Run a command against a peer that answers these."""
    async with scripted() as (script, _):
        script.then(*answers)
        return await asyncio.to_thread(
            run_earmark,
            *(open_folder / "intercom-faults", *command),
            DATABASE_URL=conninfo,
            INTERCOM_BASE_URL=script.base_url,
            INTERCOM_ACCESS_TOKEN="tok-123",
            INTERCOM_REGION=region,
        )


@pytest.mark.parametrize("command", [("sync", "--plan"), ("run",)])
async def test_token_of_another_region_is_told_to_check_the_region(
    conninfo: str, open_folder: Path, command: tuple[str, ...]
) -> None:
    done = await ask(conninfo, open_folder, [refusal(401, "unauthorized")], *command)
    assert done.returncode == 3
    assert "does not accept the access token" in done.stderr
    assert "INTERCOM_REGION" in done.stderr
    assert "tok-123" not in done.stderr + done.stdout


async def test_missing_right_is_named_with_where_to_grant_it(
    conninfo: str, open_folder: Path
) -> None:
    done = await ask(conninfo, open_folder, [json(ME), refusal(403, "forbidden")], "sync", "--plan")
    assert done.returncode == 3
    assert "Developer Hub" in done.stderr


async def test_address_of_another_service_is_told(conninfo: str, open_folder: Path) -> None:
    done = await ask(conninfo, open_folder, [text("<html>", 404)], "sync", "--plan", "--json")
    assert done.returncode == 1
    assert "There is no Intercom API at this address." in done.stdout
    assert "INTERCOM_BASE_URL" in done.stdout


async def test_page_of_a_proxy_is_told_after_some_attempts(
    conninfo: str, open_folder: Path
) -> None:
    done = await ask(conninfo, open_folder, [text("<html>Sign in</html>")], "sync", "--plan")
    assert done.returncode == 1
    assert "not JSON" in done.stderr
    assert "Sign in" not in done.stderr


@pytest.mark.parametrize("count", [0, 1])
async def test_plan_of_a_small_workspace_counts_it(
    conninfo: str, open_folder: Path, count: int
) -> None:
    answers = [json(ME), json({"conversations": [], "total_count": count})]
    done = await ask(conninfo, open_folder, answers, "sync", "--plan", "--json")
    assert done.returncode == 0, done.stderr
    assert f'"conversations": {count},' in done.stdout


async def test_doctor_names_the_region_that_the_workspace_is_in(
    conninfo: str, open_folder: Path
) -> None:
    answers = [json(ME), json({"conversations": [], "total_count": 5})]
    done = await ask(conninfo, open_folder, answers, "doctor", region="us")
    assert "Acme [bold] (w), region eu, 5 conversations" in done.stdout
    assert done.returncode == 0


async def test_doctor_tells_a_refused_token_and_checks_the_rest(
    conninfo: str, open_folder: Path
) -> None:
    done = await ask(conninfo, open_folder, [refusal(401, "unauthorized")], "doctor")
    assert done.returncode == 1
    assert "failed  intercom: Intercom does not accept" in done.stdout
    assert "INTERCOM_REGION" in done.stdout
    assert "workspaces: none yet" in done.stdout


async def test_run_that_intercom_breaks_off_fails_with_its_reason(
    conninfo: str, open_folder: Path
) -> None:
    done = await ask(conninfo, open_folder, [json(ME), json(ME), refusal(403, "forbidden")], "run")
    assert done.returncode == 1
    assert ": failed." in done.stderr
    assert "Developer Hub" in done.stderr
