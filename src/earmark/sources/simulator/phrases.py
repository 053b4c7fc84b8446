"""The grammar's templates: `[this|that]` is a choice, which may nest, and `{name}` a slot."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from earmark.errors import InvalidInput
from earmark.sources.simulator.hashing import Draw


class Slot(NamedTuple):
    """A place that is filled from the conversation."""

    name: str


class Choice(NamedTuple):
    """One of these sequences is taken."""

    options: tuple["Sequence", ...]


Node = str | Slot | Choice
Sequence = tuple[Node, ...]

FillSlot = Callable[[str], str]


def render(template: str, draw: Draw, fill: FillSlot) -> str:
    """The template with its choices made and its slots filled; double spaces are folded."""
    nodes = compile_template(template)
    if len(nodes) == 1 and isinstance(nodes[0], str):
        return nodes[0]
    pieces: list[str] = []
    _write(nodes, draw, fill, pieces)
    text = "".join(pieces)
    if "  " in text or " ." in text or " ," in text:
        text = text.replace("  ", " ").replace(" .", ".").replace(" ,", ",").strip()
    return text


def _write(nodes: Sequence, draw: Draw, fill: FillSlot, pieces: list[str]) -> None:
    for node in nodes:
        if isinstance(node, str):
            pieces.append(node)
        elif isinstance(node, Slot):
            pieces.append(fill(node.name))
        else:
            _write(draw.pick(node.options), draw, fill, pieces)


@cache
def compile_template(template: str) -> Sequence:
    """The parsed form; there are as many of them as the grammar has lines."""
    nodes, end = _parse(template, 0, nested=False)
    if end != len(template):
        raise InvalidInput(
            "A template of the sample's grammar has a bracket too many.",
            why=template,
            fix="Balance [ and ] in the grammar file.",
        )
    return nodes


def list_slots(template: str) -> frozenset[str]:
    """The names of all slots, in all branches."""
    return frozenset(_walk_slots(compile_template(template)))


def _walk_slots(nodes: Sequence) -> list[str]:
    names: list[str] = []
    for node in nodes:
        if isinstance(node, Slot):
            names.append(node.name)
        elif isinstance(node, Choice):
            for option in node.options:
                names.extend(_walk_slots(option))
    return names


def _parse(text: str, start: int, *, nested: bool) -> tuple[Sequence, int]:
    """Nodes from `start` up to a `|` or `]` of this level, or the end; and where that is."""
    nodes: list[Node] = []
    literal = start
    at = start
    while at < len(text) and not (nested and text[at] in "|]"):
        if text[at] not in "[{":
            at += 1
            continue
        if literal < at:
            nodes.append(text[literal:at])
        node, at = _parse_choice(text, at) if text[at] == "[" else _parse_slot(text, at)
        nodes.append(node)
        literal = at
    if literal < at:
        nodes.append(text[literal:at])
    return tuple(nodes), at


def _parse_slot(text: str, start: int) -> tuple[Slot, int]:
    end = text.find("}", start)
    if end < 0:
        raise InvalidInput("A slot of the sample's grammar is not closed.", why=text)
    return Slot(text[start + 1 : end]), end + 1


def _parse_choice(text: str, start: int) -> tuple[Choice, int]:
    options: list[Sequence] = []
    at = start
    while True:
        nodes, at = _parse(text, at + 1, nested=True)
        options.append(nodes)
        if at >= len(text):
            raise InvalidInput("A choice of the sample's grammar is not closed.", why=text)
        if text[at] == "]":
            return Choice(tuple(options)), at + 1
