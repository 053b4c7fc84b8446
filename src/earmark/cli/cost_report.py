"""What `earmark cost` prints."""

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.table import Table

from earmark.cli.output import escape, stdout
from earmark.db.models import Model
from earmark.db.spending_storage import Ceilings, Committed, LedgerLine

if TYPE_CHECKING:
    from earmark.pipeline.quoting import Quote


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
        f"Today {_usd(now.day)} of {ceiling_words(ceilings.day)}, in all {_usd(now.total)} of"
        f" {ceiling_words(ceilings.total)}; a run may cost {ceiling_words(ceilings.run)}."
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
            escape(line.prompt_hash),
            f"{line.calls:,}",
            f"{line.input_tokens:,}",
            f"{line.cached_tokens:,}",
            f"{line.output_tokens:,}",
            f"{line.cost_usd:.4f}",
        )
    stdout.print(table)


def _usd(amount: Decimal) -> str:
    return f"${amount:.4f}"


def ceiling_words(amount: Decimal | None) -> str:
    """A ceiling, or that there is none."""
    return "no ceiling" if amount is None else f"${amount:.2f}"


def print_quote(told: "Quote") -> None:
    """What the next run would cost."""
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
    else:
        stdout.print(f"That costs from {_usd(told.low)} (cached) to {_usd(told.high)}.")
