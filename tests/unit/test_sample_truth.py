"""The truth agrees with the texts, and the texts do not give it away."""

import json
import re
from collections import Counter
from ipaddress import ip_address, ip_network

import phonenumbers
from sample_data import list_messages, make_sample, tell_all, write_all
from stdnum import iban, luhn

from earmark.sources.simulator.grammar_files import load_grammar
from earmark.sources.simulator.truth import PlantedKind

DOCUMENTATION = [
    ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
REGIONS = {"en": "GB", "de": "DE", "es": "ES", "fr": "FR", "pt": "PT"}


def fold(text: str) -> str:
    """The text with its white space folded."""
    return " ".join(text.split())


def list_planted(kind: PlantedKind) -> list[str]:
    """All planted texts of a kind."""
    return [item.text for truth in tell_all() for item in truth.planted if item.kind is kind]


def test_every_issue_has_the_customers_own_words() -> None:
    for document, truth in zip(write_all(), tell_all(), strict=True):
        messages = list_messages(document)
        for issue in truth.issues:
            text, message = messages[issue.position]
            assert fold(issue.phrase) in fold(text)
            assert message["id"] == issue.message_id
            assert message["author"]["type"] in ("user", "lead")


def test_every_planted_text_stands_in_its_message() -> None:
    for document, truth in zip(write_all(), tell_all(), strict=True):
        messages = list_messages(document)
        for item in truth.planted:
            text, message = messages[item.position]
            assert fold(item.text) in fold(text)
            assert message["id"] == item.message_id


def test_every_conversation_says_what_it_is_about() -> None:
    for truth in tell_all():
        assert truth.issues


def test_truth_and_document_name_the_same_conversation() -> None:
    for index in range(0, 2000, 97):
        truth = make_sample().truth(index)
        assert truth.conversation_id == make_sample().conversations.id_of(index)
        assert truth == tell_all()[index]


def test_every_kind_of_personal_data_occurs() -> None:
    counts = Counter(item.kind for truth in tell_all() for item in truth.planted)
    assert set(counts) == set(PlantedKind)
    assert min(counts.values()) >= 5


def test_ibans_and_cards_pass_their_checks() -> None:
    assert all(iban.is_valid(number) for number in list_planted(PlantedKind.IBAN))
    for number in list_planted(PlantedKind.CARD):
        assert luhn.is_valid(re.sub(r"\D", "", number))


def test_addresses_of_machines_are_those_for_documentation() -> None:
    for address in list_planted(PlantedKind.IP):
        assert any(ip_address(address) in network for network in DOCUMENTATION)


def test_mail_addresses_can_belong_to_nobody() -> None:
    for address in list_planted(PlantedKind.EMAIL):
        assert re.search(r"@(.+\.)?example(\.com|\.net|\.org)?$", address)


def test_telephone_numbers_are_well_formed() -> None:
    sample = make_sample()
    for index in range(0, sample.contacts.number, 7):
        contact = sample.contacts.document(index)
        if contact["phone"]:
            region = "US" if contact["phone"].startswith("(") else _region_of(contact)
            number = phonenumbers.parse(contact["phone"], region)
            assert phonenumbers.is_valid_number(number)


def _region_of(contact: dict[str, object]) -> str:
    return REGIONS[str(contact["browser_language"])]


def test_nothing_of_the_truth_is_served() -> None:
    grammar = load_grammar()
    # Whoever tries to instruct the reader may name categories; that says nothing of the truth.
    honest = [
        document
        for document, truth in zip(write_all(), tell_all(), strict=True)
        if truth.injection is None
    ]
    served = json.dumps([honest, make_sample().tags])
    leaks = [theme.key for theme in grammar.themes if theme.key in served]
    names = {theme.category for theme in grammar.themes} | {
        area.key for area in grammar.setting.areas
    }
    leaks += [name for name in names if f'"{name}"' in served]
    assert not leaks


def test_no_mark_is_left_in_a_text() -> None:
    for document, truth in zip(write_all(), tell_all(), strict=True):
        texts = [text for text, _ in list_messages(document)]
        for text in (*texts, document["source"]["subject"]):
            assert not re.search("[\ue000-\uf8ff]", text)
            assert truth.injection or not re.search(r"[{}\[\]|]{1}[a-z0-9_]+[}\]|]", text)


def test_a_disguise_is_of_another_category_than_the_thread() -> None:
    changed = [
        truth
        for truth in tell_all()
        if truth.category_at_open is not None and truth.category_at_open != truth.category
    ]
    assert 0.03 <= len(changed) / 2000 <= 0.15


def test_a_bare_greeting_has_no_category() -> None:
    bare = [
        list_messages(document)[0][0]
        for document, truth in zip(write_all(), tell_all(), strict=True)
        if truth.category_at_open is None and truth.injection is None
    ]
    assert len(bare) >= 40
    assert max(len(text) for text in bare) < 80


def test_spam_comes_from_strangers() -> None:
    for document, truth in zip(write_all(), tell_all(), strict=True):
        if truth.is_spam:
            assert document["company"] is None
            assert document["contacts"]["contacts"][0]["external_id"] is None
