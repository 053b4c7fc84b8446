"""All companies of a workspace: Intercom lists the first ten thousand, and scrolls over any number.

A scroll is one per app, expires after a minute without a request, gives the same token with every
page, and ends with an empty one. A page whose answer is cut off is passed over by asking again, so
what is missing at the end is looked for in a second scroll.
"""

from collections.abc import AsyncIterator
from typing import Final

from earmark.db.models import Company
from earmark.errors import SourceNotFound, SourceRejected, SourceUnavailable
from earmark.sources.intercom_models import WireCompanyPage
from earmark.sources.intercom_parsing import to_company
from earmark.sources.intercom_transport import IntercomTransport

_PER_PAGE: Final = 60
_MOST_LISTED: Final = 10_000 // _PER_PAGE * _PER_PAGE
_MOST_SCROLLS: Final = 4
_MOST_PAGES: Final = 1_000_000


async def read_companies(transport: IntercomTransport) -> AsyncIterator[list[Company]]:
    """All companies, in pages; one may come twice."""
    first = await _list_page(transport, 1)
    if (first.total_count or 0) > _MOST_LISTED:
        pages = _scroll(transport, first.total_count or 0)
    else:
        pages = _list(transport, first)
    async for page in pages:
        yield page


async def _list(
    transport: IntercomTransport, first: WireCompanyPage
) -> AsyncIterator[list[Company]]:
    known: set[str] = set()
    page = first
    for number in range(2, _MOST_PAGES):
        found = _to_companies(page)
        yield found
        new = {company.id for company in found} - known
        # Intercom has been seen to offer a next page for ever: only new rows go on.
        if not new or page.pages is None or page.pages.next is None:
            return
        known |= new
        page = await _list_page(transport, number)


async def _list_page(transport: IntercomTransport, number: int) -> WireCompanyPage:
    params = {"page": str(number), "per_page": str(_PER_PAGE)}
    page, _, _ = await transport.read(WireCompanyPage, "POST", "/companies/list", params=params)
    return page


async def _scroll(transport: IntercomTransport, total: int) -> AsyncIterator[list[Company]]:
    known: set[str] = set()
    for attempt in range(1, _MOST_SCROLLS + 1):
        try:
            async for found in _scroll_once(transport):
                new = [company for company in found if company.id not in known]
                known |= {company.id for company in new}
                yield new
        except (SourceUnavailable, SourceNotFound, SourceRejected):
            # An expired scroll is answered with 500, and begins again.
            if attempt == _MOST_SCROLLS:
                raise
            continue
        if len(known) >= total or attempt > 1:
            return


async def _scroll_once(transport: IntercomTransport) -> AsyncIterator[list[Company]]:
    params: dict[str, str] = {}
    for _ in range(_MOST_PAGES):
        page, _, _ = await transport.read(
            WireCompanyPage, "GET", "/companies/scroll", params=params
        )
        if not page.data:
            return
        yield _to_companies(page)
        if page.scroll_param is None:
            return
        params = {"scroll_param": page.scroll_param}


def _to_companies(page: WireCompanyPage) -> list[Company]:
    return [company for wire in page.data if (company := to_company(wire))]
