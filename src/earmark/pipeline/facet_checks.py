"""A model's answer, checked against the conversation: what cannot be shown to be true is left out.

The model may have been talked into anything. So nothing that it says is taken on trust: choices
come from those that were offered, quotes are found in the customer's own messages, links and
personal data must stand in the text that it was given, and what repeats the prompt is dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from earmark.db.masked_storage import MaskedMessage
from earmark.db.models import AuthorRole, Evidence, EvidenceKind, Issue, Taxonomy
from earmark.pipeline.answer_source import Source
from earmark.pipeline.facet_call import FacetAnswer, GivenIssue, GivenQuote
from earmark.pipeline.facets import Passage
from earmark.pipeline.quotes import locate
from earmark.pipeline.verify import Verifier


@dataclass
class Checked:
    """What is left of an answer."""

    issues: tuple[Issue, ...]
    evidence: tuple[Evidence, ...]
    churn_risk: bool
    resolution_message_id: str | None
    summary: str | None
    change_reason: str | None
    quotes_dropped: int
    failed_quotes: tuple[str, ...]
    """Those of issues that are left without any."""
    embedding_texts: tuple[str, ...]
    """One for each issue."""


class Checker:
    """Checks one answer about one conversation."""

    def __init__(self, conversation_id: str, taxonomy: Taxonomy, source: Source) -> None:
        self._conversation_id = conversation_id
        self._areas = {area.id for area in taxonomy.areas}
        self._source = source
        self._shown = source.shown
        self._verifier = Verifier(tuple(source.shown.messages.values()))

    def check(self, answer: FacetAnswer) -> Checked:
        """All that holds; uses the CPU."""
        kept: list[tuple[Issue, GivenIssue]] = []
        failed: list[str] = []
        for given in answer.issues:
            issue = self._issue(given, position=len(kept))
            if issue is None:
                continue
            kept.append((issue, given))
            if not issue.evidence:
                failed += [quote.text for quote in given.quotes]
        churn = self._whole([answer.churn_quote] if answer.churn_risk else [], EvidenceKind.CHURN)
        answers = self._whole([answer.resolution_quote], EvidenceKind.RESOLUTION)
        return Checked(
            issues=tuple(issue for issue, _ in kept),
            evidence=churn + answers,
            churn_risk=bool(churn),
            resolution_message_id=answers[0].message_id if answers else None,
            summary=self._source.clean(answer.summary),
            change_reason=self._source.clean(answer.change_reason),
            quotes_dropped=self._verifier.dropped,
            failed_quotes=tuple(failed),
            embedding_texts=tuple(_setting(issue, given) for issue, given in kept),
        )

    def _issue(self, given: GivenIssue, *, position: int) -> Issue | None:
        clean = self._source.clean
        statement = clean(given.statement)
        if statement is None:
            return None
        quotes = self._quotes(given.quotes, EvidenceKind.ISSUE)
        stated, guessed = clean(given.root_cause_stated), clean(given.root_cause_guessed)
        if stated is not None and not self._source.holds(stated):
            # Nobody said so in these words: then the model supposes it.
            stated, guessed = None, guessed or stated
        return Issue(
            conversation_id=self._conversation_id,
            position=position,
            statement=statement,
            direction=given.direction,
            product_area_id=given.product_area if given.product_area in self._areas else None,
            verified=bool(quotes) and self._source.backs_numbers(statement),
            evidence=quotes,
            component=clean(given.component),
            symptoms=tuple(filter(None, map(clean, given.symptoms))),
            root_cause_stated=stated,
            root_cause_guessed=guessed,
            known_theme_id=self._theme(given.known_theme),
        )

    def _theme(self, number: str | None) -> int | None:
        by_number = {f"T{place}": theme.id for place, theme in enumerate(self._shown.themes, 1)}
        return by_number.get(number or "")

    def _whole(
        self, quotes: Iterable[GivenQuote | None], kind: EvidenceKind
    ) -> tuple[Evidence, ...]:
        return self._quotes([quote for quote in quotes if quote is not None], kind)

    def _quotes(self, quotes: Sequence[GivenQuote], kind: EvidenceKind) -> tuple[Evidence, ...]:
        passages: list[Passage] = []
        for quote in quotes:
            passage = self._find(quote, kind)
            if passage is None:
                self._verifier.dropped += 1
            else:
                passages.append(passage)
        return self._verifier.verify(passages, kind)

    def _find(self, quote: GivenQuote, kind: EvidenceKind) -> Passage | None:
        """Where the named message says it, if its writer is the one whose words are asked for."""
        message = self._shown.messages.get(quote.message.strip())
        if message is None or not _may_prove(message, kind):
            return None
        span = locate(quote.text, message.text)
        if span is None:
            return None
        return Passage(message_id=message.message_id, start=span.start, end=span.end)


def _may_prove(message: MaskedMessage, kind: EvidenceKind) -> bool:
    by_customer = message.author_role is AuthorRole.CUSTOMER
    return by_customer != (kind is EvidenceKind.RESOLUTION)


def _setting(issue: Issue, given: GivenIssue) -> str:
    """What an issue is about beside its statement, for its embedding."""
    words = [issue.component, *issue.symptoms]
    words += [quote.text for quote in given.quotes] if issue.evidence else []
    return " ".join(word for word in words if word)
