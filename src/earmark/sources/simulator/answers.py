"""Answers in Intercom's form, refusals included."""

import json
from collections.abc import Mapping
from uuid import uuid4

from aiohttp import web

from earmark.sources.simulator.dataset import JsonObject


class Refusal(Exception):
    """A request that Intercom would refuse, and how."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.headers = headers or {}
        self.status = status
        self.code = code
        self.message = message
        self.field = field


def refuse_parameter(message: str, field: str | None = None) -> Refusal:
    """400: something in the request makes no sense."""
    return Refusal(400, "parameter_invalid", message, field)


def refuse_missing() -> Refusal:
    """404: no such object, or not any more."""
    return Refusal(404, "not_found", "Resource Not Found")


def answer(payload: JsonObject, status: int = 200) -> web.Response:
    """The payload as compact JSON in UTF-8."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return web.Response(body=text.encode(), status=status, content_type="application/json")


def answer_refusal(refusal: Refusal) -> web.Response:
    """The `error.list` of a refusal."""
    error: JsonObject = {"code": refusal.code, "message": refusal.message}
    if refusal.field is not None:
        error["field"] = refusal.field
    payload = {"type": "error.list", "request_id": str(uuid4()), "errors": [error]}
    response = answer(payload, refusal.status)
    response.headers.update(refusal.headers)
    return response
