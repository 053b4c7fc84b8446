"""`python -m benchmarks.model_raw_server`: a model server that costs next to nothing.

It takes the text of its answer on the first line of its input, prints its port, and answers every
request with that text after 50 to 300 milliseconds, in the same order of delays each time. It ends
when its input does.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random
from typing import Final, cast

SHORTEST: Final = 0.05
LONGEST: Final = 0.3
MEAN: Final = (SHORTEST + LONGEST) / 2
"""Seconds that an answer takes."""

_HEAD: Final = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n"
    "Connection: keep-alive\r\n\r\n"
)


def completion(text: str) -> bytes:
    """A whole HTTP answer with OpenAI's document."""
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_764_000_000,
            "model": "bench",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {
                "prompt_tokens": 3_900,
                "completion_tokens": 350,
                "total_tokens": 4_250,
                "prompt_tokens_details": {"cached_tokens": 3_000},
            },
        }
    ).encode()
    return _HEAD.format(len(body)).encode() + body


class Late(asyncio.Protocol):
    """One connection."""

    def __init__(self, answer: bytes, delays: Random) -> None:
        self._answer = answer
        self._delays = delays
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request, later."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[:end]).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            whole = end + 4 + int(length or 0)
            if len(self._received) < whole:
                return
            del self._received[:whole]
            delay = self._delays.uniform(SHORTEST, LONGEST)
            asyncio.get_running_loop().call_later(delay, self._write)

    def _write(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._answer)


async def serve() -> None:
    """Serve until standard input ends."""
    answer = completion(await asyncio.to_thread(sys.stdin.readline))
    delays = Random(7)  # noqa: S311
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Late(answer, delays), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@asynccontextmanager
async def raw_model_server(text: str) -> AsyncGenerator[int]:
    """The port of a server in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.model_raw_server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdout is None or process.stdin is None:
        raise RuntimeError("the server has no input or no output")
    process.stdin.write(text.encode() + b"\n")
    try:
        yield int(await process.stdout.readline())
    finally:
        await process.communicate(b"")


if __name__ == "__main__":
    asyncio.run(serve())
