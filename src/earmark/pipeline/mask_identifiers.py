"""Identifiers that states give to people: tax, insurance and identity numbers, passports.

A number counts when its check digits agree; where its form is that of many other numbers, only
behind a word that says what it is. Passports and driving licences have no check digits: the word
decides alone.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from stdnum.au import tfn
from stdnum.be import nn as belgian_nn
from stdnum.br import cnpj, cpf
from stdnum.ca import sin
from stdnum.ch import ssn as swiss_ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.de import idnr as german_tax_id
from stdnum.dk import cpr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.pt import nif as portuguese_nif
from stdnum.se import personnummer
from stdnum.us import ssn as american_ssn

from earmark.pipeline.mask_findings import Finding

_LABEL_REACH: Final = 40


class _Identifier(NamedTuple):
    """A national identifier: its form, its check, and the words that must stand before it."""

    form: re.Pattern[str]
    is_valid: Callable[[str], bool]
    labels: re.Pattern[str] | None


def _identifier(
    first: str, rest: str, is_valid: Callable[[str], bool], labels: str = ""
) -> _Identifier:
    """The first character stands apart so that the search can skip to it."""
    form = re.compile(rf"{first}(?<![\w.-]{first}){rest}(?![\w-])")
    words = re.compile(rf"(?<![a-zà-ÿ])(?:{labels})") if labels else None
    return _Identifier(form, is_valid, words)


def _is_insured(text: str) -> bool:
    """Of a British National Insurance number: letters that are given out; it has no check digit."""
    compact = "".join(text.split()).upper()
    return compact[:2] not in {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}


_NINE: Final = r"\d\d[ .-]?\d{3}[ .-]?\d{3}"
_IDENTIFIERS: Final = (
    _identifier(r"\d", r"\d\d-\d\d-\d{4}", american_ssn.is_valid, "ssn|social security"),
    _identifier("7", r"56[.\s]?\d{4}[.\s]?\d{4}[.\s]?\d{2}", swiss_ahv.is_valid),
    _identifier("[12]", r"\s?\d\d\s?\d\d\s?\d[\dAB]\s?\d{3}\s?\d{3}\s?\d\d", nir.is_valid),
    _identifier(r"\d", r"\d\d\.\d{3}\.\d{3}-\d\d", cpf.is_valid),
    _identifier(r"\d", r"\d{10}", cpf.is_valid, "cpf"),
    _identifier(r"\d", r"\d\.\d{3}\.\d{3}/\d{4}-\d\d", cnpj.is_valid),
    _identifier(r"\d", r"\d{7}-?[A-Za-z]", dni.is_valid),
    _identifier("[XYZxyz]", r"-?\d{7}-?[A-Za-z]", nie.is_valid),
    _identifier(
        *(r"\d", r"\d\s?\d{3}\s?\d{3}\s?\d{3}", german_tax_id.is_valid),
        "steuer-?id|steuernummer|idnr|tax id",
    ),
    _identifier(r"\d", r"\d\d\s?\d{3}\s?\d{3}", portuguese_nif.is_valid, "nif|contribuinte"),
    _identifier(r"\d", r"\d{10}", pesel.is_valid, "pesel"),
    _identifier(r"\d", _NINE, bsn.is_valid, "bsn|burgerservicenummer|sofi"),
    _identifier(r"\d", r"\d\d[ -]?\d{3}[ -]?\d{4}", nhs.is_valid, "nhs"),
    _identifier(
        r"\d", _NINE, sin.is_valid, r"social insurance|sin(?: (?:no|number|#))?(?: is)?[ :#]"
    ),
    _identifier(r"\d", _NINE, tfn.is_valid, "tfn|tax file"),
    _identifier("[2-9]", r"\d{3} ?\d{4} ?\d{4}", aadhaar.is_valid, "aadh?aa?r|uidai"),
    _identifier(r"\d", r"\d\.\d\d\.\d\d-\d{3}\.\d\d", belgian_nn.is_valid),
    _identifier(
        *(r"\d", r"\d{10}", belgian_nn.is_valid),
        "registre national|rijksregister|niss|insz|nationalregister",
    ),
    _identifier(r"\d", r"\d{5}[-+ ]?\d{4}|\d{7}[-+ ]?\d{4}", personnummer.is_valid, "person"),
    _identifier(r"\d", r"\d{5}[- ]?\d{4}", cpr.is_valid, "cpr"),
    _identifier(r"\d", r"\d{5} ?\d{5}", fodselsnummer.is_valid, "fødsels|fodsels|personnummer"),
    _identifier(r"\d", r"\d?\.?\d{3}\.?\d{3}-?[\dkK]", rut.is_valid, "rut|run|rol único"),
    _identifier("[1-9]", r"\d{16}[\dX]", ric.is_valid),
)
_SHORT: Final = (
    _identifier("[A-Z]", r"[A-Z]{5}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _identifier("[A-Z]", r"[A-Z]{3}\d{6}[HMX][A-Z]{5}[A-Z\d]\d", curp.is_valid),
    _identifier(r"\d", r"\d{5}[-+A]\d{3}[\dA-Y]", hetu.is_valid),
    _identifier(
        *("[A-Za-z]", r"[A-Za-z] ?\d\d ?\d\d ?\d\d ?[A-Da-d]", _is_insured),
        "national insurance|ni (?:no|number)|nino",
    ),
)
"""Those without seven digits in a row."""

_DOCUMENT: Final = re.compile(
    r"(?<![A-Za-zÀ-ÿ])(?i:passport|reisepass|passeport|pasaporte|passaporte|personalausweis|ausweis"
    r"|identity\scard|id\scard|carte\sd['’]identité|documento\sde\sidentidad|cédula"
    r"|cartão\sde\scidadão|bilhete\sde\sidentidade|driv(?:er['’]?s?|ing)\slicen[cs]e|führerschein"
    r"|permis\sde\sconduire|(?:carnet|permiso)\sde\sconducir|carta\sde\scondução)"
    r"(?i:(?:\s?-?(?:no\b\.?|nr\b\.?|nummer|number|n[º°]|numéro|número|\#))?"
    r"(?:\s(?:is|ist|lautet|est|es|é))?)[\s:]{1,3}([A-Z\d][A-Z\d-]{5,19})(?![\w-])"
)
_DOCUMENT_STEMS: Final = (
    *("pass", "pasa", "ausweis", "identi", "id card", "cédula", "cidad", "licen", "führer"),
    *("condu",),
)


def find_identifiers(text: str, *, long_numbers: bool) -> Iterator[Finding]:
    """Identifiers in the text; `long_numbers` says whether there are seven digits in a row."""
    lowered = text.lower()
    for form, is_valid, labels in (*_IDENTIFIERS, *_SHORT) if long_numbers else _SHORT:
        if labels is not None and not labels.search(lowered):
            continue
        for match in form.finditer(text):
            before = lowered[max(match.start() - _LABEL_REACH, 0) : match.start()]
            if (labels is None or labels.search(before)) and is_valid(match[0]):
                yield Finding(*match.span(), "NATIONAL_ID", re.sub(r"\W", "", match[0]).upper())
    if any(map(lowered.__contains__, _DOCUMENT_STEMS)):
        for match in _DOCUMENT.finditer(text):
            if sum(map(str.isdigit, match[1])) >= 4:
                yield Finding(*match.span(1), "NATIONAL_ID", match[1].replace("-", ""))
