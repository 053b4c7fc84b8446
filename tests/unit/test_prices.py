"""Prices of models: from a table with its date, and unknown where it does not say."""

from decimal import Decimal

import pytest
from genai_prices import Usage as TheirUsage
from genai_prices import calc_price
from hypothesis import given
from hypothesis import strategies as st

from earmark.llm.base import Usage
from earmark.llm.prices import Rates, price, price_table, rates_of

USAGE = Usage(input_tokens=3_900, cached_tokens=3_000, output_tokens=350)


@pytest.mark.parametrize(
    "name",
    [
        *("openai:gpt-4o-mini", "openai:gpt-5-mini-2025-08-07", "openai:gpt-4.1-nano"),
        *("anthropic:claude-haiku-4-5", "anthropic:claude-sonnet-4-5-20250929"),
    ],
)
@pytest.mark.parametrize("batch", [False, True])
def test_table_says_what_its_source_says(name: str, batch: bool) -> None:
    provider, model = name.split(":")
    theirs = calc_price(
        TheirUsage(input_tokens=3_900, cache_read_tokens=3_000, output_tokens=350),
        model,
        provider_id=provider,
        price_context={"processing": "batch"} if batch else None,
    )
    ours = price(name, USAGE, batch=batch)
    assert ours is not None
    assert ours > 0
    assert ours == theirs.total_price


def test_table_has_its_date_and_source() -> None:
    table = price_table()
    assert table.source.startswith("genai-prices ")
    assert table.taken.year >= 2026
    assert all(row.output >= row.input > 0 for row in table.models)


@pytest.mark.parametrize(
    "name", ["openai:gpt-99", "compatible:gpt-4o-mini", "anthropic:gpt-4o-mini", "nonsense", ""]
)
def test_unknown_price_is_not_nothing(name: str) -> None:
    assert price(name, USAGE) is None


def test_own_server_in_between_changes_no_price() -> None:
    assert rates_of("openai:gpt-4o-mini@proxy.example") == rates_of("openai:gpt-4o-mini")


def test_own_figures_come_first() -> None:
    own = Rates(input=Decimal(2), cached=Decimal(1), output=Decimal(4))
    cost = price("openai:gpt-4o-mini", USAGE, own=own)
    assert cost == Decimal("0.0062")
    assert price("compatible:llama", USAGE, own=own, batch=True) == cost


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**6))
def test_more_never_costs_less(input_tokens: int, cached: int, output: int) -> None:
    usage = Usage(input_tokens=input_tokens, cached_tokens=cached, output_tokens=output)
    more = usage.model_copy(update={"input_tokens": input_tokens + 1})
    one, other = price("openai:gpt-5-mini", usage), price("openai:gpt-5-mini", more)
    assert one is not None
    assert other is not None
    assert 0 <= one < other or cached > input_tokens
