"""The particulars of one conversation: names, dates, amounts, the same at every mention."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import ClassVar, NamedTuple

from earmark.sources.simulator.grammar import Grammar, Language, Speech
from earmark.sources.simulator.hashing import Draw
from earmark.sources.simulator.identifiers import (
    make_booking_number,
    make_card,
    make_iban,
    make_invoice_number,
    make_ip,
    make_password,
    make_phone,
    make_token,
)
from earmark.sources.simulator.population import Person, simplify
from earmark.sources.simulator.truth import PlantedKind
from earmark.sources.simulator.voices import FIRST_MARK, LAST_MARK

_ENGLISH_TRADE = ("customer", "customers", "business")


class Value(NamedTuple):
    """Something that must stand verbatim in the finished message."""

    kind: PlantedKind
    text: str


class Forms(NamedTuple):
    """How this customer writes dates, times and amounts, and which ones come up."""

    date: str
    time: str
    money: str
    hour: int
    minute: str
    amount: int
    cents: str


def choose_forms(speech: Speech, draw: Draw) -> Forms:
    """Forms for one conversation."""
    return Forms(
        date=draw.pick(speech.dates),
        time=draw.pick(speech.times),
        money=draw.pick(speech.money),
        hour=draw.between(8, 17),
        minute=draw.pick(("00", "00", "15", "30", "30", "45")),
        amount=draw.between(18, 260) if draw.chance(0.6) else draw.between(260, 2900),
        cents=draw.pick(("00", "50", "90", "95", "20", "37")),
    )


class Particulars:
    """Fills slots. Values of `PlantedKind` come out as marks, to be replaced at the very end."""

    def __init__(
        self, grammar: Grammar, speech: Speech, person: Person, created_at: int, draw: Draw
    ) -> None:
        self._grammar = grammar
        self._speech = speech
        self._person = person
        self._draw = draw
        self._now = datetime.fromtimestamp(created_at, UTC)
        self._forms = choose_forms(speech, draw)
        self._known: dict[str, str] = {}
        self.values: list[Value] = []
        self.agent = ""
        """First name of the teammate who answers; set by the thread."""

    @property
    def language(self) -> Language:
        """What the conversation is written in."""
        return self._speech.language

    def fill(self, name: str) -> str:
        """The text or mark for a slot; the same slot gives the same again."""
        if name == "agent":
            return self.agent
        known = self._known.get(name)
        if known is None:
            maker = self._makers.get(name) or self._makers[name.rstrip("0123456789")]
            known = maker(self)
            self._known[name] = known
        return known

    def mark(self, kind: PlantedKind, text: str) -> str:
        """A mark that stands for this text."""
        code = FIRST_MARK + len(self.values)
        if code > LAST_MARK:
            return text
        self.values.append(Value(kind, text))
        return chr(code)

    # ------------------------------------------------------------ people

    def _first(self) -> str:
        return self.mark(PlantedKind.PERSON, self._person.first)

    def name(self) -> str:
        """The customer's full name."""
        if "name" not in self._known:
            self._known["name"] = self.mark(PlantedKind.PERSON, self._person.name)
        return self._known["name"]

    def _email(self) -> str:
        return self.mark(PlantedKind.EMAIL, self._person.email)

    def _other_email(self) -> str:
        people = self._grammar.people.of(self.language)
        local = simplify(self._draw.pick(people.first))
        firm = self._person.firm
        domain = firm.domain if firm else self._draw.pick(self._grammar.people.private_domains)
        return self.mark(PlantedKind.EMAIL, f"{local}@{domain}")

    def _human(self) -> str:
        """Somebody else, by full name or first name."""
        people = self._grammar.people.of(self.language)
        first, last = self._draw.pick(people.first), self._draw.pick(people.last)
        form = self._draw.below(4)
        text = first if form == 0 else f"{first} {last}"
        return self.mark(PlantedKind.THIRD_PARTY, text)

    def _staff(self) -> str:
        first = self._draw.pick(self._grammar.people.of(self.language).colleagues)
        return self.mark(PlantedKind.THIRD_PARTY, first)

    def _phone(self) -> str:
        people = self._grammar.people.of(self.language)
        if self._draw.chance(0.4):
            return self.mark(PlantedKind.PHONE, self._person.phone)
        return self.mark(PlantedKind.PHONE, make_phone(self._draw, self._draw.pick(people.phones)))

    def own_phone(self) -> str:
        """The number in the customer's signature."""
        if "own phone" not in self._known:
            self._known["own phone"] = self.mark(PlantedKind.PHONE, self._person.phone)
        return self._known["own phone"]

    def _address(self) -> str:
        firm = self._person.firm
        if firm:
            return self.mark(PlantedKind.ADDRESS, firm.address)
        people = self._grammar.people.of(self.language)
        text = people.address.format(
            number=self._draw.between(1, 99),
            street=self._draw.pick(people.streets),
            city=self._draw.pick(people.cities),
        )
        return self.mark(PlantedKind.ADDRESS, text)

    def _company(self) -> str:
        firm = self._person.firm
        return self.mark(PlantedKind.COMPANY, firm.name if firm else f"{self._person.last} & Co")

    def _site(self) -> str:
        firm = self._person.firm
        return f"www.{firm.domain}" if firm else "www.our-site.example"

    # ------------------------------------------------------------ secrets and numbers

    def _iban(self) -> str:
        country = self._grammar.people.of(self._person.language).iban
        return self.mark(PlantedKind.IBAN, make_iban(self._draw, country))

    def _card(self) -> str:
        return self.mark(PlantedKind.CARD, make_card(self._draw))

    def _ip(self) -> str:
        return self.mark(PlantedKind.IP, make_ip(self._draw))

    def _token(self) -> str:
        return self.mark(PlantedKind.TOKEN, make_token(self._draw))

    def _password(self) -> str:
        word = simplify(self._person.first)
        return self.mark(PlantedKind.PASSWORD, make_password(self._draw, word))

    def _invoice(self) -> str:
        return self.mark(PlantedKind.REFERENCE, make_invoice_number(self._draw))

    def _order(self) -> str:
        return self.mark(PlantedKind.REFERENCE, make_booking_number(self._draw))

    def _expiry(self) -> str:
        return f"{self._draw.between(1, 12):02d}/{self._draw.between(27, 31)}"

    def _four_digits(self) -> str:
        return self._draw.digits(4)

    def _registration(self) -> str:
        return self._draw.digits(6)

    # ------------------------------------------------------------ times and amounts

    def _date(self) -> str:
        return self._format_date(self._now - timedelta(days=self._draw.between(1, 14)))

    def _soon(self) -> str:
        return self._format_date(self._now + timedelta(days=self._draw.between(2, 20)))

    def _format_date(self, moment: datetime) -> str:
        return self._forms.date.format(
            day=moment.day,
            month=self._speech.months[moment.month - 1],
            number=moment.month,
            weekday=self._speech.weekdays[moment.weekday()],
        )

    def _month(self) -> str:
        return self._speech.months[(self._now.month - 2 - self._draw.below(2)) % 12]

    def _weekday(self) -> str:
        return self._draw.pick(self._speech.weekdays[:6])

    def _time(self) -> str:
        return self._forms.time.format(hour=self._forms.hour, minute=self._forms.minute)

    def _later_time(self) -> str:
        """An hour after the other one."""
        return self._forms.time.format(hour=self._forms.hour + 1, minute=self._forms.minute)

    def _since(self) -> str:
        return self._draw.pick(self._speech.since).replace("{weekday}", self.fill("weekday"))

    def _amount(self) -> str:
        return self._forms.money.format(whole=self._forms.amount, cents=self._forms.cents)

    def _higher_amount(self) -> str:
        """A little more than the other one."""
        whole = self._forms.amount * self._draw.between(108, 135) // 100 + 1
        return self._forms.money.format(whole=whole, cents=self._forms.cents)

    def _small(self) -> str:
        return str(self._draw.between(3, 14))

    def _big(self) -> str:
        return str(
            self._draw.pick((120, 180, 240, 300, 350, 480, 600, 850, 1200, 1600, 2500, 4000))
        )

    def _percent(self) -> str:
        return self._draw.pick(("10 %", "15%", "20%", "20 %", "25%", "30 %", "50%"))

    # ------------------------------------------------------------ the customer's world

    def _trade(self, which: int) -> str:
        firm = self._person.firm
        if firm is None:
            return _ENGLISH_TRADE[which]
        return (*firm.industry.customers, firm.industry.business)[which]

    def _service(self) -> str:
        firm = self._person.firm
        return self._draw.pick(firm.industry.services) if firm else "consultation"

    def _device(self) -> str:
        return self._draw.pick(self._grammar.setting.devices)

    def _browser(self) -> str:
        return self._draw.pick(self._grammar.setting.browsers)

    def _version(self) -> str:
        return self._draw.pick(self._grammar.setting.versions)

    def _release(self) -> str:
        return self._grammar.setting.release

    def _error_code(self) -> str:
        return self._draw.pick(self._grammar.setting.error_codes)

    def _bank(self) -> str:
        return self._draw.pick(self._grammar.setting.banks)

    def _bad_link(self) -> str:
        return f"http://{self._draw.text('abcdefghkmnprst', 9)}.invalid/{self._draw.digits(5)}"

    def _customer(self) -> str:
        return self._trade(0)

    def _customers(self) -> str:
        return self._trade(1)

    def _business(self) -> str:
        return self._trade(2)

    _makers: ClassVar[dict[str, Callable[["Particulars"], str]]] = {
        "first": _first,
        "email": _email,
        "other_email": _other_email,
        "person": _human,
        "staff": _staff,
        "phone": _phone,
        "address": _address,
        "company": _company,
        "site": _site,
        "iban": _iban,
        "card": _card,
        "ip": _ip,
        "token": _token,
        "password": _password,
        "inv": _invoice,
        "order": _order,
        "expiry": _expiry,
        "last4": _four_digits,
        "registration": _registration,
        "date": _date,
        "soon": _soon,
        "month": _month,
        "weekday": _weekday,
        "time": _time,
        "time2": _later_time,
        "since": _since,
        "amount": _amount,
        "amount2": _higher_amount,
        "n": _small,
        "big": _big,
        "percent": _percent,
        "customer": _customer,
        "customers": _customers,
        "business": _business,
        "service": _service,
        "device": _device,
        "browser": _browser,
        "version": _version,
        "release": _release,
        "errorcode": _error_code,
        "bank": _bank,
        "badlink": _bad_link,
    }
    """By slot name; other names are these with a digit behind them."""
