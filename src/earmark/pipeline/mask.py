"""Masking: secrets go for good when a message is stored, personal data before a model reads it.

What is found by its form: e-mail addresses, telephone numbers, bank accounts, cards, national
identifiers with check digits, IP and MAC addresses, street addresses of plain form, credentials in
web addresses, secrets. What is found by known values: names, companies, addresses, e-mails and
telephone numbers of the contact, admin and company records.

What is not: no tool without a language model finds the name of a third party, a street in free
words, or a company that the records do not know; those stay in the text that a hosted model gets.
Whoever cannot accept that uses the local model only.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from earmark.db.models import Model, Thread
from earmark.pipeline.clean import Span
from earmark.pipeline.mask_findings import Finding, without_overlaps
from earmark.pipeline.mask_identifiers import find_identifiers
from earmark.pipeline.mask_known import KnownValues, find_known
from earmark.pipeline.mask_names import find_named
from earmark.pipeline.mask_patterns import (
    find_emails,
    find_ibans,
    find_network_addresses,
    find_url_values,
    has_long_number,
    url_ranges,
)
from earmark.pipeline.mask_phones import asks_for_phone, find_phones, phone_key
from earmark.pipeline.mask_secrets import CARD, drop_secrets, find_secrets
from earmark.pipeline.mask_streets import find_streets

__all__ = ["KnownValues", "Masked", "Replaced", "drop_secrets", "mask", "unmask"]

PLACEHOLDER = re.compile(r"<[A-Z]+(?:_[A-Z]+)*_\d+>")
_DIGIT = re.compile(r"\d")


class Replaced(NamedTuple):
    """A placeholder and what it stands for; in JSON a list of five."""

    masked_start: int
    masked_end: int
    body_start: int
    body_end: int
    kind: str


class Masked(Model):
    """A body with placeholders, and the way back to the body."""

    text: str
    replaced: tuple[Replaced, ...] = ()
    """In the order of the text."""

    def to_original(self, start: int, end: int) -> Span:
        """The range of the body for a range of the masked text.

        A range that touches a placeholder widens to all that it replaced. ValueError for a range
        that is empty or not in the text.
        """
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"[{start}, {end}) is no range of a text of {len(self.text)}")
        return _project([(r[0], r[1], r[2], r[3]) for r in self.replaced], start, end)

    def to_masked(self, start: int, end: int) -> Span:
        """The range of the masked text for a range of the body, widened likewise."""
        last = self.replaced[-1] if self.replaced else Replaced(0, 0, 0, 0, "")
        length = len(self.text) - last.masked_end + last.body_end
        if not 0 <= start < end <= length:
            raise ValueError(f"[{start}, {end}) is no range of a body of {length}")
        return _project([(r[2], r[3], r[0], r[1]) for r in self.replaced], start, end)


def _project(pairs: Sequence[tuple[int, int, int, int]], start: int, end: int) -> Span:
    """A range of one text in the other; each pair is a range of the one and of the other."""
    before = bisect_right(pairs, start, key=lambda pair: pair[1])
    if before < len(pairs) and pairs[before][0] <= start:
        projected_start = pairs[before][2]
    else:
        projected_start = start + _shift(pairs, before)
    until = bisect_left(pairs, end, key=lambda pair: pair[0])
    if until and pairs[until - 1][1] >= end:
        return Span(start=projected_start, end=pairs[until - 1][3])
    return Span(start=projected_start, end=end + _shift(pairs, until))


def _shift(pairs: Sequence[tuple[int, int, int, int]], passed: int) -> int:
    return pairs[passed - 1][3] - pairs[passed - 1][1] if passed else 0


def mask(bodies: Sequence[str], known: KnownValues) -> tuple[Masked, ...]:
    """The messages of one conversation with placeholders: the same value, the same number in all.

    A text that already holds something like `<EMAIL_1>` gets a placeholder for that too, so that
    every placeholder in a masked text is one of ours.
    """
    counts: Counter[str] = Counter()
    names: dict[tuple[str, str], str] = {}
    masked: list[Masked] = []
    for before, body in pairwise(("", *bodies)):
        findings = without_overlaps(_find(before, body, known), len(body))
        for finding in findings:
            if (key := _identity(finding)) not in names:
                counts[finding.kind] += 1
                names[key] = f"<{finding.kind}_{counts[finding.kind]}>"
        masked.append(
            _replace(body, [(finding, names[_identity(finding)]) for finding in findings])
        )
    return tuple(masked)


def unmask(masked: Masked, body: str) -> str:
    """The text with every placeholder replaced by what stands in the body: the body again."""
    parts: list[str] = []
    done = 0
    for replaced in masked.replaced:
        parts += masked.text[done : replaced.masked_start], body[slice(*replaced[2:4])]
        done = replaced.masked_end
    return "".join((*parts, masked.text[done:]))


def _identity(finding: Finding) -> tuple[str, str]:
    value = phone_key(finding.value) if finding.kind == "PHONE" else finding.value
    return finding.kind, value


def _find(before: str, body: str, known: KnownValues) -> Iterator[Finding]:
    """All candidates; of two that overlap the earlier yielded one will stay."""
    for literal in PLACEHOLDER.finditer(body) if "<" in body else ():
        yield Finding(*literal.span(), "LITERAL", literal[0])
    for secret in find_secrets(body):
        yield secret._replace(kind="CARD" if secret.kind == CARD else "SECRET")
    yield from find_emails(body)
    yield from find_url_values(body)
    digits = _DIGIT.search(body) is not None
    numbers = digits and has_long_number(body)
    if numbers:
        yield from find_ibans(body)
    if digits:
        yield from find_identifiers(body, long_numbers=numbers)
        yield from find_network_addresses(body)
    yield from find_known(body, known)
    if numbers:
        yield from _find_phones(before, body)
    if digits:
        yield from find_streets(body)
    yield from find_named(body)


def _find_phones(before: str, body: str) -> Iterator[Finding]:
    """Telephone numbers outside of web addresses, whose long numbers are something else."""
    urls = url_ranges(body)
    for phone in find_phones(body, asked=asks_for_phone(before)):
        nearest = bisect_right(urls, phone.start, key=lambda url: url[0]) - 1
        if nearest < 0 or phone.start >= urls[nearest][1]:
            yield phone


def _replace(body: str, findings: Sequence[tuple[Finding, str]]) -> Masked:
    parts: list[str] = []
    replaced: list[Replaced] = []
    done = length = 0
    for finding, placeholder in findings:
        parts += body[done : finding.start], placeholder
        length += finding.start - done
        after = length + len(placeholder)
        replaced.append(Replaced(length, after, finding.start, finding.end, finding.kind))
        done, length = finding.end, after
    return Masked(text="".join((*parts, body[done:])), replaced=tuple(replaced))


def without_secrets(thread: Thread) -> Thread:
    """The thread without card numbers, passwords and keys: these are never stored."""
    messages = tuple(
        message.model_copy(update={"body": drop_secrets(message.body)[0]})
        for message in thread.messages
    )
    conversation = thread.conversation
    cleaned = {
        name: drop_secrets(value)[0]
        for name in ("title", "subject", "rating_remark")
        if (value := getattr(conversation, name))
    }
    return thread.model_copy(
        update={"messages": messages, "conversation": conversation.model_copy(update=cleaned)}
    )
