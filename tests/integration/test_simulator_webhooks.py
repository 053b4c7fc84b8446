"""Notifications: envelope, signature, and what goes wrong on the way."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from simulator_rig import Simulator, make_sample, simulate

from earmark.sources.simulator.webhooks import WebhookSettings

SIZE = 60
SAMPLE = make_sample(SIZE)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
IDS = [SAMPLE.conversations.id_of(index) for index in range(SIZE) if index not in GONE]
SECRET = "app-secret"


@dataclass
class Receiver:
    """A server that takes notifications, or refuses some."""

    url: str = ""
    taken: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    signed: list[bool] = field(default_factory=list[bool])
    methods: list[str] = field(default_factory=list[str])
    refusals: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.methods.append(request.method)
        if request.method == "HEAD":
            return web.Response(status=204 if self.refusals == 0 else 500)
        if self.refusals:
            self.refusals -= 1
            return web.Response(status=503)
        body = await request.read()
        expected = "sha1=" + hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()
        self.signed.append(request.headers["X-Hub-Signature"] == expected)
        self.taken.append(json.loads(body))
        return web.Response()

    @property
    def topics(self) -> list[str]:
        return [envelope["topic"] for envelope in self.taken]

    def settings(self, **more: Any) -> WebhookSettings:  # noqa: ANN401 - any of its fields
        return WebhookSettings(url=self.url, secret=SecretStr(SECRET), retry_seconds=0.01, **more)


@asynccontextmanager
async def run() -> AsyncGenerator[tuple[Simulator, Receiver]]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/hook", receiver.take)
    async with TestServer(app) as server, simulate(SAMPLE) as simulator:
        receiver.url = str(server.make_url("/hook"))
        yield simulator, receiver


async def change(simulator: Simulator, number: int = 1) -> None:
    """So many notes, and their deliveries."""
    for place in range(number):
        body = {"kind": "add_note", "conversation_id": IDS[place], "body": f"<p>{place}</p>"}
        await simulator.change(**body)
    await simulator.server.settle()


async def test_a_change_is_told_in_a_signed_envelope() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings())
        applied = await simulator.change(
            kind="customer_reply", conversation_id=IDS[0], body="<p>a &amp; b</p>"
        )
        await simulator.server.settle()
        assert receiver.methods == ["HEAD", "POST"]
        assert receiver.signed == [True]
        envelope = receiver.taken[0]
        assert envelope["type"] == "notification_event"
        assert envelope["topic"] == "conversation.user.replied"
        assert envelope["app_id"] == SAMPLE.profile.code
        assert envelope["delivery_attempts"] == 1
        item = envelope["data"]["item"]
        assert (item["type"], item["id"]) == ("conversation", IDS[0])
        parts = item["conversation_parts"]["conversation_parts"]
        assert [(part["id"], part["body"]) for part in parts] == [(applied["part_id"], "a & b")]
        assert "<p>" not in item["source"]["body"]
        assert simulator.server.webhooks.sent == 1


async def test_every_kind_of_change_has_its_topic() -> None:
    contacts = [SAMPLE.contacts.id_of(index) for index in range(4)]
    expected = [
        ({"kind": "create_conversation", "body": "a"}, "conversation.user.created"),
        ({"kind": "create_conversation", "body": "a", "admin_id": SAMPLE.admins[0]["id"]},
         "conversation.admin.single.created"),
        ({"kind": "teammate_reply", "body": "a"}, "conversation.admin.replied"),
        ({"kind": "teammate_reply", "body": "a", "by_ai_agent": True},
         "conversation.operator.replied"),
        ({"kind": "add_note", "body": "a"}, "conversation.admin.noted"),
        ({"kind": "close"}, "conversation.admin.closed"),
        ({"kind": "reopen"}, "conversation.admin.opened"),
        ({"kind": "snooze", "until": 5}, "conversation.admin.snoozed"),
        ({"kind": "assign", "admin_id": None}, "conversation.admin.assigned"),
        ({"kind": "add_tag", "tag_id": SAMPLE.tags[0]["id"]}, "conversation_part.tag.created"),
        ({"kind": "rate", "rating": 1}, "conversation.rating.added"),
        ({"kind": "redact_source"}, "conversation_part.redacted"),
        ({"kind": "set_attribute", "name": "x", "value": 1}, None),
        ({"kind": "touch"}, None),
        ({"kind": "delete_conversation"}, "conversation.deleted"),
        ({"kind": "update_contact", "contact_id": contacts[0], "name": "b"},
         "contact.user.updated"),
        ({"kind": "merge_contacts", "contact_id": contacts[1], "into": contacts[2]},
         "contact.merged"),
        ({"kind": "delete_contact", "contact_id": contacts[3]}, "contact.deleted"),
        ({"kind": "add_admin", "name": "b", "email": "b@c.example"}, "admin.added_to_workspace"),
    ]  # fmt: skip
    on_workspace = ("create_conversation", "add_admin")
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings())
        for raw, _ in expected:
            is_alone = raw["kind"] in on_workspace or "contact_id" in raw
            target = {} if is_alone else {"conversation_id": IDS[1]}
            await simulator.change(**raw, **target)
        await simulator.server.settle()
        assert receiver.topics == [topic for _, topic in expected if topic]
        deleted = receiver.taken[receiver.topics.index("conversation.deleted")]
        assert deleted["data"]["item"] == {"type": "conversation", "id": IDS[1]}


async def test_a_failed_delivery_is_tried_once_more() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings())
        receiver.refusals = 1
        await change(simulator)
        assert [envelope["delivery_attempts"] for envelope in receiver.taken] == [2]
        receiver.refusals = 2
        await change(simulator)
        assert len(receiver.taken) == 1
        assert simulator.server.webhooks.failed == 3


async def test_a_notification_comes_twice_with_one_id() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings(twice_share=1))
        await change(simulator)
        first, second = receiver.taken
        assert first["id"] == second["id"]


async def test_notifications_get_lost() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings(lost_share=0.5))
        await change(simulator, 20)
        assert 0 < len(receiver.taken) < 20
        assert simulator.server.webhooks.lost == 20 - len(receiver.taken)


async def test_notifications_overtake_each_other() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings(out_of_order=True))
        await change(simulator, 3)
        ids = [envelope["data"]["item"]["id"] for envelope in receiver.taken]
        assert sorted(ids) == sorted(IDS[:3])
        assert ids != IDS[:3]


async def test_notifications_come_late() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings(delay_seconds=0.3))
        await simulator.change(kind="close", conversation_id=IDS[0])
        await asyncio.sleep(0.05)
        assert receiver.taken == []
        await simulator.server.settle()
        assert receiver.topics == ["conversation.admin.closed"]


async def test_signatures_can_be_forged() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings(forged_share=0.5))
        await change(simulator, 12)
        assert set(receiver.signed) == {True, False}


async def test_webhooks_are_set_over_http_and_pinged() -> None:
    async with run() as (simulator, receiver):
        body = {"url": receiver.url, "secret": SECRET}
        answer = await simulator.put("/_simulator/webhooks", body)
        assert answer.json["is_validated"]
        pinged = await simulator.post("/_simulator/webhooks/ping", {})
        assert pinged.json["sent"] == 1
        assert receiver.topics == ["ping"]
        assert SECRET not in json.dumps((await simulator.get("/_simulator/webhooks")).json)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/hook", "ftp://x", ""])
async def test_a_receiver_that_does_not_answer_is_not_accepted(url: str) -> None:
    async with run() as (simulator, receiver):
        answer = await simulator.put("/_simulator/webhooks", {"url": url, "secret": SECRET})
        assert answer.status in (400, 422)
        await change(simulator)
        assert receiver.taken == []


async def test_a_refused_receiver_leaves_the_old_one_in_place() -> None:
    async with run() as (simulator, receiver):
        await simulator.server.set_webhooks(receiver.settings())
        receiver.refusals = 1
        wrong = await simulator.put("/_simulator/webhooks", {"url": receiver.url, "secret": "x"})
        assert wrong.status == 400
        receiver.refusals = 0
        await change(simulator)
        assert receiver.signed == [True]
