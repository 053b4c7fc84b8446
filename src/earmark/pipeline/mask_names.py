"""Names that can be told by where they stand: after a salutation, a title or "my name is".

Only there: what a greeting calls "Acme" may be the product that the rest of the text is about.
"""

import re
from collections.abc import Iterator
from typing import Final

from earmark.pipeline.mask_findings import Finding
from earmark.pipeline.mask_known import fold_word
from earmark.pipeline.name_words import NAME_PARTICLES, ORDINARY_WORDS

_NAME: Final = r"[A-ZÀ-ÞŁŚŽŠČĆĐŞĞ][\w'’-]{1,25}"
_SALUTED: Final = re.compile(
    r"(?:^|\n)\W{0,3}(?i:hi|hello|hey|dear|good\s(?:morning|afternoon|evening|day)|thanks|thank\syou"
    r"|you['’]re\swelcome|cheers|hallo|liebe[r]?|moin|servus|guten\s(?:tag|morgen|abend)|danke"
    r"|sehr\sgeehrte[r]?|bonjour|bonsoir|salut|ch(?:er|ère)|merci|hola|estimad[oa]|gracias"
    r"|buen[oa]s\s(?:días|tardes|noches)|olá|oi|car[oa]|prezad[oa]|bom\sdia|boa\s(?:tarde|noite)"
    r"|obrigad[oa])"
    r"(?i:\s(?:again|there|nochmals?|de\s(?:nuevo|novo)))?,?[ \u00a0]"
    rf"(?P<name>{_NAME}(?:[ \u00a0]{_NAME})?)(?=[ \u00a0]?(?:[,!:;.–-]|\n|\Z))"
)
_TITLED: Final = re.compile(
    r"(?<!\w)(?:Mr|Mrs|Mister|Dr|Herrn?|Frau|Madame|Mme|Monsieur|Mlle|Señora?|Senhora?|Sra)\.?"
    r"[ \u00a0]"
    rf"(?P<name>{_NAME}(?:[ \u00a0]{_NAME})?)(?!\w)"
)
_INTRODUCED: Final = re.compile(
    r"(?<!\w)(?i:my\sname(?:\sis|['’]s)|mein\sname\sist|ich\shei(?:ß|ss)e|mon\snom\sest|je\sm['’]appelle"
    r"|me\sllamo|mi\snombre\ses|me\schamo|meu\snome\sé)[ \u00a0]"
    rf"(?P<name>{_NAME}(?:[ \u00a0]{_NAME}){{0,2}})(?!\w)"
)
_NOBODY: Final = frozenset(
    {
        *("team", "support", "sir", "madam", "sirs", "damen", "herren", "zusammen", "leute"),
        *("equipo", "equipe", "todos", "tous", "tout", "pessoal", "everyone", "everybody", "folks"),
        *("guys", "hello", "hallo", "hola", "bonjour", "customer", "kundin", "kunde", "client"),
        *("the", "for", "pepper", "your", "you", "this", "that", "what", "when", "where", "which"),
        *("ich", "wir", "sie", "das", "die", "der", "nous", "vous", "les", "nosotros", "usted"),
    }
)


def find_named(text: str) -> Iterator[Finding]:
    """Names where only names stand; ordinary words are none, so Mr Black is not found."""
    for form in (_SALUTED, _TITLED, _INTRODUCED):
        for match in form.finditer(text):
            end = match.start("name")
            for word in re.finditer(r"\S+", match["name"]):
                if not _may_be_name(word[0]):
                    break
                end = match.start("name") + word.end()
            start = match.start("name")
            if end > start:
                yield Finding(start, end, "NAME", " ".join(map(fold_word, text[start:end].split())))


def _may_be_name(word: str) -> bool:
    folded = fold_word(word)
    ordinary = folded in ORDINARY_WORDS or folded in NAME_PARTICLES or folded in _NOBODY
    spoken = word[1:2] in ("'", "’") and word[0] in "IJLCMNS"  # I'm, J'ai, C'est: no O'Brien
    return not (ordinary or spoken or word.isupper())
