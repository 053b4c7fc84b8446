"""Telephone numbers, without taking order numbers, dates and amounts for them.

A number with a country code is checked by itself. Any other needs a word for telephones before it
(or in the message before, which asks for it), or the grouping that its country's numbers are
written in. Which countries are tried is a constant: a conversation does not say where it is from.
"""

import re
from collections.abc import Iterator

from phonenumbers import (
    Leniency,
    NumberParseException,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    format_number,
    is_possible_number,
    is_valid_number,
    parse,
)

from earmark.pipeline.mask_findings import Finding

_CANDIDATE = re.compile(
    r"(?:(?P<plus>(?<![\w+])\(?\+|(?<![\w.,#/=&+-])00(?=[1-9 ]))[ ]?\(?"
    r"|(?<![\w.,#/=&$€£+-])\(?)\d"
    r"(?:[ \u00a0\u202f().\-/–]{0,3}\d){6,16}(?![\w%€$£])"
)
_DIGITS = re.compile(r"\d+")
_LONG_NUMBER = re.compile(r"\d(?:[ \u00a0\u202f().\-/–]{0,3}\d){6}")
_PHONE_WORD = re.compile(
    r"(?<![a-zà-ÿ])(?:(?:tele)?phone|tel|ph|contact\s(?:number|no)|contact|mobile|cell|whats\s?app|sms|fax|hotline|landline"
    r"|(?:call|reach|text|ring|contact)\s(?:me|us)(?:\s\w{2,9})?\s(?:at|on|under|via)|my\snumber"
    r"|telefon(?:nummer)?|handy(?:nummer)?|mobil(?:nummer)?|rufnummer|festnetz|erreichbar\sunter"
    r"|téléphone|tél|portable|joindre\sau|appel(?:er|ez)(?:-moi)?\sau|mon\snuméro"
    r"|teléfono|móvil|celular|llám[ae](?:me|nos)?\sal|mi\snúmero|telefone|telemóvel|liga[r]?\spara"
    r"|meu\snúmero)(?![a-zà-ÿ])",
    re.IGNORECASE,
)
_OTHER_WORD = re.compile(
    r"(?<![a-zà-ÿ])(?:order|invoice|ticket|case|id|ref|reference|tracking|serial|sku|build|version|app"
    r"|account|customer|contract|policy|transaction|product|article|item|code|error|port|model"
    r"|bestell\w*|rechnung\w*|kunden\w*|auftrag\w*|vertrag\w*|artikel\w*|vorgang\w*|konto\w*|fehler\w*"
    r"|commande|facture|client|dossier|pedido|factura|cliente|fatura|encomenda|compte|cuenta|conta"
    r"|isbn|imei|iccid|ean|vat|ust\w*|iban|zip|plz)(?![a-zà-ÿ])",
    re.IGNORECASE,
)
_REACH = 36
_QUESTION = 300
"""Characters at the end of the message before that are read for a question."""
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?!\d)|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d\d)(?!\d)"
)
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_AMOUNT = re.compile(r"[1-9]\d{0,2}(?:[ .\u00a0\u202f]\d{3})+|\d{1,2}\.\d{3,}.*|0\..*")
_AMERICAN = re.compile(r"(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}")
_WITH_ZERO = ("DE", "GB", "FR", "CH", "AT", "NL", "AU")
_IN_BRACKETS = ("US", "BR", "GB", "DE")
_MAX_CHECKED = 2_000
"""Numbers of one text that are checked, about 0.1 ms each; what comes after is masked unseen."""


def asks_for_phone(text: str) -> bool:
    """Whether a message ends with talk of a telephone number, rather than of another one."""
    tail = text[-_QUESTION:]
    return _last(_PHONE_WORD, tail) > _last(_OTHER_WORD, tail)


def find_phones(text: str, *, asked: bool = False) -> Iterator[Finding]:
    """Telephone numbers in the order of the text; the value is E.164 where it can be known.

    `asked`: the message before asked for one, so that bare digits may be the answer.
    """
    position = checked = 0
    while number := _LONG_NUMBER.search(text, position):
        candidate = _candidate_at(text, number.start(), position)
        if candidate is None:
            position = _end_of_digits(text, number.start())
            continue
        checked += 1
        start, end = candidate.span()
        found = (start, end, "") if checked > _MAX_CHECKED else _phone_in(text, candidate, asked)
        if found is None:
            position = end
            continue
        start, position, e164 = found
        yield Finding(start, position, "PHONE", e164 or "".join(_digits(text[start:position])))


def _candidate_at(text: str, digit: int, after: int) -> re.Match[str] | None:
    """What begins with that digit, or with a plus or bracket up to three characters before it."""
    for start in range(max(digit - 3, after), digit + 1):
        if start == digit or text[start] in "+(0":
            candidate = _CANDIDATE.match(text, start)
            if candidate is not None:
                return candidate
    return None


def _end_of_digits(text: str, start: int) -> int:
    digits = _DIGITS.match(text, start)
    return digits.end() if digits else start + 1


def phone_key(number: str) -> str:
    """What is the same in all ways of writing a number: its last nine digits."""
    return "".join(_digits(number))[-9:]


def _digits(text: str) -> list[str]:
    return [sign for sign in text if sign.isdecimal()]


def _phone_in(text: str, candidate: re.Match[str], asked: bool) -> tuple[int, int, str] | None:
    """Start, end and E.164 form (or nothing) of the number that the candidate is or holds."""
    raw = candidate[0]
    start, end = candidate.span()
    if candidate["plus"]:
        return _international(raw, start)
    if _DATE.match(raw) or _DOTTED.fullmatch(raw):
        return None
    before = text[max(start - _REACH, 0) : start]
    other, phone = _last(_OTHER_WORD, before), _last(_PHONE_WORD, before)
    if other > phone:
        return None
    if phone >= 0 or (asked and not _AMOUNT.fullmatch(raw)):
        return start, end, ""
    return _national(raw, start)


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.end() for match in pattern.finditer(text)), default=-1)


def _international(raw: str, start: int) -> tuple[int, int, str] | None:
    skipped = len(raw) - len(raw.lstrip("( "))
    number = re.sub(r"\A[( ]*(?:\+|00)\s?", "+", raw)
    shift = len(raw) - len(number)
    for match in PhoneNumberMatcher(number, None, Leniency.VALID):
        end = start + shift + match.end
        return start + skipped, end, format_number(match.number, PhoneNumberFormat.E164)
    try:
        possible = is_possible_number(parse(number, None))
    except NumberParseException:
        return None
    return (start + skipped, start + len(raw), "") if possible else None


def _national(raw: str, start: int) -> tuple[int, int, str] | None:
    """A number that is written with the grouping of a country in which it is valid."""
    if _AMOUNT.fullmatch(raw) or not re.search(r"\d\D", raw):
        return None
    if raw[0] == "0":
        regions = _WITH_ZERO
    elif raw[0] == "(":
        regions = _IN_BRACKETS
    elif _AMERICAN.fullmatch(raw):
        return start, start + len(raw), ""
    else:
        return None
    for region in regions:
        for match in PhoneNumberMatcher(raw, region, Leniency.STRICT_GROUPING):
            if is_valid_number(match.number):
                e164 = format_number(match.number, PhoneNumberFormat.E164)
                return start + match.start, start + match.end, e164
    return None
