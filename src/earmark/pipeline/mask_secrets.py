"""Secrets and payment cards: what is dropped for good before a message is stored.

Recognised are keys and tokens by the prefixes of common vendors, JSON web tokens, private keys,
bearer tokens, passwords in addresses, values behind a label such as `password:` in five languages,
random strings near a word such as `token`, and card numbers with what belongs to them. A password
that is an ordinary word inside a sentence is not recognisable.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from math import log2

from stdnum import luhn

from earmark.pipeline.mask_findings import Finding, without_overlaps

REMOVED = "[secret removed]"
CARD_REMOVED = "[card number removed]"

CARD = "card"
_FILLER = "\ufdd0"
"""Stands for a placeholder while searching: a noncharacter, part of no word and no value."""

_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9][A-Za-z0-9_.~+/-]{14,}={0,2}")
_VENDOR_KEY = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA|AIDA|AROA)[A-Z0-9]{16}"  # Amazon
    r"|AIza[\w-]{35}|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}"  # Google
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|gl(?:pat|dt|rt|cbt|ptt|soat)-[\w-]{18,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}"  # Slack
    r"|hooks\.slack\.com/services/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{30,}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/]{20,}"  # Stripe
    r"|[a-z]{2,10}_(?:live|test|prod|sandbox)_[A-Za-z0-9]{16,}"  # and those who took its form over
    r"|sk-(?=[\w-]{0,120}\d)(?:[a-z]{1,20}\d{0,3}-){0,6}[\w-]{20,}"  # OpenAI, Anthropic
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|key-[0-9a-f]{32}|[0-9a-f]{32}-us\d{1,2}|xkeysib-[0-9a-f]{60,}"
    r"|SK[0-9a-f]{32}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{50,}|dckr_pat_[\w-]{20,}|hf_[A-Za-z0-9]{30,}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|do[opr]_v1_[0-9a-f]{60,}|lin_(?:api|oauth)_[A-Za-z0-9]{30,}"
    r"|(?:secret|ntn)_[A-Za-z0-9]{40,}|sq0[a-z]{3}-[\w-]{20,}|EAAA[\w-]{50,}|glsa_\w{32,}"
    r"|ATATT3[\w=-]{50,}|dG9rO[A-Za-z0-9+/_-]{20,}|figd_[\w-]{20,}|rubygems_[0-9a-f]{40,}"
    r"|PMAK-[0-9a-f-]{40,}|sntrys_[\w+/=]{40,}|AGE-SECRET-KEY-1[0-9A-Z]{50,}"
    r")={0,2}"
)
_JWT = re.compile(r"(?<![A-Za-z0-9])ey[\w-]{10,1200}\.ey[\w-]{10,}(?:\.[\w-]*)?")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINES = re.compile(
    rf"(?:(?:\s|\\n)*[A-Za-z0-9+/={_FILLER}]{{20,}}+)*+(?:\s*[A-Za-z0-9+/]*=+)?"
)
_MAX_KEY = 20_000
_BEARER = re.compile(r"\b(?:bearer|basic)\s{1,3}([A-Za-z0-9._~+/-]{16,}={0,2})", re.IGNORECASE)
_URL_PASSWORD = re.compile(
    rf"[a-z][a-z0-9+.-]{{1,20}}://[^\s/:@?#]{{0,64}}:([^\s/@{_FILLER}]{{1,128}})@", re.IGNORECASE
)
_QUERY_SECRET = re.compile(
    r"[?&;#](?:[a-z]{0,16}[_-]?token|api[_-]?key|apikey|[a-z]{0,16}[_-]?secret|pass(?:word|wd)?|pwd"
    rf"|sig|signature|auth|jwt|x-amz-[a-z-]{{3,20}})=([^&#\s{_FILLER}]{{8,}})",
    re.IGNORECASE,
)
# The longest alternatives first; `is`, `:` and `=` in five languages.
_PASSWORD = re.compile(
    r"(?<![a-zà-ÿ])(?:(?:pass(?:word|wort|phrase|code|wd)?|kennwort|pwd|pw|mot\sde\spasse|mdp"
    r"|contraseña|contrasena|clave|senha|pin(?:[\s-]?(?:code|nummer))?|otp|one[\s-]time\scode)"
    r"|(?P<key>(?:api|access|secret|private|client|auth|bearer|refresh|webhook|signing|license|licence"
    r"|security|account|session)[\s_-]?(?:key|token|secret)|token|secret|apikey"
    r"|api[\s-]?schlüssel|zugangsschlüssel|lizenzschlüssel|jeton|clé\s(?:d['’]api|secrète)"
    r"|clave\s(?:de\s)?api|chave\s(?:de\s|da\s)?api))"
    r"[\"'`*]{0,3}(?:\s?\([^()\n]{0,24}\))?"
    r"(?:\s{0,3}(?P<sign>:=|=>|:(?!:)|=)\s{0,3}"
    r"|\s(?:is|was|ist|lautet|war|est|es|é|era)(?:\snow|\sjetzt|\sahora)?[:\s]\s{0,2})"
    rf"(?P<value>[^\s{_FILLER}]{{3,256}})",
    re.IGNORECASE,
)
# Handed over without a sign: `user bob, password Summer24`, `login bob@example.com / Summer24`.
_HANDED_OVER = re.compile(
    r"(?<![a-zà-ÿ])(?:"
    r"(?:pass(?:word|wort|wd)|kennwort|pwd|pw|mot\sde\spasse|mdp|contraseña|contrasena|clave|senha)"
    r",?[ \u00a0]{1,3}"
    r"|(?:log-?in|user(?:\s?name)?|credentials|usuario|usuário|utilizador|utilisateur|identifiants?"
    r"|benutzer(?:name)?|zugangsdaten)[: ][ ]{0,2}(?:[^\s@/|]{1,64}@[^\s/|]{3,80}|[\w.-]{3,40})"
    r"[ ]?[/|][ ]?)"
    rf"(?P<value>[^\s{_FILLER}/|]{{6,64}})",
    re.IGNORECASE,
)
_HANDED_STEMS = (
    *("pass", "kennwort", "pwd", "pw", "mdp", "contrase", "clave", "senha", "log", "user", "cred"),
    *("usu", "util", "ident", "benutzer", "zugangs"),
)
_PASSWORD_STEMS = (
    *("pass", "pwd", "pw", "kennwort", "mdp", "contrase", "clave", "senha", "pin", "otp", "one"),
    *("token", "secret", "key", "schlüssel", "jeton", "clé", "chave"),
)
_NO_PASSWORD = {
    *("true", "false", "none", "null", "undefined", "empty", "reset", "forgotten", "required"),
    *("incorrect", "invalid", "wrong", "expired", "hidden", "redacted", "removed", "optional"),
    *("changed", "unknown", "correct", "valid", "vergessen", "falsch", "ungültig", "abgelaufen"),
    *("oublié", "incorrecte", "invalide", "expiré", "olvidada", "incorrecta", "caducada"),
    *("esquecida", "incorreta", "inválida", "yes", "no", "same", "missing", "string", "text"),
}
_SECRET_WORD = re.compile(
    r"(?<![a-z])(?:(?:api|access|auth|client)?[\s_-]?(?:keys?|tokens?|secrets?)|credentials?|akia\w*"
    r"|bearer|auth|api-?schlüssel|schlüssel|zugangsdaten|clé|jeton|clave|chave|contraseña|senha"
    r"|password|passwor[td]|kennwort|webhook)(?![a-z])",
    re.IGNORECASE,
)
_NOT_SECRET_WORD = re.compile(
    r"\b(?:(?:no_?)?pubkey|public\skey(?:\sid)?|commit|sha\d*|md5|revision|hash|build|order|invoice|ticket|request|trace|id|uuid|version"
    r"|file|page|url|image)\W{0,3}$",
    re.IGNORECASE,
)
_NEAR = 48
_TIMESTAMP = re.compile(r"\d{4}-?\d\d-?\d\dT[\d.-]+Z?")

_DIGIT_GROUPS = re.compile(r"\d(?<![\w.,/-]\d)\d{2,18}(?:[ \u00a0-]\d{3,7})*+(?![\w-])")
_CARD_PREFIX = {
    13: re.compile("4"),
    14: re.compile("3(?:0[0-5]|[689])"),
    15: re.compile("3[47]"),
    16: re.compile("4|5[0-9]|6|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|35|3[689]"),
    17: re.compile("6"),
    18: re.compile("6"),
    19: re.compile("4|6"),
}
_CARD_WORD = re.compile(
    r"card|karte|carte|tarjeta|cart[ãa]o|visa|master|amex|american\sexpress|maestro|diners|discover"
    r"|credit|kredit|crédito|débito",
    re.IGNORECASE,
)
_CARD_CODE = re.compile(
    r"(?<![a-z])(?:cvv2?|cvc2?|csc|cid|security\scode|card\scode|prüfziffer|prüfnummer"
    r"|sicherheitscode|cryptogramme|código\sde\s(?:seguridad|segurança))\b[^\w\n]{0,4}"
    r"(?:(?:is|ist|est|es|é|number|code)[^\w\n]{1,3})?(\d{3,4})(?!\d)",
    re.IGNORECASE,
)
_CODE_STEMS = ("cvv", "cvc", "csc", "cid", "code", "prüf", "cryptogramme", "código")
_CARD_EXPIRY = re.compile(
    r"(?<![a-z])(?:exp(?:\.|iry|ires|iration)?(?:\sdate)?|valid\s(?:thru|until|to)|gültig\sbis"
    r"|ablauf(?:datum)?|expire\sle|expiration|caduca|vencimiento|vence|validade|válid[ao]\saté)"
    r"[^\w\n]{0,4}((?:0?[1-9]|1[0-2])\s?[/.-]\s?(?:20)?\d\d)(?!\d)",
    re.IGNORECASE,
)
_CARD_NEAR = 120


def drop_secrets(text: str) -> tuple[str, tuple[str, ...]]:
    """The text without secrets and card numbers, and the kinds that were found, sorted.

    Dropping twice is dropping once. Each pass shortens what is not placeholder, so the loop ends;
    a second pass is rarely needed (a secret that hid the label of another).
    """
    kinds: set[str] = set()
    while findings := find_secrets(text):
        kinds.update(finding.kind for finding in findings)
        parts: list[str] = []
        done = 0
        for finding in findings:
            parts += text[done : finding.start], _placeholder(finding.kind)
            done = finding.end
        text = "".join((*parts, text[done:]))
    return text, tuple(sorted(kinds))


def find_secrets(text: str) -> list[Finding]:
    """Secrets and card data in the order of the text, without overlaps."""
    searched = text
    for placeholder in (REMOVED, CARD_REMOVED):
        searched = searched.replace(placeholder, _FILLER * len(placeholder))
    findings = [*_private_keys(searched), *_vendor_keys(searched), *_bearer_tokens(searched)]
    findings += [*_random_tokens(searched), *_url_secrets(searched), *_labelled(searched)]
    findings += _handed_over(searched)
    findings += _cards(searched, text)
    return without_overlaps(findings, len(text)) if findings else []


def _placeholder(kind: str) -> str:
    return CARD_REMOVED if kind == CARD else REMOVED


def _finding(match: re.Match[str], group: int | str, kind: str) -> Finding:
    start, end = match.span(group)
    return Finding(start, end, kind, match[group])


# ---------------------------------------------------------------- keys and tokens


def _private_keys(text: str) -> Iterator[Finding]:
    if "PRIVATE KEY" not in text:
        return
    for begin in _PRIVATE_KEY.finditer(text):
        closing = _PRIVATE_KEY_END.search(text, begin.end(), begin.end() + _MAX_KEY)
        lines = closing or _KEY_LINES.match(text, begin.end())
        end = lines.end() if lines else begin.end()
        yield Finding(begin.start(), end, "private-key", text[begin.start() : end])


def _vendor_keys(text: str) -> Iterator[Finding]:
    for token in _TOKEN.finditer(text):
        for pattern, kind in ((_JWT, "jwt"), (_VENDOR_KEY, "api-key")):
            for match in pattern.finditer(text, *token.span()):
                yield _finding(match, 0, kind)


def _bearer_tokens(text: str) -> Iterator[Finding]:
    lowered = text.lower()
    for bearer in _BEARER.finditer(text) if "bearer" in lowered or "basic" in lowered else ():
        if _has_digits_and_letters(bearer[1]):
            yield _finding(bearer, 1, "bearer-token")


def _random_tokens(text: str) -> Iterator[Finding]:
    for token in _TOKEN.finditer(text):
        if _looks_random(token[0]) and _has_secret_word_before(text, token.start()):
            yield _finding(token, 0, "labelled-secret")


def _has_digits_and_letters(token: str) -> bool:
    return any(map(str.isdigit, token)) and any(map(str.isalpha, token))


def _looks_random(token: str) -> bool:
    """Letters and digits change places often, and no character is much more common than others."""
    token = token[:512]
    digits = [sign.isdigit() for sign in token if sign.isalnum()]
    if not 1 <= sum(digits) <= len(digits) - 2 or _TIMESTAMP.fullmatch(token):
        return False
    changes = sum(one != other for one, other in pairwise(digits))
    mixed = token != token.lower() and token != token.upper()
    words = re.split(r"[/_.~+-]", token)
    if 2 * sum(word.isalpha() and word.islower() and len(word) > 2 for word in words) >= len(words):
        return False  # a path or an identifier made of words
    # A single digit is as likely in a camel-cased identifier: more variety is asked for then.
    enough = 3.0 if sum(digits) > 1 else 4.2
    return (changes >= 4 or (mixed and changes >= 2)) and _entropy(token) > enough


def _entropy(token: str) -> float:
    """Shannon's entropy in bits for one character."""
    shares = [token.count(sign) / len(token) for sign in set(token)]
    return -sum(share * log2(share) for share in shares)


def _has_secret_word_before(text: str, position: int) -> bool:
    before = text[max(position - _NEAR, 0) : position]
    return bool(_SECRET_WORD.search(before)) and not _NOT_SECRET_WORD.search(before)


def _url_secrets(text: str) -> Iterator[Finding]:
    if "=" in text:
        for match in _QUERY_SECRET.finditer(text):
            yield _finding(match, 1, "url-token")
    if "://" in text and "@" in text:
        for match in _URL_PASSWORD.finditer(text):
            yield _finding(match, 1, "url-password")


# ---------------------------------------------------------------- labelled values


def _labelled(text: str) -> Iterator[Finding]:
    lowered = text.lower()
    if not any(map(lowered.__contains__, _PASSWORD_STEMS)):
        return
    for match in _PASSWORD.finditer(text):
        value: str = match["value"]
        start = match.start("value") + len(value) - len(value.lstrip("\"'`*«“„("))
        end = start + len(value.strip("\"'`*«“„(").rstrip("\"'`*»”.,;)"))
        accept = _is_key_value if match["key"] else _is_password
        if end - start >= 3 and accept(text, match, text[start:end]):
            yield Finding(start, end, "password", text[start:end])


def _handed_over(text: str) -> Iterator[Finding]:
    lowered = text.lower()
    if not any(map(lowered.__contains__, _HANDED_STEMS)):
        return
    for match in _HANDED_OVER.finditer(text):
        value = match["value"].strip("\"'`*«“„(").rstrip("\"'`*»”.,;:!?)")
        odd = "://" in value or "@" in value or value.startswith("<")
        if len(value) >= 6 and _has_digits_and_letters(value) and not odd:
            start = match.start("value") + match["value"].index(value)
            yield Finding(start, start + len(value), "password", value)


def _is_key_value(_text: str, match: re.Match[str], value: str) -> bool:
    return (
        match["sign"] is not None
        and len(value) >= 8
        and _has_digits_and_letters(value)
        and "://" not in value
    )


def _is_password(text: str, match: re.Match[str], value: str) -> bool:
    """Not an ordinary word, unless it is all that a line says about the password."""
    if value.casefold() in _NO_PASSWORD or "://" in value or not value.strip("*•xX.-_?"):
        return False
    if value.isdigit():
        return len(value) >= 4
    if any(map(str.isdigit, value)) or re.search(r"\w[!@#$%^&*+=~]+\w", value):
        return True
    if match["sign"] is None:
        return False
    before = text[max(match.start() - 20, 0) : match.start()].rpartition("\n")[2]
    after = text[match.end() : match.end() + 20].partition("\n")[0]
    alone = not (before.strip(" \t-*•") or after.strip())
    return bool(re.search("[a-z][A-Z]", value)) or (alone and value.isalpha() and value.islower())


# ---------------------------------------------------------------- cards


def _cards(text: str, original: str) -> Iterator[Finding]:
    places = [match.start() for match in re.finditer(re.escape(CARD_REMOVED), original)]
    for groups in _DIGIT_GROUPS.finditer(text):
        if groups.end() - groups.start() >= 13:
            for card in _cards_in(text, groups):
                places.append(card.start)
                yield card
    lowered = text.lower()
    for code in _CARD_CODE.finditer(text) if any(map(lowered.__contains__, _CODE_STEMS)) else ():
        yield _finding(code, 1, "card-code")
    for expiry in _CARD_EXPIRY.finditer(text) if places else ():
        if any(abs(place - expiry.start()) <= _CARD_NEAR for place in places):
            yield _finding(expiry, 1, "card-expiry")


def _cards_in(text: str, groups: re.Match[str]) -> Iterator[Finding]:
    """Card numbers made of whole digit groups, the leftmost first."""
    whole: str = groups[0]
    bounds = [part.span() for part in re.finditer(r"\d+", whole)]
    done = 0
    for first, (start, _) in enumerate(bounds):
        at = groups.start() + start
        for _, end in bounds[first : first + 6] if start >= done else ():
            digits = "".join(filter(str.isdecimal, whole[start:end]))
            if 13 <= len(digits) <= 19 and _is_card(digits, text[max(at - 40, 0) : at]):
                yield Finding(at, groups.start() + end, CARD, digits)
                done = end
                break


def _is_card(digits: str, before: str) -> bool:
    """Luhn's digit fits one number in ten: an issuer's prefix or a word for cards is asked too."""
    known = _CARD_PREFIX[len(digits)].match(digits) or _CARD_WORD.search(before)
    return bool(known) and len(set(digits)) > 1 and luhn.is_valid(digits)
