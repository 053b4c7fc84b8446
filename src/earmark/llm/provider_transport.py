"""The transport under the providers' libraries: aiohttp, which takes half of httpx's CPU."""

import asyncio
from collections.abc import Mapping
from typing import Final, cast

import aiohttp
import httpx2

_OWN: Final = frozenset({b"host", b"content-length"})
_NONE_ADDED: Final = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """Reads answers whole; follows no redirect; uses a proxy only if it is told to."""

    def __init__(self, *, connections: int, use_proxy: bool) -> None:
        self._connections = connections
        self._use_proxy = use_proxy
        self._opened: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """One request; raises httpx's errors."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.headers.raw
            if name.lower() not in _OWN
        ]
        body = await request.aread()
        try:
            async with self._session().request(
                request.method,
                str(request.url),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=_NONE_ADDED,
                timeout=_timeout_of(request),
            ) as response:
                content = await response.read()
        except aiohttp.ClientConnectorError as error:
            raise httpx2.ConnectError(str(error.os_error), request=request) from error
        except aiohttp.ConnectionTimeoutError as error:
            raise httpx2.ConnectTimeout("no connection", request=request) from error
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no answer", request=request) from error
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.ReadError(type(error).__name__, request=request) from error
        return httpx2.Response(
            response.status,
            headers=[*response.raw_headers],
            content=content,
            request=request,
        )

    def _session(self) -> aiohttp.ClientSession:
        """Opened at the first request: it belongs to the event loop that runs then."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                # httpx decodes what was compressed.
                auto_decompress=False,
                trust_env=self._use_proxy,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened

    async def aclose(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            await self._opened.close()
            # TLS connections are closed in the next turns of the loop.
            await asyncio.sleep(0)


def _timeout_of(request: httpx2.Request) -> aiohttp.ClientTimeout:
    seconds = cast("Mapping[str, float | None]", request.extensions.get("timeout", {}))
    return aiohttp.ClientTimeout(
        total=None, sock_connect=seconds.get("connect"), sock_read=seconds.get("read")
    )
