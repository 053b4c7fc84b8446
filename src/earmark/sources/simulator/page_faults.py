"""Pages that repeat, end, grow or tell lies."""

from earmark.sources.simulator.answers import refuse_parameter
from earmark.sources.simulator.faults import Faults, Route
from earmark.sources.simulator.mischief import Mischief
from earmark.sources.simulator.paging import Page, Result


def cap_page_size(mischief: Mischief, route: Route, per_page: int) -> int:
    """The page size that the server really gives."""
    cap = mischief.faults.page_size_cap
    return min(per_page, cap) if cap and mischief.faults.on("page_size_cap", route) else per_page


def bend_page(
    mischief: Mischief, route: Route, result: Result, page: Page, cursor: str | None, now: float
) -> Page:
    """The page with the faults that are on; raises `Refusal` for expired cursors and errors."""
    faults = mischief.faults
    mischief.fail_page(route, result.digest, page.number)
    if cursor is not None:
        _check_age(faults, route, page, now)
        page = _repeat(mischief, route, result, page, cursor)
    if mischief.has("total_count_offset", route):
        page = page._replace(total=max(0, page.total + faults.total_count_offset))
    if mischief.has("duplicate_rows", route):
        page = page._replace(indexes=_double(mischief, page.indexes))
    return page


def _check_age(faults: Faults, route: Route, page: Page, now: float) -> None:
    too_many = (
        faults.cursor_pages is not None
        and faults.on("cursor_pages", route)
        and page.number > faults.cursor_pages
    )
    too_old = (
        faults.cursor_seconds is not None
        and faults.on("cursor_seconds", route)
        and now - page.asked_at > faults.cursor_seconds
    )
    if too_many or too_old:
        raise refuse_parameter("starting_after has expired", "starting_after")


def _repeat(mischief: Mischief, route: Route, result: Result, page: Page, cursor: str) -> Page:
    """The same page for ever, or the page before in place of this one, which then follows."""
    stuck = mischief.faults.stuck_page
    again = {**page.pages, "next": {"per_page": page.pages["per_page"], "starting_after": cursor}}
    if stuck is not None and mischief.faults.on("stuck_page", route) and page.number >= stuck:
        return page._replace(pages=again)
    if mischief.happens("repeated_pages", route):
        start = max(0, page.start - page.pages["per_page"])
        rows = [int(index) for index in result.order[start : page.start]]
        return page._replace(indexes=rows, pages=again)
    return page


def _double(mischief: Mischief, indexes: list[int]) -> list[int]:
    share = mischief.faults.duplicate_rows
    return [index for index in indexes for _ in range(1 + mischief.draw.chance(share))]
