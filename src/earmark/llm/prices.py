"""What a call to a model costs, by a table with its date, or by figures of your own."""

import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

from pydantic import Field

from earmark.db.models import Model
from earmark.llm.base import Usage

_MILLION: Final = 1_000_000


class Rates(Model):
    """US dollars for a million tokens."""

    input: Decimal = Field(ge=0)
    cached: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)

    def of(self, usage: Usage) -> Decimal:
        """US dollars."""
        fresh = usage.input_tokens - min(usage.cached_tokens, usage.input_tokens)
        total = (
            fresh * self.input
            + (usage.input_tokens - fresh) * self.cached
            + usage.output_tokens * self.output
        )
        return total / _MILLION


class Priced(Model):
    """A model, or several of the same price, as the table has it."""

    provider: str
    exactly: tuple[str, ...] = Field(alias="is")
    begins: tuple[str, ...]
    input: Decimal

    def fit(self, model: str) -> int:
        """How well a model's name fits: the number of characters, 0 for not at all."""
        if model in self.exactly:
            return len(model) + 1
        return max((len(start) for start in self.begins if model.startswith(start)), default=0)


class PricedModel(Priced):
    """A model that writes."""

    cached: Decimal
    output: Decimal
    batch_input: Decimal | None = None
    batch_cached: Decimal | None = None
    batch_output: Decimal | None = None

    def rates(self, *, batch: bool) -> Rates | None:
        """Null if the price of a batch is not known."""
        if not batch:
            return Rates(input=self.input, cached=self.cached, output=self.output)
        parts = (self.batch_input, self.batch_cached, self.batch_output)
        if parts[0] is None or parts[1] is None or parts[2] is None:
            return None
        return Rates(input=parts[0], cached=parts[1], output=parts[2])


PricedT = TypeVar("PricedT", bound=Priced)


class PriceTable(Model):
    """The prices of hosted models, and of when they are."""

    source: str
    taken: date
    models: tuple[PricedModel, ...]
    embeddings: tuple[Priced, ...]
    """Models that make embeddings, whose answers cost nothing."""


@cache
def price_table() -> PriceTable:
    """The table that comes with this version of Earmark."""
    text = files("earmark.llm").joinpath("prices.toml").read_text("utf-8")
    return PriceTable.model_validate(tomllib.loads(text))


def rates_of(name: str, *, batch: bool = False) -> Rates | None:
    """The table's prices for `provider:model` (`LanguageModel.name`); null if it has none.

    A model on a server of one's own is not in it, whatever it is called.
    """
    row = _find(price_table().models, name)
    return row.rates(batch=batch) if row is not None else None


def embeddings_price(name: str) -> Decimal | None:
    """The table's price of a million tokens for `provider:model`; null if it has none."""
    row = _find(price_table().embeddings, name)
    return row.input if row is not None else None


def _find(rows: Sequence[PricedT], name: str) -> PricedT | None:
    provider, _, model = name.partition(":")
    model = model.partition("@")[0]
    fits = [(row.fit(model), row) for row in rows if row.provider == provider]
    best, row = max(fits, key=lambda found: found[0], default=(0, None))
    return row if best else None


def price(
    name: str, usage: Usage, *, batch: bool = False, own: Rates | None = None
) -> Decimal | None:
    """US dollars for a call to `provider:model`; null where the price is not known, never 0 then.

    `own` figures come before the table's, for batches too.
    """
    rates = own or rates_of(name, batch=batch)
    return None if rates is None else rates.of(usage)
