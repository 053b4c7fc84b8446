"""Places in masked texts that a person should look at: anything that could still be personal.

Broader than the mask on purpose, and made of other forms: it takes order numbers for telephone
numbers and products for people. It changes nothing; it is what `earmark mask --check` lists.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from earmark.pipeline.mask import PLACEHOLDER
from earmark.pipeline.mask_secrets import CARD_REMOVED, REMOVED

_BLANK: Final = "\ufdd0"
"""Stands for what is masked or removed: a noncharacter, part of no word."""


class Doubt(NamedTuple):
    """A range of a masked text, and what it may be."""

    start: int
    end: int
    reason: str


_PAIR: Final = r"[A-ZÀ-Þ][\w'’-]{1,30}(?:[ \u00a0][A-ZÀ-Þ][\w'’-]{1,30}){0,2}"
_FORMS: Final = (
    ("address with @", re.compile(r"[^\s\ufdd0<>]{0,64}@[^\s\ufdd0<>]{1,64}")),
    ("long number", re.compile(r"(?<![\w.])\+?\d(?:[ \u00a0().,/–-]{0,2}\d){8,30}(?!\w)")),
    (
        "name after words of introduction",
        re.compile(
            r"(?<!\w)(?i:my\sname\sis|i\sam|i['’]m|this\sis|name['’]s|speak(?:ing)?\s(?:to|with)"
            r"|colleague|manager|boss|husband|wife|son|daughter|brother|sister|assistant|mr|mrs|ms|dr"
            r"|mein\sname\sist|ich\sbin|kolleg(?:e|in)|che[f]in|che[f]|herrn?|frau|mann|tochter|sohn"
            r"|je\ssuis|je\sm['’]appelle|collègue|monsieur|madame|mon\smari|ma\sfemme|mon\sfils"
            r"|soy|me\sllamo|compañer[oa]|señora?|mi\smarido|mi\smujer|mi\shij[oa]"
            r"|sou|me\schamo|coleg[ao]|senhora?|meu\smarido|minha\smulher|filh[oa])"
            rf"\.?[ \u00a0](?P<found>{_PAIR})(?!\w)"
        ),
    ),
    (
        "date of birth",
        re.compile(
            r"(?i:(?<!\w)(?:born|birth|dob|birthday|geboren|geburts\w*|né|née|naissance|nacid[oa]"
            r"|nacimiento|nascid[oa]|nascimento)(?!\w))[^\d\n\ufdd0]{0,30}"
            r"(?P<found>\d{1,4}[ ./-](?:\d{1,2}|[^\W\d_]{3,12})[ ./-]\d{2,4})"
        ),
    ),
    (
        "postcode",
        re.compile(
            r"(?<!\w)(?:[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}|\d{5}\s[A-ZÀ-Þ][a-zß-ÿ]{2,20}"
            r"|\d{4}-\d{3}\s[A-ZÀ-Þ]\w{2,20}|[A-Z]{2}\s\d{5}(?:-\d{4})?)(?!\w)"
        ),
    ),
    (
        "house number",
        re.compile(
            r"(?<!\w)\d{1,4}[A-Za-z]?,?\s(?:[A-ZÀ-Þ][\w'’-]{1,20}\s){1,3}"
            r"(?i:close|court|drive|gardens|grove|hill|place|square|walk|way|house|flat)(?!\w)"
        ),
    ),
    (
        "word that looks like a key",
        re.compile(r"(?<![\w/.-])(?=[\w+/=-]{0,40}\d)(?=[\w+/=-]{0,40}[A-Za-z])[\w+/=-]{20,200}"),
    ),
    (
        "value after a word for secrets",
        re.compile(
            r"(?i:(?<!\w)(?:pass(?:word|wort|phrase|code)|kennwort|mot\sde\spasse|contraseña|senha"
            r"|palavra-passe|pin|cvv|cvc|token|secret|api[ -]?key)(?!\w))[^\w\n\ufdd0]{1,4}"
            r"(?:\w{2,4}\s)?(?P<found>(?=[^\s\ufdd0]{0,20}\d)[^\s\ufdd0]{4,64})"
        ),
    ),
)


def find_doubts(masked: str) -> list[Doubt]:
    """Suspicious ranges in the order of the text, each place once."""
    text = PLACEHOLDER.sub(lambda found: _BLANK * len(found[0]), masked)
    for removed in (REMOVED, CARD_REMOVED):
        text = text.replace(removed, _BLANK * len(removed))
    doubts: list[Doubt] = []
    end = 0
    for doubt in sorted(_all(text)):
        if doubt.start >= end:
            doubts.append(doubt)
            end = doubt.end
    return doubts


def _all(text: str) -> Iterator[Doubt]:
    for reason, form in _FORMS:
        group = "found" if "found" in form.groupindex else 0
        for match in form.finditer(text):
            yield Doubt(*match.span(group), reason)
