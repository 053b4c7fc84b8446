"""Which encoder stands beside the workspace's own model, and where it comes from."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import SecretStr

from earmark.db.models import Model
from earmark.errors import EarmarkError
from earmark.llm.base import Encoder

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

    @property
    def kind(self) -> Literal["none", "minilm", "endpoint"]:
        """The part before the colon."""
        if self.name.startswith(_ENDPOINT):
            return "endpoint"
        return "minilm" if self.name == MINILM else "none"

    @property
    def minilm_folder(self) -> Path:
        """Where the encoder that runs here lies."""
        return self.models_dir / MINILM


class EncoderHolder:
    """Opens the chosen encoder when it is first asked for, and keeps it."""

    def __init__(self, choice: EncoderChoice, stack: AsyncExitStack) -> None:
        self._choice = choice
        self._stack = stack
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
        from earmark.llm.endpoint_encoder import (  # noqa: PLC0415
            OPENAI_URL,
            EndpointOptions,
            open_endpoint,
        )

        options = EndpointOptions(
            model=self._choice.name.removeprefix(_ENDPOINT),
            base_url=self._choice.base_url or OPENAI_URL,
            api_key=self._choice.api_key,
            local_only=self._choice.local_only,
        )
        return await self._stack.enter_async_context(open_endpoint(options))

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
async def encoders(choice: EncoderChoice) -> AsyncGenerator[EncoderHolder]:
    """A holder whose encoders are closed at the end of the block."""
    async with AsyncExitStack() as stack:
        yield EncoderHolder(choice, stack)


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
