"""What the records of a conversation's people and company give the mask to look for.

Besides their own fields: custom attributes whose names say that they hold an address, a telephone
number, a name or a company, any attribute that is a mail address, and the names that mail addresses
are made of, as leads mostly have no other.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from earmark.db.people_storage import KnownPeople
from earmark.pipeline.mask_known import KnownValues

_ADDRESS: Final = re.compile(
    r"address|adresse|anschrift|direcci|endere|street|stra(?:ss|ß)e|calle|morada|postcode|zip"
)
_NO_ADDRESS: Final = re.compile(r"mail|ip|url|web|mac")
_PHONE: Final = re.compile(r"phone|telefon|mobil|cell|fax|tel\b|whats|handy|móvil")
_NAME: Final = re.compile(
    r"(?:(?:full|first|last|middle|contact|owner|billing|user)[ _-]?)?name|(?:vor|nach)name"
    r"|surname|given[ _-]?name|family[ _-]?name|nombre|apellidos?|prénom|nom|nome|sobrenome"
)
_COMPANY: Final = re.compile(
    r"(?:company|organi[sz]ation|firma|firm|empresa|société|unternehmen)(?:[ _-]?name)?"
)
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{3,255}")
_NAMED: Final = re.compile(r"([^\W\d_]{2,20})[._-]([^\W\d_]{3,25})(?:[._-]([^\W\d_]{3,25}))?")
_OFFICES: Final = frozenset(
    {
        *("info", "support", "team", "sales", "admin", "billing", "office", "contact", "hello"),
        *("mail", "noreply", "reply", "accounts", "accounting", "finance", "help", "service"),
        *("kontakt", "buchhaltung", "rechnung", "verwaltung", "compta", "facturation", "ventas"),
        *(
            "contabilidad",
            "administracion",
            "financeiro",
            "faturas",
            "invoices",
            "customer",
            "care",
        ),
        *("orders", "shop", "web", "webmaster", "postmaster", "hr", "jobs", "press", "marketing"),
        *("system", "notifications", "alerts", "user", "test", "demo", "dev", "ops", "desk", "no"),
    }
)
_LONGEST: Final = 200


def known_values(people: KnownPeople) -> KnownValues:
    """All values that the records give, each once, in an order that does not change."""
    attributes = [
        (key.casefold(), value.strip())
        for key, value in people.attributes
        if len(value) <= _LONGEST
    ]
    emails = {*people.emails, *(value for _, value in attributes if _EMAIL.fullmatch(value))}
    names = {*people.names, *_of(attributes, _NAME)}
    return KnownValues(
        names=_sorted((*names, *_names_in(emails, names))),
        emails=_sorted(emails),
        phones=_sorted((*people.phones, *_phones(attributes))),
        companies=_sorted((*people.companies, *_of(attributes, _COMPANY))),
        addresses=_sorted(_addresses(attributes)),
    )


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def _of(attributes: Iterable[tuple[str, str]], key: re.Pattern[str]) -> Iterator[str]:
    """Values of words under a name that fits wholly."""
    for name, value in attributes:
        if key.fullmatch(name) and not any(map(str.isdigit, value)) and "@" not in value:
            yield value


def _phones(attributes: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (value for name, value in attributes if _PHONE.search(name))


def _addresses(attributes: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in attributes:
        if _ADDRESS.search(name) and not _NO_ADDRESS.search(name):
            yield value


def _names_in(emails: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """`Tom Tate` of `tom.tate@…`, unless such a name is known or it is an office's address."""
    words = [set(name.casefold().split()) for name in names]
    for email in emails:
        named = _NAMED.fullmatch(email.partition("@")[0])
        parts = [part.casefold() for part in named.groups() if part] if named else []
        if parts and not _OFFICES.intersection(parts) and not any(w >= set(parts) for w in words):
            yield " ".join(part.capitalize() for part in parts)
