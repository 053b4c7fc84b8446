"""`python3 dev.py bench [NAME …] [--json] [--quick] [--size N]`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from importlib import import_module
from typing import Final

from benchmarks.outcome import Options, Outcome, print_table

Benchmark = Callable[[Options], Coroutine[None, None, Outcome]]

BENCHMARKS: Final = {
    "classification_quality": "how right the local model is, and whether its confidence is",
    "classification_speed": "texts/s of a core without a hosted model, against torch",
    "journey": "the whole journey: conversations/s of every stage, memory as their number grows",
    "intercom_client": "reading conversations from Intercom: ours, python-intercom, httpx",
    "upsert": "storing by the batch: ours against psycopg2's execute_values",
    "prevalence": "intervals for shares: do they contain the truth, how wide are they",
    "sync": "from Intercom into PostgreSQL: without a limit, and within the quota",
    "sync_scale": "a large workspace through the sync: time, memory as its number grows",
    "masking": "personal data found, and false alarms: ours, Presidio without a model",
    "llm_pipeline": "calls to a model: our port, OpenAI's library alone, FeedForward's pattern",
}
"""Each is the coroutine function `run` of the module of its name."""


def main() -> int:
    """List the benchmarks, or run some."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quick", action="store_true", help="a smaller form, within a minute")
    parser.add_argument("--size", type=int, help="conversations, instead of the usual number")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown or not arguments.names:
        for name, description in BENCHMARKS.items():
            print(f"{name:24}{description}")
        if unknown:
            print(f"There is no benchmark {', '.join(unknown)}.", file=sys.stderr)
        return 2 if unknown else 0
    options = Options(quick=arguments.quick, size=arguments.size)
    for name in arguments.names:
        run: Benchmark = import_module(f"benchmarks.{name}").run
        outcome = asyncio.run(run(options))
        if arguments.json:
            print(outcome.model_dump_json(indent=2))
        else:
            print_table(name, outcome)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
