"""The running API against its own OpenAPI document, by generated requests."""

from typing import Any, Final, cast

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.schemas import OpenApiSchema

_ENDLESS: Final = r"/events$"
"""Streams of events have no end to validate; `tests/integration/test_runs.py` reads one."""


@pytest.fixture(scope="session")
def api_schema(demo_server: str) -> OpenApiSchema:
    """The document that the server serves."""
    return schemathesis.openapi.from_url(f"{demo_server}/api/v1/openapi.json")


# Schemathesis's generic types have parameters that it does not name.
schema = cast("Any", schemathesis.pytest).from_fixture("api_schema").exclude(path_regex=_ENDLESS)


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_is_as_described(case: Any) -> None:  # noqa: ANN401 - as above
    case.call_and_validate()
