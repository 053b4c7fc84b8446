"""Street addresses in forms that ordinary sentences do not have, with postcode and town behind.

A street in other words ("the second house behind the mill"), a town alone and a postcode alone are
not found.
"""

import re
from collections.abc import Iterator
from typing import Final

from earmark.pipeline.mask_findings import Finding

_WORDS: Final = r"(?:[A-ZÀ-Þ][\w'’.-]{1,30}\s){1,4}"
_NUMBER_FIRST: Final = re.compile(
    r"\d(?<![\w.,#]\d)\d{0,4}(?:"
    # 221B Baker Street, Apt 4
    rf"[A-Za-z]?\s{_WORDS}"
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Terrace|Parkway|Crescent|Row"
    r"|Parade|Mews|Highway|Hwy\.?|Quay"
    r"|(?:Drive|Dr\.?|Court|Ct\.?|Way|Place|Square|Close|Gardens|Grove|Hill|Walk|Park)(?=,))"
    r"(?!\w|\s[Mm]ap)(?:,?\s(?:Apt|Suite|Unit|Flat|#)\.?\s?\w{1,6})?"
    # 12 bis, rue de la Paix
    r"|(?:\s?(?:bis|ter|quater))?,?\s"
    r"(?:rue|avenue|boulevard|bd|allée|impasse|quai|chemin|place|square|cours)"
    r"\s(?:(?:de\sla|de\sl['’]|des|de|du|d['’]|la|le)\s?)?[A-ZÀ-Þ][\w'’-]{1,30}(?:\s[A-ZÀ-Þ][\w'’-]{1,30})?"
    r")"
)
# Lange Straße 12a, Musterstr. 5
_GERMAN: Final = re.compile(
    r"(?<![\w-])(?:(?:[A-ZÄÖÜ][a-zäöüß]{2,20}[\s-]){0,2}(?:Straße|Strasse|Str\.)"
    r"|[A-ZÄÖÜ][a-zäöüß-]{2,30}(?:straße|strasse|str\.|gasse|allee))"
    r"\s?\d{1,4}\s?[a-z]?(?!\w)"
    # Ahornweg 3, 50667 Köln: without the postcode it may be a Heimweg of 3 hours
    r"|(?<![\w-])[A-ZÄÖÜ][a-zäöüß-]{2,30}(?:weg|ufer|damm|ring|platz|hof)\s\d{1,4}\s?[a-z]?"
    r"(?=,?\s\d{5}\s[A-ZÄÖÜ])"
)
# Calle Mayor, 5; Rua das Flores, nº 12
_IBERIAN: Final = re.compile(
    r"(?<!\w)(?:[Cc]alle|C/|[Aa]venida|[Aa]vda\.?|[Pp]aseo|[Pp]laza|[Rr]ua|[Aa]v\.|[Tt]ravessa"
    r"|[Aa]lameda|[Rr]ambla|[Pp]raça|[Ll]argo)\s"
    r"(?:(?:de\sla|de\slas?|de\slos|del|de|da|do|das|dos)\s)?[A-ZÀ-Þ][\w'’-]{1,30}"
    r"(?:\s(?:de\s|da\s|do\s)?[A-ZÀ-Þ][\w'’-]{1,30}){0,3},?\s(?:n[º°o.]{1,2}\s?)?\d{1,5}(?!\w)"
)
_FORMS: Final = (
    (_NUMBER_FIRST, ("",)),
    (
        _GERMAN,
        (
            "straße",
            "strasse",
            "str.",
            "gasse",
            "allee",
            "weg",
            "ufer",
            "damm",
            "ring",
            "platz",
            "hof",
        ),
    ),
    (
        _IBERIAN,
        (
            *("calle", "c/", "aven", "avda", "paseo", "plaza", "rua", "av.", "travessa", "alameda"),
            *("rambla", "praça", "largo"),
        ),
    ),
)
"""Each form with the pieces of which a text must have one to be worth a search."""

_TOWN: Final = (
    r"[A-ZÀ-Þ][\w'’.-]{1,30}"
    r"(?:[ -](?:de |del |la |am |an der |do |da |[A-ZÀ-Þ])[\w'’.-]{0,30}){0,2}"
)
_BEHIND: Final = re.compile(
    r"(?:,?[ \u00a0]|,?[ \u00a0]?\n)(?:(?:"
    # Leeds LS1 4AB; Galway H91 E2K3; Portland, OR 97209
    rf"(?:{_TOWN},?[ \u00a0])?"
    r"(?:[A-Z]{1,2}\d[A-Z\d]?[ \u00a0]\d[A-Z]{2}|[A-Z]\d[\dW][ \u00a0]?[A-Z\d]{4}"
    r"|[A-Z]{2},?[ \u00a0]\d{5}(?:-\d{4})?)"
    # 04109 Leipzig; 1000-205 Lisboa; 1012 AB Amsterdam
    rf"|(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3}}|[ \u00a0][A-Z]{{2}})?[ \u00a0]{_TOWN}"
    r")(?!\w))"
)


def find_streets(text: str) -> Iterator[Finding]:
    """Addresses from the street on; the search is over every form that a piece of it allows."""
    lowered = text.lower()
    for form, pieces in _FORMS:
        if any(map(lowered.__contains__, pieces)):
            for match in form.finditer(text):
                behind = _BEHIND.match(text, match.end())
                end = behind.end() if behind else match.end()
                value = " ".join(match[0].casefold().split())
                yield Finding(match.start(), end, "ADDRESS", value)
