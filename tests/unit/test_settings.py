"""Settings: nonsense is named by its variable, and no secret is shown."""

from pathlib import Path

import pytest

from earmark.errors import ConfigurationError
from earmark.llm.provider_options import ModelOptions
from earmark.settings import Settings, default_data_dir


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """None of the variables of whoever runs the tests, and no `.env`."""
    names = [field.validation_alias for field in Settings.model_fields.values()]
    for name in (*names, "EARMARK_DATA_DIR", "EARMARK_HOST", "EARMARK_PORT", "LOG_LEVEL"):
        monkeypatch.delenv(str(name), raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("EARMARK_PORT", "99999", "65535"),
        ("EARMARK_PORT", "eighty", "integer"),
        ("EARMARK_HOST", "0.0.0.0", "SSH tunnel"),  # noqa: S104 - refused
        ("EARMARK_WORKER_CONCURRENCY", "0", "greater than"),
        ("EARMARK_LOG_LEVEL", "loud", "warning"),
        ("EARMARK_LOCAL_ONLY", "maybe", "boolean"),
        ("INTERCOM_REGION", "de", "'eu'"),
        ("EARMARK_MODEL", "gpt-5", "openai:MODEL"),
        ("EARMARK_MODEL", "banana:x", "compatible:MODEL"),
        ("EARMARK_ENCODER", "word2vec", "minilm"),
        ("EARMARK_ENCODER", "endpoint:", "endpoint:MODEL"),
        ("EARMARK_PRICE_CACHED", "0.1", "EARMARK_PRICE_INPUT"),
        ("INTERCOM_CONCURRENCY", "257", "256"),
        ("INTERCOM_BASE_URL", "api.intercom.io", "https://"),
    ],
)
def test_nonsense_is_named_by_its_variable(
    environment: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    environment.setenv(variable, value)
    with pytest.raises(ConfigurationError) as caught:
        Settings.read()
    assert variable in caught.value.why
    assert words in caught.value.why
    assert ".env" in caught.value.fix
    assert caught.value.exit_code == 3


def test_all_wrong_settings_are_told_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("EARMARK_PORT", "-1")
    environment.setenv("INTERCOM_REGION", "moon")
    with pytest.raises(ConfigurationError, match=r"INTERCOM_REGION.*EARMARK_PORT"):
        Settings.read()


def test_empty_variables_are_unset_ones(environment: pytest.MonkeyPatch) -> None:
    for variable in (
        *("EARMARK_DATA_DIR", "EARMARK_PORT", "INTERCOM_REGION", "INTERCOM_BASE_URL"),
        *("DATABASE_URL", "DATABASE_URL_FILE", "INTERCOM_ACCESS_TOKEN"),
    ):
        environment.setenv(variable, "")
    settings = Settings.read()
    assert settings.data_dir == default_data_dir()
    assert settings.intercom_region == "us"
    assert settings.secret("database_url") is None
    assert settings.secret("intercom_access_token") is None


def test_secret_is_read_from_its_file_without_the_line_end(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("tok-123\n")
    environment.setenv("INTERCOM_ACCESS_TOKEN_FILE", str(tmp_path / "token"))
    secret = Settings.read().secret("intercom_access_token")
    assert secret is not None
    assert secret.get_secret_value() == "tok-123"


@pytest.mark.parametrize("content", [b"", b" \n", b"two\nlines", b"\xff\xfe", None])
def test_unusable_secret_file_is_named_and_not_shown(
    environment: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "url").write_bytes(content)
    environment.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(ConfigurationError, match="DATABASE_URL_FILE") as caught:
        Settings.read().secret("database_url")
    assert "two" not in str(caught.value)
    assert caught.value.fix


def test_token_that_would_break_a_header_is_refused_and_not_shown(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("INTERCOM_ACCESS_TOKEN", "half\r\nX-Other: half")
    with pytest.raises(ConfigurationError, match="INTERCOM_ACCESS_TOKEN") as caught:
        Settings.read().secret("intercom_access_token")
    assert "half" not in str(caught.value)


def test_key_that_no_header_can_hold_is_refused_by_the_name_of_its_variable(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("EARMARK_MODEL_API_KEY", "sk-half\u2019half")
    with pytest.raises(ConfigurationError, match=r"^EARMARK_MODEL_API_KEY") as caught:
        Settings.read().secret("model_api_key")
    assert "half" not in str(caught.value)


def test_address_of_a_model_with_a_password_is_refused_and_not_shown() -> None:
    who = "me:hunter2"
    options = ModelOptions(
        provider="compatible", model="m", base_url=f"http://{who}@127.0.0.1:1/v1"
    )
    with pytest.raises(ConfigurationError, match="name and a password") as caught:
        options.check()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:99999/v1", "1 to 65535"),
        ("http://127.0.0.1:0/v1", "1 to 65535"),
        ("http:///v1", "names no host"),
        ("http://[::1/v1", "names no host"),
        ("https://models.example/v1?api-key=hunter2", r"no \? and no #"),
        ("https://models.example/v1#hunter2", r"no \? and no #"),
        ("ftp://models.example", "http:// or https://"),
    ],
)
def test_address_where_no_request_can_go_is_refused_by_its_variable(
    environment: pytest.MonkeyPatch, url: str, words: str
) -> None:
    environment.setenv("EARMARK_MODEL_BASE_URL", url)
    with pytest.raises(ConfigurationError, match=words) as caught:
        Settings.read()
    assert "EARMARK_MODEL_BASE_URL" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_half_a_price_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARMARK_PRICE_INPUT", "0.25")
    with pytest.raises(ConfigurationError, match="EARMARK_PRICE_OUTPUT go together"):
        Settings.read()
