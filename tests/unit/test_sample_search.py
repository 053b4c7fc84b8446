"""Searching by columns finds what looking at every object finds."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_data import make_sample, write_all

from earmark.sources.simulator.dataset import JsonObject
from earmark.sources.simulator.fields import CONTACTS, CONVERSATIONS
from earmark.sources.simulator.search import Condition, Group, Query, parse_query, select
from earmark.sources.simulator.spec import SampleSpec

NUMBER = 130
DOCUMENTS = write_all(NUMBER)
ALIVE = np.ones(NUMBER, dtype=np.bool_)


def draw_value(field: str) -> st.SearchStrategy[object]:
    """A value that occurs in the field, or one that does not."""
    found: dict[str, list[object]] = {
        "created_at": [document["created_at"] for document in DOCUMENTS] + [0, 2**70],
        "updated_at": [document["updated_at"] for document in DOCUMENTS] + [-1],
        "id": [document["id"] for document in DOCUMENTS] + ["5"],
        "state": ["open", "closed", "snoozed", "lost"],
        "open": [True, False],
        "source.type": ["email", "conversation", "sms"],
        "priority": ["none", "high"],
        "statistics.count_conversation_parts": [0, 3, 6, 9],
    }
    return st.sampled_from(found[field])


OPERATORS = {
    "created_at": "= < >",
    "updated_at": "= < >",
    "id": "= != < >",
    "state": "= != ^",
    "open": "= !=",
    "source.type": "= != ~ !~",
    "priority": "= !=",
    "statistics.count_conversation_parts": "= != < > <= >=",
}


@st.composite
def filters(draw: st.DrawFn) -> dict[str, object]:
    """One filter of a search body."""
    field = draw(st.sampled_from(sorted(OPERATORS)))
    operator = draw(st.sampled_from(OPERATORS[field].split()))
    return {"field": field, "operator": operator, "value": draw(draw_value(field))}


def group(members: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    """Filters joined by AND or OR."""
    values = st.lists(members, min_size=1, max_size=4)
    return st.fixed_dictionaries({"operator": st.sampled_from(["AND", "OR"]), "value": values})


def holds(query: Query, document: JsonObject) -> bool:
    """The plain meaning of a query, written apart from the server's."""
    if isinstance(query, Group):
        results = [holds(member, document) for member in query.members]
        return all(results) if query.is_all else any(results)
    return _holds_alone(query, document)


def _holds_alone(condition: Condition, document: JsonObject) -> bool:
    outer, _, inner = condition.field.partition(".")
    value: object = document[outer][inner] if inner else document[outer]
    wanted: object = condition.values[0]
    if condition.field == "id" and condition.operator in "<>":
        value, wanted = int(str(value)), int(str(wanted))
    text, part = str(value), str(wanted)
    if isinstance(value, int) and isinstance(wanted, int) and condition.operator[0] in "<>":
        below, above = value < wanted, value > wanted
        same = value == wanted and condition.operator.endswith("=")
        return same or (below if condition.operator[0] == "<" else above)
    return {
        "=": text == part,
        "!=": text != part,
        "~": part in text,
        "!~": part not in text,
        "^": text.startswith(part),
    }[condition.operator]


@settings(max_examples=120, deadline=None)
@given(st.one_of(filters(), group(filters()), group(st.one_of(filters(), group(filters())))))
async def test_columns_and_objects_agree(raw: dict[str, object]) -> None:
    query = parse_query(raw, CONVERSATIONS)
    found = await select(query, CONVERSATIONS, make_sample(NUMBER).conversations, ALIVE)
    expected = [index for index in range(NUMBER) if holds(query, DOCUMENTS[index])]
    assert np.flatnonzero(found).tolist() == expected


async def test_roles_of_contacts_agree() -> None:
    contacts = make_sample().contacts
    for role in ("user", "lead"):
        query = parse_query({"field": "role", "operator": "=", "value": role}, CONTACTS)
        everyone = np.ones(contacts.number, dtype=np.bool_)
        found = await select(query, CONTACTS, contacts, everyone)
        for index in range(contacts.number):
            assert found[index] == (contacts.document(index)["role"] == role)


async def test_an_identifier_of_a_contact_can_be_searched_in_part() -> None:
    contacts = make_sample(NUMBER).contacts
    wanted = contacts.id_of(3)
    query = parse_query({"field": "id", "operator": "$", "value": wanted[-9:]}, CONTACTS)
    found = await select(query, CONTACTS, contacts, np.ones(contacts.number, dtype=np.bool_))
    assert np.flatnonzero(found).tolist() == [3]


def test_a_sample_ends_at_midnight_unless_told_otherwise() -> None:
    end = SampleSpec().end
    assert end <= datetime.now(UTC)
    assert (end.hour, end.minute, end.second, end.microsecond) == (0, 0, 0, 0)
