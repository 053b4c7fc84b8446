"""`earmark doctor` asks the model that is named, and says what is wrong and what is sent."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from earmark.cli.doctor import Finding, look_at_model
from earmark.errors import ConfigurationError, ModelRejected
from earmark.settings import Settings
from earmark.wiring import Wiring
from tests.fixtures import model_server as peer
from tests.fixtures.model_server import ModelServer, model_server


async def look(folder: Path, server: ModelServer | None = None, **changes: object) -> Finding:
    """With these settings and no others."""
    settings = Settings(data_dir=folder).model_copy(
        update={
            "model": "compatible:tiny" if server else None,
            "model_base_url": server.base_url if server else None,
            **changes,
        }
    )
    return await look_at_model(Wiring(settings))


async def test_model_that_answers_is_well(tmp_path: Path) -> None:
    async with model_server() as server:
        found = await look(tmp_path, server)
    assert found.status == "ok"
    assert "compatible:tiny@127.0.0.1" in found.detail
    assert "(json_schema)" in found.detail
    assert "on this machine" in found.detail


@pytest.mark.parametrize(
    ("always", "words"),
    [
        (peer.unknown_model(), "knows no model tiny"),
        (peer.web_page(404), "no model server"),
        (peer.unauthorized(), "wants a key"),
        (peer.no_quota(), "credit or quota"),
    ],
)
async def test_what_is_wrong_is_said(tmp_path: Path, always: peer.Behaviour, words: str) -> None:
    async with model_server() as server:
        server.always(always)
        with pytest.raises(ModelRejected) as caught:
            await look(tmp_path, server)
    assert words in caught.value.what
    assert "EARMARK_MODE=offline" in caught.value.fix


async def test_nothing_is_asked_offline(tmp_path: Path) -> None:
    async with model_server() as server:
        found = [await look(tmp_path), await look(tmp_path, server, mode="offline")]
    assert [item.status for item in found] == ["missing", "missing"]
    assert "no text leaves this machine" in found[0].detail
    assert server.asked == []


async def test_settings_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    key = SecretStr("key")
    with pytest.raises(ConfigurationError, match="EARMARK_LOCAL_ONLY"):
        await look(tmp_path, model="openai:gpt-5-mini", openai_api_key=key, local_only=True)
    with pytest.raises(ConfigurationError, match="EARMARK_MODEL_BASE_URL"):
        await look(tmp_path, model="compatible:tiny")
    with pytest.raises(ConfigurationError, match="needs a language model"):
        await look(tmp_path, mode="llm")


async def test_key_of_one_provider_is_not_sent_to_another(tmp_path: Path) -> None:
    async with model_server() as server:
        await look(tmp_path, server, openai_api_key=SecretStr("sk-secret"))
    assert all("sk-secret" not in str(dict(asked.headers)) for asked in server.asked)
