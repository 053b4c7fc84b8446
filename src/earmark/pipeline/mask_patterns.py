"""Personal data that can be told by its form: addresses, numbers, identifiers.

A form that fits too much (bare digits, four small numbers with full stops) counts only near a word
that says what it is, or when its check digits agree.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv6Address
from typing import NamedTuple

from stdnum import iban
from stdnum.br import cpf
from stdnum.ch import ssn as swiss_ahv
from stdnum.de import idnr as german_tax_id
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.nl import bsn
from stdnum.pl import pesel
from stdnum.pt import nif as portuguese_nif
from stdnum.us import ssn as american_ssn

from earmark.pipeline.mask_findings import Finding

_LABEL_REACH = 40
_LONG_NUMBER = re.compile(r"\d(?:[\s.()/–-]{0,3}\d){6}")
"""Seven digits in a row, which bank accounts, cards, telephones and most identifiers have."""

_EMAIL = re.compile(
    r"(?<![\w.+-])\w[\w.!#$%&'*+^~-]{0,63}(?:@|%40)"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,6}([^\W\d_]{2,24})(?![\w-])"
)
_SPOKEN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}\s?[(\[{]\s?(?:at|ät|arroba|arobase)\s?[)\]}]\s?[\w-]{1,63}"
    r"(?:(?:\.|\s?[(\[{]\s?(?:dot|punkt|point|punto|ponto)\s?[)\]}]\s?)[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
_NO_DOMAIN = {
    *("png", "jpg", "jpeg", "gif", "svg", "webp", "pdf", "css", "js", "ts", "json", "html", "php"),
}

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0]?[A-Z0-9]{1,7}){2,9}", re.IGNORECASE)

_IPV4 = re.compile(
    r"\d(?:(?<![\w./-]\d)|(?<=//\d))\d{0,2}(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?!\.?[\w-])"
)
_LETTER = re.compile(r"[^\W\d_]")
_OWN_MACHINE = re.compile(r"127\.|0\.0\.0\.0|255\.")
_ADDRESS_WORD = re.compile(
    r"(?<![a-z])(?:ip|ips|ipv4|address|addr|host|hostname|server|ping|proxy|firewall|gateway|dns|subnet"
    r"|allow-?list|white-?list|block-?list|range|adresse|adresses|dirección|endereço|servidor|serveur)"
    r"(?![a-z])",
    re.IGNORECASE,
)
_VERSION_WORD = re.compile(
    r"(?<![a-z])(?:v|ver|version|versión|versão|release|build|update|upgrade[d]?|chrome|firefox|safari"
    r"|app|sdk|section|chapter|clause|figure|abschnitt|kapitel|section|firmware)(?![a-z])",
    re.IGNORECASE,
)
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])", re.IGNORECASE)
_MAC = re.compile(
    r"(?<![\w:-])(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5})(?![\w:-])",
    re.IGNORECASE,
)

_URL = re.compile(r"(?:https?|ftp|wss?)://[^\s<>\"']+|www\.[^\s<>\"']+", re.IGNORECASE)
_QUERY_VALUE = re.compile(
    r"[?&;](?:key|code|session|session_?id|sid|invite|otp|user_?name|first_?name|last_?name"
    r"|full_?name|phone|tel)=([^&#\s)\]>]{3,})",
    re.IGNORECASE,
)

_WORDS = r"(?:[A-ZÀ-Þ][\w'’.-]{1,30}\s){1,4}"
_NUMBER_FIRST = re.compile(
    r"\d(?<![\w.,#]\d)\d{0,4}(?:"
    # 221B Baker Street, Apt 4
    rf"[A-Za-z]?\s{_WORDS}"
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Terrace|Parkway|Crescent"
    r"|(?:Drive|Court|Way|Place|Square)(?=,))(?!\w|\s[Mm]ap)(?:,?\s(?:Apt|Suite|Unit|Flat|#)\.?\s?\w{1,6})?"
    # 12 bis, rue de la Paix
    r"|(?:\s?(?:bis|ter|quater))?,?\s(?:rue|avenue|boulevard|bd|allée|impasse|quai)"
    r"\s(?:(?:de\sla|de\sl['’]|des|de|du|d['’]|la|le)\s?)?[A-ZÀ-Þ][\w'’-]{1,30}(?:\s[A-ZÀ-Þ][\w'’-]{1,30})?"
    r")"
)
# Lange Straße 12a, Musterstr. 5
_GERMAN_STREET = re.compile(
    r"(?<![\w-])(?:(?:[A-ZÄÖÜ][a-zäöüß]{2,20}[\s-]){0,2}(?:Straße|Strasse|Str\.)"
    r"|[A-ZÄÖÜ][a-zäöüß-]{2,30}(?:straße|strasse|str\.|gasse|allee))\s?\d{1,4}\s?[a-z]?(?!\w)"
)
# Calle Mayor, 5; Rua das Flores, nº 12
_IBERIAN_STREET = re.compile(
    r"(?<!\w)(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]aseo|[Pp]laza|[Rr]ua|[Aa]v\.|[Tt]ravessa|[Aa]lameda)\s"
    r"(?:(?:de\slas?|de\slos|del|de|da|do|das|dos)\s)?[A-ZÀ-Þ][\w'’-]{1,30}(?:\s(?:de\s|da\s|do\s)?"
    r"[A-ZÀ-Þ][\w'’-]{1,30}){0,3},?\s(?:n[º°o.]{1,2}\s?)?\d{1,5}(?!\w)"
)
_STREETS = (
    (_NUMBER_FIRST, ("",)),
    (_GERMAN_STREET, ("straße", "strasse", "str.", "gasse", "allee")),
    (
        _IBERIAN_STREET,
        ("calle", "c/", "aven", "avda", "paseo", "plaza", "rua", "av.", "travessa", "alameda"),
    ),
)
"""Each form with the pieces of which a text must have one to be worth a search."""


class _Identifier(NamedTuple):
    """A national identifier: its form, its check, and the word it needs where both fit too much."""

    form: re.Pattern[str]
    is_valid: Callable[[str], bool]
    labels: tuple[str, ...]


def _identifier(
    first: str, rest: str, is_valid: Callable[[str], bool], *labels: str
) -> _Identifier:
    """The first character stands apart so that the search can skip to it."""
    form = re.compile(rf"{first}(?<![\w.-]{first}){rest}(?![\w-])")
    return _Identifier(form, is_valid, labels)


_IDENTIFIERS = (
    _identifier(r"\d", r"\d\d-\d\d-\d{4}", american_ssn.is_valid, "ssn", "social security"),
    _identifier("7", r"56[.\s]?\d{4}[.\s]?\d{4}[.\s]?\d{2}", swiss_ahv.is_valid),
    _identifier("[12]", r"\s?\d\d\s?\d\d\s?\d[\dAB]\s?\d{3}\s?\d{3}\s?\d\d", nir.is_valid),
    _identifier("[A-Z]", r"[A-Z]{5}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _identifier(r"\d", r"\d\d\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _identifier(r"\d", r"\d{10}", cpf.is_valid, "cpf"),
    _identifier(r"\d", r"\d{7}-?[A-Za-z]", dni.is_valid),
    _identifier("[XYZxyz]", r"-?\d{7}-?[A-Za-z]", nie.is_valid),
    _identifier(
        *(r"\d", r"\d\s?\d{3}\s?\d{3}\s?\d{3}", german_tax_id.is_valid),
        *("steuer-id", "steuerid", "steuernummer", "steueridentifikation", "idnr", "tax id"),
    ),
    _identifier(r"\d", r"\d\d\s?\d{3}\s?\d{3}", portuguese_nif.is_valid, "nif", "contribuinte"),
    _identifier(r"\d", r"\d{10}", pesel.is_valid, "pesel"),
    _identifier(r"\d", r"\d{8}", bsn.is_valid, "bsn", "burgerservicenummer"),
)
_OF_LETTERS = tuple(kind for kind in _IDENTIFIERS if kind.is_valid is codicefiscale.is_valid)
"""Those without seven digits in a row."""


def has_long_number(text: str) -> bool:
    """Whether there is anything for the detectors of numbers to look at."""
    return _LONG_NUMBER.search(text) is not None


def find_emails(text: str) -> Iterator[Finding]:
    """Mail addresses, also percent-encoded and with `(at)` spelled out."""
    if "@" in text or "%40" in text:
        for match in _EMAIL.finditer(text):
            repository = match[0].startswith("git@") and text[match.end() : match.end() + 1] == ":"
            if match[1].lower() not in _NO_DOMAIN and not repository:
                yield Finding(*match.span(), "EMAIL", match[0].lower().replace("%40", "@"))
    if any(bracket in text for bracket in "([{"):
        for match in _SPOKEN_EMAIL.finditer(text):
            yield Finding(*match.span(), "EMAIL", match[0].lower())


def find_url_values(text: str) -> Iterator[Finding]:
    """Values in the query of a web address that name or admit a person."""
    if "?" in text and "=" in text:
        for url in _URL.finditer(text):
            for match in _QUERY_VALUE.finditer(url[0]):
                start, end = match.span(1)
                yield Finding(url.start() + start, url.start() + end, "URL_VALUE", match[1])


def url_ranges(text: str) -> list[tuple[int, int]]:
    """Where web addresses stand."""
    return [url.span() for url in _URL.finditer(text)] if "/" in text or "www." in text else []


def find_ibans(text: str) -> Iterator[Finding]:
    """Bank accounts whose check digits and country format agree; words behind are cut off."""
    for match in _IBAN.finditer(text):
        ends = [gap.start() for gap in re.finditer(r"[ \u00a0]", match[0])]
        for end in (len(match[0]), *reversed(ends)):
            compact = re.sub(r"\s", "", match[0][:end]).upper()
            if len(compact) <= 34 and iban.is_valid(compact):
                yield Finding(match.start(), match.start() + end, "IBAN", compact)
                break


def find_identifiers(text: str) -> Iterator[Finding]:
    """National identifiers of people whose check digits agree."""
    lowered = text.lower()
    for form, is_valid, labels in _IDENTIFIERS if has_long_number(text) else _OF_LETTERS:
        if labels and not any(map(lowered.__contains__, labels)):
            continue
        for match in form.finditer(text):
            before = lowered[max(match.start() - _LABEL_REACH, 0) : match.start()]
            if is_valid(match[0]) and (not labels or any(map(before.__contains__, labels))):
                yield Finding(*match.span(), "NATIONAL_ID", re.sub(r"\W", "", match[0]).upper())


def find_network_addresses(text: str) -> Iterator[Finding]:
    """IP and MAC addresses; four numbers are a version unless long or called an address."""
    if text.count(":") > 4 or text.count("-") > 4:
        for match in _MAC.finditer(text):
            if ":" in match[0] or re.search("[a-f]", match[0], re.IGNORECASE):
                yield Finding(*match.span(), "MAC", re.sub(r"\W", "", match[0]).lower())
    for match in _IPV4.finditer(text):
        if _is_address(text, match):
            yield Finding(*match.span(), "IP", match[0])
    for match in _IPV6.finditer(text) if text.count(":") > 1 else ():
        if len(match[0]) >= 7 and any(map(str.isdigit, match[0])) and _is_ipv6(match[0]):
            yield Finding(*match.span(), "IP", match[0].lower())


def _is_address(text: str, match: re.Match[str]) -> bool:
    first, second = match[0].split(".")[:2]
    if int(first) > 255 or _OWN_MACHINE.match(match[0]):
        return False
    before = text[max(match.start() - _LABEL_REACH, 0) : match.start()]
    if _LETTER.search(before):
        address, version = _last(_ADDRESS_WORD, before), _last(_VERSION_WORD, before)
        if address != version:
            return address > version
    port = text[match.end() : match.end() + 2]
    private = first == "10" or (first, second) in {("192", "168"), ("169", "254")}
    return len(match[0]) >= 11 or private or (port[:1] in ":/" and port[1:].isdigit())


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Where the last word of that kind begins, -1 without one."""
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def find_streets(text: str) -> Iterator[Finding]:
    """Street addresses in forms that ordinary sentences do not have."""
    lowered = text.lower()
    for form, pieces in _STREETS:
        if any(map(lowered.__contains__, pieces)):
            for match in form.finditer(text):
                yield Finding(*match.span(), "ADDRESS", " ".join(match[0].casefold().split()))
