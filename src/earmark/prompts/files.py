"""Prompt files: what a language model is told, as package data, a file per use."""

import re
from functools import cache
from importlib import resources

_HEADING = re.compile(r"^# (.+)\n", re.MULTILINE)


@cache
def prompt_parts(name: str) -> dict[str, str]:
    """The parts of `name.md` by their headings; a text without headings is a defect of the file."""
    text = resources.files(__package__ or "").joinpath(f"{name}.md").read_text(encoding="utf-8")
    pieces = _HEADING.split(text)
    return dict(zip(pieces[1::2], (part.strip() for part in pieces[2::2]), strict=True))
