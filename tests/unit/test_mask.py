"""Personal data becomes placeholders that lead back to the body; everything else stays readable."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.pipeline.mask import KnownValues, Masked, mask, unmask

NOBODY = KnownValues()
KNOWN = KnownValues(
    names=("Jörg Weiß", "Anna-Lena Schmidt", "Will Young", "Grace May", "José O'Brien", "王小明"),
    emails=("anna.schmidt@acme.example",),
    phones=("+491701234567",),
    companies=("Acme Widgets GmbH", "Globex Inc.", "Box Ltd"),
    addresses=("Lindenhof 7b, 12345 Musterstadt",),
)


def masked_text(body: str, known: KnownValues = NOBODY) -> str:
    (masked,) = mask([body], known)
    assert unmask(masked, body) == body
    return masked.text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("write to anna.b+x@mail.example.co.uk.", "write to <EMAIL_1>."),
        ("Anna <anna@example.com> wrote", "Anna <<EMAIL_1>> wrote"),
        ("it's ANNA@Example.COM!", "it's <EMAIL_1>!"),
        ("jörg@müller.example", "<EMAIL_1>"),
        ("anna (at) example (dot) com", "<EMAIL_1>"),
        ("anna[at]example.com", "<EMAIL_1>"),
        ("?email=anna%40example.com&x=1", "?email=<EMAIL_1>&x=1"),
        ("call +49 30 901820 now", "call <PHONE_1> now"),
        ("call +1 (415) 555-2671", "call <PHONE_1>"),
        ("+44 20 7946 0958", "<PHONE_1>"),
        ("0044 20 7946 0958", "<PHONE_1>"),
        ("WhatsApp: +55 11 91234-5678", "WhatsApp: <PHONE_1>"),
        ("My phone number is 555-0123 4567", "My phone number is <PHONE_1>"),
        ("Tel. 030/901820", "Tel. <PHONE_1>"),
        ("Handynummer: 01701234567", "Handynummer: <PHONE_1>"),
        ("mon portable 06 12 34 56 78", "mon portable <PHONE_1>"),
        ("06 12 34 56 78", "<PHONE_1>"),
        ("teléfono 912 345 678", "teléfono <PHONE_1>"),
        ("meu celular (11) 91234-5678", "meu celular <PHONE_1>"),
        ("(415) 555-2671", "<PHONE_1>"),
        ("415-555-2671", "<PHONE_1>"),
        ("020 7946 0958", "<PHONE_1>"),
        ("reach me at 4155552671", "reach me at <PHONE_1>"),
        ("contact number 968 748 9658", "contact number <PHONE_1>"),
        ("654 654 8789", "<PHONE_1>"),
        ("+49 30 901820, +49 40 123456", "<PHONE_1>, <PHONE_2>"),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN <IBAN_1> bitte"),
        ("gb82west12345698765432", "<IBAN_1>"),
        ("FR14 2004 1010 0505 0001 3M02 606.", "<IBAN_1>."),
        ("card 4111 1111 1111 1111", "card <CARD_1>"),
        ("SSN: 536-90-4399", "SSN: <NATIONAL_ID_1>"),
        ("mi DNI es 12345678Z", "mi DNI es <NATIONAL_ID_1>"),
        ("CPF 390.533.447-05", "CPF <NATIONAL_ID_1>"),
        ("codice RCCMNL83S18D969H", "codice <NATIONAL_ID_1>"),
        ("AHV 756.9217.0769.85", "AHV <NATIONAL_ID_1>"),
        ("from IP 8.8.4.4", "from IP <IP_1>"),
        ("we see 203.0.113.195 in the log", "we see <IP_1> in the log"),
        ("http://192.168.1.10:8080/x", "http://<IP_1>:8080/x"),
        ("2001:db8:85a3::8a2e:370:7334", "<IP_1>"),
        ("ping fe80::1ff:fe23:4567:890a", "ping <IP_1>"),
        ("device 00:1A:2B:3C:4D:5E", "device <MAC_1>"),
        ("00-1a-2b-3c-4d-5e", "<MAC_1>"),
        ("postgres://app:" + "s3cr3t@db/x", "postgres://app:<SECRET_1>@db/x"),
        ("https://x.example/r?token=abcdef123456", "https://x.example/r?token=<SECRET_1>"),
        ("https://x.example/i?invite=ab12&p=2", "https://x.example/i?invite=<URL_VALUE_1>&p=2"),
        ("key sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc", "key <SECRET_1>"),
        ("221B Baker Street, London", "<ADDRESS_1>, London"),
        ("send it to 1600 Amphitheatre Parkway", "send it to <ADDRESS_1>"),
        ("Musterstraße 12a, Berlin", "<ADDRESS_1>, Berlin"),
        ("Lange Str. 5 in Bonn", "<ADDRESS_1> in Bonn"),
        ("12 bis, rue de la Paix", "<ADDRESS_1>"),
        ("Calle Mayor, 5", "<ADDRESS_1>"),
        ("Rua das Flores, nº 12", "<ADDRESS_1>"),
    ],
)
def test_personal_data_is_masked_by_its_form(body: str, expected: str) -> None:
    assert masked_text(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "version 1.2.3.4 of the app",
        "v10.15.7.1",
        "upgraded to 120.0.6099.109 yesterday",
        "Chrome/120.0.0.0 Safari/537.36",
        "see section 3.1.4.2",
        "256.100.100.100",
        "lib-2.4.1.0.tar.gz",
        "order 4155552671",
        "Order #1234567890",
        "ORD-2024-001234",
        "invoice number 2023 1103 4421",
        "Bestellnummer 0301234567",
        "Kundennummer: 030 901 820",
        "case id 00123456789",
        "tracking 1Z999AA10123456784",
        "2024-01-15 10:22:33",
        "2024-01-15T10:22:33.123+01:00",
        "am 15.01.2024 um 10:30 Uhr",
        "call me on 03/04/2024",
        "call me at 10:30 tomorrow",
        "between 01.02.2024 and 28.02.2024",
        "it costs 1,234,567.89 USD",
        "1 234 567,89 €",
        "12.345.678 rows",
        "$1234567890",
        "timestamp 1700000000000",
        "550e8400-e29b-41d4-a716-446655440000",
        "commit " + "9f8a7d6" * 6,
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "order 4111111111111112",
        "4000000000000000000000",
        "IBAN of the form DE00 1234 5678 9012 3456 78",
        "AB12 3456 7890",
        "react@18.2.0",
        "icon@2x.png",
        "git@github.com:acme/app.git",
        "@anna can you look",
        "10:30:00",
        "std::vector and a::b",
        "ratio 16:9, 10:00-12:30",
        "aa:bb:cc",
        "123-45-6789",
        "0.73.2023091209",
        "0.287966   0.85427195 0.28276426",
        "https://ci.example/task/4513724340895744",
        "listening on 127.0.0.1:8080 and 0.0.0.0",
        "ngraph::pass::SetBatchSize",
        "bazel-out/aarch64-opt/bin/api/v2/token/__init__.py",
        "1234" + "5678A",
        "scored 3-2, 21-19, 15-10",
        "resolution 1920x1080 at 60 Hz",
        "port 8080 and 5432",
        "404 500 502 503",
        "about 5 minute drive",
        "2024 Product Road Map",
        "10 best ways to do it",
        "Speicherplatz 50 GB, Arbeitsplatz 3",
        "error 0x80070005",
        "https://app.example.com/orders/2025550123456",
        "https://app.example.com/list?page=2&sort=name",
        "ISBN 978-3-16-148410-0",
        "1, 2, 3, 4, 5, 6, 7, 8",
        "lat 52.520008 lon 13.404954",
        "0.1234567890",
        "Q3 2024: 1200 1300 1400 1500",
    ],
)
def test_what_is_not_personal_stays(body: str) -> None:
    assert masked_text(body) == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi Jörg, it fails", "Hi <NAME_1>, it fails"),
        ("JOERG WEISS", "<NAME_1>"),
        ("jorg said so", "<NAME_1> said so"),
        ("Weiß, Jörg", "<NAME_1>"),
        ("Jörg Weiß's export", "<NAME_1>'s export"),
        ("Anna-Lena and Schmidt", "<NAME_1> and <NAME_1>"),
        ("Anna Lena", "<NAME_1>"),
        ("with Will Young", "with <NAME_1>"),
        ("young, will you help?", "<NAME_1> you help?"),
        ("Grace May signed in", "<NAME_1> signed in"),
        ("Hi Will,\nthanks", "Hi <NAME_1>,\nthanks"),
        ("It works.\n\nGrace\n", "It works.\n\n<NAME_1>\n"),
        ("Frau Young hat recht", "Frau <NAME_1> hat recht"),
        ("José O’Brien", "<NAME_1>"),
        ("我是王小明。", "我是<NAME_1>。"),
        ("anna . schmidt @ acme . example", "<EMAIL_1>"),
        ("0170 / 123 45 67", "<PHONE_1>"),
        ("order from Acme Widgets", "order from <COMPANY_1>"),
        ("ACME WIDGETS GMBH", "<COMPANY_1>"),
        ("at globex we", "at <COMPANY_1> we"),
        ("Box Ltd pays", "<COMPANY_1> pays"),
        ("Lindenhof 7b", "<ADDRESS_1>"),
        ("12345 Musterstadt", "<ADDRESS_1>"),
    ],
)
def test_known_values_are_masked_as_whole_words(body: str, expected: str) -> None:
    assert masked_text(body, KNOWN) == expected


@pytest.mark.parametrize(
    "body",
    [
        "will it work? It will.",
        "May I ask whether the young team may export?",
        "it was a grace period",
        "the annals of Schmidtke",
        "drag the box to a weiss-free area".replace("weiss", "green"),
        "Widgets are broken",
        "joerger",
        "12345 rows",
    ],
)
def test_ordinary_words_stay_though_they_are_names(body: str) -> None:
    assert masked_text(body, KNOWN) == body


def test_same_value_has_the_same_number_in_all_messages() -> None:
    bodies = [
        "I am Anna Schmidt, anna.schmidt@acme.example, +49 170 1234567",
        "Hi Anna, is bob@x.example right?",
        "No: ANNA.SCHMIDT@ACME.EXAMPLE or tel 0170 1234567. Schmidt",
    ]
    known = KnownValues(names=("Anna Schmidt",))
    assert [masked.text for masked in mask(bodies, known)] == [
        "I am <NAME_1>, <EMAIL_1>, <PHONE_1>",
        "Hi <NAME_1>, is <EMAIL_2> right?",
        "No: <EMAIL_1> or tel <PHONE_1>. <NAME_1>",
    ]


def test_first_name_of_two_people_is_a_name_of_its_own() -> None:
    known = KnownValues(names=("Anna Schmidt", "Anna Krüger"))
    assert masked_text("Anna asked Schmidt or Krüger", known) == (
        "<NAME_1> asked <NAME_2> or <NAME_3>"
    )


def test_bare_digits_that_answer_a_question_are_a_telephone_number() -> None:
    phone, order = "What is your phone number?", "Your order number, or the phone's serial number?"
    answer = "it is 9757457821"
    assert [masked.text for masked in mask([phone, answer], NOBODY)] == [phone, "it is <PHONE_1>"]
    assert [masked.text for masked in mask([order, answer], NOBODY)] == [order, answer]


def test_text_that_looks_like_a_placeholder_gets_one() -> None:
    body = "what does <EMAIL_1> mean? I am a@b.example, not <EMAIL_1>, <b> or <NAME_x>"
    assert masked_text(body) == (
        "what does <LITERAL_1> mean? I am <EMAIL_1>, not <LITERAL_1>, <b> or <NAME_x>"
    )


def test_removed_secrets_stay_as_they_are_stored() -> None:
    body = "password: [secret removed], card [card number removed]"
    assert masked_text(body, KnownValues(names=("Carl Card",))) == body


def test_ranges_lead_back_to_the_body() -> None:
    body = "Hi Anna, mail a@b.example today"
    (masked,) = mask([body], KnownValues(names=("Anna Schmidt",)))
    assert masked.text == "Hi <NAME_1>, mail <EMAIL_1> today"

    def original(part: str) -> str:
        start = masked.text.index(part)
        span = masked.to_original(start, start + len(part))
        return body[span.start : span.end]

    assert original("Hi ") == "Hi "
    assert original("<NAME_1>") == "Anna"
    assert original("NAME") == "Anna"
    assert original("i <NA") == "i Anna"
    assert original("1>, m") == "Anna, m"
    assert original(", mail ") == ", mail "
    assert original("today") == "today"
    assert original(masked.text) == body


@pytest.mark.parametrize(("start", "end"), [(0, 0), (-1, 2), (3, 2), (0, 99)])
def test_range_outside_of_the_text_is_refused(start: int, end: int) -> None:
    (masked,) = mask(["a@b.example"], NOBODY)
    with pytest.raises(ValueError, match="no range"):
        masked.to_original(start, end)
    with pytest.raises(ValueError, match="no range"):
        masked.to_masked(start, end)


def test_mask_is_stored_as_small_lists() -> None:
    (masked,) = mask(["mail a@b.example"], NOBODY)
    stored = masked.model_dump_json()
    assert json.loads(stored)["replaced"] == [[5, 14, 5, 16, "EMAIL"]]
    assert Masked.model_validate_json(stored) == masked


PIECES = st.one_of(
    st.sampled_from(
        [
            *(
                "a@b.example",
                "+49 30 901820",
                "Jörg",
                "weiss",
                "王小明",
                "<EMAIL_1>",
                "<NAME_",
                "8.8.4.4",
            ),
            *(
                "DE89370400440532013000",
                "4111 1111 1111 1111",
                "password: x1y2z3",
                "ip ",
                "tel ",
                "://",
            ),
            *(
                "https://u:p@h.example/?token=12345678",
                "Box Ltd",
                "Lindenhof 7b",
                "00:1A:2B:3C:4D:5E",
            ),
        ]
    ),
    st.text(st.characters(), max_size=8),
    st.sampled_from([" ", "\n", ", ", "", ".", "-"]),
)
BODIES = st.lists(PIECES, max_size=14).map("".join)


@given(st.lists(BODIES, max_size=4))
def test_unmasking_is_the_identity(bodies: list[str]) -> None:
    for body, masked in zip(bodies, mask(bodies, KNOWN), strict=True):
        assert unmask(masked, body) == body
        if not any("\ud800" <= sign <= "\udfff" for sign in body):  # stored bodies hold none
            assert Masked.model_validate_json(masked.model_dump_json()) == masked


@given(BODIES, st.data())
def test_every_range_leads_back_and_forth(body: str, data: st.DataObject) -> None:
    (masked,) = mask([body], KNOWN)
    if masked.text:
        start = data.draw(st.integers(0, len(masked.text) - 1))
        end = data.draw(st.integers(start + 1, len(masked.text)))
        span = masked.to_original(start, end)
        assert 0 <= span.start < span.end <= len(body)
        back = masked.to_masked(span.start, span.end)
        assert back.start <= start < end <= back.end
        if not any(r.masked_start < end and start < r.masked_end for r in masked.replaced):
            assert body[span.start : span.end] == masked.text[start:end]
            assert (back.start, back.end) == (start, end)


@given(st.lists(PIECES, max_size=14))
def test_every_placeholder_is_one_of_ours(pieces: list[str]) -> None:
    (masked,) = mask(["\n".join(pieces)], KNOWN)
    ours = [r.masked_start for r in masked.replaced]
    found = list(re.finditer(r"<[A-Z_]+_\d+>", masked.text))
    assert [placeholder.start() for placeholder in found] == ours
    for secret in ("a@b.example", "王小明", "x1y2z3", "DE89370400440532013000", "Box Ltd"):
        assert secret not in masked.text
