"""Downloads the published weights of MiniLM: each file is known by its hash, wherever it lies.

What was downloaded of a file stays when the connection breaks, and the next attempt goes on there.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import aiohttp

from earmark.db.models import Model
from earmark.errors import InvalidInput, ModelRejected, ModelUnavailable
from earmark.llm.minilm_import import PUBLISHED_WEIGHTS
from earmark.llm.minilm_package import Parts

NAME: Final = "sentence-transformers/all-MiniLM-L6-v2"
BASE_URL: Final = f"https://huggingface.co/{NAME}/resolve/c9745ed1d9f207416be6d2e6f8de32d1f16199bf"
_ATTEMPTS: Final = 4
_PAUSE_SECONDS: Final = 0.5
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=20, sock_read=60)


class PinnedFile(Model):
    """A file of which every byte is known."""

    name: str
    size: int
    sha256: str


PUBLISHED: Final = (
    PinnedFile(
        name="config.json",
        size=612,
        # pragma: allowlist nextline secret
        sha256="953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
    PinnedFile(
        name="tokenizer.json",
        size=466_247,
        # pragma: allowlist nextline secret
        sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    PinnedFile(name="model.safetensors", size=90_868_376, sha256=PUBLISHED_WEIGHTS),
)

Report = Callable[[int], None]
"""Told of the number of bytes that have come since the last call."""


async def pull(
    base_url: str,
    folder: Path,
    report: Report,
    files: Sequence[PinnedFile] = PUBLISHED,
) -> Parts:
    """Download the files into `folder`, or what is missing of them, and check each.

    Raises `ModelUnavailable` for a connection that breaks, `ModelRejected` for an address that does
    not have the files, `InvalidInput` for files that are not the known ones.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session:
        found = {
            file.name: await _fetch(session, base_url, folder / f"{file.sha256}.part", file, report)
            for file in files
        }
    return Parts(
        source=NAME,
        weights=found["model.safetensors"],
        graph=None,
        tokenizer=found["tokenizer.json"],
        config=found["config.json"],
        limits=None,
        pooling=None,
        modules=None,
    )


def clear(folder: Path) -> None:
    """Remove what was downloaded."""
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)
    folder.rmdir()


async def _fetch(
    session: aiohttp.ClientSession, base_url: str, part: Path, file: PinnedFile, report: Report
) -> bytes:
    report(await asyncio.to_thread(_size, part))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            await _continue(session, f"{base_url}/{file.name}", part, file, report)
            break
        except (aiohttp.ClientError, TimeoutError) as error:
            if attempt == _ATTEMPTS:
                raise _broken(
                    file, type(error).__name__, await asyncio.to_thread(_size, part)
                ) from error
            await asyncio.sleep(_PAUSE_SECONDS * 2**attempt)
    raw = await asyncio.to_thread(part.read_bytes)
    if len(raw) != file.size or hashlib.sha256(raw).hexdigest() != file.sha256:
        await asyncio.to_thread(part.unlink)
        raise InvalidInput(
            f"{file.name} is not the file that is known.",
            why=f"Its SHA-256 is not {file.sha256}; nothing was installed.",
            fix="Try again; if it stays so, the address serves another file: leave out --from, or"
            " fetch the model elsewhere and run `earmark models import PATH`.",
        )
    return raw


async def _continue(
    session: aiohttp.ClientSession, url: str, part: Path, file: PinnedFile, report: Report
) -> None:
    """Download what is missing; the server may send all of it again."""
    have = await asyncio.to_thread(_size, part)
    if have >= file.size:
        return
    headers = {"Range": f"bytes={have}-"} if have else {}
    # Compressed, a size would say nothing.
    headers["Accept-Encoding"] = "identity"
    async with session.get(url, headers=headers) as response:
        if response.status not in (200, 206):
            raise await _refusal(response, file)
        if response.status == 200 and have:
            report(-have)
        begins = response.status == 200 or not _continues(response, have)
        await _append(response, part, file, (0 if begins else have, report))
    if await asyncio.to_thread(_size, part) < file.size:
        raise aiohttp.ClientPayloadError("the answer ended early")


def _continues(response: aiohttp.ClientResponse, have: int) -> bool:
    if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
        raise ModelRejected(
            "The download cannot be continued.",
            why="The server sent another part of the file than was asked for.",
            fix="Try again later, or name another address with --from.",
        )
    return True


async def _append(
    response: aiohttp.ClientResponse, part: Path, file: PinnedFile, state: tuple[int, Report]
) -> None:
    have, report = state
    opened = await asyncio.to_thread(part.open, "ab" if have else "wb")
    try:
        async for chunk in response.content.iter_any():
            have += len(chunk)
            await asyncio.to_thread(opened.write, chunk)
            report(len(chunk))
            if have > file.size:  # the hash will say so; more need not be read
                return
    except OSError as error:
        if isinstance(error, aiohttp.ClientError):
            raise
        raise InvalidInput(
            "The download cannot be stored.",
            why=f"{part.parent}: {error.strerror or type(error).__name__}.",
            fix="Make room there, or set EARMARK_DATA_DIR.",
        ) from error
    finally:
        await asyncio.to_thread(opened.close)


async def _refusal(
    response: aiohttp.ClientResponse, file: PinnedFile
) -> ModelRejected | aiohttp.ClientError:
    if response.status in (408, 429) or response.status >= 500:
        return aiohttp.ClientError(f"status {response.status}")
    return ModelRejected(
        f"{file.name} cannot be downloaded.",
        why=f"{response.url.host} said {response.status}.",
        fix="Check the address after --from, or fetch the model elsewhere and run"
        " `earmark models import PATH` (docs/how-to/choose-a-model.md says from where).",
    )


def _broken(file: PinnedFile, why: str, have: int) -> ModelUnavailable:
    kept = f"; {have / 1e6:,.1f} MB are kept" if have else ""
    return ModelUnavailable(
        f"{file.name} could not be downloaded.",
        why=f"The connection failed ({why}){kept}.",
        fix="Run `earmark models pull minilm` again, it goes on from there; on a machine without"
        " access, `earmark models import PATH` (docs/how-to/choose-a-model.md).",
    )


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
