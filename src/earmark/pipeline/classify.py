"""From masked messages to labels, facets, issues and verified quotes; a page at a time.

Everything here is decided without a hosted model: labels by the workspace's local model, facets and
issues by rules. What is not sure enough is labelled `cannot_tell`, with the best guess beside it.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from earmark.db import (
    classification_storage,
    conversation_storage,
    masked_storage,
    taxonomy_storage,
)
from earmark.db.classification_storage import IssueKey
from earmark.db.connection import Database, ReadConnection
from earmark.db.conversation_storage import ReadableConversation
from earmark.db.models import (
    CANNOT_TELL,
    Analysis,
    AuthorRole,
    Classification,
    ClassificationStage,
    Decider,
    Evidence,
    EvidenceKind,
    Facets,
    Issue,
    MaskedMessage,
    Model,
    Stage,
    Taxonomy,
)
from earmark.db.taxonomy_storage import TextModelInfo
from earmark.llm.base import Prediction
from earmark.pipeline import facets, issues
from earmark.pipeline.embed import embed_issues
from earmark.pipeline.issues import ExtractedIssue
from earmark.pipeline.learn import ModelShelf, find_area
from earmark.pipeline.verify import Verifier

READER_VERSION: Final = "r1"
"""Changes with any rule below it: everything is then read anew."""
_SURE: Final = 0.5
"""More likely right than wrong, by a calibrated probability; below it nothing is claimed."""
_LONGEST_TEXT: Final = 20_000
NO_WORDS: Final = "no words of a customer"


class Subject(Model):
    """One conversation to be read."""

    conversation: ReadableConversation
    messages: tuple[MaskedMessage, ...]

    def customer_texts(self) -> list[str]:
        """What the customer wrote, a text per message."""
        return [
            message.text[:_LONGEST_TEXT]
            for message in self.messages
            if message.author_role is AuthorRole.CUSTOMER and message.text.strip()
        ]


class Reader(Model):
    """What a page is read with."""

    taxonomy: Taxonomy
    info: TextModelInfo

    @property
    def key(self) -> str:
        """The part of every input key that follows the content hash."""
        return f"t{self.taxonomy.version}.{self.info.version}.{READER_VERSION}"


async def reader_key(connection: ReadConnection, workspace_id: int) -> str:
    """The key of the newest reader; raises `Conflict` before a model was fitted."""
    info = await taxonomy_storage.latest_model(connection, workspace_id)
    taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
    if info is None or taxonomy is None:
        return f"none.{READER_VERSION}"
    return Reader(taxonomy=taxonomy, info=info).key


async def classify_page(
    database: Database, shelf: ModelShelf, workspace_id: int, conversation_ids: Sequence[str]
) -> None:
    """Read the conversations and store what they say; those without words are skipped."""
    async with database.read() as connection:
        info, model = await shelf.latest(connection, workspace_id)
        taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id)
        known = await conversation_storage.list_readable(connection, workspace_id, conversation_ids)
        masked = await masked_storage.list_masked(connection, workspace_id, conversation_ids)
    if taxonomy is None:
        return
    reader = Reader(taxonomy=taxonomy, info=info)
    subjects = [Subject(conversation=row, messages=tuple(masked[row.id])) for row in known]
    speaking = [subject for subject in subjects if subject.customer_texts()]
    predictions = await shelf.classify(model, _texts_of(speaking))
    analyses, found = await asyncio.to_thread(read_subjects, reader, speaking, predictions)
    vectors = await embed_issues(shelf, model, found)
    silent = [subject.conversation for subject in subjects if not subject.customer_texts()]
    async with database.write() as connection:
        await classification_storage.store_analyses(connection, workspace_id, analyses, vectors)
        await classification_storage.record_skips(
            connection,
            workspace_id,
            input_keys={row.id: f"{row.content_hash}:{reader.key}" for row in silent},
            model_id=info.id,
            reason=NO_WORDS,
        )


async def record_failure(
    database: Database, workspace_id: int, conversation_id: str, *, stage: Stage, reason: str
) -> None:
    """Mark a conversation that breaks a stage, so that it is seen and tried again."""
    async with database.write() as connection:
        known = await conversation_storage.list_readable(
            connection, workspace_id, [conversation_id]
        )
        info = await taxonomy_storage.latest_model(connection, workspace_id)
        key = await reader_key(connection, workspace_id)
        await classification_storage.record_failures(
            connection,
            workspace_id,
            input_keys={row.id: f"{row.content_hash}:{key}" for row in known},
            model_id=info.id if info else 0,
            reason=f"{stage}: {reason}",
        )


def _texts_of(subjects: Sequence[Subject]) -> list[str]:
    """First messages, then whole threads: what the model is asked about."""
    openings = [subject.customer_texts()[0] for subject in subjects]
    return openings + [_thread_text(subject) for subject in subjects]


def read_subjects(
    reader: Reader, subjects: Sequence[Subject], predictions: Sequence[Prediction]
) -> tuple[list[Analysis], list[tuple[IssueKey, ExtractedIssue]]]:
    """Read conversations that have words; uses the CPU, touches nothing else.

    `predictions` are those of `_texts_of` the same subjects.
    """
    openings, whole = predictions[: len(subjects)], predictions[len(subjects) :]
    found: list[tuple[IssueKey, ExtractedIssue]] = []
    analyses: list[Analysis] = []
    for subject, opening, final in zip(subjects, openings, whole, strict=True):
        extracted, analysis = _read_one(reader, subject, opening, final)
        analyses.append(analysis)
        found += [((analysis.conversation_id, n), issue) for n, issue in enumerate(extracted)]
    return analyses, found


def _thread_text(subject: Subject) -> str:
    texts = [subject.conversation.subject or "", *subject.customer_texts()]
    return "\n".join(text for text in texts if text)[:_LONGEST_TEXT]


def _read_one(
    reader: Reader, subject: Subject, opening: Prediction, final: Prediction
) -> tuple[tuple[ExtractedIssue, ...], Analysis]:
    conversation = subject.conversation
    key = f"{conversation.content_hash}:{reader.key}"
    turns = [
        facets.Turn(
            message_id=message.message_id,
            author_role=message.author_role,
            text=message.text[:_LONGEST_TEXT],
        )
        for message in subject.messages
        if not message.is_note
    ]
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
            to_classification(reader, conversation.id, ClassificationStage.OPEN, opening, key),
            to_classification(reader, conversation.id, ClassificationStage.FINAL, final, key),
        ),
        facets=_to_facets(reading, conversation.id, area, key),
        issues=tuple(
            _to_issue(verifier, conversation.id, number, issue, area)
            for number, issue in enumerate(extracted)
        ),
        evidence=evidence,
        quotes_dropped=verifier.dropped,
    )


def decide(prediction: Prediction) -> tuple[str, float]:
    """The category that a prediction amounts to, and the probability of the best one."""
    top = prediction.probabilities[0]
    return (prediction.category_ids[0] if top >= _SURE else CANNOT_TELL), top


def to_classification(
    reader: Reader,
    conversation_id: str,
    stage: ClassificationStage,
    prediction: Prediction,
    input_key: str,
) -> Classification:
    """The label that a prediction amounts to."""
    best, top = prediction.category_ids[0], prediction.probabilities[0]
    # A taxonomy may have a single category, which then has no runner-up.
    second = prediction.category_ids[1] if len(prediction.category_ids) > 1 else None
    next_best = prediction.probabilities[1] if second else None
    sure = top >= _SURE
    return Classification(
        conversation_id=conversation_id,
        stage=stage,
        category_id=best if sure else CANNOT_TELL,
        confidence=top,
        runner_up_id=second if sure else best,
        runner_up_confidence=next_best if sure else top,
        decider=Decider.LOCAL_MODEL,
        model_version=reader.info.version,
        taxonomy_version=reader.taxonomy.version,
        input_key=input_key,
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
