"""Identifiers of people, and addresses with postcode and town; numbers of other things stay."""

import pytest

from earmark.pipeline.mask import KnownValues, mask


def masked_text(body: str) -> str:
    (masked,) = mask([body], KnownValues())
    return masked.text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("NHS no 943 476 5919", "NHS no <NATIONAL_ID_1>"),
        ("my SIN: 123 456 782", "my SIN: <NATIONAL_ID_1>"),
        ("tax file number 123 456 782", "tax file number <NATIONAL_ID_1>"),
        ("aadhar 2341 2341 2346", "aadhar <NATIONAL_ID_1>"),
        ("NINO: CE 12 34 56 A", "NINO: <NATIONAL_ID_1>"),
        ("CNPJ 16.727.230/0001-97", "CNPJ <NATIONAL_ID_1>"),
        ("RUT 12.531.909-2", "RUT <NATIONAL_ID_1>"),
        ("HETU 131052-308T", "HETU <NATIONAL_ID_1>"),
        ("fødselsnummer 15108695088", "fødselsnummer <NATIONAL_ID_1>"),
        ("rijksregister 85.07.30-033.28", "rijksregister <NATIONAL_ID_1>"),
        ("my passport number is C01X00T47", "my passport number is <NATIONAL_ID_1>"),
        ("Führerschein Nr. B072RRE2I55", "Führerschein Nr. <NATIONAL_ID_1>"),
        ("pasaporte: AAA123456", "pasaporte: <NATIONAL_ID_1>"),
        ("34 Orchard Row, Derby DE1 2AB", "<ADDRESS_1>"),
        ("9 Quay Parade, Cork T12 W8KP is wrong", "<ADDRESS_1> is wrong"),
        ("500 Lake Street, Austin, TX 78701-1111", "<ADDRESS_1>"),
        ("Eichenweg 4, 80331 München", "<ADDRESS_1>"),
        ("Rua do Sol, 8, 4000-123 Porto", "<ADDRESS_1>"),
        ("at 10 Oak Street,\nLeeds LS2 7EW\nTel", "at <ADDRESS_1>\nTel"),
        ("DE89-3704-0044-0532-0130-00", "<IBAN_1>"),
    ],
)
def test_identifier_or_address_is_masked(body: str, expected: str) -> None:
    assert masked_text(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "sin 046 454 287 resultados",
        "NHS no 9434765918",
        "the order CE 12 34 56 A is late",
        "passport photos of 10 pages",
        "the passport field shows PASSPORT",
        "personal number 4711",
        "Der Heimweg 3 Stunden",
        "we took Row 12 and Park 7",
        "the nino effect of 12 34 56",
        "AB-12-CD-3456-EF-78",
    ],
)
def test_other_numbers_stay(body: str) -> None:
    assert masked_text(body) == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi Theodora,\nthe export fails", "Hi <NAME_1>,\nthe export fails"),
        ("Dear Theodora Quill!", "Dear <NAME_1>!"),
        ("Thanks again, Theodora.", "Thanks again, <NAME_1>."),
        ("ask Mrs Quill about Theodora", "ask Mrs <NAME_1> about Theodora"),
        ("Herrn Achterberg fehlt der Zugang", "Herrn <NAME_1> fehlt der Zugang"),
        ("Hello, my name is Theodora Quill and", "Hello, my name is <NAME_1> and"),
        ("Hola Iratxe:\nme llamo Unai", "Hola <NAME_1>:\nme llamo <NAME_2>"),
    ],
)
def test_name_is_masked_where_only_names_stand(body: str, expected: str) -> None:
    assert masked_text(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "Hi Team,",
        "Hello Support,",
        "Hi there,",
        "Dear Sir or Madam,",
        "Sehr geehrte Damen und Herren,",
        "Hallo Zusammen,",
        "Hello FAQ,",
        "Hi The export fails",
        "Hello, I'm Otti.",
        "Bonjour, J'ai Otti.",
        "Thanks for the help.",
        "Hello Theodora has left",
        "my name is not shown",
        "my name is Bold in the menu",
    ],
)
def test_other_words_after_a_greeting_stay(body: str) -> None:
    assert masked_text(body) == body
