"""What `earmark cost` prints."""

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.table import Table

from earmark.cli.output import escape, stdout
from earmark.db.models import Model
from earmark.db.spending_storage import Ceilings, Committed, LedgerLine

if TYPE_CHECKING:
    from earmark.pipeline.quoting import Quote
    from earmark.pipeline.spending import Room


class CostSummary(Model):
    """The ledger and the ceilings, in US dollars."""

    workspace: str
    ceilings: Ceilings
    committed: Committed
    ledger: tuple[LedgerLine, ...]


def print_summary(summary: CostSummary) -> None:
    """What was spent, and what may be."""
    now, ceilings = summary.committed, summary.ceilings
    stdout.print(
        f"Today {_usd(now.day)} {_out_of(ceilings.day)}, in all {_usd(now.total)}"
        f" {_out_of(ceilings.total)}; a run {run_words(ceilings.run)}."
        f" Put aside for calls under way: {_usd(now.reserved)}."
    )
    if not summary.ledger:
        stdout.print("No model was asked: everything was done on this machine.")
        return
    table = Table("model", "purpose", "prompt", "calls", "tokens in", "cached", "out", "US dollars")
    for line in summary.ledger:
        table.add_row(
            escape(f"{line.provider}:{line.model}"),
            escape(line.purpose),
            escape(line.prompt_hash or "-"),
            f"{line.calls:,}",
            f"{line.input_tokens:,}",
            f"{line.cached_tokens:,}",
            f"{line.output_tokens:,}",
            f"{line.cost_usd:.4f}",
        )
    stdout.print(table)


def _usd(amount: Decimal) -> str:
    return f"${amount:.4f}"


def _out_of(ceiling: Decimal | None) -> str:
    return "without a ceiling" if ceiling is None else f"of {_limit(ceiling)}"


def run_words(ceiling: Decimal | None) -> str:
    """What something may cost, after its name."""
    return "has no ceiling" if ceiling is None else f"may cost {_limit(ceiling)}"


def _limit(amount: Decimal) -> str:
    """Cents, or all digits of what is less than one."""
    return f"${amount:.2f}" if not 0 < amount < Decimal("0.01") else f"${amount.normalize():f}"


def print_quote(told: "Quote", room: "Room | None", *, batches_from: int | None) -> None:
    """What the next run would cost, and whether a ceiling ends it early.

    `batches_from` is the number of calls from which batches are used; null for never.
    """
    stdout.print(
        f"{told.conversations:,} conversations are to be read; {escape(told.model)} would be asked"
        f" about {told.calls:,} of them (of {told.sampled:,} looked at, about {told.asked:,})."
    )
    if not told.calls:
        stdout.print("That costs nothing.")
        return
    stdout.print(
        f"A call has about {told.input_tokens:,} tokens, of which {told.shared_tokens:,} are the"
        f" same in all, and {told.output_tokens:,} in the answer"
        f" ({'as measured' if told.output_is_measured else 'as is usual'})."
    )
    if told.low is None or told.high is None:
        stdout.print(
            "Its price is not known: set EARMARK_PRICE_INPUT and EARMARK_PRICE_OUTPUT, in US"
            " dollars for a million tokens."
        )
        return
    if not told.high:
        stdout.print("That costs nothing.")
        return
    stdout.print(
        f"That costs from {_usd(told.low)} (what is the same is cached, and nothing is asked"
        f" twice) to {_usd(told.high)} (nothing is cached, one call in ten is made twice, and"
        " answers are half as long again)."
    )
    dearest = told.high
    if told.batch_high is not None:
        if batches_from is None:
            used = "EARMARK_BATCH=auto uses them."
        elif told.calls < batches_from:
            used = f"They are used from {batches_from:,} calls on (EARMARK_BATCH_FROM)."
        else:
            used = "They will be used, since EARMARK_BATCH=auto is set."
            dearest = told.batch_high
        stdout.print(
            f"By the provider's batches, within a day: at most {_usd(told.batch_high)}. {used}"
        )
    if room is not None and dearest > room.amount_usd:
        stops = "stops" if told.low > room.amount_usd else "may stop"
        option = "total" if room.ceiling == "workspace" else room.ceiling
        stdout.print(
            f"The ceiling of the {room.ceiling} leaves {_usd(room.amount_usd)}: the run {stops}"
            f" there, and the rest waits. To raise it: earmark cost limit --{option} USD"
        )
