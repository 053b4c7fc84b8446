"""Personal data that can be told by its form: mail and network addresses, bank accounts.

A form that fits too much (bare digits, four small numbers with full stops) counts only near a word
that says what it is, or when its check digits agree.
"""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from stdnum import iban

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

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ \u00a0.-]?[A-Z0-9]{1,7}){2,9}", re.IGNORECASE
)
_GAP = re.compile(r"[ \u00a0.-]")

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
        ends = [gap.start() for gap in _GAP.finditer(match[0])]
        for end in (len(match[0]), *reversed(ends)):
            compact = _GAP.sub("", match[0][:end]).upper()
            if len(compact) <= 34 and iban.is_valid(compact):
                yield Finding(match.start(), match.start() + end, "IBAN", compact)
                break


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
