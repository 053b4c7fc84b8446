"""Intercom's own description of its API, and a relay that holds client and server to it.

The description is public data that is not part of this repository: `EARMARK_SHARED_DATA` names the
folder it is in, the default being `../shared/data` beside the repository.
"""

import gzip
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from os import environ  # noqa: TID251 - names a folder of test data, no setting
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import aiohttp
import jsonschema_rs
import yaml
from aiohttp import web

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(environ.get("EARMARK_SHARED_DATA", ROOT.parent / "shared" / "data"))
DESCRIPTION = DATA / "intercom" / "openapi-2.16.yaml.gz"

UNDESCRIBED: Final[Mapping[str, frozenset[str]]] = {
    # Intercom's guide to paging describes cursors for both; the description has them for neither.
    "GET /contacts": frozenset({"per_page", "starting_after"}),
    "GET /conversations": frozenset({"per_page", "starting_after"}),
    # Its answers lead to the next page by an address that has them.
    "GET /articles": frozenset({"page", "per_page"}),
}
"""Parameters that the description forgets, by operation."""
MISDESCRIBED: Final[Mapping[str, tuple[str, ...]]] = {
    # Described as cursors, while the examples beside it have addresses, as the API does.
    "POST /companies/list": ("pages",),
    # Described as cursors too; lists that are paged by number lead on by an address.
    "GET /articles": ("pages",),
}
"""Parts of answers whose schema contradicts its own example, by operation."""


class Operation(NamedTuple):
    """One thing that the API can be asked for."""

    name: str
    pattern: re.Pattern[str]
    details: dict[str, Any]


@cache
def read_description() -> dict[str, Any]:
    """The whole description, its schemas as JSON Schema."""
    text = gzip.decompress(DESCRIPTION.read_bytes())
    return cast(dict[str, Any], convert(yaml.load(text, Loader=yaml.CSafeLoader)))


def convert(schema: object) -> object:
    """OpenAPI 3.0's `nullable` and references in the words of JSON Schema."""
    if isinstance(schema, list):
        return [convert(item) for item in cast(list[object], schema)]
    if isinstance(schema, str):
        return schema.replace("#/components/schemas/", "#/$defs/")
    if not isinstance(schema, dict):
        return schema
    entries = cast(dict[str, object], schema)
    dropped = ("nullable", "example", "examples", "format", "description")
    result = {key: convert(value) for key, value in entries.items() if key not in dropped}
    return {"anyOf": [result, {"type": "null"}]} if entries.get("nullable") is True else result


@cache
def list_operations() -> tuple[Operation, ...]:
    """All of them; paths without variables come first, as they are more exact."""
    return tuple(
        Operation(f"{method.upper()} {path}", _path_pattern(path), details)
        for path, methods in sorted(read_description()["paths"].items(), key=lambda p: "{" in p[0])
        for method, details in methods.items()
    )


def _path_pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))


def find_operation(method: str, path: str) -> Operation | None:
    """What a request asks for; null if the description has nothing of that kind."""
    return next(
        (
            operation
            for operation in list_operations()
            if operation.name.startswith(f"{method} ") and operation.pattern.fullmatch(path)
        ),
        None,
    )


def list_problems(schema: object, value: object) -> list[str]:
    """Where a value is not as its schema says."""
    whole = {"allOf": [schema], "$defs": read_description()["components"]["schemas"]}
    return [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"[:300]
        for error in jsonschema_rs.validator_for(whole).iter_errors(value)
    ]


def check_request(operation: Operation, query: Mapping[str, str], body: object) -> list[str]:
    """What the description does not allow in a request."""
    parameters = {
        parameter["name"]: parameter["schema"]
        for parameter in operation.details.get("parameters", [])
        if parameter["in"] == "query"
    }
    problems: list[str] = []
    for name, value in query.items():
        if name in parameters:
            typed = int(value) if parameters[name].get("type") == "integer" else value
            problems += [f"{name}: {text}" for text in list_problems(parameters[name], typed)]
        elif name not in UNDESCRIBED.get(operation.name, ()):
            problems.append(f"{name}: no such parameter")
    described = operation.details.get("requestBody")
    if body is not None and described is None:
        problems.append("a body where none is described")
    elif described is not None and body is not None:
        problems += list_problems(described["content"]["application/json"]["schema"], body)
    return [f"{operation.name} request, {problem}" for problem in problems]


def check_answer(operation: Operation, status: int, answer: object) -> list[str]:
    """What the description does not say of an answer."""
    described = operation.details["responses"].get(str(status))
    if described is None:
        return [f"{operation.name} answer {status} is not described"]
    content = described.get("content", {}).get("application/json")
    left_out = MISDESCRIBED.get(operation.name, ())
    if isinstance(answer, dict):
        entries = cast(dict[str, object], answer)
        answer = {key: value for key, value in entries.items() if key not in left_out}
    problems = list_problems(content["schema"], answer) if content else []
    return [f"{operation.name} answer {status}, {problem}" for problem in problems]


@dataclass
class Relay:
    """Stands between a client and a server, and writes down what breaks the description."""

    target: str
    session: aiohttp.ClientSession
    base_url: str = ""
    problems: list[str] = field(default_factory=list[str])
    operations: dict[str, int] = field(default_factory=dict[str, int])
    """How often each was asked for."""

    async def handle(self, request: web.Request) -> web.Response:
        """Pass a request on, and its answer back."""
        raw = await request.read()
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Intercom-Version", "Content-Type")
            if name in request.headers
        }
        async with self.session.request(
            request.method, f"{self.target}{request.path_qs}", headers=headers, data=raw or None
        ) as response:
            answer = await response.read()
            self._check(request, json.loads(raw) if raw else None, response.status, answer)
            kept = {k: v for k, v in response.headers.items() if k.startswith("X-RateLimit")}
            return web.Response(
                body=answer, status=response.status, headers=kept, content_type="application/json"
            )

    def _check(self, request: web.Request, body: object, status: int, answer: bytes) -> None:
        operation = find_operation(request.method, request.path)
        if operation is None:
            self.problems.append(f"{request.method} {request.path} is not described")
            return
        self.operations[operation.name] = self.operations.get(operation.name, 0) + 1
        self.problems += check_request(operation, request.query, body)
        self.problems += check_answer(operation, status, json.loads(answer))


@asynccontextmanager
async def relayed(target: str) -> AsyncGenerator[Relay]:
    """A relay to a server at `target`."""
    app = web.Application()
    async with aiohttp.ClientSession() as session:
        relay = Relay(target, session)
        app.router.add_route("*", "/{path:.*}", relay.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            relay.base_url = "http://{}:{}".format(*runner.addresses[0][:2])
            yield relay
        finally:
            await runner.cleanup()
