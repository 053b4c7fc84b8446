"""Every error as a problem document (RFC 9457): one shape, one media type, no leaked internals."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from earmark.db.models import Model
from earmark.errors import EarmarkError

MEDIA_TYPE: Final = "application/problem+json"
_TYPE_PREFIX: Final = "urn:earmark:problem:"

_log = structlog.stdlib.get_logger(__name__)


class FieldProblem(Model):
    """One value of a request that cannot be used."""

    location: str
    """Where it stands, such as `query.limit`."""
    message: str


class Problem(Model):
    """What went wrong, why, and what to do next."""

    type: str
    title: str
    status: int
    detail: str = ""
    fix: str = ""
    instance: str
    request_id: str
    errors: tuple[FieldProblem, ...] = ()


def install_handlers(app: FastAPI) -> None:
    """Answer every error with a problem document."""
    app.exception_handler(EarmarkError)(_on_earmark_error)
    app.exception_handler(RequestValidationError)(_on_invalid_request)
    app.exception_handler(HTTPException)(_on_http_error)
    app.exception_handler(Exception)(_on_defect)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


class Reason(Model):
    """What a problem document says of the error itself."""

    slug: str
    title: str
    detail: str = ""
    fix: str = ""
    errors: tuple[FieldProblem, ...] = ()


def problem_response(
    request: Request, status: int, reason: Reason, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem document for this request."""
    problem = Problem(
        type=_TYPE_PREFIX + reason.slug,
        status=status,
        instance=request.url.path,
        request_id=request_id(request),
        **reason.model_dump(exclude={"slug"}),
    )
    return JSONResponse(
        problem.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


def request_id(request: Request) -> str:
    """The id that this request has in logs and answers."""
    if not hasattr(request.state, "request_id"):
        request.state.request_id = uuid4().hex
    return str(request.state.request_id)


async def _on_earmark_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, EarmarkError):
        raise error
    headers = {"Retry-After": "5"} if error.retryable else None
    reason = Reason(slug=error.slug, title=error.what, detail=error.why, fix=error.fix)
    return problem_response(request, error.status, reason, headers)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problems = tuple(
        FieldProblem(location=".".join(str(part) for part in item["loc"]), message=item["msg"])
        for item in error.errors()
    )
    malformed = any(item["type"] == "json_invalid" for item in error.errors())
    reason = Reason(
        slug="invalid-request",
        title="The request has a value that cannot be used.",
        fix="Send it again in valid JSON."
        if malformed
        else "Change what `errors` names, and send it again.",
        errors=problems,
    )
    return problem_response(request, 400 if malformed else 422, reason)


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    reason = Reason(
        slug=status.name.lower().replace("_", "-"),
        title=status.phrase,
        detail="" if error.detail == status.phrase else error.detail,
    )
    headers = error.headers
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(_allowed_methods(request))}
    return problem_response(request, status, reason, headers)


def _allowed_methods(request: Request) -> list[str]:
    """Of all routes with this path: the error knows only those of the first."""
    return sorted(
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )


async def _on_defect(request: Request, error: Exception) -> Response:
    # The message may hold customer text; the type and the request id are enough to find the place.
    await _log.aerror(
        "request_failed",
        request_id=request_id(request),
        path=request.url.path,
        error=type(error).__name__,
    )
    reason = Reason(
        slug="internal",
        title="Earmark failed on this request.",
        detail="This is a defect of Earmark.",
        fix="Report it with the request id.",
    )
    return problem_response(request, 500, reason)
