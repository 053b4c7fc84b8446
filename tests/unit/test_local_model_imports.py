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
