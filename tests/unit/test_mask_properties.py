"""What holds of the mask for every text, however odd."""

import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.pipeline.mask import PLACEHOLDER, KnownValues, Masked, drop_secrets, mask, unmask
from earmark.pipeline.mask_doubts import find_doubts
from earmark.pipeline.mask_patterns import find_emails

KNOWN = KnownValues(
    names=("Rosalind Achterberg", "Jörg Weiß", "李娜"),
    emails=("rosalind@nordlicht.example",),
    phones=("+4940669691234",),
    companies=("Nordlicht Optik GmbH",),
    addresses=("Hafenkai 9, 20457 Hamburg",),
)
VALUES = {
    "EMAIL": ("kim.ode@x.example", "a@b.example", "rosalind@nordlicht.example"),
    "IBAN": ("DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"),
    "CARD": ("4111 1111 1111 1111", "5555-5555-5555-4444"),
    "PHONE": ("+49 40 669691234", "+44 20 7946 0958"),
    "MAC": ("00:1a:2b:3c:4d:5e",),
    "NATIONAL_ID": ("756.9217.0769.85", "390.533.447-05"),
    "NAME": ("Rosalind Achterberg", "Achterberg"),
    "COMPANY": ("Nordlicht Optik",),
    "ADDRESS": ("Hafenkai 9", "20457 Hamburg"),
}
"""Found wherever they stand alone, whatever is around them."""
ODD = "\x00\ud800\udfff\u200b\u200d\u202e\u2066\ufeff\u00ad\u0301\ufdd0\U000e0041\U0001f600\r\x1b"
WORDS = st.sampled_from(
    [
        "the export",
        "fails",
        "and",
        "why?",
        "<NAME_1>",
        "<EMAIL_2>",
        "<LITERAL_1>",
        "[card",
    ]
)
PIECES = st.one_of(
    WORDS,
    st.sampled_from([value for values in VALUES.values() for value in values]),
    st.text(st.sampled_from(ODD), max_size=4),
    st.text(max_size=6),
    st.sampled_from(
        ["password: ", "ip ", "tel ", "@", "://", "+", "%40", "?key=", "Hi ", "\n", "-"]
    ),
)
BODY = st.lists(PIECES, max_size=12).map("".join)
APART = st.lists(
    st.one_of(WORDS, st.sampled_from([(k, v) for k, vs in VALUES.items() for v in vs])), max_size=8
)
"""Words and values, to be set apart by line ends."""


@given(st.lists(BODY, max_size=4))
def test_what_is_masked_can_be_unmasked(bodies: list[str]) -> None:
    masked = mask(bodies, KNOWN)
    assert [unmask(copy, body) for copy, body in zip(masked, bodies, strict=True)] == bodies


@given(APART)
def test_no_value_is_left_where_it_stands_alone(parts: list[str | tuple[str, str]]) -> None:
    body = " ;\n".join(part if isinstance(part, str) else part[1] for part in parts)
    (masked,) = mask([body], KNOWN)
    for part in parts:
        if not isinstance(part, str):
            assert part[1] not in masked.text
    left = PLACEHOLDER.sub("", masked.text)
    assert not list(find_emails(left))
    assert re.search(r"\d{3}", left) is None


@given(st.lists(APART, max_size=4))
def test_same_value_has_one_placeholder_and_each_placeholder_one_value(
    threads: list[list[str | tuple[str, str]]],
) -> None:
    bodies = [" ;\n".join(p if isinstance(p, str) else p[1] for p in parts) for parts in threads]
    stands_for: dict[str, set[str]] = defaultdict(set)
    called: dict[str, set[str]] = defaultdict(set)
    for body, copy in zip(bodies, mask(bodies, KNOWN), strict=True):
        for item in copy.replaced:
            value = body[item.body_start : item.body_end]
            name = copy.text[item.masked_start : item.masked_end]
            called[value].add(name)
            if item.kind in ("EMAIL", "IBAN", "CARD", "MAC", "LITERAL"):
                stands_for[name].add(value)
    assert all(len(names) == 1 for names in called.values())
    assert all(len(values) == 1 for values in stands_for.values())


@given(BODY, BODY)
def test_message_is_masked_without_those_behind_it(first: str, second: str) -> None:
    assert mask([first, second], KNOWN)[0] == mask([first], KNOWN)[0]


@given(st.sampled_from(VALUES["EMAIL"] + VALUES["IBAN"]), st.integers(1, 12))
def test_value_in_two_messages_is_none(value: str, cut: int) -> None:
    bodies = [value[:cut], value[cut:]]
    spans = [item for copy in mask(bodies, KnownValues()) for item in copy.replaced]
    assert all(item.body_end <= len(value) - min(cut, len(value) - cut) for item in spans)


@given(BODY)
def test_every_placeholder_is_one_of_ours(body: str) -> None:
    (masked,) = mask([body], KNOWN)
    ours = [(item.masked_start, item.masked_end) for item in masked.replaced]
    assert [found.span() for found in PLACEHOLDER.finditer(masked.text)] == ours


@given(BODY)
def test_masking_a_masked_text_leads_back_to_it(body: str) -> None:
    (once,) = mask([body], KNOWN)
    (twice,) = mask([once.text], KNOWN)
    assert unmask(twice, once.text) == once.text
    literal = [item.kind for item in twice.replaced].count("LITERAL")
    assert literal == len(once.replaced)


@given(BODY)
def test_masking_is_the_same_every_time(body: str) -> None:
    assert mask([body], KNOWN) == mask([body], KNOWN)


@given(BODY, st.data())
def test_ranges_lead_there_and_back(body: str, data: st.DataObject) -> None:
    (masked,) = mask([body], KNOWN)
    if not masked.text:
        return
    start = data.draw(st.integers(0, len(masked.text) - 1))
    end = data.draw(st.integers(start + 1, len(masked.text)))
    original = masked.to_original(start, end)
    back = masked.to_masked(original.start, original.end)
    assert back.start <= start < end <= back.end
    assert masked.to_original(back.start, back.end) == original
    assert unmask(_part(masked, back.start, back.end), body) == body[original.start : original.end]


def _part(masked: Masked, start: int, end: int) -> Masked:
    """A range that cuts through no placeholder, with spans into the same body."""
    inside = [item for item in masked.replaced if start <= item.masked_start < end]
    moved = tuple(
        item._replace(masked_start=item.masked_start - start, masked_end=item.masked_end - start)
        for item in inside
    )
    return Masked(text=masked.text[start:end], replaced=moved)


@given(BODY)
def test_secrets_do_not_outlive_the_ingest_whatever_surrounds_them(body: str) -> None:
    stored, _ = drop_secrets(f"{body}\n4111 1111 1111 1111\n{body}")
    assert "\n4111 1111 1111 1111\n" not in stored


@given(BODY)
def test_doubts_are_no_placeholders_and_do_not_overlap(body: str) -> None:
    (masked,) = mask([body], KNOWN)
    ours = {p for item in masked.replaced for p in range(item.masked_start, item.masked_end)}
    end = 0
    for doubt in find_doubts(masked.text):
        assert end <= doubt.start < doubt.end <= len(masked.text)
        assert not ours.intersection(range(doubt.start, doubt.end))
        end = doubt.end


# ---------------------------------------------------------------- bounded work

MODULES = (
    *("mask", "mask_patterns", "mask_phones", "mask_known", "mask_names", "mask_secrets"),
    *("mask_streets", "mask_identifiers", "mask_records", "mask_doubts"),
)
DELIMITED = {
    "PLACEHOLDER",  # each part begins with _, which no part holds
    "_WORD",  # each part begins with an accent, which no letter is
}


def _patterns(value: object, depth: int = 0) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list) and depth < 4:
        for item in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _patterns(item, depth + 1)  # pyright: ignore[reportUnknownArgumentType]


def _nests(parsed: Any, endless: Any, *, inside: bool = False) -> bool:  # noqa: ANN401
    """Whether an unbounded repetition that may give back stands inside of another."""
    for operation, argument in parsed:
        name = str(operation)
        unbounded = name in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] is endless
        if inside and unbounded:
            return True
        within = (inside or unbounded) and name not in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP")
        if any(_nests(child, endless, inside=within) for child in _children(argument)):
            return True
    return False


def _children(argument: Any) -> list[Any]:  # noqa: ANN401
    """Parts of a pattern below an operation: alternatives, what is repeated, what is grouped."""
    if hasattr(argument, "getwidth"):
        return [argument]
    parts: list[Any] = list(argument) if isinstance(argument, tuple | list) else []  # pyright: ignore[reportUnknownArgumentType]
    return [child for part in parts for child in _children(part)]


@pytest.mark.parametrize("name", MODULES)
def test_no_pattern_repeats_a_repetition_without_end(name: str) -> None:
    parser: Any = importlib.import_module("re._parser")
    endless: Any = importlib.import_module("re._constants").MAXREPEAT
    module = importlib.import_module(f"earmark.pipeline.{name}")
    assert _nests(parser.parse("(?:a+)+"), endless)
    assert not _nests(parser.parse("(?:a{1,3}b)+c+"), endless)
    nested = [
        variable
        for variable, value in vars(module).items()
        for pattern in _patterns(value)
        if _nests(parser.parse(pattern.pattern, pattern.flags), endless)
    ]
    assert set(nested) <= DELIMITED


def _count_calls(body: str) -> int:
    """Calls of functions, in Python and in C, that masking a text takes."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        drop_secrets(body)
        (masked,) = mask([body], KNOWN)
        find_doubts(masked.text)
    finally:
        sys.setprofile(None)
    return calls


UNITS = [
    *("a", "1", "1 ", "a@", "a.", "a1", "0", "-1", "%40", "(", "+", "<", "<A_1>", "x@y.z ", "A "),
    *(
        "+49 30 901820 ",
        "Weiß ",
        "1.2.3.4 ",
        "a:b:",
        "DE89 3704 0044 ",
        "tel 123-4567 ",
        "Hi Tom,\n",
    ),
    *("https://a.example/?x=1&", "12 Main ", "4111 1111 1111 1112 ", "password: x1x1 ", "A1B2c3D4"),
    *("12 High Street, Leeds LS1 4AB\n", "my name is Tom ", "born 1.1.1990 ", "Mrs A", "AB12 "),
    "-----BEGIN PRIVATE KEY-----\n",  # pragma: allowlist secret
    *("eyJhbGciOiJI.", "?token=", "passport 123456 ", "12345 Aa "),
    *("sk-", "ey-------------", "1234-", "Hi Tom,\n", "SG.", "bearer aaaaaaaaaaaaaaaaaaaa"),
    *("\u0301", "a\u0301", "\x00", "\ud800", "Rosalind Achterberg ", "Straße 1", "a (at) b (dot) "),
]


@pytest.mark.parametrize("unit", UNITS)
def test_work_grows_no_faster_than_the_text(unit: str) -> None:
    short = unit * (8_000 // len(unit))
    mask([short], KNOWN)
    assert _count_calls(short + short) <= 2.2 * _count_calls(short) + 500


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", UNITS)
def test_long_monotonous_text_comes_to_an_end(unit: str) -> None:
    # Work inside of a pattern cannot be counted: a quadratic one would not end in time.
    body = unit * (120_000 // len(unit))
    (masked,) = mask([drop_secrets(body)[0]], KNOWN)
    find_doubts(masked.text)
