"""The running API against its own OpenAPI document, by generated requests."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings


@pytest.fixture(scope="session")
def api_schema(demo_server: str) -> Any:  # noqa: ANN401 - untyped library
    """The document that the server serves."""
    return schemathesis.openapi.from_url(f"{demo_server}/api/v1/openapi.json")


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.exclude(path_regex=r"/events$", method="GET").parametrize()
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Any) -> None:  # noqa: ANN401 - untyped library
    case.call_and_validate()
