"""The running API against its own OpenAPI document, by generated requests."""

from pathlib import Path
from typing import Any, Final, cast

import schemathesis
from aiohttp import ClientSession
from hypothesis import HealthCheck, settings

_DOCUMENT: Final = Path(__file__).parents[2] / "webapp" / "openapi.json"
"""As the code generates it: `dev.py check generated`."""
_APART: Final = r"/events$|^/webhooks/"
"""Streams of events have no end to validate; notifications are refused without a secret (503)."""

# Schemathesis's generic types have parameters that it does not name.
_schema = cast("Any", schemathesis).openapi.from_path(_DOCUMENT).exclude(path_regex=_APART)


@_schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
def test_every_answer_is_as_described(case: Any, demo_server: str) -> None:  # noqa: ANN401 - as above
    case.call_and_validate(base_url=demo_server)


async def test_events_of_a_run_come_to_an_end_and_those_of_none_are_not_found(
    demo_server: str,
) -> None:
    base = "/api/v1/workspaces"
    async with ClientSession(demo_server) as session:
        async with session.get(base) as answer:
            base = f"{base}/{(await answer.json())[0]['code']}/runs"
        async with session.get(base) as answer:
            run = (await answer.json())[0]["id"]
        async with session.get(f"{base}/{run}/events") as answer:
            assert (answer.status, answer.content_type) == (200, "text/event-stream")
            assert "succeeded" in await answer.text()
        async with session.get(f"{base}/{run + 1}/events") as answer:
            assert answer.status == 404
            assert answer.content_type == "application/problem+json"
