"""`earmark models` and what `earmark doctor` says of the encoder, as a user types them."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.fixtures import minilm
from tests.fixtures.demo import run_earmark
from tests.fixtures.embeddings import serving_embeddings


def encoders(data_dir: Path, chosen: str = "none") -> dict[str, dict[str, object]]:
    """What the list says, by name."""
    done = run_earmark(data_dir, "models", "list", "--json", EARMARK_ENCODER=chosen)
    assert done.returncode == 0, done.stderr
    return {row["name"]: row for row in json.loads(done.stdout)["encoders"]}


def test_import_then_list_then_use(tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = encoders(data)
    assert before["none"]["in_use"]
    assert not before["minilm"]["installed"]
    wheel = minilm.write_wheel(tmp_path / "some_model.whl")
    done = run_earmark(data, "models", "import", str(wheel))
    assert done.returncode == 0, done.stderr
    assert "not the published weights" in done.stderr
    assert "EARMARK_ENCODER=minilm" in done.stderr
    row = encoders(data, "minilm")["minilm"]
    assert row["in_use"]
    assert row["installed"]
    assert row["dimensions"] == minilm.HIDDEN
    assert row["source"] == "some_model.whl"
    shown = run_earmark(data, "models", "list")
    assert f"{row['version']}" in shown.stdout


@pytest.mark.parametrize("name", ["nothing.whl", "notes.txt", "empty.zip"])
def test_import_of_what_is_no_model_says_why(tmp_path: Path, name: str) -> None:
    if not name.startswith("nothing"):
        (tmp_path / name).write_bytes(b"x")
    done = run_earmark(tmp_path / "data", "models", "import", str(tmp_path / name), "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["what"]
    assert not (tmp_path / "data/models/minilm").exists()


async def test_pull_from_an_address_without_the_files_says_what_else_to_do(tmp_path: Path) -> None:
    async with serving_embeddings() as server:
        done = await asyncio.to_thread(
            run_earmark, tmp_path / "data", "models", "pull", "--from", server.base_url
        )
    assert done.returncode == 3
    assert "earmark models import PATH" in done.stderr


def test_doctor_says_that_the_encoder_is_not_installed(tmp_path: Path) -> None:
    done = run_earmark(tmp_path / "data", "doctor", "--json", EARMARK_ENCODER="minilm")
    found = {item["name"]: item for item in json.loads(done.stdout)["findings"]}
    assert found["encoder"]["status"] == "failed"
    assert "earmark models pull minilm" in found["encoder"]["next"]
    assert done.returncode == 1


def test_doctor_tries_the_encoder(tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = minilm.write_folder(tmp_path / "given")
    assert run_earmark(data, "models", "import", str(folder)).returncode == 0
    done = run_earmark(data, "doctor", "--json", EARMARK_ENCODER="minilm")
    found = {item["name"]: item for item in json.loads(done.stdout)["findings"]}
    assert found["encoder"]["status"] == "ok"
    assert "32 dimensions" in found["encoder"]["detail"]


def test_local_only_refuses_an_encoder_elsewhere(tmp_path: Path) -> None:
    done = run_earmark(
        *(tmp_path / "data", "doctor", "--json"),
        EARMARK_ENCODER="endpoint:text-embedding-3-small",
        EARMARK_LOCAL_ONLY="true",
    )
    found = {item["name"]: item for item in json.loads(done.stdout)["findings"]}
    assert found["encoder"]["status"] == "failed"
    assert "not on this machine" in found["encoder"]["detail"]
