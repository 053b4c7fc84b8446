"""Whether a model runs on this machine: what `EARMARK_LOCAL_ONLY` lets through.

Only what no reader of addresses can take for another host counts as local; a spelling that some
clients read differently (numbers in octal, a name before an @) is refused, wherever it leads.
Whoever connects must neither follow redirects nor use a proxy: both lead elsewhere again.
"""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from earmark.errors import ConfigurationError

_PLAIN: Final = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without blanks and backslashes."""
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9.]+))(?::\d{1,5})?", re.IGNORECASE)
"""All of the part between // and the path; what `urlsplit` skips over is not let through."""
_RELAYED: Final = re.compile(r"[:-]cloud\Z", re.IGNORECASE)
"""How Ollama names the models that it passes on to its makers' computers."""


def is_local(url: str) -> bool:
    """Whether an address leads to this machine: `localhost`, 127.0.0.0/8 or `::1`, http or https.

    Names are not looked up: one that means this machine today may mean another tomorrow.
    """
    if not _PLAIN.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    named = _HOST.fullmatch(parts.netloc)
    if parts.scheme not in ("http", "https") or named is None:
        return False
    host = (named[1] or named[2]).lower()
    return host == "localhost" or _is_loopback(host)


def _is_loopback(host: str) -> bool:
    """Of an IP address in its usual form; short ones and octal numbers are none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def require_local(purpose: str, url: str | None, *, local_only: bool, model: str = "") -> None:
    """Refuse a model elsewhere if `local_only`; raises `ConfigurationError`.

    `purpose` begins the message, such as "The language model"; `url` is None for a provider that is
    reached at its own public address; `model` is the name that the server knows it by.
    """
    if not local_only:
        return
    if url is None or not is_local(url):
        raise ConfigurationError(
            f"{purpose} is not on this machine.",
            why="EARMARK_LOCAL_ONLY is set, and only an address such as http://127.0.0.1:11434/v1"
            f" is sure to be this machine{_named(url)}.",
            fix="Give the address of a server that runs here, leave the model out, or unset"
            " EARMARK_LOCAL_ONLY.",
        )
    if _RELAYED.search(model):
        raise ConfigurationError(
            f"{purpose} is not on this machine.",
            why=f"EARMARK_LOCAL_ONLY is set, and the server here passes {model!r} on to another.",
            fix="Choose a model whose name does not end in cloud, or unset EARMARK_LOCAL_ONLY.",
        )


def _named(url: str | None) -> str:
    """The host as it will be understood, without what may be a password."""
    if url is None:
        return ""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f", not {host}" if host and host.isprintable() else ""
