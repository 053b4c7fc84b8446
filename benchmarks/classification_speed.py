"""Reading texts without a hosted model: conversations per second of one core, and memory.

Contestants, each in a process of its own and on one thread: Earmark's default model (classify and
embed), MiniLM in 8 bits (vectors alone, and with the model over them), and sentence-transformers'
own MiniLM with the same weights (vectors). All take the same texts of the sample workspace, of 400
and of 2,000 characters; a round asks each in turn, and ratios are taken within rounds.

The weights lie as `model.safetensors`, `tokenizer.json`, `config.json` … in the folder
`all-MiniLM-L6-v2` of the models' folder; what cannot be measured is left out and says why.
"""

import asyncio
import json
import re
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np
import psutil

from benchmarks.outcome import Metric, Options, Outcome, single, spread, versions_of
from earmark.llm.base import Encoded, Vectors, words_of
from earmark.llm.local import LocalModels
from earmark.llm.minilm import MiniLm
from earmark.llm.minilm_import import import_parts
from earmark.llm.minilm_package import find_parts
from earmark.llm.minilm_store import read_files
from earmark.prompts import default_taxonomy
from earmark.settings import Settings
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec

_LENGTHS: Final = (400, 2_000)
_FITTED_ON: Final = 400
_TAGS: Final = re.compile(r"<[^>]*>")
_FOLDER: Final = "all-MiniLM-L6-v2"
_DEFAULT: Final = "default model"
_VECTORS: Final = "MiniLM int8, vectors"
_WHOLE: Final = "MiniLM int8, with the model"
_PEER: Final = "sentence-transformers"

Contestant = Callable[[Sequence[str]], None]


async def run(options: Options) -> Outcome:
    """Measure whoever is there."""
    rounds = 3 if options.quick else 7
    number = options.size or (8 if options.quick else 32)
    names, reasons = _who_is_there()
    for reason in reasons:
        print(f"left out: {reason}", file=sys.stderr)
    taken: dict[tuple[str, int], list[float]] = {}
    memory: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        installed = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if _VECTORS in names:  # here: its memory is not that of whoever uses it
            await asyncio.to_thread(import_parts, find_parts(_weights()), installed)
        children = {
            name: await stack.enter_async_context(_child(name, number, installed)) for name in names
        }
        for turn in range(rounds + 1):
            for name in names if turn % 2 else reversed(names):
                for length in _LENGTHS:
                    answer = await _ask(children[name], {"length": length})
                    memory[name] = max(memory.get(name, 0), answer["megabytes"])
                    if turn:  # the first one warms up
                        taken.setdefault((name, length), []).append(number / answer["seconds"])
    packages = ["numpy", "onnxruntime", "tokenizers"] if _VECTORS in names else ["numpy"]
    packages += ["sentence-transformers", "torch"] if _PEER in names else []
    return Outcome(metrics=_metrics(names, taken, memory), versions=versions_of(*packages))


def _metrics(
    names: Sequence[str], taken: dict[tuple[str, int], list[float]], memory: dict[str, float]
) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for length in _LENGTHS:
        for name in names:
            rates = taken[name, length]
            metrics[f"{length:,} characters: {name}"] = spread(rates, "texts/s of a core")
            if name != _PEER and _PEER in names:
                ratios = [a / b for a, b in zip(rates, taken[_PEER, length], strict=True)]
                metrics[f"{length:,} characters: {name} to {_PEER}"] = spread(ratios, "times")
    for name in names:
        metrics[f"memory: {name}"] = single(memory[name], "MB")
    return metrics


def _weights() -> Path:
    return Settings.read().data_dir / "models" / _FOLDER


def _who_is_there() -> tuple[list[str], list[str]]:
    names, reasons = [_DEFAULT], list[str]()
    if not (_weights() / "model.safetensors").is_file():
        return names, [f"MiniLM, whose weights are not in {_weights()}"]
    names += [_VECTORS, _WHOLE]
    if find_spec("sentence_transformers") is None:
        reasons.append(f"{_PEER}, which is not installed (dependency group bench-torch)")
    else:
        names.append(_PEER)
    return names, reasons


# ---------------------------------------------------------------- a contestant's own process


@asynccontextmanager
async def _child(name: str, number: int, installed: Path) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.classification_speed", name, str(number), installed),
        stdin=PIPE,
        stdout=PIPE,
    )
    try:
        yield process
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


async def _ask(process: Process, request: dict[str, int]) -> dict[str, float]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    await process.stdin.drain()
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError("a contestant ended")
    return json.loads(line)


def _sample_texts() -> list[str]:
    """What customers of the sample workspace wrote, conversation by conversation."""
    dataset = SampleDataset(
        SampleSpec(seed=7, number=_FITTED_ON, end=datetime(2026, 11, 1, tzinfo=UTC))
    )
    texts: list[str] = []
    for index in range(dataset.conversations.number):
        document = dataset.conversations.document(index)
        parts = [document["source"], *document["conversation_parts"]["conversation_parts"]]
        bodies = [part.get("body") or "" for part in parts if part["author"]["type"] != "admin"]
        texts.append(" ".join(_TAGS.sub(" ", body) for body in bodies).strip())
    return [text for text in texts if text]


def _of_length(texts: Sequence[str], length: int, number: int) -> list[str]:
    """Texts put together until each has the length; none is the same as another."""
    supply = cycle(texts)
    made: list[str] = []
    while len(made) < number:
        text = ""
        while len(text) < length:
            text += next(supply) + " "
        made.append(text[:length])
    return made


def _default_model(texts: Sequence[str], _: Path) -> Contestant:
    model = LocalModels(apart=True).fit(texts, default_taxonomy())

    def work(given: Sequence[str]) -> None:
        model.classify(given)
        model.embed(given)

    return work


def _open_minilm(folder: Path) -> MiniLm:
    installed, model, tokenizer = read_files(folder)
    return MiniLm(model, tokenizer, installed.most_tokens)


def _minilm_vectors(_: Sequence[str], folder: Path) -> Contestant:
    encoder = _open_minilm(folder)

    def work(given: Sequence[str]) -> None:
        encoder.encode(given)

    return work


def _minilm_whole(texts: Sequence[str], folder: Path) -> Contestant:
    encoder = _open_minilm(folder)
    taxonomy = default_taxonomy()

    def encode(given: Sequence[str]) -> Vectors:
        return np.vstack(encoder.encode(given))

    taught = [text for group in words_of(taxonomy) for text in group]
    encoded = Encoded(
        encoder_version="benchmark",
        texts=encode(texts),
        words=encode(taught),
        lessons=np.zeros((0, 384), dtype=np.float32),
    )
    model = LocalModels(apart=True).fit(texts, taxonomy, (), encoded)

    def work(given: Sequence[str]) -> None:
        vectors = encode(given)
        model.classify(given, vectors)
        model.embed(given, vectors)

    return work


def _sentence_transformers(_: Sequence[str], __: Path) -> Contestant:
    torch: Any = import_module("torch")
    library: Any = import_module("sentence_transformers")
    torch.set_num_threads(1)
    model = library.SentenceTransformer(str(_weights()), device="cpu")

    def work(given: Sequence[str]) -> None:
        model.encode(list(given), batch_size=32, show_progress_bar=False)

    return work


_CONTESTANTS: Final = {
    _DEFAULT: _default_model,
    _VECTORS: _minilm_vectors,
    _WHOLE: _minilm_whole,
    _PEER: _sentence_transformers,
}


def serve(name: str, number: int, folder: Path) -> None:
    """Measure on request: a length on stdin, seconds of the processor and memory on stdout."""
    sample = _sample_texts()
    work = _CONTESTANTS[name](sample, folder)
    texts = {length: _of_length(sample, length, number) for length in _LENGTHS}
    for line in sys.stdin:
        given = texts[json.loads(line)["length"]]
        started = time.process_time()
        work(given)
        seconds = time.process_time() - started
        megabytes = psutil.Process().memory_info().rss / 1e6
        print(json.dumps({"seconds": seconds, "megabytes": megabytes}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
