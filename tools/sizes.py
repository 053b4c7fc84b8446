"""The sizes that keep a codebase readable: of functions and of files."""

import ast
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple


class Limit(NamedTuple):
    """The most lines that are allowed."""

    median: float
    p90: float
    largest: int


FUNCTIONS = Limit(median=10, p90=35, largest=80)
FILES = Limit(median=150, p90=400, largest=600)


class Size(NamedTuple):
    """Lines of one function or file."""

    place: str
    lines: int


def check_sizes(root: Path) -> str:
    """What is too long in the package, and single functions and files of everything else."""
    package = sorted((root / "src").rglob("*.py"))
    others = [
        file
        for folder in ("tests", "benchmarks", "tools")
        for file in (root / folder).rglob("*.py")
    ] + [root / "dev.py"]
    problems = [
        *compare(
            "functions", [size for file in package for size in functions(file, root)], FUNCTIONS
        ),
        *compare("files", [length(file, root) for file in package], FILES),
        *largest([size for file in others for size in functions(file, root)], FUNCTIONS),
        *largest([length(file, root) for file in others], FILES),
    ]
    return "\n".join(problems)


def compare(what: str, sizes: Sequence[Size], limit: Limit) -> list[str]:
    """Whether the distribution holds the limit."""
    lines = [size.lines for size in sizes]
    middle, p90 = median(lines), quantiles(lines, n=10)[-1]
    problems = largest(sizes, limit)
    if middle > limit.median:
        problems.append(f"{what}: the median is {middle:g} lines, {limit.median:g} are allowed")
    if p90 > limit.p90:
        problems.append(f"{what}: the 90th percentile is {p90:g} lines, {limit.p90:g} are allowed")
    return problems


def largest(sizes: Sequence[Size], limit: Limit) -> list[str]:
    """Each one that is longer than any may be."""
    return [
        f"{size.place}: {size.lines} lines, {limit.largest} are allowed"
        for size in sizes
        if size.lines > limit.largest
    ]


def functions(file: Path, root: Path) -> list[Size]:
    """Every function and method of a file, nested ones included."""
    tree = ast.parse(file.read_text("utf-8"))
    place = file.relative_to(root).as_posix()
    return [
        Size(
            f"{place}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1
        )
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def length(file: Path, root: Path) -> Size:
    """A whole file."""
    return Size(file.relative_to(root).as_posix(), len(file.read_text("utf-8").splitlines()))
