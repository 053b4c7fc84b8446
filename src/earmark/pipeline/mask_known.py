"""Names and other values that the contact, admin and company records give, found in a text.

Words are compared whole, without case and accents. A first or last name counts by itself from three
letters on, unless it is also an ordinary word (Will, Mark, May, Klein): then only in full, after a
greeting or a title, or as a line of its own.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from earmark.db.models import Model
from earmark.pipeline.mask_findings import Finding
from earmark.pipeline.mask_phones import phone_key
from earmark.pipeline.name_words import COMPANY_FORMS, NAME_PARTICLES, ORDINARY_WORDS


class KnownValues(Model):
    """What the records say of the people and the company of one conversation."""

    names: tuple[str, ...] = ()
    """Full names, a person each."""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


class _Entry(NamedTuple):
    """Words in a row that stand for a value; `guarded`: only where a name is expected."""

    words: tuple[str, ...]
    kind: str
    value: str
    guarded: bool


_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_BETWEEN_WORDS = re.compile(r"[\s.,'’@_&/-]{0,3}")
_DIGIT_RUN = re.compile(r"(?<![\w+])(?:\+|\(\+?)?\d(?:[ \u00a0().\-/–]{0,3}\d){5,16}(?!\w)")
_GREETED = re.compile(
    r"(?:^|[^\w])(?:hi|hello|hey|dear|hallo|liebe[r]?|lieber|moin|servus|guten\s(?:tag|morgen|abend)"
    r"|good\s(?:morning|afternoon|evening|day)|welcome|bonjour|bonsoir|salut|ch(?:er|ère)|hola"
    r"|buen[oa]s\s(?:días|tardes|noches)|bom\sdia|boa\s(?:tarde|noite)"
    r"|estimad[oa]|olá|oi|car[oa]|prezad[oa]|thanks|thank\syou|thx"
    r"|cheers|regards|best|danke|dank|gr(?:uß|üße|üßen)|lg|vg|mfg|merci|cordialement|gracias|saludos"
    r"|obrigad[oa]|abraços?|mr|mrs|ms|miss|dr|herr|frau|sr|sra|señor[a]?|senhor[a]?|mme|monsieur"
    r"|madame|i\sam|i['’]m|this\sis|name\sis|name['’]s|ich\sbin|je\ssuis|soy|sou|me\sllamo"
    r"|me\schamo|m['’]appelle)(?:\s(?:again|there|nochmals?|wieder|encore|de\s(?:nuevo|novo)))?"
    r"[\s,.!:]{1,3}\Z",
    re.IGNORECASE,
)
_UNSPACED = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_MAX_PARTS = 6
_FEW = 64
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_STROKES = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)


class _Index(NamedTuple):
    entries: dict[str, list[_Entry]]
    """By first word, the longest first."""
    first_words: re.Pattern[str] | None
    """All of them; none where they are so many that taking a text apart is faster."""
    unspaced: tuple[tuple[str, str], ...]
    """Values in scripts that put no space between words, with their kinds."""
    phones: dict[str, str]
    """By the key of the number."""


def fold_word(word: str) -> str:
    """A word without case and accents."""
    if word.isascii():
        return word.lower()
    bare = unicodedata.normalize("NFKD", word.casefold())
    return _ACCENTS.sub("", bare).translate(_STROKES)


def find_known(text: str, known: KnownValues) -> Iterator[Finding]:
    """Known values in the text, longer before shorter ones at the same place."""
    index = _index(known.names, known.companies, known.addresses, known.emails, known.phones)
    yield from _find_phones(text, index)
    for value, kind in index.unspaced:
        for match in re.finditer(re.escape(value), text):
            yield Finding(*match.span(), kind, value)
    for start, end, word in _first_words(text, index):
        for entry in index.entries[word]:
            after = _end_of(entry, text, end)
            if after and (not entry.guarded or _name_expected(text, start, after)):
                yield Finding(start, after, entry.kind, entry.value)


def _first_words(text: str, index: _Index) -> Iterator[tuple[int, int, str]]:
    """Where words stand with which an entry begins, in the order of the text."""
    if index.first_words is not None and text.isascii():
        lowered = text.lower()
        for match in index.first_words.finditer(lowered):
            start, end = match.span()
            before, after = lowered[start - 1 : start], lowered[end : end + 1]
            if not (before.isalnum() or after.isalnum()):
                yield start, end, match[0]
    elif index.entries:
        for match in _WORD.finditer(text):
            word = fold_word(match[0])
            if word in index.entries:
                yield *match.span(), word


def _end_of(entry: _Entry, text: str, end: int) -> int:
    """Where the entry ends whose first word ends at `end`; 0 when other words follow."""
    for expected in entry.words[1:]:
        gap = _BETWEEN_WORDS.match(text, end)
        word = _WORD.match(text, gap.end() if gap else end)
        if word is None or fold_word(word[0]) != expected:
            return 0
        end = word.end()
    return end


def _find_phones(text: str, index: _Index) -> Iterator[Finding]:
    if index.phones:
        for match in _DIGIT_RUN.finditer(text):
            number = index.phones.get(phone_key(match[0]))
            if number is not None:
                yield Finding(*match.span(), "PHONE", number)


def _name_expected(text: str, start: int, end: int) -> bool:
    if not text[start].isupper():
        return False
    before = text[max(start - 30, 0) : start]
    line = before.rpartition("\n")[2] + text[start : end + 30].partition("\n")[0]
    alone = line.strip(" \t,.!:-–—") == text[start:end] and len(text) > len(line)
    return alone or bool(_GREETED.search(before))


# ---------------------------------------------------------------- the index of known values


@lru_cache(maxsize=64)
def _index(
    names: tuple[str, ...],
    companies: tuple[str, ...],
    addresses: tuple[str, ...],
    emails: tuple[str, ...],
    phones: tuple[str, ...],
) -> _Index:
    """Built once for the records of a conversation."""
    entries: dict[str, set[_Entry]] = defaultdict(set)
    for entry in (*_name_entries(names), *_company_entries(companies)):
        entries[entry.words[0]].add(entry)
    for entry in (*_address_entries(addresses), *_email_entries(emails)):
        entries[entry.words[0]].add(entry)
    named = ((names, "NAME"), (companies, "COMPANY"))
    first_words = "|".join(map(re.escape, sorted(entries, key=len, reverse=True)))
    return _Index(
        {word: sorted(found, key=_longest_first) for word, found in entries.items()},
        re.compile(first_words) if 0 < len(entries) <= _FEW else None,
        tuple(
            (value, kind)
            for values, kind in named
            for value in values
            if len(value) > 1 and _UNSPACED.search(value)
        ),
        {phone_key(phone): phone for phone in phones if len(phone_key(phone)) >= 7},
    )


def _longest_first(entry: _Entry) -> tuple[int, bool, str]:
    return -len(entry.words), entry.guarded, entry.value


def _spellings(value: str) -> set[tuple[str, ...]]:
    """The folded words of a value; Müller is also written Mueller."""
    forms = (value, unicodedata.normalize("NFC", value).translate(_UMLAUTS))
    spellings = {tuple(map(fold_word, _WORD.findall(form))) for form in forms}
    return {words for words in spellings if words and all(words)}


def _name_entries(names: tuple[str, ...]) -> Iterator[_Entry]:
    owners: dict[str, set[str]] = defaultdict(set)
    for name in names:
        for words in _spellings(name):
            for word in words:
                owners[word].add(name)
    for name in names:
        for words in _spellings(name):
            yield from _orders(words, name)
            if all(map(str.isalpha, words)) and "@" not in name:
                for place, word in enumerate(words):
                    value = name if len(owners[word]) == 1 else word
                    particle = word in NAME_PARTICLES
                    if len(word) >= 2 and not (particle and place):  # Ben Tully, not Ali ben Said
                        yield _Entry((word,), "NAME", value, particle or _is_ordinary(word))


def _is_ordinary(word: str) -> bool:
    return len(word) < 3 or word in ORDINARY_WORDS


def _orders(words: tuple[str, ...], name: str) -> Iterator[_Entry]:
    """A full name as it stands, its parts, the last name first, without the middle."""
    if len(words) < 2:
        return
    orders: set[tuple[str, ...]] = {words, (words[-1], *words[:-1]), (words[0], words[-1])}
    for start in range(min(len(words), _MAX_PARTS)):
        for end in range(start + 2, min(len(words), _MAX_PARTS) + 1):
            part = words[start:end]
            if any(word not in NAME_PARTICLES and not _is_ordinary(word) for word in part):
                orders.add(part)
    for order in orders:
        yield _Entry(order, "NAME", name, guarded=False)


def _company_entries(companies: tuple[str, ...]) -> Iterator[_Entry]:
    for company in companies:
        for words in _spellings(company):
            short = words
            while short and short[-1] in COMPANY_FORMS:
                short = short[:-1]
            for form in {words, short}:
                if len(form) > 1 or (form and not _is_ordinary(form[0])):
                    yield _Entry(form, "COMPANY", company, guarded=False)


def _address_entries(addresses: tuple[str, ...]) -> Iterator[_Entry]:
    """Each part of an address that has a number in it: street and house, postcode and town."""
    for address in addresses:
        for part in re.split(r"[,;\n]", address):
            for words in _spellings(part):
                if len(words) > 1 and any(word[0].isdigit() for word in (words[0], words[-1])):
                    yield _Entry(words, "ADDRESS", part.strip().casefold(), guarded=False)


def _email_entries(emails: tuple[str, ...]) -> Iterator[_Entry]:
    """Written otherwise than a pattern expects, as in `anna . schmidt @ example . com`."""
    for email in emails:
        for words in _spellings(email):
            if len(words) > 2:
                yield _Entry(words, "EMAIL", email.lower(), guarded=False)
