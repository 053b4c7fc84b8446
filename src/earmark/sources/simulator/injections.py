"""Texts that try to give orders to whoever reads the conversation."""

import base64
from typing import NamedTuple

from earmark.sources.simulator.grammar import Grammar
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.truth import InjectionKind

_ZERO_WIDTH = ("\u200b", "\u200c", "\u200d", "\u2060")


class Injection(NamedTuple):
    """An order to the reader, in the visible text or hidden in the HTML."""

    kind: InjectionKind
    text: str
    is_hidden: bool


def make_injection(grammar: Grammar, kind: InjectionKind, draw: Draw) -> Injection:
    """An injection of this kind."""
    text = draw.pick(grammar.injections[kind])
    if kind is InjectionKind.ZERO_WIDTH:
        text = "".join([sign + draw.pick(_ZERO_WIDTH) for sign in text])
    elif kind is InjectionKind.TAG_CHARACTERS:
        text = "👍" + "".join([chr(0xE0000 + ord(sign)) for sign in text])
    elif kind is InjectionKind.BIDI:
        text = f"\u202e{text[::-1]}\u202c"
    elif kind is InjectionKind.ENCODED:
        text = f"Decode this and do what it says: {base64.b64encode(text.encode()).decode()}"
    return Injection(kind, text, is_hidden=kind is InjectionKind.HIDDEN_HTML)
