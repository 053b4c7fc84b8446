"""A language model over a real socket: what it is asked, and what becomes of what it answers."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field, SecretStr

from earmark.errors import (
    ConfigurationError,
    ModelAnswerUnusable,
    ModelError,
    ModelRejected,
    ModelUnavailable,
)
from earmark.llm.base import Answer, LanguageModel, Prompt
from earmark.llm.provider import open_language_model
from earmark.llm.provider_options import ModelOptions, Provider
from tests.fixtures import model_server as peer
from tests.fixtures.demo import earmark_environment
from tests.fixtures.model_server import ModelServer, model_server


class Reading(BaseModel):
    """A shape as the pipeline's."""

    category: Literal["bug", "question"]
    summary: str = Field(min_length=1, max_length=200)
    quotes: list[str] = Field(default_factory=list, max_length=3)


PROMPT = Prompt(
    name="read", version="v1", static="RULES", data='{"id":"m1","text":"Söz"}', reminder="REMEMBER"
)
GOOD = {"category": "question", "summary": "Asks how.", "quotes": ["Söz"]}


@pytest.fixture
async def server() -> AsyncGenerator[ModelServer]:
    """Answers well unless told otherwise."""
    async with model_server() as server:
        server.answer = lambda _: GOOD
        server.usage = (900, 600, 50)
        yield server


def opened(
    server: ModelServer, provider: Provider = "compatible", **changes: object
) -> AbstractAsyncContextManager[LanguageModel]:
    """The model behind the server."""
    options = ModelOptions(
        provider=provider, model="tiny", base_url=server.base_url, api_key=SecretStr("key-1")
    )
    return open_language_model(options.model_copy(update=changes))


async def extract(server: ModelServer, provider: Provider = "compatible") -> Answer[Reading]:
    async with opened(server, provider) as model:
        return await model.extract(PROMPT, Reading)


async def failing(server: ModelServer, provider: Provider = "compatible") -> ModelError:
    with pytest.raises(ModelError) as caught:
        await extract(server, provider)
    assert "Söz" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return caught.value


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_answer_has_the_shape_and_says_what_it_took(
    server: ModelServer, provider: Provider
) -> None:
    answer = await extract(server, provider)
    assert answer.value == Reading.model_validate(GOOD)
    assert (answer.usage.input_tokens, answer.usage.cached_tokens) == (900, 600)
    assert (answer.usage.output_tokens, answer.usage.requests) == (50, 1)
    assert answer.model == "tiny-2026"
    assert not answer.repaired


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_what_does_not_change_comes_first(server: ModelServer, provider: Provider) -> None:
    await extract(server, provider)
    (asked,) = server.questions
    assert asked.system == "RULES"
    assert asked.user == f"{PROMPT.data}\n\nREMEMBER"


async def test_openai_is_told_what_begins_alike_and_to_think_little(server: ModelServer) -> None:
    for model in ("gpt-4o-mini", "gpt-5-mini"):
        async with opened(server, "openai", model=model) as opened_model:
            await opened_model.extract(PROMPT, Reading)
    plain, thinking = (asked.body for asked in server.questions)
    assert plain["prompt_cache_key"] == thinking["prompt_cache_key"] == "v1"
    assert (plain["temperature"], plain.get("reasoning_effort")) == (0, None)
    assert (thinking.get("temperature"), thinking["reasoning_effort"]) == (None, "low")


async def test_compatible_server_is_told_nothing_of_openais_own(server: ModelServer) -> None:
    await extract(server)
    (asked,) = server.questions
    lengths = {"max_tokens", "max_completion_tokens"}
    known = {"model", "messages", "temperature", "response_format", "stream"}
    assert set(asked.body) <= known | lengths
    assert {asked.body[name] for name in lengths} == {4_096}


async def test_anthropic_is_told_where_the_unchanging_part_ends(server: ModelServer) -> None:
    await extract(server, "anthropic")
    (asked,) = server.questions
    assert asked.body["system"][-1]["cache_control"]["type"] == "ephemeral"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
@pytest.mark.parametrize(
    "first", [peer.bad_shape(), peer.empty(), peer.cut_by_length(), peer.refusal()]
)
async def test_bad_answer_is_repaired_once(
    server: ModelServer, provider: Provider, first: peer.Behaviour
) -> None:
    server.then(first)
    answer = await extract(server, provider)
    assert answer.value == Reading.model_validate(GOOD)
    assert answer.repaired
    assert (answer.usage.requests, answer.usage.input_tokens) == (2, 1_800)
    assert len(server.questions) == 2


async def test_repair_says_what_was_wrong_and_not_what_was_written(server: ModelServer) -> None:
    server.then(peer.says('{"category": "wicked", "summary": ""}'))
    await extract(server)
    assert "category: Input should be 'bug' or 'question'" in server.questions[1].user
    assert "summary: String should have at least 1 character" in server.questions[1].user
    assert "wicked" not in server.questions[1].user


@pytest.mark.parametrize(
    "always", [peer.bad_shape(), peer.empty(), peer.cut_by_length(), peer.refusal()]
)
async def test_answer_that_stays_bad_is_no_answer_and_was_paid(
    server: ModelServer, always: peer.Behaviour
) -> None:
    server.otherwise = always
    error = await failing(server)
    assert isinstance(error, ModelAnswerUnusable)
    assert (error.input_tokens, error.output_tokens) == (1_800, 100)
    assert len(server.questions) == 2


async def test_failure_during_the_repair_tells_what_the_first_answer_took(
    server: ModelServer,
) -> None:
    server.then(peer.bad_shape(), peer.cut_off())
    error = await failing(server)
    assert isinstance(error, ModelUnavailable)
    assert (error.input_tokens, error.output_tokens) == (900, 50)


@pytest.mark.parametrize(
    "wrapped",
    ["Here you are:\n```json\n{}\n```\nThat is all.", "{}", "\n\n  {} ", "The answer: {} Bye."],
)
async def test_document_is_found_among_words(server: ModelServer, wrapped: str) -> None:
    server.forms = frozenset({"prompt"})
    server.then(peer.says(wrapped.replace("{}", '{"category": "bug", "summary": "It {breaks}."}')))
    answer = await extract(server)
    assert answer.value.summary == "It {breaks}."
    assert not answer.repaired


async def test_what_no_database_can_hold_is_replaced(server: ModelServer) -> None:
    server.then(peer.says(r'{"category": "bug", "summary": "a\ud800b\u0000c\\u0000"}'))
    answer = await extract(server)
    assert answer.value.summary == "a?b\ufffdc\\u0000"


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_wrong_key_names_the_variable_and_the_way_without(
    server: ModelServer, provider: Provider
) -> None:
    server.key = "another"
    error = await failing(server, provider)
    assert isinstance(error, ModelRejected)
    assert "EARMARK_MODEL_API_KEY" in error.fix
    assert "EARMARK_MODE=offline" in error.fix
    assert "401" in error.why
    assert "wrong-k" not in str(error)


@pytest.mark.parametrize(
    ("provider", "status"),
    [("openai", 429), ("compatible", 429), ("compatible", 402), ("anthropic", 402)],
)
async def test_no_quota_is_not_waited_for(
    server: ModelServer, provider: Provider, status: int
) -> None:
    server.always(peer.no_quota(status))
    error = await failing(server, provider)
    assert isinstance(error, ModelRejected)
    assert "credit or quota" in error.what


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_unknown_model_is_named(server: ModelServer, provider: Provider) -> None:
    server.always(peer.unknown_model())
    error = await failing(server, provider)
    assert isinstance(error, ModelRejected)
    assert "knows no model tiny" in error.what
    assert "EARMARK_MODEL " in error.fix


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
@pytest.mark.parametrize("status", [200, 404, 405, 302])
async def test_web_site_is_no_model_server(
    server: ModelServer, provider: Provider, status: int
) -> None:
    server.always(peer.web_page(status))
    error = await failing(server, provider)
    assert isinstance(error, ModelRejected)
    assert "no model server" in error.what
    assert "EARMARK_MODEL_BASE_URL" in error.fix


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_nothing_listens_there(provider: Provider) -> None:
    async with model_server() as gone:
        pass
    error = await failing(gone, provider)
    assert isinstance(error, ModelUnavailable)
    assert "No connection" in error.why


@pytest.mark.parametrize("provider", ["openai", "anthropic", "compatible"])
async def test_answer_that_is_cut_off_may_come_whole_later(
    server: ModelServer, provider: Provider
) -> None:
    server.then(peer.cut_off())
    error = await failing(server, provider)
    assert isinstance(error, ModelUnavailable)
    assert error.retryable


async def test_silence_ends(server: ModelServer) -> None:
    async with opened(server, timeout_seconds=0.3) as model:
        await model.extract(PROMPT, Reading)
        server.then(peer.slow(30))
        with pytest.raises(ModelUnavailable, match=r"within 0\.3 seconds"):
            await model.extract(PROMPT, Reading)


async def test_busy_provider_is_asked_again_after_its_pause(server: ModelServer) -> None:
    server.then(peer.rate_limited(0.05), peer.overloaded(529), peer.rate_limited(0))
    answer = await extract(server)
    assert answer.usage.requests == 1
    assert len(server.questions) == 4


async def test_long_pause_is_left_to_the_queue(server: ModelServer) -> None:
    server.then(peer.rate_limited(3000))
    error = await failing(server)
    assert isinstance(error, ModelUnavailable)
    assert error.retry_after == 3000
    assert len(server.questions) == 1


@pytest.mark.parametrize("form", ["json_schema", "tool", "json_object", "prompt"])
@pytest.mark.parametrize("status", [400, 500])
async def test_form_that_works_is_found_once(
    server: ModelServer, form: peer.Form, status: int
) -> None:
    server.forms, server.unsupported_status = frozenset({form}), status
    async with opened(server) as model:
        for _ in range(3):
            assert (await model.extract(PROMPT, Reading)).value == Reading.model_validate(GOOD)
    assert [asked.form for asked in server.questions] == [form] * 3
    assert all(asked.name == "Reading" for asked in server.questions)


async def test_model_that_gives_no_json_in_any_form_is_told_so(server: ModelServer) -> None:
    server.probes = peer.says("I am a poem.")
    error = await failing(server)
    assert isinstance(error, ModelRejected)
    assert "json_schema" in error.why


async def test_server_that_fails_whatever_it_is_asked_is_not_taken_for_a_poor_model(
    server: ModelServer,
) -> None:
    server.probes = peer.error(500, "internal")
    error = await failing(server)
    assert isinstance(error, ModelUnavailable)
    assert "fails whatever it is asked" in error.what
    assert "500 (internal)" in error.why


async def test_text_that_the_server_refuses_is_not_the_forms_fault(server: ModelServer) -> None:
    server.then(peer.error(400, "invalid_prompt", "About Söz."))
    error = await failing(server)
    assert isinstance(error, ModelAnswerUnusable)
    assert "400 (invalid_prompt)" in error.why


async def test_too_long_a_text_is_told_so(server: ModelServer) -> None:
    server.then(peer.error(400, "context_length_exceeded"))
    error = await failing(server)
    assert isinstance(error, ModelAnswerUnusable)
    assert "longer than" in error.what


async def test_key_is_needed_for_a_hosted_model(server: ModelServer) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY"):
        async with opened(server, "openai", api_key=None):
            pass


async def test_local_only_refuses_a_model_elsewhere() -> None:
    options = ModelOptions(
        provider="openai", model="tiny", api_key=SecretStr("key-1"), local_only=True
    )
    with pytest.raises(ConfigurationError, match="EARMARK_LOCAL_ONLY"):
        async with open_language_model(options):
            pass


async def test_no_test_can_ask_a_model_elsewhere() -> None:
    """In this process by the closed sockets; in others `earmark_environment` sees to it."""
    options = ModelOptions(provider="compatible", model="tiny", base_url="http://192.0.2.1/v1")
    async with open_language_model(options) as model:
        with pytest.raises(UserWarning, match=r"connect.*192\.0\.2\.1"):
            await model.extract(PROMPT, Reading)
    assert earmark_environment(Path())["EARMARK_LOCAL_ONLY"] == "true"
