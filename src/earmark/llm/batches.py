"""The port for batches, filled by OpenAI's Batch API and Anthropic's Message Batches."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module

from earmark.llm.base import BatchModel
from earmark.llm.provider import require_libraries
from earmark.llm.provider_options import ModelOptions


@asynccontextmanager
async def open_batch_model(options: ModelOptions) -> AsyncGenerator[BatchModel | None]:
    """A model until the block ends; null for a compatible server: none is known to have any.

    Raises `ConfigurationError`.
    """
    options.check()
    require_libraries(options)
    if options.provider == "compatible":
        yield None
        return
    libraries = await asyncio.to_thread(import_module, "earmark.llm.provider_batches")
    async with libraries.open_batches(options) as batches:
        yield batches
