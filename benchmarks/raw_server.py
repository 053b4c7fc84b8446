"""`python -m benchmarks.raw_server FILE`: an HTTP server of prepared answers, as fast as it goes.

FILE has one JSON document on each line; `GET …/N` gives line N, after the last the first again. It
prints its port, and ends when its input does. So the server is not what a benchmark of clients
measures.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

_HEAD: Final = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n"
    "Connection: keep-alive\r\n\r\n"
)


class PreparedAnswers(asyncio.Protocol):
    """One connection."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = answers
        self._transport: asyncio.Transport | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer each whole request; none has a body."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            number = int(path.rpartition(b"/")[2])
            if self._transport is not None:
                self._transport.write(self._answers[number % len(self._answers)])


async def serve_file(file: Path) -> None:
    """Serve until standard input ends."""
    bodies = await asyncio.to_thread(file.read_bytes)
    answers = [_HEAD.format(len(body)).encode() + body for body in bodies.splitlines()]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PreparedAnswers(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


@asynccontextmanager
async def prepared_answers(bodies: Sequence[bytes]) -> AsyncGenerator[int]:
    """The port of a server of these bodies, in a process of its own."""
    with TemporaryDirectory(prefix="earmark-bench-") as folder:
        file = Path(folder) / "answers.jsonl"
        await asyncio.to_thread(file.write_bytes, b"\n".join(bodies))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.raw_server", str(file)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        try:
            yield int(await process.stdout.readline())
        finally:
            await process.communicate(b"")


if __name__ == "__main__":
    asyncio.run(serve_file(Path(sys.argv[1])))
