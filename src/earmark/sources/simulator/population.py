"""The customers of the sample and their companies."""

import unicodedata
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earmark.sources.simulator.dataset import Instant
from earmark.sources.simulator.grammar import Industry, Language
from earmark.sources.simulator.grammar import Plan as PricePlan
from earmark.sources.simulator.hashing import Draw, derive_key, draw_uniform, draw_uniform_at
from earmark.sources.simulator.identifiers import make_phone
from earmark.sources.simulator.numbering import HexNumbering
from earmark.sources.simulator.plan import (
    Plan,
    count_writers,
    first_conversation,
    first_conversation_of,
)
from earmark.sources.simulator.rhythm import DAY

_GOLDEN = 0.6180339887498949
"""Steps of this size fill a circle evenly."""
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "&": "and"})


class Firm(NamedTuple):
    """A company that subscribes to the product."""

    number: int
    """Its index."""
    name: str
    domain: str
    language: Language
    country: str
    industry: Industry
    plan: PricePlan
    seats: int
    spend: int
    address: str


class Person(NamedTuple):
    """A contact."""

    number: int
    """Its index."""
    first: str
    last: str
    email: str
    phone: str
    firm: Firm | None
    language: Language
    is_junk: bool

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"


@lru_cache(maxsize=4096)
def simplify(text: str) -> str:
    """Lower-case ASCII letters and digits, as in an address of a website."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join([sign for sign in plain if sign.isascii() and sign.isalnum()])


class Population:
    """Makes contacts and companies by index."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._grammar = plan.grammar
        themes = self._grammar.themes
        self._keys = {
            purpose: plan.key(purpose)
            for purpose in ("person", "firm", "firm of", "alone", "founded", "firm changed")
        }
        self._language_start = draw_uniform_at(plan.key("language"), 0)
        self._junk = np.array([theme.category == "spam" for theme in themes])
        self._presales = np.array([theme.key == "general.presales" for theme in themes])
        self.writers = count_writers(plan.spec.number)
        self.number = self.writers + self.writers // 20
        self.firms = max(1, int(0.36 * self.writers))
        self.contact_ids = HexNumbering("66e1f0a2", plan.key("contact id"), self.number)
        self.firm_ids = HexNumbering("66d3b7c4", plan.key("company id"), self.firms)

    def person(self, index: int) -> Person:
        """The contact of this index."""
        draw = Draw(derive_key(self._keys["person"], index))
        firm_index = self._find_firm(index)
        firm = self.firm(firm_index) if firm_index >= 0 else None
        is_junk = self._is_junk(index)
        language = firm.language if firm else ("en" if is_junk else self._spread_language(index))
        people = self._grammar.people.of(language)
        first, last = draw.pick(people.first), draw.pick(people.last)
        return Person(
            number=index,
            first=first,
            last=last,
            email=self._make_email(draw, first, last, firm),
            phone=make_phone(draw, draw.pick(people.phones)),
            firm=firm,
            language=language,
            is_junk=is_junk,
        )

    def firm(self, index: int) -> Firm:
        """The company of this index."""
        draw = Draw(derive_key(self._keys["firm"], index))
        language = self._spread_language(index)
        people = self._grammar.people.of(language)
        industry = draw.pick(self._grammar.setting.industries)
        pattern = draw.pick(industry.companies[language])
        name = pattern.format(last=draw.pick(people.last), place=draw.pick(people.places))
        plan = self._draw_plan(draw)
        seats = {"Solo": 1, "Studio": draw.between(2, 9), "Multi": draw.between(8, 30)}
        count = seats.get(plan.name, draw.between(40, 180))
        address = people.address.format(
            number=draw.between(1, 180),
            street=draw.pick(people.streets),
            city=draw.pick(people.cities),
        )
        return Firm(
            number=index,
            name=name,
            domain=f"{simplify(name)[:24]}{index if draw.chance(0.3) else ''}.example",
            language=language,
            country=draw.pick(people.countries),
            industry=industry,
            plan=plan,
            seats=count,
            spend=plan.price + 9 * (count - 1) if plan.name != "Solo" else plan.price,
            address=address,
        )

    def firm_of(self, contacts: NDArray[np.int64]) -> NDArray[np.int64]:
        """The company of each contact; -1 for junk, and for most who ask before they buy."""
        share = draw_uniform(self._plan.key("firm of"), contacts) ** 1.4
        firm = (share * self.firms).astype(np.int64)
        alone = draw_uniform(self._plan.key("alone"), contacts)
        theme = self._first_theme(contacts)
        firm[
            self.is_junk(contacts) | (alone < 0.03) | (self._presales[theme] & (alone < 0.75))
        ] = -1
        return firm

    def _find_firm(self, contact: int) -> int:
        """What `firm_of` gives for one contact."""
        theme = self._plan.column("theme")[first_conversation_of(contact % self.writers)]
        alone = draw_uniform_at(self._keys["alone"], contact)
        if self._is_junk(contact) or alone < 0.03 or (self._presales[theme] and alone < 0.75):
            return -1
        return int(draw_uniform_at(self._keys["firm of"], contact) ** 1.4 * self.firms)

    def _is_junk(self, contact: int) -> bool:
        """What `is_junk` gives for one contact."""
        theme = self._plan.column("theme")[first_conversation_of(contact % self.writers)]
        return bool(self._junk[theme]) and contact < self.writers

    def is_junk(self, contacts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Who writes nothing but spam."""
        return self._junk[self._first_theme(contacts)] & (contacts < self.writers)

    def contact_instants(self, field: Instant, indexes: NDArray[np.int64]) -> NDArray[np.int64]:
        """When contacts were created, before they first write, and last changed."""
        first = self._plan.created_at[first_conversation(indexes % self.writers)]
        lead = draw_uniform(self._plan.key("signed up"), indexes) ** 2 * 700 * DAY
        created = first - lead.astype(np.int64)
        if field == "created_at":
            return created
        share = draw_uniform(self._plan.key("changed"), indexes)
        return first + (share * (self._plan.spec.end_second - 1 - first)).astype(np.int64)

    def firm_instant(self, field: Instant, index: int) -> int:
        """When a company was created or last changed."""
        age = 700 * DAY + int(draw_uniform_at(self._keys["founded"], index) * 900 * DAY)
        created = self._plan.spec.start_second - age
        if field == "created_at":
            return created
        share = draw_uniform_at(self._keys["firm changed"], index)
        return created + int(share * (self._plan.spec.end_second - 1 - created))

    def _first_theme(self, contacts: NDArray[np.int64]) -> NDArray[np.uint8]:
        return self._plan.column("theme")[first_conversation(contacts % self.writers)]

    def _spread_language(self, index: int) -> Language:
        """Languages in even turns: a few large customers do not change their shares."""
        point = (self._language_start + index * _GOLDEN) % 1.0
        for language, share in self._grammar.setting.languages.items():
            if point < share:
                return language
            point -= share
        return "en"

    def _draw_plan(self, draw: Draw) -> PricePlan:
        point = draw.below(10_000) / 10_000
        for plan in self._grammar.setting.plans:
            if point < plan.share:
                return plan
            point -= plan.share
        return self._grammar.setting.plans[0]

    def _make_email(self, draw: Draw, first: str, last: str, firm: Firm | None) -> str:
        form = draw.below(4)
        local = (
            f"{simplify(first)}.{simplify(last)}",
            f"{simplify(first)[0]}.{simplify(last)}",
            simplify(first),
            f"{simplify(last)}{draw.between(1, 99)}",
        )[form]
        if firm is None or draw.chance(0.22):
            return f"{local}@{draw.pick(self._grammar.people.private_domains)}"
        return f"{local}@{firm.domain}"
