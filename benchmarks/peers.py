"""Earmark's own processes as benchmarks start them: simulator and workers on a fresh database."""

import json
import os
import sys
import tempfile
from asyncio import create_subprocess_exec
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from earmark.settings import Settings

TOKEN: Final = "benchmark"  # noqa: S105 - of our own simulator


@contextmanager
def fresh_settings() -> Generator[Settings]:
    """Settings of a new data folder that goes away with the block."""
    with tempfile.TemporaryDirectory(prefix="earmark-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # as root, PostgreSQL runs as another user
        yield Settings().model_copy(
            update={
                "data_dir": Path(name) / "data",
                "database_url": None,
                "database_url_file": None,
                "intercom_access_token": SecretStr(TOKEN),
            }
        )


@asynccontextmanager
async def earmark(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncGenerator[Process]:
    """`earmark ARGUMENTS`, ended with the block."""
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "earmark", *arguments),
        stdin=PIPE,
        stdout=PIPE,
        env={"MALLOC_ARENA_MAX": "2", **os.environ, **(environment or {})},  # noqa: TID251
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


@asynccontextmanager
async def simulator(
    settings: Settings, conversations: int, *faults: str
) -> AsyncGenerator[Settings]:
    """The sample workspace over HTTP, and settings that point at it."""
    arguments = ["--conversations", str(conversations), "--end", "2026-11-01", "--port", "0"]
    arguments += [word for fault in faults for word in ("--fault", fault)]
    async with earmark(
        *("simulate", "--json", "--lifeline", *arguments),
        environment={"INTERCOM_ACCESS_TOKEN": TOKEN},
    ) as process:
        if process.stdout is None:
            raise RuntimeError("the simulator has no output")
        document = await process.stdout.readuntil(b"\n}\n")
        address = json.loads(document)["base_url"]
        yield settings.model_copy(update={"intercom_base_url": address})


def worker_environment(settings: Settings) -> dict[str, str]:
    """What makes a worker work for these settings."""
    return {
        "EARMARK_DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": "",
        "INTERCOM_BASE_URL": settings.intercom_base_url or "",
        "INTERCOM_ACCESS_TOKEN": TOKEN,
    }
