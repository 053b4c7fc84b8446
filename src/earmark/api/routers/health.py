"""Whether the process lives, and whether it can do its work."""

from typing import Literal

from fastapi import APIRouter

from earmark import __version__
from earmark.api.deps import Reader
from earmark.api.problems import problem_responses
from earmark.db.models import Model

router = APIRouter(tags=["health"])


class Health(Model):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str = __version__


@router.get("/healthz", operation_id="getHealth")
async def get_health() -> Health:
    """Answers as long as the process lives, whatever the database does."""
    return Health()


@router.get("/readyz", operation_id="getReadiness", responses=problem_responses(503))
async def get_readiness(reader: Reader) -> Health:
    """Answers if the database does."""
    await reader.execute("SELECT 1")
    return Health()
