"""`earmark doctor` asks the model that is named, and says what is wrong and what is sent."""

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.fixtures import model_server as peer
from tests.fixtures.demo import run_earmark
from tests.fixtures.model_server import model_server


async def finding(data_dir: Path, **variables: str) -> dict[str, Any]:
    """What doctor says of the model."""
    done = await asyncio.to_thread(
        lambda: run_earmark(data_dir, "doctor", "--json", seconds=120, **variables)
    )
    report = json.loads(done.stdout)
    return next(found for found in report["findings"] if found["name"] == "model")


async def test_doctor_tells_how_the_model_is(open_folder: Path) -> None:
    data_dir = open_folder / "doctor"
    async with model_server() as server:
        variables = {"EARMARK_MODEL": "compatible:tiny", "EARMARK_MODEL_BASE_URL": server.base_url}
        good = await finding(data_dir, **variables)
        server.always(peer.unknown_model())
        unknown = await finding(data_dir, **variables)
        server.always(peer.web_page(404))
        page = await finding(data_dir, **variables)
    offline = await finding(data_dir)
    elsewhere = await finding(data_dir, EARMARK_MODEL="openai:gpt-5-mini", OPENAI_API_KEY="k")
    assert good["status"] == "ok"
    assert "json_schema" in good["detail"]
    assert "on this machine" in good["detail"]
    assert unknown["status"] == page["status"] == elsewhere["status"] == "failed"
    assert "knows no model tiny" in unknown["detail"]
    assert "no model server" in page["detail"]
    assert "EARMARK_MODE=offline" in page["next"]
    assert "EARMARK_LOCAL_ONLY" in elsewhere["detail"]
    assert offline["status"] == "missing"
    assert "no text leaves this machine" in offline["detail"]
