"""Notifications over HTTP: who may send them, what comes of them, and when they do not come."""

import asyncio
import io
import json
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from earmark.api.main import create_app
from earmark.cli.web_server import address_of, bind, serve_app
from earmark.db.connection import Database
from earmark.pipeline import live
from earmark.pipeline.classify import Minds
from earmark.pipeline.enrichment import enrich
from earmark.pipeline.learn import ModelShelf
from earmark.sources.base import Fetched
from earmark.sources.intercom_client import IntercomClient
from earmark.sources.intercom_transport import IntercomTransport, open_transport
from earmark.sources.simulator.changes import (
    AddNote,
    CreateConversation,
    CustomerReply,
    DeleteContact,
    DeleteConversation,
    Touch,
)
from earmark.sources.simulator.faults import NO_FAULTS, Faults
from earmark.sources.simulator.webhooks import SIGNATURE, WebhookSettings, sign
from tests.fixtures.models import HashedModels
from tests.fixtures.processes import until
from tests.fixtures.replica import Replica, replicating
from tests.fixtures.simulator import options, small_sample
from tests.integration.test_enrichment import ignore
from tests.integration.test_runs import finish, start, working

SAMPLE = small_sample(60)
GONE = set(SAMPLE.conversations.deletions()[0].tolist())
IDS = [SAMPLE.conversations.id_of(index) for index in range(60) if index not in GONE]
PART = {"item": {"type": "conversation_part", "id": "5"}}
SECRET, OLD_SECRET = SecretStr("client-secret"), SecretStr("the one before")


class Counting(IntercomClient):
    """A client that remembers what it was asked for."""

    def __init__(self, transport: IntercomTransport) -> None:
        super().__init__(transport)
        self.asked: list[str] = []

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        """The same."""
        self.asked += ids
        return await super().fetch(ids)


class Receiver:
    """The running API, with a follower of one workspace."""

    def __init__(self, replica: Replica, client: Counting, url: str) -> None:
        self.replica = replica
        self.client = client
        self.url = url
        self._session = aiohttp.ClientSession()

    async def post(self, body: bytes, signature: str | None) -> tuple[int, float]:
        """Status and seconds."""
        began = time.perf_counter()
        headers = {} if signature is None else {SIGNATURE: signature}
        async with self._session.post(self.url, data=io.BytesIO(body), headers=headers) as answer:
            await answer.read()
        return answer.status, time.perf_counter() - began

    async def tell(self, **changes: object) -> int:
        """A signed event about the first conversation, with changes of its envelope."""
        body = event(**changes)
        status, _ = await self.post(body, sign(body, SECRET.get_secret_value()))
        return status

    async def head(self) -> int:
        """What Intercom asks when the address is saved."""
        async with self._session.head(self.url) as answer:
            return answer.status

    async def coverage(self) -> dict[str, Any]:
        """The coverage route's answer."""
        base = self.url.removesuffix("/webhooks/intercom")
        code = self.replica.workspace.code
        async with self._session.get(f"{base}/api/v1/workspaces/{code}/coverage") as answer:
            return await answer.json()

    async def dirty(self) -> list[object]:
        """What is to be fetched."""
        return await self.replica.column("SELECT conversation_id FROM dirty_conversations")

    async def refresh(self) -> None:
        """What the worker does when the two seconds are over."""
        await self.replica.execute("UPDATE dirty_conversations SET not_before = now()")
        await live.refresh(
            self.replica.database,
            self.client,
            Minds(shelf=ModelShelf(HashedModels())),
            self.replica.workspace.id,
        )

    async def subscribe(self, **settings: Any) -> None:  # noqa: ANN401 - any of the settings
        """Let the simulator send its notifications here."""
        status = await self.replica.server.set_webhooks(
            WebhookSettings(url=self.url, secret=SECRET, retry_seconds=0.05, **settings)
        )
        assert status.is_validated

    async def close(self) -> None:
        """Let go of the connections."""
        await self._session.close()


def event(**changes: object) -> bytes:
    """An envelope, spaced so that writing it anew would give other bytes."""
    envelope: dict[str, object] = {
        "type": "notification_event",
        "id": "notif_1",
        "topic": "conversation.user.replied",
        "app_id": SAMPLE.profile.code,
        "data": {"item": {"type": "conversation", "id": IDS[0], "body": "é"}},
        **changes,
    }
    return json.dumps(envelope, indent=3, ensure_ascii=False).encode()


@asynccontextmanager
async def receiving(
    database: Database, *secrets: SecretStr, sweep: bool = False
) -> AsyncGenerator[Receiver]:
    """The API on a port of its own."""

    @asynccontextmanager
    async def open_database() -> AsyncGenerator[Database]:
        yield database

    async with AsyncExitStack() as stack:
        replica = await stack.enter_async_context(replicating(database, SAMPLE))
        transport = await stack.enter_async_context(
            open_transport(options(replica.server.base_url))
        )
        client = Counting(transport)
        if sweep:
            await replica.sweep()
        listener, stop = bind("127.0.0.1", 0), asyncio.Event()
        stack.callback(listener.close)
        app = create_app(open_database, webhook_secrets=secrets)
        serving = asyncio.create_task(serve_app(app, listener, stop))
        receiver = Receiver(replica, client, address_of(listener) + "/webhooks/intercom")
        try:
            yield receiver
        finally:
            await replica.server.set_webhooks(None)
            await receiver.close()
            stop.set()
            await serving


# ---------------------------------------------------------------- who may send


async def test_address_is_validated_and_signed_events_are_taken(database: Database) -> None:
    async with receiving(database, SECRET) as receiver:
        assert await receiver.head() == 200
        assert await receiver.tell() == 200
        assert await receiver.dirty() == [IDS[0]]


async def test_both_secrets_are_good_while_they_are_changed(database: Database) -> None:
    async with receiving(database, SECRET, OLD_SECRET) as receiver:
        for number, secret in enumerate((SECRET, OLD_SECRET)):
            body = event(id=f"notif_{number}")
            assert (await receiver.post(body, sign(body, secret.get_secret_value())))[0] == 200


def _signatures(body: bytes) -> list[str | None]:
    secret = SECRET.get_secret_value()
    good = sign(body, secret)
    written_anew = json.dumps(json.loads(body)).encode()
    return [
        *(None, "", "sha1=", "sha1=é", good.removeprefix("sha1="), good[:-1], good + "0"),
        *(sign(body, "another secret"), sign(body + b" ", secret), sign(written_anew, secret)),
        *(sign(body, ""), good.replace("sha1=", "sha256=")),
    ]


async def test_unsigned_and_forged_events_are_refused_and_leave_nothing(
    database: Database,
) -> None:
    async with receiving(database, SECRET) as receiver:
        body = event()
        for signature in _signatures(body):
            assert (await receiver.post(body, signature))[0] == 401, signature
        assert await receiver.dirty() == []
        assert await receiver.replica.column("SELECT id FROM webhook_events") == []


async def test_without_a_secret_nothing_is_taken(database: Database) -> None:
    async with receiving(database) as receiver:
        body = event()
        assert (await receiver.post(body, sign(body, "")))[0] == 503
        assert await receiver.dirty() == []


async def test_huge_body_is_refused(database: Database) -> None:
    async with receiving(database, SECRET) as receiver:
        body = b"x" * (1024 * 1024 + 1)
        assert (await receiver.post(body, sign(body, SECRET.get_secret_value())))[0] == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "planet.discovered", "data": {"item": {"type": "planet", "id": "9"}}},
        {"topic": "ping", "data": {"item": {"type": "ping", "message": "hello"}}},
        {"topic": "contact.deleted", "data": {"item": {"type": "contact", "id": "c"}}},
        {"topic": "conversation_part.redacted", "data": PART},
        {"app_id": "of another workspace"},
        {"data": None},
    ],
)  # fmt: skip
async def test_what_is_of_no_concern_is_taken_and_left_alone(
    database: Database, changes: dict[str, object]
) -> None:
    async with receiving(database, SECRET) as receiver:
        assert await receiver.tell(**changes) == 200
        assert await receiver.dirty() == []


async def test_event_that_comes_again_is_known(database: Database) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        assert await receiver.tell() == 200
        await receiver.refresh()
        assert await receiver.tell(delivery_attempts=2) == 200
        assert await receiver.dirty() == []
        assert await receiver.tell(id="notif_2") == 200
        assert await receiver.dirty() == [IDS[0]]


# ---------------------------------------------------------------- what comes of them


async def test_changes_are_taken_from_the_source_and_not_from_the_event(
    database: Database,
) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        await receiver.subscribe(out_of_order=True, twice_share=0.5, seed=2)
        server = receiver.replica.server
        server.apply(CustomerReply(conversation_id=IDS[1], body="<p>One</p>"))
        server.apply(CustomerReply(conversation_id=IDS[1], body="<p>Two</p>"))
        server.apply(DeleteConversation(conversation_id=IDS[2]))
        server.apply(CreateConversation(body="<p>New</p>"))
        await server.settle()
        assert len(await receiver.dirty()) == 3
        await receiver.refresh()
        assert await receiver.dirty() == []
        assert await receiver.replica.differences() == []


async def test_deleted_contact_is_forgotten_at_once_if_the_source_says_so_too(
    database: Database,
) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        replica, server = receiver.replica, receiver.replica.server
        await enrich(database, receiver.client, replica.workspace.id, datetime.now(UTC), ignore)
        gone, lied_about, *_ = await replica.column("SELECT id FROM contacts ORDER BY id")
        conversations = await replica.column("SELECT count(*) FROM conversations")

        async def jobs() -> int:
            return len(
                await replica.column("SELECT id FROM procrastinate_jobs WHERE task_name='contact'")
            )

        async def is_done() -> bool:
            return await jobs() == 0

        await receiver.subscribe()
        server.apply(DeleteContact(contact_id=str(gone)))
        await server.settle()
        lie = {"item": {"type": "contact", "id": lied_about}}
        for _ in range(2):
            assert await receiver.tell(id="notif_9", topic="contact.deleted", data=lie) == 200
        assert await jobs() == 2
        async with working(database, receiver.client):
            await until(is_done)
        left = await replica.column("SELECT id FROM contacts")
        assert gone not in left
        assert lied_about in left
        assert await replica.column("SELECT count(*) FROM conversations") == conversations


async def test_failed_fetch_is_tried_later_and_then_left_to_the_next_run(
    database: Database,
) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        server = receiver.replica.server
        server.apply(CustomerReply(conversation_id=IDS[0], body="<p>One</p>"))
        server.faults = Faults(error_share=1, routes={"error_share": ("retrieve",)})
        await receiver.tell()
        await receiver.refresh()
        assert await receiver.dirty() == [IDS[0]]
        await receiver.replica.execute("UPDATE dirty_conversations SET attempts = 7")
        await receiver.refresh()
        assert await receiver.dirty() == []
        server.faults = NO_FAULTS
        await receiver.replica.sweep()
        assert await receiver.replica.differences() == []


async def test_lost_and_forged_events_are_made_good_by_the_next_run(database: Database) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        await receiver.subscribe(lost_share=0.4, forged_share=0.6, seed=4)
        server = receiver.replica.server
        for identifier in IDS[:12]:
            server.apply(CustomerReply(conversation_id=identifier, body="<p>And?</p>"))
        await server.settle()
        assert server.webhooks.lost > 0
        await receiver.refresh()
        assert len(await receiver.replica.differences()) > 0
        await receiver.replica.sweep()
        assert await receiver.replica.differences() == []


async def test_burst_on_one_conversation_is_one_fetch_and_new_events_do_not_wait_for_failing_ones(
    database: Database,
) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        # A conversation that has failed often is due in a quarter of an hour.
        await receiver.replica.execute(
            "INSERT INTO dirty_conversations (workspace_id, conversation_id, reason, not_before)"
            " SELECT id, '7', 'x', now() + interval '900 s' FROM workspaces"
        )
        async with working(receiver.replica.database, receiver.client):
            await receiver.subscribe()
            server = receiver.replica.server
            server.apply(AddNote(conversation_id=IDS[5], body="<p>First</p>"))
            await server.settle()
            await until(lambda: _is_settled(receiver))
            for number in range(20):
                server.apply(AddNote(conversation_id=IDS[6], body=f"<p>{number}</p>"))
            await server.settle()
            await until(lambda: _is_settled(receiver))
        assert receiver.client.asked == [IDS[5], IDS[6]]
        assert await receiver.replica.differences() == []


async def _is_settled(receiver: Receiver) -> bool:
    return await receiver.dirty() == ["7"]


async def test_events_beside_a_run_leave_both_right(database: Database) -> None:
    async with receiving(database, SECRET) as receiver:
        replica = receiver.replica
        async with working(database, receiver.client):
            await receiver.subscribe(out_of_order=True)
            run = await start(database, replica.workspace)
            for number in range(60):
                chosen = IDS[number % len(IDS)]
                replica.server.apply(AddNote(conversation_id=chosen, body=f"<p>{number}</p>"))
                await asyncio.sleep(0.02)
            await replica.server.settle()
            ended = await finish(database, run)
            await until(lambda: _has_nothing(receiver))
        assert ended.error is None
        assert await replica.differences() == []


async def _has_nothing(receiver: Receiver) -> bool:
    return await receiver.dirty() == []


# ---------------------------------------------------------------- when they stop


async def test_silence_is_told_when_conversations_change_all_the_same(
    database: Database,
) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        assert await receiver.tell() == 200
        await receiver.replica.execute(
            "UPDATE webhook_events SET received_at = now() - interval '2 h'"
        )
        assert (await receiver.coverage())["events_silent_since"] is None
        for identifier in IDS[:3]:
            receiver.replica.server.apply(Touch(conversation_id=identifier))
        await receiver.replica.sweep()
        assert (await receiver.coverage())["events_silent_since"] is not None
        (note,) = await receiver.replica.notes()
        assert "No notification has come since" in str(note)
        assert await receiver.tell(id="notif_2") == 200
        assert (await receiver.coverage())["events_silent_since"] is None


async def test_without_any_event_ever_there_is_no_alarm(database: Database) -> None:
    async with receiving(database, SECRET, sweep=True) as receiver:
        for identifier in IDS[:5]:
            receiver.replica.server.apply(Touch(conversation_id=identifier))
        await receiver.replica.sweep()
        assert (await receiver.coverage())["events_silent_since"] is None
        assert await receiver.replica.notes() == []


async def test_time_of_an_answer_is_measured(
    database: Database, record_testsuite_property: Callable[[str, object], None]
) -> None:
    async with receiving(database, SECRET) as receiver:
        seconds: list[float] = []
        for number in range(200):
            body = event(id=f"notif_{number}")
            status, taken = await receiver.post(body, sign(body, SECRET.get_secret_value()))
            assert status == 200
            seconds.append(taken)
    seconds.sort()
    record_testsuite_property("answer_ms_median", 1000 * seconds[100])
    record_testsuite_property("answer_ms_99_percent", 1000 * seconds[197])
