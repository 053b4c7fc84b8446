"""What the server holds between requests."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from earmark.sources.simulator.answers import Refusal
from earmark.sources.simulator.changed_conversations import Bending
from earmark.sources.simulator.dataset import Collection, Dataset
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.fields import CONTACTS, CONVERSATIONS, Table
from earmark.sources.simulator.limits import RateLimiter
from earmark.sources.simulator.live import LiveWorkspace
from earmark.sources.simulator.mischief import Mischief
from earmark.sources.simulator.paging import Result, Sort, digest_query, order_result
from earmark.sources.simulator.search import Query, select
from earmark.sources.simulator.webhooks import WebhookSender

_KEPT_RESULTS = 2
"""Results kept for further pages; each takes four bytes per matching object."""
_SCROLL_IDLE = 60
"""Seconds after which a scroll that nobody reads is over."""


class Searchable(Collection, Protocol):
    """Objects of which some are gone."""

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Which ones are not."""
        ...


@dataclass
class Scroll:
    """The one open scroll over the companies; its token stays the same on every page."""

    token: str
    at: int
    used: float


@dataclass
class ServerState:
    """One served workspace."""

    live: LiveWorkspace
    token: str
    limiter: RateLimiter
    clock: Callable[[], float]
    rate_limit_per_minute: int
    mischief: Mischief
    webhooks: WebhookSender
    scroll: Scroll | None = None
    _results: OrderedDict[tuple[object, ...], Result] = field(
        default_factory=OrderedDict[tuple[object, ...], Result]
    )

    @classmethod
    def create(
        cls, dataset: Dataset, token: str, rate_limit_per_minute: int, clock: Callable[[], float]
    ) -> "ServerState":
        """The state at the start."""
        live = LiveWorkspace(dataset, clock)
        webhooks = WebhookSender(live, clock)
        live.listeners.append(webhooks.announce)
        return cls(
            live=live,
            token=token,
            limiter=RateLimiter(rate_limit_per_minute, clock),
            clock=clock,
            rate_limit_per_minute=rate_limit_per_minute,
            mischief=Mischief(NO_FAULTS, clock),
            webhooks=webhooks,
        )

    @property
    def dataset(self) -> Dataset:
        """The workspace as it was made."""
        return self.live.base

    @property
    def timezone(self) -> str:
        """The workspace's."""
        return self.mischief.faults.timezone or self.dataset.profile.timezone

    @property
    def contact_table(self) -> Table:
        """How contacts are searched."""
        return CONTACTS._replace(timezone=self.timezone)

    @property
    def conversation_table(self) -> Table:
        """How conversations are searched."""
        by_day = self.mischief.faults.date_granularity == "day"
        return CONVERSATIONS._replace(dates_by_day=by_day, timezone=self.timezone)

    def set_faults(self, faults: Faults) -> None:
        """Other faults from now on; counters and the lot begin anew."""
        self.mischief = Mischief(faults, self.clock)
        self.live.index_lag = faults.index_lag
        self.live.bend(Bending(faults.tie_seconds, faults.long_threads))
        limit = faults.quota_per_minute or self.rate_limit_per_minute
        self.limiter.configure(limit, faults.other_consumer, faults.window_seconds)

    async def find(
        self, table: Table, objects: Searchable, query: Query | None, sort: Sort
    ) -> Result:
        """All objects of a query in their order; the latest results are kept for their pages."""
        digest = digest_query(table.name, query, sort)
        key = (digest, table.dates_by_day, table.timezone, self.live.indexed, self.live.bending)
        result = self._results.pop(key, None)
        if result is None:
            found = await select(query, table, objects, objects.alive)
            result = order_result(digest, found, objects, sort)
        self._results[key] = result
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
