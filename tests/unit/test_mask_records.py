"""What the records give the mask to look for, and what they do not."""

import pytest

from earmark.db.people_storage import KnownPeople
from earmark.pipeline.mask import mask
from earmark.pipeline.mask_records import known_values


def people(
    *attributes: tuple[str, str], names: tuple[str, ...] = (), emails: tuple[str, ...] = ()
) -> KnownPeople:
    return KnownPeople(names=names, emails=emails, phones=(), companies=(), attributes=attributes)


def masked_text(body: str, records: KnownPeople) -> str:
    (masked,) = mask([body], known_values(records))
    return masked.text


@pytest.mark.parametrize(
    ("attribute", "body", "expected"),
    [
        (("billing_address", "Hafenkai 9, 20457 Hamburg"), "to Hafenkai 9", "to <ADDRESS_1>"),
        (("Adresse", "3 quai Sud, 13002 Marseille"), "13002 Marseille", "<ADDRESS_1>"),
        (("Work phone", "0401234567"), "040 1234567 rings", "<PHONE_1> rings"),
        (("last_name", "Okonkwo"), "says Okonkwo", "says <NAME_1>"),
        (("organization", "Nordlicht Optik GmbH"), "at Nordlicht Optik", "at <COMPANY_1>"),
        (("backup", "kim@nordlicht.example"), "kim (at) nordlicht.example", "<EMAIL_1>"),
    ],
)
def test_attribute_whose_name_says_what_it_is_is_masked(
    attribute: tuple[str, str], body: str, expected: str
) -> None:
    assert masked_text(body, people(attribute)) == expected


@pytest.mark.parametrize(
    "attribute",
    [
        ("plan", "Professional 5"),
        ("ip_address_type", "static 4"),
        ("company_size", "Professional"),
        ("username_policy", "Professional"),
        ("note", "Professional plan, 5 seats, phone support"),
    ],
)
def test_other_attributes_are_left_alone(attribute: tuple[str, str]) -> None:
    body = "our Professional plan has 5 seats and static 4 Professional 5"
    assert masked_text(body, people(attribute)) == body


@pytest.mark.parametrize(
    ("email", "body", "expected"),
    [
        ("rosalind.achterberg@x.example", "Rosalind Achterberg", "<NAME_1>"),
        ("rosalind_achterberg@x.example", "thanks, Rosalind", "thanks, <NAME_1>"),
        ("rosalind.m.achterberg@x.example", "Rosalind", "Rosalind"),
        ("will.young@x.example", "will young people pay?", "<NAME_1> people pay?"),
        ("will.young@x.example", "will the young pay?", "will the young pay?"),
        ("billing.team@x.example", "the Team of Billing", "the Team of Billing"),
        ("achterberg@x.example", "Achterberg", "Achterberg"),
    ],
)
def test_lead_has_the_name_that_the_address_is_made_of(
    email: str, body: str, expected: str
) -> None:
    assert masked_text(body, people(emails=(email,))) == expected


def test_known_name_is_not_taken_for_another_person_because_of_the_address() -> None:
    records = people(names=("Rosalind Achterberg",), emails=("rosalind.achterberg@x.example",))
    assert known_values(records).names == ("Rosalind Achterberg",)
