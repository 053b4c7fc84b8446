"""Notifications sent to a receiver as Intercom sends them, or worse."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import aiohttp
from pydantic import Field, SecretStr

from earmark.db.models import Model
from earmark.sources.simulator.changes import Applied, Change
from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.faults import Seconds, Share
from earmark.sources.simulator.hashing import Draw, derive_key
from earmark.sources.simulator.live import LiveWorkspace
from earmark.sources.simulator.notifications import Event, describe_change

SIGNATURE: Final = "X-Hub-Signature"
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
_REORDER_SECONDS: Final = 0.2
"""How long an event waits for one that may overtake it."""


class WebhookSettings(Model):
    """Where notifications go, and what goes wrong on the way."""

    url: str = Field(pattern=r"^https?://\S+$")
    secret: SecretStr
    """The app's client secret: the key of the signature."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Of all that is drawn by lot."""
    twice_share: Share = 0
    """Sent a second time with the same id."""
    lost_share: Share = 0
    """Never sent."""
    forged_share: Share = 0
    """Signed with another secret."""
    out_of_order: bool = False
    """An event is overtaken by the one after it, if that comes within 0.2 seconds."""
    delay_seconds: Seconds = 0
    """Between a change and its notification."""
    retry_seconds: Seconds = 1
    """Between a failed delivery and the only further attempt."""


class WebhookStatus(Model):
    """How the deliveries went so far."""

    is_validated: bool
    """The receiver answered the HEAD request that comes with the configuration."""
    sent: int = 0
    """Deliveries that were taken."""
    failed: int = 0
    """Attempts that were not."""
    lost: int = 0
    """Notifications that were left out on purpose."""


def sign(body: bytes, secret: str) -> str:
    """The value of `X-Hub-Signature`: HMAC-SHA1 over the raw body."""
    return "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


class WebhookSender:
    """Sends one notification after the other; a failed one is tried again while others go on."""

    def __init__(self, live: LiveWorkspace, clock: Callable[[], float]) -> None:
        self._live = live
        self._clock = clock
        self._settings: WebhookSettings | None = None
        self._draw = Draw(0)
        self._queue: asyncio.Queue[tuple[float, JsonObject]] = asyncio.Queue()
        self._session: aiohttp.ClientSession | None = None
        self._worker: asyncio.Task[None] | None = None
        self._retries: set[asyncio.Task[None]] = set()
        self.status = WebhookStatus(is_validated=False)

    async def configure(
        self, settings: WebhookSettings | None, *, must_answer: bool = False
    ) -> WebhookStatus:
        """Begins, changes or (null) ends the sending; asks the receiver with HEAD first.

        With `must_answer`, everything stays as it is if the receiver does not.
        """
        if settings is None:
            self._settings, self.status = None, WebhookStatus(is_validated=False)
            return self.status
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
            self._worker = asyncio.create_task(self._work())
        is_validated = await self._ask("HEAD", settings.url, b"", {})
        if is_validated or not must_answer:
            self._settings = settings
            self._draw = Draw(derive_key(settings.seed, 0x484F4F4B))
            self.status = WebhookStatus(is_validated=is_validated)
        return WebhookStatus(is_validated=is_validated)

    def announce(self, change: Change, applied: Applied) -> None:
        """Queues the notification for a change, if there is a receiver and a topic."""
        if self._settings is None:
            return
        event = describe_change(self._live, change, applied)
        if event is not None:
            self._enqueue(event)

    def ping(self) -> None:
        """Queues the notification that is always subscribed to."""
        self._enqueue(Event("ping", {"type": "ping", "message": "the simulator is there"}))

    async def settle(self) -> None:
        """Waits until everything that was queued is delivered or given up."""
        await self._queue.join()
        while self._retries:
            await asyncio.gather(*self._retries)

    async def close(self) -> None:
        """Ends the sending; what is still queued is lost."""
        tasks = [*self._retries, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    # ------------------------------------------------------------ sending

    def _enqueue(self, event: Event) -> None:
        settings, now = self._settings, self._clock()
        if settings is None:
            return
        if self._draw.chance(settings.lost_share):
            self._count(lost=True)
            return
        self._queue.put_nowait((now + settings.delay_seconds, self._wrap(event, int(now))))

    def _wrap(self, event: Event, now: int) -> JsonObject:
        return {
            "type": "notification_event",
            "id": f"notif_{uuid4()}",
            "topic": event.topic,
            "app_id": self._live.base.profile.code,
            "created_at": now,
            "first_sent_at": now,
            "delivery_attempts": 1,
            "delivery_status": "pending",
            "delivered_at": 0,
            "self": None,
            "links": {},
            "data": {"type": "notification_event_data", "item": event.item},
        }

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            if self._settings is not None and self._settings.out_of_order:
                batch = await self._take_overtaker(batch)
            for due, envelope in batch:
                await asyncio.sleep(max(0.0, due - self._clock()))
                await self._send(envelope)
                self._queue.task_done()

    async def _take_overtaker(
        self, batch: list[tuple[float, JsonObject]]
    ) -> list[tuple[float, JsonObject]]:
        try:
            following = await asyncio.wait_for(self._queue.get(), _REORDER_SECONDS)
        except TimeoutError:
            return batch
        return [following, *batch]

    async def _send(self, envelope: JsonObject) -> None:
        settings = self._settings
        if settings is None:
            return
        for _ in range(1 + self._draw.chance(settings.twice_share)):
            if not await self._post(settings, envelope):
                again = {**envelope, "delivery_attempts": 2}
                task = asyncio.create_task(self._retry(settings, again))
                self._retries.add(task)
                task.add_done_callback(self._retries.discard)

    async def _retry(self, settings: WebhookSettings, envelope: JsonObject) -> None:
        await asyncio.sleep(settings.retry_seconds)
        await self._post(settings, envelope)

    async def _post(self, settings: WebhookSettings, envelope: JsonObject) -> bool:
        body = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        secret = settings.secret.get_secret_value()
        if self._draw.chance(settings.forged_share):
            secret += " of somebody else"
        headers = {"Content-Type": "application/json", SIGNATURE: sign(body, secret)}
        is_taken = await self._ask("POST", settings.url, body, headers)
        self._count(sent=is_taken, failed=not is_taken)
        return is_taken

    async def _ask(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> bool:
        if self._session is None:
            return False
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, allow_redirects=False
            ) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError):
            return False

    def _count(self, *, sent: bool = False, failed: bool = False, lost: bool = False) -> None:
        now = self.status
        changed = {"sent": now.sent + sent, "failed": now.failed + failed, "lost": now.lost + lost}
        self.status = now.model_copy(update=changed)
