"""Downloading an encoder over real sockets: resumed, checked by hash, refused in words."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from earmark.errors import InvalidInput, ModelRejected, ModelUnavailable
from earmark.llm import minilm_pull
from earmark.llm.minilm_import import import_parts
from earmark.llm.minilm_pull import PinnedFile, pull
from tests.fixtures import minilm

NAMES = ("config.json", "tokenizer.json", "model.safetensors")


class Hub:
    """Serves files, by ranges too; cuts connections and changes files as told."""

    def __init__(self) -> None:
        self.files = {name: minilm.files()[name] for name in NAMES}
        self.pinned = [
            PinnedFile(name=name, size=len(raw), sha256=hashlib.sha256(raw).hexdigest())
            for name, raw in self.files.items()
        ]
        self.base_url = ""
        self.cut_after: int | None = None
        self.cuts = 0
        self.ranges: list[str | None] = []
        self.knows_ranges = True
        self.status = 200

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET of one file."""
        if self.status != 200:
            return web.Response(status=self.status)
        raw = self.files[request.match_info["name"]]
        asked = request.headers.get("Range")
        self.ranges.append(asked)
        start = int(asked.split("=")[1].rstrip("-")) if asked and self.knows_ranges else 0
        response = web.StreamResponse(status=206 if start else 200)
        response.content_length = len(raw) - start
        if start:
            response.headers["Content-Range"] = f"bytes {start}-{len(raw) - 1}/{len(raw)}"
        await response.prepare(request)
        if self.cuts and self.cut_after is not None:
            self.cuts -= 1
            await response.write(raw[start : start + self.cut_after])
            await asyncio.sleep(0.05)  # what came together with the end would be thrown away
            if request.transport is not None:
                request.transport.close()
            return response
        await response.write(raw[start:])
        return response


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Hub]:
    """The hub; pauses between attempts are short."""
    monkeypatch.setattr(minilm_pull, "_PAUSE_SECONDS", 0.005)
    async with _serving() as hub:
        yield hub


@asynccontextmanager
async def _serving() -> AsyncGenerator[Hub]:
    hub = Hub()
    application = web.Application()
    application.router.add_get("/model/{name}", hub.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/model"
    try:
        yield hub
    finally:
        await runner.cleanup()


class Bar:
    """Counts as a progress bar does."""

    def __init__(self) -> None:
        self.total = 0

    def __call__(self, size: int) -> None:
        """More has come."""
        self.total += size


async def test_downloaded_files_become_an_encoder(hub: Hub, tmp_path: Path) -> None:
    bar = Bar()
    parts = await pull(hub.base_url, tmp_path / "down", bar, hub.pinned)
    assert bar.total == sum(file.size for file in hub.pinned)
    installed = import_parts(parts, tmp_path / "minilm")
    assert installed.dimensions == minilm.HIDDEN
    assert installed.source == "sentence-transformers/all-MiniLM-L6-v2"
    minilm_pull.clear(tmp_path / "down")
    assert not (tmp_path / "down").exists()


async def test_broken_download_goes_on_where_it_broke(hub: Hub, tmp_path: Path) -> None:
    bar = Bar()
    hub.cut_after, hub.cuts = 300, 2
    parts = await pull(hub.base_url, tmp_path, bar, hub.pinned)
    assert parts.weights == hub.files["model.safetensors"]
    assert any(asked and asked != "bytes=0-" for asked in hub.ranges)
    assert bar.total == sum(file.size for file in hub.pinned)


async def test_next_call_goes_on_with_what_was_kept(hub: Hub, tmp_path: Path) -> None:
    hub.cut_after, hub.cuts = 10, 4
    with pytest.raises(ModelUnavailable, match="goes on from there"):
        await pull(hub.base_url, tmp_path, Bar(), hub.pinned)
    hub.ranges.clear()
    await pull(hub.base_url, tmp_path, Bar(), hub.pinned)
    assert hub.ranges[0] is not None
    hub.ranges.clear()
    await pull(hub.base_url, tmp_path, Bar(), hub.pinned)
    assert hub.ranges == []


async def test_server_without_ranges_sends_all_again(hub: Hub, tmp_path: Path) -> None:
    bar = Bar()
    hub.knows_ranges = False
    hub.cut_after, hub.cuts = 200, 1
    parts = await pull(hub.base_url, tmp_path, bar, hub.pinned)
    assert parts.config == hub.files["config.json"]
    assert bar.total == sum(file.size for file in hub.pinned)


@pytest.mark.parametrize("damage", ["changed", "longer", "shorter"])
async def test_file_with_another_hash_is_refused_and_not_kept(
    hub: Hub, tmp_path: Path, damage: str
) -> None:
    raw = hub.files["tokenizer.json"]
    changed = {"changed": raw[:-1] + b"?", "longer": raw + b" " * 99, "shorter": raw[:-9]}
    hub.files["tokenizer.json"] = changed[damage]
    expected = ModelUnavailable if damage == "shorter" else InvalidInput
    with pytest.raises(expected) as caught:
        await pull(hub.base_url, tmp_path, Bar(), hub.pinned)
    assert "earmark models import PATH" in caught.value.fix
    if damage != "shorter":
        assert "SHA-256" in caught.value.why
        hub.files["tokenizer.json"] = raw
        hub.ranges.clear()
        await pull(hub.base_url, tmp_path, Bar(), hub.pinned)
        assert hub.ranges == [None, None]  # config.json was sound, and is kept


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_address_without_the_files_is_refused(hub: Hub, tmp_path: Path, status: int) -> None:
    hub.status = status
    with pytest.raises(ModelRejected, match=str(status)):
        await pull(hub.base_url, tmp_path, Bar(), hub.pinned)


async def test_server_out_of_order_is_tried_again_and_told_of(hub: Hub, tmp_path: Path) -> None:
    hub.status = 503
    with pytest.raises(ModelUnavailable):
        await pull(hub.base_url, tmp_path, Bar(), hub.pinned)


async def test_no_server_is_told_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(minilm_pull, "_PAUSE_SECONDS", 0.005)
    with pytest.raises(ModelUnavailable, match="could not be downloaded"):
        await pull("http://127.0.0.1:9", tmp_path, Bar())
