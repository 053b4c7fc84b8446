"""Which language model is meant, where it is, and what it may take."""

from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from earmark.db.models import Model
from earmark.errors import ConfigurationError
from earmark.llm.locality import require_local

Provider = Literal["openai", "anthropic", "compatible"]
PROVIDERS: Final[tuple[Provider, ...]] = ("openai", "anthropic", "compatible")
KEY_VARIABLES: Final[dict[Provider, str]] = {
    "openai": "EARMARK_MODEL_API_KEY or OPENAI_API_KEY",
    "anthropic": "EARMARK_MODEL_API_KEY or ANTHROPIC_API_KEY",
    "compatible": "EARMARK_MODEL_API_KEY",
}
OFFLINE_WAY: Final = "EARMARK_MODE=offline works without any model."
OPENAI_URL: Final = "https://api.openai.com/v1"
_ADDRESSES: Final[dict[Provider, str]] = {
    "openai": OPENAI_URL,
    "anthropic": "https://api.anthropic.com",
    "compatible": "",
}


class ModelOptions(Model):
    """One model of one provider."""

    provider: Provider
    model: str
    base_url: str | None = None
    """Null for the provider's own address."""
    api_key: SecretStr | None = None
    local_only: bool = False
    concurrency: int = Field(default=64, ge=1)
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    most_output_tokens: int = Field(default=4_096, ge=1)
    timeout_seconds: float = 120.0

    @property
    def address(self) -> str:
        """Where requests go."""
        url = (self.base_url or _ADDRESSES[self.provider]).rstrip("/")
        # Anthropic's client adds the version itself.
        return url.removesuffix("/v1") if self.provider == "anthropic" else url

    @property
    def name(self) -> str:
        """Provider and model; with the host where that is not the provider's own."""
        host = "" if self.base_url is None else f"@{self.address.split('://')[-1].split('/')[0]}"
        return f"{self.provider}:{self.model}{host}"

    def check(self) -> None:
        """Whether these can be used together; raises `ConfigurationError`."""
        require_local(
            "The language model", self.base_url, local_only=self.local_only, model=self.model
        )
        if self.base_url is not None and "@" in urlsplit(self.base_url).netloc:
            raise ConfigurationError(
                "The address of the model server cannot be used.",
                why="EARMARK_MODEL_BASE_URL holds a name and a password.",
                fix="Take them out; a key belongs into EARMARK_MODEL_API_KEY.",
            )
        if self.provider == "compatible" and self.base_url is None:
            raise ConfigurationError(
                "The address of the model server is not known.",
                why="EARMARK_MODEL begins with compatible: and EARMARK_MODEL_BASE_URL is not set.",
                fix="Set it to the address of the server, such as http://127.0.0.1:11434/v1."
                f" {OFFLINE_WAY}",
            )
        if self.provider != "compatible" and self.api_key is None:
            raise ConfigurationError(
                f"There is no key for the language model {self.name}.",
                why=f"{KEY_VARIABLES[self.provider]} is not set.",
                fix=f"Set it in the environment or in .env. {OFFLINE_WAY}",
            )


def parse_model(text: str) -> tuple[Provider, str]:
    """The provider and the model of `provider:model`; raises `ConfigurationError`."""
    provider, _, model = text.partition(":")
    if provider not in PROVIDERS or not model:
        raise ConfigurationError(
            f"EARMARK_MODEL={text} names no model.",
            why="It must be provider:model, with openai, anthropic or compatible as the provider.",
            fix=f"Set it to one such as openai:gpt-5-mini. {OFFLINE_WAY}",
        )
    return provider, model
