"""What a batch brought is kept as any other answer is, and its money settled with it."""

from dataclasses import dataclass

from earmark.db import batch_storage, model_answer_storage, run_storage, taxonomy_storage
from earmark.db.batch_storage import BatchCounts, StoredBatch
from earmark.db.batch_wait_storage import BatchWait
from earmark.db.connection import Database, ReadConnection, WriteConnection
from earmark.db.model_answer_storage import AnswerSource, StoredAnswer
from earmark.db.models import Model, Run, Taxonomy
from earmark.errors import ModelError
from earmark.llm.base import Answer, BatchModel, LanguageModel, Usage
from earmark.pipeline import batching
from earmark.pipeline.classify import Minds
from earmark.pipeline.facet_call import FacetAnswer
from earmark.pipeline.language_reader import is_offered
from earmark.pipeline.reading_prompt import make_sheet
from earmark.pipeline.spending import Call

_Outcomes = dict[str, Answer[FacetAnswer] | ModelError]


class Asked(Model):
    """What an answer is kept with, beside its conversation."""

    content_hash: str
    offered_themes: tuple[int, ...]


class Details(Model):
    """What is noted beside a batch, in the order of its items."""

    source: AnswerSource
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Errand:
    """A run that waits for batches, and whom it asks."""

    database: Database
    minds: Minds
    model: BatchModel
    reader: LanguageModel
    run: Run
    wait: BatchWait

    async def note(self, connection: WriteConnection, message: str) -> None:
        """Tell it in the run's log, once."""
        await run_storage.add_note_once(connection, self.run, stage=None, message=message)

    async def busy(self, connection: ReadConnection) -> set[str]:
        """The conversations that are with the provider, or came back from it in this run."""
        found = await batch_storage.list_items(
            connection, self.run.workspace_id, model=self.model.name, since=self.wait.since
        )
        return set(found)

    async def count(self, connection: ReadConnection) -> BatchCounts:
        """How far the provider is."""
        return await batch_storage.count_items(
            connection,
            self.run.workspace_id,
            model=self.model.name,
            run_id=self.run.id,
            since=self.wait.since,
        )


async def keep(errand: Errand, batch: StoredBatch) -> bool:
    """Keep what a batch that has ended brought; false if nothing of it is ours."""
    database, workspace_id = errand.database, errand.run.workspace_id
    async with database.read() as connection:
        noted = await batch_storage.get_details(connection, workspace_id, batch.key)
        details = Details.model_validate(noted)
        version = details.source.taxonomy_version
        taxonomy = await taxonomy_storage.get_taxonomy(connection, workspace_id, version)
    assert taxonomy is not None  # noqa: S101 - versions stay for ever
    sheet = make_sheet(taxonomy)
    outcomes = await batching.fetch(database, errand.model, workspace_id, batch, sheet.form)
    if outcomes is None:
        return False
    # After an update of Earmark the form may be another one: what came is paid for, and not kept.
    is_same = sheet.schema_version == details.source.schema_version
    answers = _to_answers(batch, details, outcomes, taxonomy) if is_same else []
    async with database.write() as connection:
        # Another worker may have been faster.
        if await batch_storage.set_fetched(connection, workspace_id, [batch.key]):
            await model_answer_storage.store_answers(
                connection, workspace_id, details.source, answers
            )
            await _settle(errand, connection, batch, details, outcomes)
            await errand.note(
                connection,
                f"Batch {batch.id} is back: {len(answers):,} of {len(batch.items):,} answers can be"
                " used. The rest is asked directly.",
            )
    return True


async def _settle(
    errand: Errand,
    connection: WriteConnection,
    batch: StoredBatch,
    details: Details,
    outcomes: _Outcomes,
) -> None:
    if errand.minds.spending is None:
        return
    call = Call(
        workspace_id=errand.run.workspace_id,
        run_id=batch.run_id,
        purpose=batch.purpose,
        model=batch.model,
        prompt_hash=details.source.prompt_hash,
        most=Usage(input_tokens=0, output_tokens=0),
    )
    used = [_usage(outcome) for outcome in outcomes.values()]
    used = [usage for usage in used if usage.input_tokens or usage.output_tokens]
    await errand.minds.spending.settle_batch(connection, batch.reservation_id, call, used)


def _usage(outcome: Answer[FacetAnswer] | ModelError) -> Usage:
    """Also an answer that cannot be used is paid for."""
    if isinstance(outcome, Answer):
        return outcome.usage
    return Usage(input_tokens=outcome.input_tokens, output_tokens=outcome.output_tokens)


def _to_answers(
    batch: StoredBatch, details: Details, outcomes: _Outcomes, taxonomy: Taxonomy
) -> list[StoredAnswer]:
    """The answers that can be used."""
    return [
        StoredAnswer(
            conversation_id=item,
            content_hash=asked.content_hash,
            attempt=0,
            offered_themes=asked.offered_themes,
            answer=outcome.value.model_dump(mode="json"),
        )
        for item, asked in zip(batch.items, details.asked, strict=True)
        if isinstance(outcome := outcomes[item], Answer) and is_offered(taxonomy, outcome.value)
    ]
