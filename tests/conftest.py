"""Fixtures by topic live in `tests/fixtures`; this file only names them."""

pytest_plugins = [
    "tests.fixtures.workers",
    "tests.fixtures.postgres",
    "tests.fixtures.demo",
    "tests.fixtures.readings",
]
