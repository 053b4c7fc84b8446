"""What an account may do in a minute: never more is granted, and what comes back is used."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.llm.allowance import Allowance, Seen, read_headers

_steps = st.lists(
    st.tuples(st.floats(0, 20), st.integers(1, 200), st.integers(1, 5_000)), max_size=60
)


def grants(
    allowance: Allowance, steps: Sequence[tuple[float, int, int]]
) -> list[tuple[float, int, int]]:
    """What is granted, when, of requests of how many tokens."""
    now, found = 1_000.0, list[tuple[float, int, int]]()
    for pause, wanted, tokens in steps:
        now += pause
        allowance, grant = allowance.take(wanted, tokens, now)
        assert grant.requests or grant.wait_seconds > 0
        found.append((now, grant.requests, tokens))
    return found


@given(_steps, st.integers(1, 5_000), st.integers(100, 1_000_000))
def test_no_minute_takes_more_than_a_minute_and_a_rest(
    steps: list[tuple[float, int, int]], requests: int, tokens: int
) -> None:
    found = grants(Allowance(requests_limit=requests, tokens_limit=tokens), steps)
    for start, _, _ in found:
        minute = [item for item in found if start <= item[0] < start + 60]
        largest = max(item[2] for item in minute)
        assert sum(item[1] for item in minute) <= math.ceil(requests * 65 / 60) + 1
        assert sum(item[1] * item[2] for item in minute) <= tokens * 65 / 60 + largest + 1


@given(st.integers(1, 5_000), st.integers(1, 100_000), st.integers(1, 10_000))
def test_waiting_as_long_as_told_is_enough(requests: int, tokens: int, each: int) -> None:
    allowance, _ = Allowance(requests_limit=requests, tokens_limit=tokens).take(10**6, each, 0.0)
    now = 0.0
    for _ in range(5):
        allowance, grant = allowance.take(1, each, now)
        if not grant.requests:
            now += grant.wait_seconds + 1e-6
            allowance, grant = allowance.take(1, each, now)
        assert grant.requests == 1


def test_without_limits_everything_is_granted() -> None:
    allowance, grant = Allowance().take(500, 9_000, 1.0)
    assert grant.requests == 500
    assert allowance.take(500, 9_000, 1.0)[1].requests == 500


def test_pause_holds_for_all() -> None:
    allowance = Allowance().pause(30, 100.0).pause(5, 101.0)
    assert allowance.take(1, 10, 120.0)[1].wait_seconds == 10
    assert allowance.take(1, 10, 130.0)[1].requests == 1


def test_lower_limit_counts() -> None:
    assert Allowance(requests_limit=500).within(100, None).requests_limit == 100
    assert Allowance(requests_limit=50).within(100, 7).tokens_limit == 7
    assert Allowance(requests_limit=50).within(100, None).requests_limit == 50


def test_what_others_took_is_learnt_from_headers() -> None:
    seen = Seen(requests_limit=600, requests_left=2, tokens_limit=60_000, tokens_left=60_000)
    allowance = Allowance().observe(seen, 10.0)
    assert allowance.requests_limit == 570
    assert allowance.take(50, 10, 10.0)[1].requests == 2


def test_what_was_not_used_comes_back() -> None:
    allowance, grant = Allowance(requests_limit=60, tokens_limit=6_000).take(5, 100, 1.0)
    assert grant.requests == 5
    allowance = allowance.correct(-200, unused=2)
    assert allowance.take(5, 100, 1.0)[1].requests == 2


@pytest.mark.parametrize(
    "headers",
    [
        {
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "499",
            "x-ratelimit-limit-tokens": "200000",
            "x-ratelimit-remaining-tokens": "12",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        {
            "anthropic-ratelimit-requests-limit": "500",
            "anthropic-ratelimit-requests-remaining": "499",
            "anthropic-ratelimit-tokens-limit": "200000",
            "anthropic-ratelimit-tokens-remaining": "12",
            "anthropic-ratelimit-tokens-reset": "2026-11-28T10:00:00Z",
        },
    ],
)
def test_headers_are_read(headers: dict[str, str]) -> None:
    seen = read_headers(headers)
    assert seen == Seen(requests_limit=500, requests_left=499, tokens_limit=200_000, tokens_left=12)
    assert seen is not None
    assert seen.is_scarce


@pytest.mark.parametrize("value", ["", "-1", "many", "１２", "1.5"])
def test_nonsense_in_headers_says_nothing(value: str) -> None:
    assert read_headers({"x-ratelimit-limit-requests": value}) is None
