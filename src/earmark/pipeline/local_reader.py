"""Reading without a language model: labels by the workspace's local model, the rest by rules."""

from collections.abc import Iterable, Sequence

from earmark.db.classification_storage import IssueKey
from earmark.db.models import (
    Analysis,
    AuthorRole,
    Classification,
    ClassificationStage,
    Decider,
    Evidence,
    EvidenceKind,
    Facets,
    Issue,
    Model,
)
from earmark.llm.base import Prediction, TextModel
from earmark.pipeline import facets, issues
from earmark.pipeline.cascade import SURE, decide
from earmark.pipeline.issues import ExtractedIssue
from earmark.pipeline.learn import ModelShelf, find_area
from earmark.pipeline.subject import LONGEST_TEXT, Reader, Subject
from earmark.pipeline.verify import Verifier


class Guess(Model):
    """What the local model thinks of one conversation."""

    opening: Prediction
    """Of the customer's first message."""
    final: Prediction
    """Of all that the customer wrote."""


async def guess(shelf: ModelShelf, model: TextModel, subjects: Sequence[Subject]) -> list[Guess]:
    """The local model's predictions."""
    texts = [subject.customer_texts()[0] for subject in subjects]
    texts += [subject.thread_text() for subject in subjects]
    found = await shelf.classify(model, texts)
    openings, whole = found[: len(subjects)], found[len(subjects) :]
    return [
        Guess(opening=opening, final=final) for opening, final in zip(openings, whole, strict=True)
    ]


def read_locally(
    reader: Reader, subjects: Sequence[Subject], guesses: Sequence[Guess]
) -> tuple[list[Analysis], list[tuple[IssueKey, ExtractedIssue]]]:
    """Read conversations that have words; uses the CPU, touches nothing else."""
    found: list[tuple[IssueKey, ExtractedIssue]] = []
    analyses: list[Analysis] = []
    for subject, guessed in zip(subjects, guesses, strict=True):
        extracted, analysis = _read_one(reader, subject, guessed)
        analyses.append(analysis)
        found += [((analysis.conversation_id, n), issue) for n, issue in enumerate(extracted)]
    return analyses, found


def turns_of(subject: Subject) -> list[facets.Turn]:
    """What the rules read: notes left out, very long texts cut."""
    return [
        facets.Turn(
            message_id=message.message_id,
            author_role=message.author_role,
            text=message.text[:LONGEST_TEXT],
        )
        for message in subject.messages
        if not message.is_note
    ]


def _read_one(
    reader: Reader, subject: Subject, guessed: Guess
) -> tuple[tuple[ExtractedIssue, ...], Analysis]:
    conversation = subject.conversation
    key = reader.key_of(subject)
    turns = turns_of(subject)
    reading = facets.read(turns)
    extracted = issues.extract(
        [
            issues.CustomerText(message_id=turn.message_id, text=turn.text)
            for turn in turns
            if turn.author_role is AuthorRole.CUSTOMER
        ],
        reading.language,
    )
    area = find_area(reader.taxonomy.areas, conversation.tags)
    verifier = Verifier(subject.messages)
    evidence = _whole_evidence(verifier, reading, turns)
    return extracted, Analysis(
        conversation_id=conversation.id,
        content_hash=conversation.content_hash,
        input_key=key,
        model_id=reader.info.id,
        classifications=(
            to_classification(reader, subject, ClassificationStage.OPEN, guessed.opening),
            to_classification(reader, subject, ClassificationStage.FINAL, guessed.final),
        ),
        facets=_to_facets(reading, conversation.id, area, key),
        issues=tuple(
            _to_issue(verifier, conversation.id, number, issue, area)
            for number, issue in enumerate(extracted)
        ),
        evidence=evidence,
        quotes_dropped=verifier.dropped,
    )


def to_classification(
    reader: Reader, subject: Subject, stage: ClassificationStage, prediction: Prediction
) -> Classification:
    """The label that a prediction amounts to."""
    best = prediction.category_ids[0]
    category, top = decide(prediction)
    # A taxonomy may have a single category, which then has no runner-up.
    second = prediction.category_ids[1] if len(prediction.category_ids) > 1 else None
    next_best = prediction.probabilities[1] if second else None
    sure = top >= SURE
    return Classification(
        conversation_id=subject.id,
        stage=stage,
        category_id=category,
        confidence=top,
        runner_up_id=second if sure else best,
        runner_up_confidence=next_best if sure else top,
        decider=Decider.LOCAL_MODEL,
        model_version=reader.info.version,
        taxonomy_version=reader.taxonomy.version,
        input_key=reader.key_of(subject),
    )


def _to_facets(reading: facets.Reading, conversation_id: str, area: str | None, key: str) -> Facets:
    return Facets(
        conversation_id=conversation_id,
        language=reading.language,
        sentiment=reading.sentiment,
        urgency=reading.urgency,
        churn_risk=reading.churn is not None,
        product_area_id=area,
        resolution_message_id=reading.resolution_message_id,
        instructs_reader=reading.instructs_reader,
        decider=Decider.RULE,
        input_key=key,
    )


def _to_issue(
    verifier: Verifier,
    conversation_id: str,
    position: int,
    extracted: ExtractedIssue,
    area: str | None,
) -> Issue:
    quotes = verifier.verify(extracted.quotes, EvidenceKind.ISSUE)
    return Issue(
        conversation_id=conversation_id,
        position=position,
        statement=extracted.statement,
        direction=extracted.direction,
        product_area_id=area,
        verified=bool(quotes),
        evidence=quotes,
    )


def _whole_evidence(
    verifier: Verifier, reading: facets.Reading, turns: Iterable[facets.Turn]
) -> tuple[Evidence, ...]:
    """Proof of the threat to leave, and of the answer."""
    found: tuple[Evidence, ...] = ()
    if reading.churn is not None:
        found += verifier.verify([reading.churn], EvidenceKind.CHURN)
    for turn in turns:
        if turn.message_id == reading.resolution_message_id:
            whole = facets.Passage(message_id=turn.message_id, start=0, end=len(turn.text))
            found += verifier.verify([whole], EvidenceKind.RESOLUTION)
    return found
