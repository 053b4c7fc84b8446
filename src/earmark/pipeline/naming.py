"""A theme's name without a model: the typical statement that says it shortest."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

UNNAMED: Final = "unnamed"
_LONGEST: Final = 80
_SHORTEST: Final = 12
_CANDIDATES: Final = 8
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z_]*_\d+>")
_LEAD_IN: Final = re.compile(
    r"^(?:(?:hi|hello|hey|hall?o|moin|guten\s\w+|hola|buenos\s\w+|bonjour|salut|olá|oi|bom dia)\b"
    r"[^,.!?]{0,20}?(?:[,.!]|\s[-–—]\s)\s*|"
    r"(?:so|and|but|well|also|just|please|ok|okay|actually|unfortunately|btw|fyi)[,:]?\s+)+",
    re.IGNORECASE,
)
_OF_ONE_CASE: Final = re.compile(r"\d{2,}|\bremoved\]|@|www\.")
"""Numbers, addresses and the like belong to one conversation, not to a theme."""
_CLAUSE_END: Final = re.compile(r"[.!?;:](?:\s|$)|\s[-–—]\s|,\s")


class Name(NamedTuple):
    """A name, and the statement whose words it is."""

    text: str
    """At most 80 characters."""
    statement: int | None
    """Its place among the statements; null where the name is made of keywords."""


def choose_name(statements: Sequence[str], keywords: Sequence[str]) -> Name:
    """The name; `statements` are the most typical first, `keywords` the distinctive.

    Of the typical statements, the one wins that holds most distinctive terms in fewest words and no
    placeholder of personal data. Where none will do, the name is the terms themselves.
    """
    candidates = [
        Name(_tidy(statement), place)
        for place, statement in enumerate(statements[:_CANDIDATES])
        if not _PLACEHOLDER.search(statement)
    ]
    fitting = [name for name in candidates if len(name.text) >= _SHORTEST]
    if fitting:
        ranks = range(len(fitting))
        return fitting[max(ranks, key=lambda rank: _score(fitting[rank].text, keywords, rank))]
    if keywords:
        return Name(name_by_keywords(keywords), None)
    if statements:
        return Name(_cut(_PLACEHOLDER.sub("…", statements[0])), 0)
    return Name(UNNAMED, None)


def name_by_keywords(keywords: Sequence[str]) -> str:
    """What a theme is called where no statement will do, or where that statement is gone."""
    return _cut(", ".join(keywords[:4])) if keywords else UNNAMED


def _score(name: str, keywords: Sequence[str], rank: int) -> float:
    held = sum(term.casefold() in name.casefold() for term in keywords)
    of_one_case = 1 if _OF_ONE_CASE.search(name) else 0
    return held - 0.02 * len(name.split()) - 0.1 * rank - of_one_case


def _tidy(statement: str) -> str:
    """One clause without its lead-in, beginning with a capital."""
    line = _LEAD_IN.sub("", " ".join(statement.split()).strip("…\"'“”«» "))
    if len(line) > _LONGEST:
        ends = [end.start() for end in _CLAUSE_END.finditer(line, _SHORTEST, _LONGEST)]
        line = line[: ends[-1]] if ends else line
    name = _cut(line.rstrip(" .,;:!-–—"))
    return name[:1].upper() + name[1:]


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    head, _, _ = text[: _LONGEST - 1].rpartition(" ")
    return (head or text[: _LONGEST - 1]).rstrip(" ,;:-") + "…"
