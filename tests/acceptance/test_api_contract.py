"""The running API against its own OpenAPI document, by generated requests."""

from pathlib import Path
from typing import Any, Final, cast

import schemathesis
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
