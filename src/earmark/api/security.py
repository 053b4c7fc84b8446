"""What protects a server that has no sign-in yet: it answers this machine's own pages only.

Binding to loopback keeps other machines out, but not other web pages in the user's browser. A page
of another site cannot forge the `Host` that the browser sends (DNS rebinding) nor hide its `Origin`
on a request that changes something, so both are checked.
"""

from typing import Final
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from earmark.api.problems import Reason, problem_response

_OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
        " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LocalOnly:
    """Refuses what does not come from this server's own pages or from a program on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # Notifications come from elsewhere, through a proxy, and are signed instead.
        is_notification = scope["path"].startswith("/webhooks/")
        reason = None if is_notification else refusal(scope["method"], Headers(scope=scope))
        if reason is not None:
            response = problem_response(Request(scope), 403, reason)
            await response(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_protected)


def refusal(method: str, headers: Headers) -> Reason | None:
    """Why a request is not answered; null if it is."""
    if _host(headers.get("host", "")) not in _OWN_HOSTS:
        return Reason(
            slug="wrong-host",
            title="This name is not answered.",
            detail="Until it has a sign-in, Earmark answers to 127.0.0.1 and localhost only.",
            fix="Open it on this machine, or through an SSH tunnel to a local port.",
        )
    origin = headers.get("origin")
    if method in _SAFE_METHODS or origin is None:
        return None
    if urlsplit(origin).netloc != headers.get("host"):
        return Reason(
            slug="wrong-origin",
            title="Pages of other sites may not change anything here.",
            detail="The request names another origin than this server.",
        )
    return None


def _host(header: str) -> str:
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
