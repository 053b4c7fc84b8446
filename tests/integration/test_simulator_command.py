"""`earmark simulate` with its options, as a process."""

from pathlib import Path

import aiohttp
import pytest

from tests.fixtures.demo import read_document
from tests.fixtures.processes import started
from tests.fixtures.simulator import TOKEN

SMALL = ("simulate", "--json", "--conversations", "20", "--port", "0")
ACCESS = {"INTERCOM_ACCESS_TOKEN": TOKEN}


async def test_faults_and_seed_are_options(tmp_path: Path) -> None:
    words = ("--fault", "zero_remaining=true", "--fault", "page_size_cap=2@list")
    with started(tmp_path, *SMALL, *words, "--fault-seed", "3", **ACCESS) as process:
        document = read_document(process.stdout)
        assert document["fault_seed"] == 3
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(document["base_url"], headers=headers) as session,
            session.get("/conversations") as answer,
        ):
            assert answer.headers["X-RateLimit-Remaining"] == "0"
            assert len((await answer.json())["conversations"]) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("--fault", "nonsense=1"),
        ("--fault", "error_share=2"),
        ("--webhook-url", "http://127.0.0.1:9/"),
        ("--webhook-secret", "x"),
        ("--webhook-url", "mail:a", "--webhook-secret", "x"),
    ],
)
def test_options_that_make_no_sense_end_it_with_a_reason(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with started(tmp_path, *SMALL, *words, **ACCESS) as process:
        assert process.wait(timeout=60) == 2
    said = (tmp_path / "earmark.log").read_text("utf-8")
    assert "Error:" in said
    assert "Traceback" not in said
