"""What the server holds between requests: the place for faults, webhooks and changes to come."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from earmark.sources.simulator.answers import Refusal
from earmark.sources.simulator.dataset import Collection, Dataset
from earmark.sources.simulator.fields import Table
from earmark.sources.simulator.limits import RateLimiter
from earmark.sources.simulator.paging import Result, Sort, digest_query, order_result
from earmark.sources.simulator.search import Query, select

_KEPT_RESULTS = 2
"""Results kept for further pages; each takes four bytes per matching object."""
_SCROLL_IDLE = 60
"""Seconds after which a scroll that nobody reads is over."""


@dataclass
class Scroll:
    """The one open scroll over the companies; its token stays the same on every page."""

    token: str
    at: int
    used: float


@dataclass
class ServerState:
    """One served workspace."""

    dataset: Dataset
    token: str
    limiter: RateLimiter
    clock: Callable[[], float]
    deleted: frozenset[int]
    alive: NDArray[np.bool_]
    """Which conversations are not deleted."""
    scroll: Scroll | None = None
    _results: OrderedDict[str, Result] = field(default_factory=OrderedDict[str, Result])

    @classmethod
    def create(
        cls, dataset: Dataset, token: str, rate_limit_per_minute: int, clock: Callable[[], float]
    ) -> "ServerState":
        """The state at the start."""
        gone, _ = dataset.conversations.deletions()
        alive = np.ones(dataset.conversations.number, dtype=np.bool_)
        alive[gone] = False
        return cls(
            dataset=dataset,
            token=token,
            limiter=RateLimiter(rate_limit_per_minute, clock),
            clock=clock,
            deleted=frozenset(gone.tolist()),
            alive=alive,
        )

    async def find(
        self, table: Table, objects: Collection, query: Query | None, sort: Sort
    ) -> Result:
        """All objects of a query in their order; the latest results are kept for their pages."""
        digest = digest_query(table.name, query, sort)
        result = self._results.pop(digest, None)
        if result is None:
            is_conversation = table.name == "conversation"
            alive = self.alive if is_conversation else np.ones(objects.number, dtype=np.bool_)
            found = await select(query, table, objects, alive)
            result = order_result(digest, found, objects, sort)
        self._results[digest] = result
        while len(self._results) > _KEPT_RESULTS:
            self._results.popitem(last=False)
        return result

    def open_scroll(self) -> Scroll:
        """A new scroll; refused while another is in use."""
        if self.scroll is not None and self.clock() - self.scroll.used < _SCROLL_IDLE:
            raise Refusal(400, "scroll_exists", "scroll already exists for this workspace")
        self.scroll = Scroll(token=str(uuid4()), at=0, used=self.clock())
        return self.scroll

    def continue_scroll(self, token: str) -> Scroll:
        """The open scroll, if this is its token and it has not expired."""
        scroll = self.scroll
        if scroll is None or scroll.token != token or self.clock() - scroll.used >= _SCROLL_IDLE:
            raise Refusal(404, "not_found", "scroll parameter not found")
        scroll.used = self.clock()
        return scroll


STATE: web.AppKey[ServerState] = web.AppKey("simulator_state", ServerState)
VERSION: web.RequestKey[tuple[int, int]] = web.RequestKey("intercom_version", tuple)
