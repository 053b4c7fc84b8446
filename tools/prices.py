"""Writes `src/earmark/llm/prices.toml` anew from the installed genai-prices.

That package follows the providers' public price lists. Only models that read and write text by the
token are taken, and those that make embeddings, whose answers cost nothing; of prices that rise
with the length of the prompt, the first step.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from genai_prices import types
from genai_prices.data_snapshot import get_snapshot

FILE = Path(__file__).resolve().parent.parent / "src" / "earmark" / "llm" / "prices.toml"
PROVIDERS = ("anthropic", "openai")
UNLIKE_TEXT = (
    "audio",
    "realtime",
    "image",
    "transcribe",
    "tts",
    "whisper",
    "search",
    "computer",
    "moderation",
    "live",
    "deep-research",
)


def amount(price: object) -> Decimal | None:
    """US dollars for a million tokens."""
    value = price.base if isinstance(price, types.TieredPrices) else price
    return value if isinstance(value, Decimal) else None


def names(clause: object) -> Iterator[tuple[str, str]]:
    """The ways of a model's name: (`is` or `begins`, text)."""
    match clause:
        case types.ClauseOr():
            for part in clause.or_:
                yield from names(part)
        case types.ClauseEquals():
            yield "is", clause.equals
        case types.ClauseStartsWith():
            yield "begins", clause.starts_with
        case _:
            return


def current(
    prices: types.ModelPrice | list[types.ConditionalPrice], today: date
) -> types.ModelPrice | None:
    """The prices of today."""
    if isinstance(prices, types.ModelPrice):
        return prices
    found: types.ModelPrice | None = None
    for conditional in prices:
        start = conditional.constraint
        if start is None or (
            isinstance(start, types.StartDateConstraint) and start.start_date <= today
        ):
            found = conditional.prices
    return found


def batch_prices(model: types.ModelInfo) -> types.ModelPrice | None:
    """What the batch API takes."""
    variants = [v for v in model.price_variants or () if dict(v.when) == {"processing": "batch"}]
    return variants[-1].prices if variants else None


def lines(provider: str, model: types.ModelInfo, today: date) -> list[str]:
    """A model's table; empty for one that is not of use here."""
    price = current(model.prices, today)
    if price is None or any(word in model.id for word in UNLIKE_TEXT) or model.deprecated:
        return []
    read, cached, write = (
        amount(part) for part in (price.input_mtok, price.cache_read_mtok, price.output_mtok)
    )
    known = list(names(model.match))
    makes_embeddings = "embedding" in model.id
    if read is None or not (write or makes_embeddings) or not known:
        return []
    batch = batch_prices(model)
    table = [
        "",
        "[[embeddings]]" if makes_embeddings else "[[models]]",
        f'provider = "{provider}"',
        f"is = {[text for kind, text in known if kind == 'is']!r}".replace("'", '"'),
        f"begins = {[text for kind, text in known if kind == 'begins']!r}".replace("'", '"'),
        f'input = "{read}"',
    ]
    if makes_embeddings:
        return table
    table += [
        f'cached = "{read if cached is None else cached}"',
        f'output = "{write}"',
    ]
    if batch is not None and (half := amount(batch.input_mtok)) is not None:
        kept = amount(batch.cache_read_mtok)
        table += [
            f'batch_input = "{half}"',
            f'batch_cached = "{(cached or half) if kept is None else kept}"',
            f'batch_output = "{amount(batch.output_mtok)}"',
        ]
    return table


def main() -> int:
    """Write the file."""
    today = datetime.now(tz=UTC).date()
    text = [
        "# Written by tools/prices.py; US dollars for a million tokens. Providers' pages are the",
        "# authority: EARMARK_PRICE_INPUT, _CACHED and _OUTPUT put other figures in their place.",
        f'source = "genai-prices {version("genai-prices")}"',
        f"taken = {today.isoformat()}",
    ]
    for provider in get_snapshot().providers:
        if provider.id in PROVIDERS:
            for model in provider.models:
                text += lines(provider.id, model, today)
    FILE.write_text("\n".join(text) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
