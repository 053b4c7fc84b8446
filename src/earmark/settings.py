"""The only reader of the environment: one typed class, filled from variables, `.env` and secrets.

Every secret may also be given as `NAME_FILE`, the path of a file that holds it (Docker, systemd).
"""

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from earmark.errors import ConfigurationError

SecretName = Literal[
    "database_url",
    "intercom_access_token",
    "intercom_client_secret",
    "intercom_previous_client_secret",
    "model_api_key",
    "encoder_api_key",
    "openai_api_key",
    "anthropic_api_key",
]
_HEADERS: Final = frozenset(
    {
        *("intercom_access_token", "model_api_key", "encoder_api_key"),
        *("openai_api_key", "anthropic_api_key"),
    }
)
"""Secrets that are sent as headers, which hold ASCII alone."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def default_data_dir() -> Path:
    """Where Earmark keeps its data unless told otherwise.

    PostgreSQL refuses to run as root and its stand-in account may not enter root's home, so root's
    data lies beside that of other services.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/earmark")
    return user_data_path("earmark", appauthor=False)


class Settings(BaseSettings):
    """All settings, with their defaults; see `.env.example` for what each is for."""

    model_config = SettingsConfigDict(
        env_prefix="EARMARK_",
        env_file=".env",
        # As Compose files and unit files write it; an empty path would be the working folder.
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    database_url_file: Path | None = Field(default=None, validation_alias="DATABASE_URL_FILE")

    intercom_access_token: SecretStr | None = Field(
        default=None, validation_alias="INTERCOM_ACCESS_TOKEN"
    )
    intercom_access_token_file: Path | None = Field(
        default=None, validation_alias="INTERCOM_ACCESS_TOKEN_FILE"
    )
    intercom_client_secret: SecretStr | None = Field(
        default=None, validation_alias="INTERCOM_CLIENT_SECRET"
    )
    intercom_client_secret_file: Path | None = Field(
        default=None, validation_alias="INTERCOM_CLIENT_SECRET_FILE"
    )
    intercom_previous_client_secret: SecretStr | None = Field(
        default=None, validation_alias="INTERCOM_PREVIOUS_CLIENT_SECRET"
    )
    intercom_previous_client_secret_file: Path | None = Field(
        default=None, validation_alias="INTERCOM_PREVIOUS_CLIENT_SECRET_FILE"
    )
    intercom_region: Literal["us", "eu", "au"] = Field(
        default="us", validation_alias="INTERCOM_REGION"
    )
    intercom_base_url: str | None = Field(default=None, validation_alias="INTERCOM_BASE_URL")
    intercom_api_version: str | None = Field(default=None, validation_alias="INTERCOM_API_VERSION")
    intercom_concurrency: int = Field(
        default=64, ge=1, le=256, validation_alias="INTERCOM_CONCURRENCY"
    )

    model: str | None = None
    model_base_url: str | None = None
    model_api_key: SecretStr | None = None
    model_api_key_file: Path | None = None
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_api_key_file: Path | None = Field(default=None, validation_alias="OPENAI_API_KEY_FILE")
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_api_key_file: Path | None = Field(
        default=None, validation_alias="ANTHROPIC_API_KEY_FILE"
    )
    encoder: str = "none"
    encoder_base_url: str | None = None
    encoder_api_key: SecretStr | None = None
    encoder_api_key_file: Path | None = None
    encoder_price: Decimal | None = Field(default=None, ge=0)
    mode: Literal["offline", "cascade", "llm"] | None = None
    model_requests_per_minute: int | None = Field(default=None, ge=1)
    model_tokens_per_minute: int | None = Field(default=None, ge=1)
    model_concurrency: int = Field(default=64, ge=1, le=512)
    batch: Literal["never", "auto"] = "never"
    batch_from: int = Field(default=1_000, ge=1)
    target_precision: float = Field(default=0.95, ge=0.5, le=0.999)

    ceiling_run: Decimal | None = Field(default=None, ge=0)
    ceiling_day: Decimal | None = Field(default=Decimal(10), ge=0)
    ceiling_workspace: Decimal | None = Field(default=None, ge=0)
    price_input: Decimal | None = Field(default=None, ge=0)
    price_cached: Decimal | None = Field(default=None, ge=0)
    price_output: Decimal | None = Field(default=None, ge=0)

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", validation_alias=AliasChoices("EARMARK_LOG_LEVEL", "LOG_LEVEL")
    )
    worker_concurrency: int = Field(default=2, ge=1, le=32)
    sync_minutes: int = Field(default=15, ge=0, le=1440)

    local_only: bool = False

    @field_validator("host")
    @classmethod
    def _loopback_only(cls, host: str) -> str:
        if host not in _LOOPBACK:
            raise ValueError(
                "must be 127.0.0.1, ::1 or localhost: Earmark has no sign-in yet, so it must not"
                " be reachable from elsewhere; use an SSH tunnel or a proxy that asks for a login"
            )
        return host

    @field_validator("model")
    @classmethod
    def _provider_and_model(cls, model: str | None) -> str | None:
        if model is not None and not re.fullmatch(r"(openai|anthropic|compatible):.+", model):
            raise ValueError(
                "must name provider and model, as openai:MODEL, anthropic:MODEL or compatible:MODEL"
            )
        return model

    @field_validator("encoder")
    @classmethod
    def _known_encoder(cls, encoder: str) -> str:
        if not re.fullmatch(r"none|minilm|endpoint:\S.*", encoder):
            raise ValueError("must be none, minilm or endpoint:MODEL")
        return encoder

    @field_validator("intercom_base_url", "model_base_url", "encoder_base_url")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        if url is not None:
            _require_address(url)
        return url.rstrip("/") if url else None

    @property
    def batches_from(self) -> int | None:
        """From how many calls on the provider's batches are used; null for never."""
        return self.batch_from if self.batch == "auto" else None

    @property
    def model_mode(self) -> Literal["offline", "cascade", "llm"]:
        """What is asked of the language model, if one is named."""
        return self.mode or ("cascade" if self.model else "offline")

    @model_validator(mode="after")
    def _whole_price(self) -> Self:
        if (self.price_input is None) != (self.price_output is None):
            raise ValueError("EARMARK_PRICE_INPUT and EARMARK_PRICE_OUTPUT go together: set both")
        if self.price_cached is not None and self.price_input is None:
            raise ValueError(
                "EARMARK_PRICE_CACHED does nothing without EARMARK_PRICE_INPUT and"
                " EARMARK_PRICE_OUTPUT: set all three"
            )
        return self

    @property
    def webhook_secrets(self) -> tuple[SecretStr, ...]:
        """What notifications may be signed with: two while the secret is being changed."""
        both = (
            self.secret("intercom_client_secret"),
            self.secret("intercom_previous_client_secret"),
        )
        return tuple(secret for secret in both if secret is not None)

    def secret(self, name: SecretName) -> SecretStr | None:
        """A secret from its variable or from its file; raises `ConfigurationError`."""
        direct: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if direct is not None:
            return _usable(direct.get_secret_value(), _variable(name), name in _HEADERS)
        if file is None:
            return None
        variable = f"{_variable(name)}_FILE"
        try:
            return _usable(file.read_text("utf-8"), variable, name in _HEADERS)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The file of {variable} cannot be read.",
                why=type(error).__name__,
                fix="Check its path and who may read it.",
            ) from error

    @classmethod
    def read(cls) -> Self:
        """Read the environment; nonsense raises a `ConfigurationError` that names each variable."""
        try:
            return cls()
        except ValidationError as error:
            problems = "; ".join(_describe(item["loc"], item["msg"]) for item in error.errors())
            raise ConfigurationError(
                "A setting cannot be used.",
                why=f"{problems}.",
                fix="Mend it in the environment or in .env; .env.example explains each.",
            ) from error


def _variable(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else f"EARMARK_{name.upper()}"


def _require_address(url: str) -> None:
    """Raise `ValueError` if no request can go there; paths are added to it, so it ends in one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets without an end, a port that is no number or too large
        parts = None
    if parts is None or not parts.hostname or parts.port == 0:
        raise ValueError("names no host, or a port that there is not (1 to 65535)")
    if parts.query or parts.fragment:
        raise ValueError("must end with the path: no ? and no # in it")


def _usable(text: str, variable: str, is_sent: bool) -> SecretStr:
    """The secret without the line end that editors and `echo` leave."""
    secret = text.strip()
    if is_sent and not secret.isascii():
        raise ConfigurationError(
            f"{variable} holds no usable secret.",
            why="A letter or sign is in it that no token has, perhaps a typographic quote.",
            fix="Copy it again from where it was issued.",
        )
    if not secret or not secret.isprintable():
        raise ConfigurationError(
            f"{variable} holds no usable secret.",
            why="It is empty." if not secret else "A line end or a control character is in it.",
            fix="Write it again, on one line.",
        )
    return SecretStr(secret)


def _describe(location: tuple[int | str, ...], message: str) -> str:
    said = message.removeprefix("Value error, ")
    if not location:
        return said  # of several settings together, which it names
    name = str(location[0])
    return f"{name if name.isupper() else f'EARMARK_{name.upper()}'} {said}"
