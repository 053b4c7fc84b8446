"""The form of the sample's texts, which are the TOML files in `grammar/`."""

from typing import Annotated, Literal, cast

from pydantic import AfterValidator, Field

from earmark.db.models import Model
from earmark.sources.simulator.phrases import compile_template, list_slots
from earmark.sources.simulator.truth import InjectionKind

Language = Literal["en", "de", "es", "fr", "pt"]
LANGUAGES: tuple[Language, ...] = ("en", "de", "es", "fr", "pt")

Trend = Literal["steady", "spike", "growth", "fall"]

SLOTS = frozenset({
    "amount", "amount2", "agent", "address", "badlink", "bank", "big", "browser", "business",
    "card", "company", "customer", "customers", "date", "device", "email", "errorcode", "expiry",
    "first", "iban", "inv", "inv2", "ip", "last4", "month", "n", "n3", "order", "order2",
    "other_email", "password", "percent", "person", "person2", "phone", "registration", "release",
    "service", "since", "site", "soon", "staff", "time", "time2", "token", "version", "weekday"
})  # fmt: skip
"""Every slot that a clause may use."""


def _check_template(text: str) -> str:
    compile_template(text)
    unknown = list_slots(text) - SLOTS
    if unknown:
        raise ValueError(f"unknown slots {sorted(unknown)} in {text!r}")
    return text


Clause = Annotated[str, AfterValidator(_check_template)]
Clauses = tuple[Clause, ...]
SomeClauses = Annotated[Clauses, Field(min_length=1)]


class Theme(Model):
    """One ground-truth theme and how English-speaking customers put it."""

    key: str
    category: str
    weight: float = Field(gt=0)
    trend: Trend = "steady"
    opens_as: str | None = None
    """What the opening looks like where only the answer reveals the category."""
    churn: bool = False
    """To write this at all means leaving."""
    mood: Literal["positive", ""] = ""
    subjects: SomeClauses
    terse: SomeClauses
    what: SomeClauses
    context: Clauses = ()
    tried: Clauses = ()
    impact: Clauses = ()
    ask: Clauses = ()
    exchange: tuple[tuple[Clause, Clause], ...] = ()
    """A teammate's question and the customer's answer."""
    resolve: SomeClauses
    note: Clauses = ()
    area: str = ""


class ThemeFile(Model):
    """The themes of one product area."""

    area: str
    theme: tuple[Theme, ...]


class TranslatedTheme(Model):
    """How one theme is put in another language."""

    subjects: SomeClauses
    terse: SomeClauses
    what: SomeClauses
    resolve: SomeClauses


class Disguise(Model):
    """An opening of another category that turns into the theme."""

    theme: str
    category: str
    opening: SomeClauses
    reply: SomeClauses
    turn: SomeClauses


class Personal(Model):
    """Sentences that carry personal data or secrets."""

    phone: SomeClauses
    email: SomeClauses
    address: SomeClauses
    third_party: SomeClauses
    iban: SomeClauses
    card: SomeClauses
    ip: SomeClauses
    token: SomeClauses
    password: SomeClauses
    reference: SomeClauses


class Speech(Model):
    """What is said around the matter itself, in one language."""

    language: Language
    weekdays: Annotated[tuple[str, ...], Field(min_length=7, max_length=7)]
    months: Annotated[tuple[str, ...], Field(min_length=12, max_length=12)]
    dates: tuple[str, ...]
    times: tuple[str, ...]
    since: SomeClauses
    money: tuple[str, ...]
    greeting_chat: SomeClauses
    greeting_mail: SomeClauses
    pleasantry: SomeClauses
    filler: SomeClauses
    urgent: SomeClauses
    relaxed: SomeClauses
    churn: SomeClauses
    churn_wish: SomeClauses
    """Of those who miss something rather than suffer from it."""
    frustration: SomeClauses
    outburst: SomeClauses
    delight: SomeClauses
    also: SomeClauses
    later: SomeClauses
    vague: SomeClauses
    closing_mail: SomeClauses
    closing_chat: SomeClauses
    impatient: SomeClauses
    acknowledge: SomeClauses
    thanks: SomeClauses
    thanks_fixed: SomeClauses
    delighted: SomeClauses
    unsatisfied: SomeClauses
    give_up: SomeClauses
    identify: SomeClauses
    identify_answer: SomeClauses
    agent_hello: SomeClauses
    agent_again: SomeClauses
    agent_empathy: SomeClauses
    agent_glad: SomeClauses
    agent_neutral: SomeClauses
    agent_wait: SomeClauses
    agent_escalate: SomeClauses
    agent_close: SomeClauses
    agent_welcome: SomeClauses
    agent_unheard: SomeClauses
    agent_which: SomeClauses
    agent_second: SomeClauses
    agent_decline_spam: SomeClauses
    note: SomeClauses
    note_churn: SomeClauses
    bot_ack: SomeClauses
    bot_away: SomeClauses
    bot_menu: SomeClauses
    bot_options: SomeClauses
    bot_rating: SomeClauses
    ai_intro: SomeClauses
    ai_generic: SomeClauses
    ai_outro: SomeClauses
    ai_handover: SomeClauses
    ai_accept: SomeClauses
    ai_reject: SomeClauses
    ai_reject_angry: SomeClauses
    rating_good: SomeClauses
    rating_bad: SomeClauses
    outbound: Clauses = ()
    outbound_reply: Clauses = ()
    newsletter: Clauses = ()
    long_customer: Clauses = ()
    long_agent: Clauses = ()
    long_note: Clauses = ()
    roles: tuple[str, ...]
    sent_from: tuple[str, ...]
    disclaimer: SomeClauses
    phone_label: tuple[str, ...]
    vague_subjects: tuple[str, ...]
    quote_plain: str
    quote_labels: Annotated[tuple[str, ...], Field(min_length=4, max_length=4)]
    personal: Personal


class People(Model):
    """Names and places of one language."""

    first: tuple[str, ...]
    colleagues: tuple[str, ...]
    """First names of those whom the grammar calls she."""
    last: tuple[str, ...]
    places: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[str, ...]
    address: str
    phones: tuple[str, ...]
    countries: tuple[str, ...]
    iban: Literal["GB", "DE", "ES", "FR", "PT"]


class Population(Model):
    """The people of all languages."""

    private_domains: tuple[str, ...]
    en: People
    de: People
    es: People
    fr: People
    pt: People

    def of(self, language: Language) -> People:
        """The people who speak this language."""
        return cast(People, getattr(self, language))


class Voices(Model):
    """How voices bend sentences."""

    emphasis: tuple[str, ...]
    nonnative: tuple[tuple[str, str], ...]
    nonnative_opening: tuple[str, ...]
    nonnative_closing: tuple[str, ...]
    shortcuts: tuple[tuple[str, str], ...]
    emoji: tuple[str, ...]
    emoji_glad: tuple[str, ...]


class Teammate(Model):
    """Somebody who answers."""

    name: str
    title: str
    team: str
    languages: tuple[Language, ...]


class Area(Model):
    """A part of the product."""

    key: str
    tag: str
    team: str
    paths: tuple[str, ...]
    personal: tuple[str, ...]
    """Kinds of personal data that come up here, the likely ones repeated."""


class Industry(Model):
    """A trade with its own words."""

    name: str
    customers: tuple[str, str]
    business: str
    services: tuple[str, ...]
    companies: dict[Language, tuple[str, ...]]


class Plan(Model):
    """What a company may subscribe to."""

    name: str
    price: int
    share: float


class Setting(Model):
    """The invented company whose inbox this is."""

    name: str
    code: str
    region: str
    timezone: str
    app_domain: str
    support_email: str
    release: str
    assistant: str
    operator: str
    versions: tuple[str, ...]
    devices: tuple[str, ...]
    browsers: tuple[str, ...]
    error_codes: tuple[str, ...]
    banks: tuple[str, ...]
    languages: dict[Language, float]
    teams: tuple[str, ...]
    plans: tuple[Plan, ...]
    tags: tuple[str, ...]
    admins: tuple[Teammate, ...]
    areas: tuple[Area, ...]
    industries: tuple[Industry, ...]


class Injections(Model):
    """Orders to the reader, by kind; taken literally."""

    texts: dict[InjectionKind, tuple[str, ...]]


class Grammar(Model):
    """Everything that the sample can say."""

    themes: tuple[Theme, ...]
    speech: dict[Language, Speech]
    translated: dict[Language, dict[str, TranslatedTheme]]
    disguises: dict[str, tuple[Disguise, ...]]
    people: Population
    voices: Voices
    setting: Setting
    injections: dict[InjectionKind, tuple[str, ...]]

    def area(self, key: str) -> Area | None:
        """The area of this key; null for themes that belong to none."""
        return next((area for area in self.setting.areas if area.key == key), None)
