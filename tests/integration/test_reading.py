"""Conversations that a language model reads: what is stored, what is retried, what is free."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from earmark.db import reading_storage, run_storage
from earmark.db.connection import Database
from earmark.db.models import (
    CANNOT_TELL,
    Category,
    ClassificationStage,
    Decider,
    Resolution,
    Stage,
    Stated,
    Taxonomy,
)
from earmark.db.spending_storage import Ceilings
from earmark.errors import ModelAnswerUnusable, ModelRejected, ModelUnavailable
from earmark.llm.base import Prompt, Usage
from earmark.pipeline.cascade import Mode
from earmark.pipeline.run import Services, perform_page
from earmark.pipeline.spending import Spending
from earmark.sources.base import Source
from tests.fixtures.models import GreedyFinder
from tests.fixtures.readers import (
    Form,
    ScriptedModel,
    customer_words,
    filled,
    issue,
    messages_in,
    quoting,
)
from tests.fixtures.threads import BOT, CUSTOMER, TEAMMATE, make_thread
from tests.integration.reading_rig import Desk, open_desk

_EXPORT = "The export to CSV gives an empty file since yesterday. We may switch to a competitor."
_ANSWER = "Please clear the cache of the export page, then it works again."

_LOUD = "winner casino lottery prize"
_PLAIN = Taxonomy(
    version=1,
    categories=tuple(
        Category(id=name, name=name, definition=name, examples=(words,))
        for name, words in (
            ("spam", _LOUD),
            ("product_issue", "error crash broken empty"),
            ("billing_question", "invoice payment refund charge"),
        )
    ),
)
"""Categories that the small model of the tests can tell apart."""


@pytest.fixture(name="desk")
async def _desk(database: Database) -> Desk:
    return await open_desk(database)


def _price(_: str, usage: Usage) -> Decimal:
    return Decimal(usage.requests)


def _whole(_: Prompt) -> Form:
    return filled(
        summary="The export is empty; the team says to clear the cache.",
        category_final="how_to_question",
        second_choice="product_issue",
        change_reason="It turned out to be a matter of the cache.",
        sentiment="negative",
        urgency="high",
        churn_risk=True,
        churn_quote={"message": "m1", "text": "We may switch to a competitor"},
        issues=[
            issue(
                "CSV export gives an empty file",
                ("m1", "gives an empty file since yesterday"),
                component="CSV export",
                symptoms=["empty file"],
                root_cause_stated="the cache of the export page",
                product_area="exports",
            )
        ],
        resolution="workaround",
        resolution_quote={"message": "m2", "text": "clear the cache of the export page"},
        self_service_gap=True,
    )


async def test_everything_that_was_asked_is_stored(desk: Desk) -> None:
    thread = make_thread("1", (CUSTOMER, _EXPORT), (TEAMMATE, _ANSWER))
    await desk.add(thread)
    model = ScriptedModel(_whole)
    outcome = await desk.read(model)
    assert outcome.failed == outcome.waiting == ()
    label = await desk.label("1")
    assert label is not None
    assert (label.category_id, label.decider) == ("how_to_question", Decider.LLM)
    assert (label.model_version, label.prompt_hash) == (model.name, model.prompts[0].version)
    assert (label.runner_up_id, label.stated) == ("product_issue", Stated.HIGH)
    assert label.local_category_id is not None
    opening = await desk.label("1", ClassificationStage.OPEN)
    assert opening is not None
    assert opening.category_id == "product_issue"
    facets = await desk.facets("1")
    assert facets.decider is Decider.LLM
    assert facets.churn_risk
    assert facets.resolution is Resolution.WORKAROUND
    assert facets.resolution_message_id == "p1"
    assert facets.self_service_gap
    assert facets.change_reason == "It turned out to be a matter of the cache."
    (found,) = await desk.issues("1")
    assert found.verified
    assert found.component == "CSV export"
    assert found.symptoms == ("empty file",)
    assert found.root_cause_stated == "the cache of the export page"
    assert found.root_cause_guessed is None
    assert found.product_area_id is None  # no such area was offered
    assert sorted(await desk.quotes("1")) == [
        "We may switch to a competitor",
        "clear the cache of the export page",
        "gives an empty file since yesterday",
    ]


async def test_reading_again_asks_nothing(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel()
    await desk.read(model)
    await desk.read(model)
    assert len(model.prompts) == 1


async def test_a_crash_before_storing_costs_nothing(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel()
    await desk.read(model)
    before = await desk.issues("1")
    # As if the worker had died between the answer and what is made of it.
    await desk.forget("classifications", "facets", "issues", "analyses")
    await desk.read(model)
    assert len(model.prompts) == 1
    assert [found.statement for found in await desk.issues("1")] == [
        found.statement for found in before
    ]


async def test_changed_text_is_asked_about_and_old_answers_go(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel()
    await desk.read(model)
    await desk.add(make_thread("1", (CUSTOMER, "Now the import is broken as well."), version=1))
    assert await desk.rows("SELECT FROM model_answers") == []
    assert (await desk.facets("1")).summary is None
    await desk.read(model)
    assert len(model.prompts) == 2


async def test_other_model_or_taxonomy_reads_anew(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    await desk.read(ScriptedModel())
    other = ScriptedModel(name="compatible:other")
    await desk.read(other)
    label = await desk.label("1")
    assert label is not None
    assert (label.model_version, len(other.prompts)) == ("compatible:other", 1)


async def test_quotes_that_fail_are_told_once(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    answers = [
        filled(issues=[issue("The export is empty", ("m1", "the export never works"))]),
        filled(issues=[issue("The export is empty", ("m1", "gives an empty file"))]),
    ]
    model = ScriptedModel(lambda _: answers.pop(0))
    await desk.read(model)
    assert len(model.prompts) == 2
    assert "the export never works" in model.prompts[1].reminder
    assert model.prompts[0].version == model.prompts[1].version
    (found,) = await desk.issues("1")
    assert found.verified
    state = await desk.state("1")
    assert state is not None
    assert (state.quotes_located, state.quotes_dropped) == (1, 1)
    async with desk.database.read() as reader:
        (counted,) = await reading_storage.count_quotes_by_reader(reader, desk.workspace.id)
    assert (counted.decider, counted.model_version) == (Decider.LLM, model.name)
    assert (counted.conversations, counted.located, counted.dropped) == (1, 1, 1)


async def test_cause_that_nobody_stated_is_a_guess(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    told = issue(
        "The export is empty", ("m1", "gives an empty file"), root_cause_stated="A full disk"
    )
    await desk.read(ScriptedModel(lambda _: filled(issues=[told])))
    (found,) = await desk.issues("1")
    assert (found.root_cause_stated, found.root_cause_guessed) == (None, "A full disk")


async def test_invented_number_proves_nothing(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, f"{_EXPORT} It has 1,250 rows.")))
    answers = [
        filled(
            issues=[
                issue("Export of 1250 rows is empty", ("m1", "gives an empty file")),
                issue("Export fails for 4711 users", ("m1", "gives an empty file")),
            ]
        )
    ]
    await desk.read(ScriptedModel(lambda _: answers[0]))
    assert [found.verified for found in await desk.issues("1")] == [True, False]


async def test_run_says_once_that_it_waits(desk: Desk) -> None:
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(4)))

    @asynccontextmanager
    async def no_source(_: int) -> AsyncGenerator[Source]:
        raise NotImplementedError
        yield

    services = Services(
        database=desk.database,
        open_source=no_source,
        shelf=desk.shelf,
        finder=GreedyFinder(),
        mode=Mode.LLM,
        language_model=ScriptedModel(),
        spending=Spending(desk.database, _price, Ceilings(run=Decimal(0), day=None, total=None)),
    )
    for page in (["0", "1"], ["2", "3"]):
        assert await perform_page(services, desk.run, Stage.CLASSIFY, page) == []
    async with desk.database.read() as reader:
        events = await run_storage.list_events(reader, desk.workspace.id, desk.run.id, after=0)
    (note,) = [event for event in events if event.kind == "note"]
    assert "ceiling of the run" in note.message


async def test_issue_without_proof_is_stored_as_unverified(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel(
        lambda _: filled(issues=[issue("Nothing works", ("m1", "I hate it all"))])
    )
    await desk.read(model)
    (found,) = await desk.issues("1")
    assert not found.verified
    assert len(model.prompts) == 2
    await desk.read(model)
    assert len(model.prompts) == 2


async def test_failed_call_is_a_failed_row_and_tried_again(desk: Desk) -> None:
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(3)))
    model = ScriptedModel()
    model.fails = {
        0: ModelUnavailable("The model does not answer."),
        1: ModelAnswerUnusable("The answer is empty."),
    }
    outcome = await desk.read(model)
    assert len(outcome.failed) == 2
    rows = await desk.rows("SELECT status, reason, attempts FROM analyses ORDER BY reason")
    assert [(row["status"], row["attempts"]) for row in rows].count(("failed", 1)) == 2
    assert {row["reason"] for row in rows} == {
        "model-unavailable: The model does not answer.",
        "model-answer-unusable: The answer is empty.",
        None,
    }
    assert len(await desk.rows("SELECT FROM classifications WHERE stage = 'final'")) == 1
    assert (await desk.read(model)).failed == ()
    assert len(await desk.rows("SELECT FROM analyses WHERE status = 'done'")) == 3


async def test_outage_counts_against_no_conversation(desk: Desk) -> None:
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(6)))
    model = ScriptedModel()
    model.fails = {n: ModelUnavailable("The model does not answer.") for n in range(18)}
    for _ in range(3):
        await desk.read(model)
    rows = await desk.rows("SELECT DISTINCT status, attempts FROM analyses")
    assert rows == [{"status": "failed", "attempts": 0}]
    await desk.read(model)
    assert await desk.rows("SELECT DISTINCT status FROM analyses") == [{"status": "done"}]


async def test_refused_key_stops_the_page(desk: Desk) -> None:
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(3)))
    model = ScriptedModel()
    model.fails = {2: ModelRejected("The key is not known.")}
    with pytest.raises(ModelRejected):
        await desk.read(model)
    assert await desk.rows("SELECT FROM analyses WHERE status = 'failed'") == []
    await desk.read(model)
    assert len(model.prompts) == 4  # only the one that was refused


async def test_at_a_ceiling_rows_wait(desk: Desk) -> None:
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(4)))
    ceilings = Ceilings(run=Decimal(3), day=None, total=None)
    model = ScriptedModel()
    outcome = await desk.read(model, spending=Spending(desk.database, _price, ceilings))
    assert len(outcome.waiting) >= 1
    assert "ceiling" in outcome.waits_for
    rows = await desk.rows("SELECT conversation_id, reason FROM analyses WHERE status = 'pending'")
    assert {row["conversation_id"] for row in rows} == set(outcome.waiting)
    assert all("ceiling" in row["reason"] for row in rows)
    spent = await desk.rows("SELECT FROM usage_ledger WHERE purpose = 'read_conversation'")
    assert len(spent) == len(model.prompts) == 4 - len(outcome.waiting)
    assert (await desk.read(model)).waiting == ()


async def test_cascade_without_proof_asks_about_everything(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel()
    await desk.read(model, mode=Mode.CASCADE)
    assert len(model.prompts) == 1


async def test_cascade_decides_what_was_proven(desk: Desk) -> None:
    await desk.use(_PLAIN)
    threads = [make_thread(str(n), (CUSTOMER, f"{_LOUD} {n}")) for n in range(120)]
    await desk.add(*threads, make_thread("unsure", (CUSTOMER, "Hello there")))
    await desk.prove(spam=0.6)
    model = ScriptedModel()
    await desk.read(model, mode=Mode.CASCADE)
    labels = {
        row["conversation_id"]: row
        for row in await desk.rows(
            "SELECT conversation_id, decider, is_audit, local_category_id, confidence"
            " FROM classifications WHERE stage = 'final' AND is_current"
        )
    }
    asked = {identifier for identifier, row in labels.items() if row["decider"] == "llm"}
    assert len(labels) == 121
    assert "unsure" in asked
    assert not labels["unsure"]["is_audit"]
    audits = asked - {"unsure"}
    assert 0 < len(audits) < 15
    assert all(labels[one]["is_audit"] for one in audits)
    assert {labels[one]["local_category_id"] for one in audits} == {"spam"}
    assert min(row["confidence"] for one, row in labels.items() if one not in asked) >= 0.6
    await desk.forget("classifications", "analyses", "model_answers")
    again = ScriptedModel()
    await desk.read(again, mode=Mode.CASCADE)
    assert {prompt.data for prompt in again.prompts} == {prompt.data for prompt in model.prompts}


async def test_audit_that_cannot_be_paid_leaves_the_local_label(desk: Desk) -> None:
    await desk.use(_PLAIN)
    await desk.add(*(make_thread(str(n), (CUSTOMER, f"{_LOUD} {n}")) for n in range(120)))
    await desk.prove(spam=0.6)
    ceilings = Ceilings(run=Decimal(0), day=None, total=None)
    spending = Spending(desk.database, _price, ceilings)
    outcome = await desk.read(ScriptedModel(), mode=Mode.CASCADE, spending=spending)
    assert outcome.waiting == ()
    rows = await desk.rows("SELECT DISTINCT decider, is_audit FROM classifications")
    assert rows == [{"decider": "local_model", "is_audit": False}]


async def test_offline_needs_no_model_and_keeps_rules(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    model = ScriptedModel()
    await desk.read(model, mode=Mode.OFFLINE)
    assert model.prompts == []
    label = await desk.label("1")
    assert label is not None
    assert label.decider is Decider.LOCAL_MODEL
    assert (await desk.facets("1")).decider is Decider.RULE


async def test_what_a_person_decided_stays(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    await desk.read(None, mode=Mode.OFFLINE)
    await desk.execute("UPDATE classifications SET is_current = false, superseded_at = now()")
    await desk.execute(
        "INSERT INTO classifications (workspace_id, conversation_id, stage, category_id,"
        " confidence, decider, model_version, taxonomy_version, input_key, is_current)"
        " SELECT workspace_id, conversation_id, stage, 'spam', 1, 'human', 'ann',"
        " taxonomy_version, 'human', true FROM classifications"
    )
    for name in ("compatible:one", "compatible:two"):
        await desk.read(ScriptedModel(name=name))
    for stage in ClassificationStage:
        label = await desk.label("1", stage)
        assert label is not None
        assert (label.category_id, label.decider) == ("spam", Decider.HUMAN)
    rows = await desk.rows(
        "SELECT decider, superseded_at, created_at FROM classifications WHERE decider = 'llm'"
    )
    assert len(rows) == 4
    assert all(row["superseded_at"] == row["created_at"] for row in rows)


async def test_model_that_cannot_tell_says_so(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, "Qapla' batlh je, jaghmeyjaj ghobe' loQ")))
    model = ScriptedModel(
        lambda _: filled(category_final=CANNOT_TELL, category_at_open=CANNOT_TELL, language=None)
    )
    await desk.read(model)
    label = await desk.label("1")
    assert label is not None
    assert label.category_id == CANNOT_TELL


async def test_guess_is_not_claimed_but_stands_beside(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    await desk.read(ScriptedModel(lambda _: filled(confidence_final="low")))
    label = await desk.label("1")
    assert label is not None
    assert (label.category_id, label.runner_up_id) == (CANNOT_TELL, "product_issue")
    assert label.confidence == label.runner_up_confidence == pytest.approx(0.4)


async def test_conversation_without_words_is_skipped(desk: Desk) -> None:
    await desk.add(make_thread("1", (BOT, "Hello!"), (TEAMMATE, "Anybody there?")))
    model = ScriptedModel()
    await desk.read(model)
    state = await desk.state("1")
    assert state is not None
    assert (state.status, state.reason) == ("skipped", "no words of a customer")
    assert model.prompts == []


async def test_subject_is_sent_masked_and_notes_are_not(desk: Desk) -> None:
    thread = make_thread("1", (CUSTOMER, _EXPORT), (TEAMMATE, "The customer is a pain."))
    messages = (thread.messages[0], thread.messages[1].model_copy(update={"is_note": True}))
    secret = thread.conversation.model_copy(update={"subject": "From jane.doe@example.org"})
    await desk.add(thread.model_copy(update={"messages": messages, "conversation": secret}))
    model = ScriptedModel()
    await desk.read(model)
    assert [line["id"] for line in messages_in(model.prompts[0])] == ["m1"]
    sent = model.prompts[0].static + model.prompts[0].data
    assert "pain" not in sent
    assert "jane.doe" not in sent
    assert '{"subject":"From <EMAIL_1>"}' in model.prompts[0].data


async def test_prompts_differ_in_their_end_only(desk: Desk) -> None:
    await desk.add(
        make_thread("1", (CUSTOMER, _EXPORT)), make_thread("2", (CUSTOMER, "Invoice is wrong."))
    )
    model = ScriptedModel()
    await desk.read(model)
    first, second = model.prompts
    assert (first.static, first.reminder) == (second.static, second.reminder)
    assert first.data != second.data


async def test_agreement_of_people_sets_the_confidence(desk: Desk) -> None:
    threads = [make_thread(str(n), (CUSTOMER, f"{_EXPORT} {n}")) for n in range(40)]
    await desk.add(*threads)
    await desk.read(ScriptedModel())
    before = await desk.label("0")
    await desk.execute(
        "INSERT INTO review_items (workspace_id, conversation_id, reason, probability, status)"
        " SELECT workspace_id, id, 'random', 1, 'done' FROM conversations"
    )
    await desk.execute(
        "INSERT INTO human_labels (workspace_id, conversation_id, kind, value, labeller, item_id,"
        " taxonomy_version, content_hash) SELECT i.workspace_id, i.conversation_id, 'final',"
        " CASE WHEN i.id %% 2 = 0 THEN 'product_issue' ELSE 'spam' END, 'ann', i.id, 1, 'x'"
        " FROM review_items i",
    )
    await desk.execute("DELETE FROM analyses")
    await desk.execute("DELETE FROM classifications WHERE conversation_id = '0'")
    await desk.read(ScriptedModel(), "0")
    after = await desk.label("0")
    assert before is not None
    assert after is not None
    assert before.confidence == pytest.approx(0.75)
    assert after.confidence == pytest.approx((20 + 7.5) / 50, abs=0.02)


async def test_long_conversation_is_cut_and_says_so(desk: Desk) -> None:
    said = [(CUSTOMER, "The export fails. " + "x" * 400_000)]
    said += [(CUSTOMER, f"And message {n} says so too.") for n in range(2_000)]
    await desk.add(make_thread("1", *said))
    model = ScriptedModel()
    await desk.read(model)
    (prompt,) = model.prompts
    assert len(prompt.data) < 40_000
    shown = customer_words(prompt)
    assert shown[0][0] == "m1"
    assert shown[-1][0] == "m2001"
    state = await desk.state("1")
    assert state is not None
    assert state.characters_left_out > 390_000
    assert state.messages_left_out == 2_001 - len(shown)


async def test_first_look_and_late_answers_keep_to_their_key(desk: Desk) -> None:
    await desk.add(make_thread("1", (CUSTOMER, _EXPORT)))
    await desk.read(None, mode=Mode.OFFLINE)
    local = await desk.label("1")
    await desk.read(ScriptedModel(quoting), mode=Mode.CASCADE)
    asked = await desk.label("1")
    assert local is not None
    assert asked is not None
    assert local.input_key != asked.input_key
    assert replace(desk.minds(None), mode=Mode.CASCADE).asked is None
