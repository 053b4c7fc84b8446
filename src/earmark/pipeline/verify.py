"""Only what stands in a stored message can be proof: passages of masked text become body ranges."""

from collections.abc import Iterable, Sequence

from earmark.db.masked_storage import MaskedMessage
from earmark.db.models import Evidence, EvidenceKind
from earmark.pipeline.clean import Span
from earmark.pipeline.facets import Passage
from earmark.pipeline.mask import Masked, Replaced
from earmark.pipeline.quotes import locate

_SEPARATOR = 2
"""Code points between two of the own ranges where `clean.text_of` joins them."""


class Verifier:
    """Verifies the quotes of one conversation and counts those that it drops."""

    def __init__(self, messages: Sequence[MaskedMessage]) -> None:
        self._messages = {message.message_id: message for message in messages}
        self.dropped = 0

    def verify(self, passages: Iterable[Passage], kind: EvidenceKind) -> tuple[Evidence, ...]:
        """The quotes that can be located, as ranges of the stored bodies; no range twice."""
        found: dict[Evidence, None] = {}
        for passage in passages:
            message = self._messages.get(passage.message_id)
            quote = message.text[passage.start : passage.end] if message else ""
            if message is None or locate(quote, message.text) is None:
                self.dropped += 1
                continue
            # The same words may stand twice in a message: the passage says which are meant.
            start = passage.start + len(quote) - len(quote.lstrip())
            body = to_body(message, Span(start=start, end=start + len(quote.strip())))
            evidence = Evidence(
                message_id=message.message_id, kind=kind, start=body.start, end=body.end
            )
            found[evidence] = None
        return tuple(found)


def to_body(message: MaskedMessage, span: Span) -> Span:
    """The range of the stored body for a range of the masked text."""
    masked = Masked(
        text=message.text, replaced=tuple(Replaced(*replaced) for replaced in message.mask_spans)
    )
    own = masked.to_original(span.start, span.end)
    return Span(
        start=_place(message.own_spans, own.start, at_end=False),
        end=_place(message.own_spans, own.end, at_end=True),
    )


def _place(own_spans: Sequence[tuple[int, int]], offset: int, *, at_end: bool) -> int:
    """Where in the body a place of the joined own words is."""
    passed = 0
    for start, end in own_spans:
        length = end - start
        if offset < passed + length or (at_end and offset <= passed + length):
            return start + max(offset - passed, 0)
        passed += length + _SEPARATOR
    return own_spans[-1][1]
