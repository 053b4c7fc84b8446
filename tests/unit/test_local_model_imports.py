"""What naming the local model and the theme finder loads."""

import importlib
import multiprocessing
import sys


def load(name: str) -> bool:
    """Whether scikit-learn is there after importing the module in a fresh process."""
    importlib.import_module(name)
    return "sklearn" in sys.modules


def test_naming_the_model_loads_no_scikit_learn() -> None:
    context = multiprocessing.get_context("spawn")
    for name in ("earmark.llm.local", "earmark.llm.local_model", "earmark.llm.clustering"):
        with context.Pool(1) as pool:
            assert not pool.apply(load, (name,))


def load_without_vendors(name: str) -> list[str]:
    """Which libraries of language models are there after importing the module."""
    importlib.import_module(name)
    vendors = ("pydantic_ai", "openai", "anthropic", "httpx2", "genai_prices")
    return [vendor for vendor in vendors if vendor in sys.modules]


def test_naming_a_language_model_loads_no_library_of_a_provider() -> None:
    """Not even in a worker: only the first question does."""
    context = multiprocessing.get_context("spawn")
    for name in ("earmark.wiring", "earmark.api.main", "earmark.llm.provider"):
        with context.Pool(1) as pool:
            assert pool.apply(load_without_vendors, (name,)) == []
