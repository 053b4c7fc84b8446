"""The simulator's own endpoints, under a path that Intercom does not have."""

import json
from typing import TypeVar, cast

from aiohttp import web
from pydantic import BaseModel, ValidationError

from earmark.sources.simulator.answers import Refusal, answer, refuse_parameter
from earmark.sources.simulator.census import describe_state, list_messages
from earmark.sources.simulator.changes import CHANGES, Change
from earmark.sources.simulator.conversation_routes import read_json
from earmark.sources.simulator.faults import Faults, explain
from earmark.sources.simulator.serverstate import STATE
from earmark.sources.simulator.webhooks import WebhookSettings

PREFIX = "/_simulator"
M = TypeVar("M", bound=BaseModel)

routes = web.RouteTableDef()


@routes.post(f"{PREFIX}/changes")
async def make_changes(request: web.Request) -> web.Response:
    """One change or a list of them, in order; ends at the first that cannot be made."""
    raw = await read_json(request)
    changes = _read_changes(cast(list[object], raw) if isinstance(raw, list) else [raw])
    live = request.app[STATE].live
    applied = [live.apply(change).model_dump(mode="json") for change in changes]
    return answer({"applied": applied})


@routes.get(f"{PREFIX}/truth")
async def tell_truth(request: web.Request) -> web.StreamResponse:
    """A line of JSON per conversation that ever was; `messages=true` adds all its messages."""
    with_messages = request.query.get("messages") == "true"
    log = request.app[STATE].live.conversations
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    for index in range(log.number):
        state, document = describe_state(log, index)
        line = state.model_dump(mode="json")
        if with_messages:
            messages = [] if document is None else list_messages(document)
            line["texts"] = [message.model_dump(mode="json") for message in messages]
        await response.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    await response.write_eof()
    return response


@routes.get(f"{PREFIX}/faults")
async def show_faults(request: web.Request) -> web.Response:
    """What is wrong just now."""
    return _answer_model(request.app[STATE].mischief.faults)


@routes.put(f"{PREFIX}/faults")
async def set_faults(request: web.Request) -> web.Response:
    """Exactly these faults from now on; `{}` ends them all."""
    faults = await _read_model(request, Faults)
    request.app[STATE].set_faults(faults)
    return _answer_model(faults)


@routes.get(f"{PREFIX}/webhooks")
async def show_webhooks(request: web.Request) -> web.Response:
    """How the deliveries went."""
    return _answer_model(request.app[STATE].webhooks.status)


@routes.put(f"{PREFIX}/webhooks")
async def set_webhooks(request: web.Request) -> web.Response:
    """A receiver; refused, as Intercom does, if it does not answer a HEAD request."""
    settings = await _read_model(request, WebhookSettings)
    status = await request.app[STATE].webhooks.configure(settings, must_answer=True)
    if not status.is_validated:
        raise refuse_parameter("the receiver does not answer a HEAD request with 2xx", "url")
    return _answer_model(status)


@routes.delete(f"{PREFIX}/webhooks")
async def end_webhooks(request: web.Request) -> web.Response:
    """No notifications any more."""
    return _answer_model(await request.app[STATE].webhooks.configure(None))


@routes.post(f"{PREFIX}/webhooks/ping")
async def send_ping(request: web.Request) -> web.Response:
    """The notification `ping`; answers when all deliveries are done."""
    sender = request.app[STATE].webhooks
    sender.ping()
    await sender.settle()
    return _answer_model(sender.status)


def _read_changes(raw: list[object]) -> list[Change]:
    try:
        return CHANGES.validate_python(raw)
    except ValidationError as error:
        raise Refusal(422, "validation_error", explain(error)) from error


async def _read_model(request: web.Request, model: type[M]) -> M:
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        raise Refusal(422, "validation_error", explain(error)) from error


def _answer_model(model: BaseModel) -> web.Response:
    return answer(model.model_dump(mode="json"))
