"""How requests leave: through a proxy, with nothing of the machine's own added."""

from pathlib import Path

import pytest

from earmark.sources.intercom_client import open_intercom
from earmark.sources.intercom_transport import find_proxy
from tests.fixtures.scripted import json, scripted
from tests.fixtures.simulator import options

ME = {"type": "admin", "app": {"id_code": "w1", "timezone": "UTC"}}


async def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted() as (script, _):
        script.then(json(ME))
        monkeypatch.setenv("http_proxy", script.base_url)
        monkeypatch.setenv("no_proxy", "localhost")
        async with open_intercom(options("http://intercom.example")) as client:
            identity = await client.identity()
    assert identity.code == "w1"
    assert script.requests == ["GET /me"]


async def test_a_password_file_of_the_machine_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with scripted() as (script, client):
        script.then(json(ME))
        assert (await client.identity()).code == "w1"


@pytest.mark.parametrize(
    ("base_url", "proxy"),
    [
        ("https://api.intercom.io", "http://secure:3128"),
        ("http://api.intercom.io", "http://plain:3128"),
        ("http://127.0.0.1:4600", None),
        ("http://inside.example", None),
        ("http://[", None),
        ("nonsense", None),
    ],
)
def test_the_proxy_depends_on_the_address(
    monkeypatch: pytest.MonkeyPatch, base_url: str, proxy: str | None
) -> None:
    monkeypatch.setenv("https_proxy", "http://secure:3128")
    monkeypatch.setenv("http_proxy", "http://plain:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,.example")
    assert find_proxy(base_url) == proxy
