"""Fixtures by topic live in `tests/fixtures`; this file only names them."""

from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.workers",
    "tests.fixtures.postgres",
    "tests.fixtures.demo",
    "tests.fixtures.readings",
]

# No test may fail because the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
