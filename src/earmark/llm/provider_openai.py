"""OpenAI's client, with the messages of a question as they are.

The library walks through all that is sent, looking for what is to be renamed or to be read from
files. In plain messages there is nothing of the kind, and the walk took a third of a call's CPU.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from openai import AsyncOpenAI
from openai.resources.chat import AsyncChat, AsyncCompletions
from openai.types.chat import ChatCompletion


class _Completions(AsyncCompletions):
    async def create(  # pyright: ignore[reportIncompatibleMethodOverride]
        self,
        *,
        messages: Iterable[object],
        extra_body: Mapping[str, object] | None = None,
        **others: Any,  # noqa: ANN401 - as the library has it
    ) -> ChatCompletion:
        beside = {**(extra_body or {}), "messages": list(messages)}
        return cast(
            "ChatCompletion", await super().create(messages=[], extra_body=beside, **others)
        )


class _Chat(AsyncChat):
    @property
    def completions(self) -> AsyncCompletions:
        return _Completions(self._client)


class QuickOpenAI(AsyncOpenAI):
    """The client whose `chat.completions.create` sends messages without looking at them."""

    @property
    def chat(self) -> AsyncChat:
        return _Chat(self)
