"""The FastAPI application: lifespan, error handlers, routers, the web app."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from pydantic import SecretStr
from starlette.convertors import PathConvertor, register_url_convertor

from earmark import __version__
from earmark.api.problems import Problem, install_handlers
from earmark.api.routers import (
    conversations,
    cost,
    coverage,
    evaluation,
    explain,
    failures,
    health,
    masked,
    review,
    runs,
    stories,
    taxonomy,
    themes,
    webhooks,
    workspaces,
)
from earmark.api.security import LocalOnly
from earmark.db.connection import Database
from earmark.db.spending_storage import Ceilings
from earmark.errors import ConfigurationError
from earmark.jobs.queue import open_queue

OpenDatabase = Callable[[], AbstractAsyncContextManager[Database]]
"""Connects the application to its database for as long as it runs."""

API_PREFIX: Final = "/api/v1"
_NO_CEILINGS: Final = Ceilings()
_INDEX: Final = "index.html"
_ROUTERS: Final = (
    workspaces,
    conversations,
    masked,
    themes,
    stories,
    runs,
    coverage,
    failures,
    cost,
    taxonomy,
    review,
    evaluation,
    explain,
)


def create_app(
    open_database: OpenDatabase,
    *,
    webhook_secrets: Sequence[SecretStr] = (),
    ceilings: Ceilings = _NO_CEILINGS,
) -> FastAPI:
    """The application; it connects when it starts and disconnects when it stops.

    `webhook_secrets` are those that Intercom's notifications may be signed with; without any, none
    is taken. `ceilings` are those of the settings: a workspace may have others.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with open_database() as database, open_queue(database) as queue:
            app.state.database = database
            app.state.queue = queue
            app.state.webhook_secrets = tuple(webhook_secrets)
            app.state.ceilings = ceilings
            yield

    app = FastAPI(
        title="Earmark",
        version=__version__,
        lifespan=lifespan,
        openapi_url=f"{API_PREFIX}/openapi.json",
        # The interactive pages would load scripts from another site.
        docs_url=None,
        redoc_url=None,
    )
    api = APIRouter(prefix=API_PREFIX)
    for module in _ROUTERS:
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(webhooks.router)
    install_handlers(app)
    _describe_problems(app)
    _mount_web_app(app, Path(str(files("earmark") / "web_dist")))
    app.add_middleware(LocalOnly)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the shape of error answers into the OpenAPI document, where routes refer to it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts: dict[str, Any] = document["components"]["schemas"]
            parts.update(schema.pop("$defs", {}))
            parts["Problem"] = schema
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi


class _PagePath(PathConvertor):
    """Any path but one of the API: what the API does not know must not be answered by a page."""

    regex = "(?!api/|webhooks/).*"


register_url_convertor("page", _PagePath())


def _mount_web_app(app: FastAPI, folder: Path) -> None:
    """Serve the built pages; every address that is no file and no API is the single page."""
    pages = {file.name: file for file in folder.glob("*") if file.is_file()}
    if (folder / "assets").is_dir():
        app.mount("/assets", StaticFiles(directory=folder / "assets"), name="assets")

    @app.get("/{path:page}", include_in_schema=False)
    async def page(path: str) -> Response:
        if _INDEX not in pages:
            raise ConfigurationError(
                "The web app is not built.",
                why="This is a source checkout that was installed without Node.",
                fix="Run `python3 dev.py demo`; the API works without it.",
            )
        if path in pages and path != _INDEX:
            return FileResponse(pages[path])
        return FileResponse(pages[_INDEX], headers={"Cache-Control": "no-cache"})
