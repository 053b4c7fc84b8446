"""What the next reading would cost: its prompts are built and counted, and no model is asked them.

Who is to be asked of which conversation is found as in a run: a server of embeddings, if one is
chosen, is asked for those of the sample.
"""

import asyncio
from decimal import Decimal
from typing import Final, NamedTuple

from earmark.db import run_storage, spending_storage
from earmark.db.connection import Database
from earmark.db.models import Model
from earmark.errors import ConfigurationError, Conflict
from earmark.llm.base import LanguageModel, Prompt, Usage
from earmark.pipeline import classify
from earmark.pipeline.classify import Draft, Minds
from earmark.pipeline.spending import PriceOf

SAMPLE: Final = 200
_USUAL_OUTPUT: Final = 350
"""Tokens of an answer, as long as the ledger knows none of this model."""
_ENOUGH_CALLS: Final = 20
_REPEATED: Final = Decimal("0.1")
"""Of calls that are made a second time, for a repair or for quotes that were not found."""
_LONGER: Final = Decimal("1.5")


class Quote(Model):
    """An estimate of what reading all that is to be read would cost, in US dollars."""

    model: str
    conversations: int
    """To be read by anybody."""
    sampled: int
    asked: int
    """Of those sampled, how many the model would be asked about."""
    calls: int
    """Of all."""
    input_tokens: int
    """For a call, on average; an upper estimate."""
    shared_tokens: int
    """Of these, the same in every call: providers that cache them charge less."""
    output_tokens: int
    """For a call."""
    output_is_measured: bool
    """From the ledger of this model; else it is what is usual."""
    low: Decimal | None
    """Everything shared is cached and nothing repeated; null where the price is not known."""
    high: Decimal | None
    """Nothing is cached, one call in ten is made twice, answers are half as long again."""
    batch_high: Decimal | None = None
    """The same by the provider's batches, repeats asked directly; null if that is no cheaper."""


class _Prices(NamedTuple):
    direct: PriceOf
    batch: PriceOf


async def quote(database: Database, minds: Minds, workspace_id: int, *, max_attempts: int) -> Quote:
    """Quote the next run; raises `Conflict` where no model is asked, or none was fitted yet."""
    model = minds.asked
    if model is None:
        raise Conflict(
            "There is nothing to pay for.",
            why="No language model is asked: everything is done on this machine.",
            fix="To use one, set EARMARK_MODEL; docs/how-to/choose-a-model.md says how.",
        )
    async with database.read() as connection:
        key = await classify.reader_key(connection, workspace_id, minds)
    return await _count(database, minds, model, workspace_id, (key, max_attempts))


async def quote_draft(
    database: Database, minds: Minds, workspace_id: int, draft: Draft
) -> Quote | None:
    """What reading everything under a draft of the taxonomy would cost; null if nobody is asked."""
    model = minds.asked
    if model is None:
        return None
    return await _count(database, minds, model, workspace_id, ("a draft's", 1), draft)


async def _count(
    database: Database,
    minds: Minds,
    model: LanguageModel,
    workspace_id: int,
    unread: tuple[str, int],
    draft: Draft | None = None,
) -> Quote:
    """Count the prompts for what a reader, by its key and attempts, has not read."""
    reader, max_attempts = unread
    async with database.read() as connection:
        total, ids = await run_storage.sample_unread(
            connection, workspace_id, reader=reader, max_attempts=max_attempts, limit=SAMPLE
        )
        output = await spending_storage.mean_output(
            connection, workspace_id, model=model.name, least=_ENOUGH_CALLS
        )
    prompts = await classify.plan_prompts(database, minds, workspace_id, ids, draft)
    return await asyncio.to_thread(
        _to_quote, model, prompts, (total, len(ids)), output, _prices(minds)
    )


async def make_quote(
    database: Database, minds: Minds, workspace_id: int, *, max_attempts: int
) -> None:
    """Quote the next run and store it, or why there is no quote."""
    made, error = None, None
    try:
        made = await quote(database, minds, workspace_id, max_attempts=max_attempts)
    except (Conflict, ConfigurationError) as refusal:
        error = str(refusal)
    async with database.write() as connection:
        await spending_storage.store_quote(connection, workspace_id, quote=made, error=error)


def _prices(minds: Minds) -> _Prices:
    if minds.spending is None:
        return _Prices(_unknown, _unknown)
    return _Prices(minds.spending.price_of, minds.spending.batch_price_of)


def _unknown(_model: str, _usage: Usage) -> Decimal | None:
    return None


def _to_quote(
    model: LanguageModel,
    prompts: list[Prompt],
    sizes: tuple[int, int],
    output: int | None,
    prices: _Prices,
) -> Quote:
    total, sampled = sizes
    calls = round(total * len(prompts) / sampled) if sampled else 0
    tokens = [model.count_tokens(prompt) for prompt in prompts]
    mean = round(sum(tokens) / len(tokens)) if tokens else 0
    blank = prompts[0].model_copy(update={"data": "", "reminder": ""}) if prompts else None
    shared = min(model.count_tokens(blank), mean) if blank else 0
    answer = output or _USUAL_OUTPUT
    low = Usage(input_tokens=mean, cached_tokens=shared, output_tokens=answer)
    high = Usage(input_tokens=mean, output_tokens=int(answer * _LONGER))
    once, in_batch = prices.direct(model.name, high), prices.batch(model.name, high)
    dearest, by_batch = _times(once, calls * (1 + _REPEATED)), None
    if once is not None and in_batch is not None:
        by_batch = in_batch * calls + once * calls * _REPEATED
    is_cheaper = by_batch is not None and dearest is not None and by_batch < dearest
    return Quote(
        model=model.name,
        conversations=total,
        sampled=sampled,
        asked=len(prompts),
        calls=calls,
        input_tokens=mean,
        shared_tokens=shared,
        output_tokens=answer,
        output_is_measured=output is not None,
        low=_times(prices.direct(model.name, low), Decimal(calls)),
        high=dearest,
        batch_high=by_batch if is_cheaper else None,
    )


def _times(price: Decimal | None, calls: Decimal) -> Decimal | None:
    return None if price is None else price * calls
