"""What a benchmark says: figures with their spread, and what they were measured on."""

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from earmark import __version__
from earmark.db.models import Model


class Metric(Model):
    """One figure; `low` and `high` are the extremes of its repetitions, or an interval."""

    value: float
    unit: str
    low: float | None = None
    high: float | None = None


class Outcome(Model):
    """All figures of one benchmark."""

    metrics: dict[str, Metric]
    versions: dict[str, str]


class Options(Model):
    """How much to measure."""

    quick: bool = False
    size: int | None = None
    """Conversations, instead of the benchmark's own number."""


def spread(values: Sequence[float], unit: str) -> Metric:
    """The median of repetitions, between their extremes."""
    return Metric(
        value=_rounded(statistics.median(values)),
        unit=unit,
        low=_rounded(min(values)),
        high=_rounded(max(values)),
    )


def single(value: float, unit: str) -> Metric:
    """A figure that was measured once."""
    return Metric(value=_rounded(value), unit=unit)


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def versions_of(*packages: str) -> dict[str, str]:
    """Versions of what was measured, and the machine's."""
    return {
        "earmark": __version__,
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        **{package: version(package) for package in packages},
    }


def print_table(name: str, outcome: Outcome) -> None:
    """For people."""
    table = Table(title=name, title_justify="left", box=SIMPLE)
    for heading in ("measure", "value", "low", "high", "unit"):
        table.add_column(heading, justify="left" if heading in ("measure", "unit") else "right")
    for key, metric in outcome.metrics.items():
        ends = ["" if end is None else f"{end:,.4g}" for end in (metric.low, metric.high)]
        table.add_row(key, f"{metric.value:,.4g}", *ends, metric.unit)
    console = Console()
    console.print(table)
    console.print("  ".join(f"{key} {value}" for key, value in outcome.versions.items()))
