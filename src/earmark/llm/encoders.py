"""Which encoder stands beside the workspace's own model, and where it comes from."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr

from earmark.db.models import Model
from earmark.errors import ConfigurationError, EarmarkError
from earmark.llm.base import EmbeddingCall, Encoder, KeepEmbeddingCall, Usage
from earmark.llm.locality import is_local
from earmark.llm.prices import Rates, embeddings_price
from earmark.llm.provider_options import OPENAI_URL

NONE: Final = "none"
MINILM: Final = "minilm"
_ENDPOINT: Final = "endpoint:"


class EncoderChoice(Model):
    """What the settings say."""

    name: str = NONE
    """`none`, `minilm` or `endpoint:MODEL`."""
    models_dir: Path
    """The folder of installed models."""
    base_url: str | None = None
    api_key: SecretStr | None = None
    local_only: bool = False
    price: Decimal | None = None
    """Of a server's, in US dollars for a million tokens; null for what is known of it."""

    @property
    def kind(self) -> Literal["none", "minilm", "endpoint"]:
        """The part before the colon."""
        if self.name.startswith(_ENDPOINT):
            return "endpoint"
        return "minilm" if self.name == MINILM else "none"

    @property
    def address(self) -> str:
        """Of the server."""
        return self.base_url or OPENAI_URL

    @property
    def endpoint_model(self) -> str:
        """As ledgers have it: provider, colon, model."""
        provider = "openai" if self.address == OPENAI_URL else "compatible"
        return f"{provider}:{self.name.removeprefix(_ENDPOINT)}"

    @property
    def rates(self) -> Rates | None:
        """What a server's vectors cost; null where that is not known."""
        price = self.price
        if price is None and is_local(self.address):
            price = Decimal(0)
        if price is None:
            price = embeddings_price(self.endpoint_model)
        return None if price is None else Rates(input=price, cached=price, output=Decimal(0))

    @property
    def minilm_folder(self) -> Path:
        """Where the encoder that runs here lies."""
        return self.models_dir / MINILM


class EncoderHolder:
    """Opens the chosen encoder when it is first asked for, and keeps it."""

    def __init__(
        self, choice: EncoderChoice, stack: AsyncExitStack, keep_call: KeepEmbeddingCall | None
    ) -> None:
        self._choice = choice
        self._stack = stack
        self._keep_call = keep_call
        self._opening = asyncio.Lock()
        self._opened: Encoder | None = None

    async def __call__(self) -> Encoder | None:
        """The encoder, null for none.

        Raises `ConfigurationError` if it is not installed or not allowed. A model that was
        installed since the last call takes the place of the one before.
        """
        async with self._opening:
            if self._choice.kind == "endpoint" and self._opened is None:
                self._opened = await self._open_endpoint()
            elif self._choice.kind == "minilm":
                self._opened = await self._fresh_minilm(self._opened)
            return self._opened

    async def _open_endpoint(self) -> Encoder:
        # It loads aiohttp's client, which few processes need.
        from earmark.llm.endpoint_encoder import EndpointOptions, open_endpoint  # noqa: PLC0415

        rates = self._choice.rates
        if rates is None:
            raise ConfigurationError(
                f"What embeddings of {self._choice.endpoint_model} cost is not known.",
                why="They could not be written into the ledger.",
                fix="Set EARMARK_ENCODER_PRICE, in US dollars for a million tokens (0 for a server"
                " of your own).",
            )

        async def keep(tokens: int) -> None:
            if self._keep_call is not None:
                usage = Usage(input_tokens=tokens, output_tokens=0)
                await self._keep_call(
                    EmbeddingCall(
                        model=self._choice.endpoint_model, usage=usage, cost_usd=rates.of(usage)
                    )
                )

        options = EndpointOptions(
            model=self._choice.name.removeprefix(_ENDPOINT),
            base_url=self._choice.address,
            api_key=self._choice.api_key,
            local_only=self._choice.local_only,
        )
        return await self._stack.enter_async_context(open_endpoint(options, keep))

    async def _fresh_minilm(self, present: Encoder | None) -> Encoder:
        from earmark.llm import minilm, minilm_store  # noqa: PLC0415 - load numpy

        folder = self._choice.minilm_folder
        installed = await asyncio.to_thread(minilm_store.find, folder)
        if present is not None and installed is not None and present.version == installed.version:
            return present
        encoder = await minilm.open_minilm(folder)
        self._stack.callback(encoder.close)
        return encoder


@asynccontextmanager
async def encoders(
    choice: EncoderChoice, keep_call: KeepEmbeddingCall | None = None
) -> AsyncGenerator[EncoderHolder]:
    """A holder whose encoders are closed at the end of the block; `keep_call` is told of each
    answer of a server before its vectors are used."""
    async with AsyncExitStack() as stack:
        yield EncoderHolder(choice, stack, keep_call)


class EncoderState(Model):
    """What can be said of the chosen encoder."""

    name: str
    ready: bool
    version: str = ""
    dimensions: int = 0
    problem: str = ""
    fix: str = ""


async def look_at(choice: EncoderChoice) -> EncoderState:
    """Try the chosen encoder on one harmless text."""
    if choice.kind == "none":
        return EncoderState(name=choice.name, ready=True)
    try:
        async with encoders(choice) as hold:
            encoder = await hold()
            if encoder is None:
                return EncoderState(name=choice.name, ready=True)
            await encoder.encode(["Where can I download my invoice?"])
            return EncoderState(
                name=choice.name,
                ready=True,
                version=encoder.version,
                dimensions=encoder.dimensions,
            )
    except EarmarkError as error:
        problem = f"{error.what} {error.why}".strip()
        return EncoderState(name=choice.name, ready=False, problem=problem, fix=error.fix)
