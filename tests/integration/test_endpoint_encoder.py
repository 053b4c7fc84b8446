"""Vectors from a server over real sockets: good answers, and everything that can go wrong."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from earmark.errors import ConfigurationError, ModelRejected, ModelUnavailable
from earmark.llm.endpoint_encoder import EndpointEncoder, EndpointOptions, open_endpoint
from tests.fixtures.embeddings import DIMENSIONS, EmbeddingsServer, serving_embeddings, vector_of
from tests.fixtures.scripted import Answer, cut_off, json, silence, text


@asynccontextmanager
async def opened(**changes: object) -> AsyncGenerator[tuple[EmbeddingsServer, EndpointEncoder]]:
    """A good server, and an encoder that does not wait long between attempts."""
    async with serving_embeddings() as server:
        options = EndpointOptions(
            model="some-model", base_url=server.base_url, backoff_seconds=0.01
        ).model_copy(update=changes)
        async with open_endpoint(options) as encoder:
            yield server, encoder


def unit(words: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    vector = np.array(vector_of(words))
    return vector / np.linalg.norm(vector)


async def test_vectors_are_of_length_one_and_in_order() -> None:
    texts = [f"text number {number} " + "x" * (number * 7 % 50) for number in range(150)]
    async with opened(batch=16) as (server, encoder):
        vectors = await encoder.encode([*texts, "", " \n"])
        assert encoder.dimensions == DIMENSIONS
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[:150], [unit(words) for words in texts], atol=1e-6)
    assert not vectors[150:].any()
    assert max(map(len, server.requests)) == 16
    assert not any(words.strip() == "" for request in server.requests for words in request)
    assert 1 < server.most_at_once <= 4


async def test_first_request_holds_none_of_the_texts() -> None:
    async with opened() as (server, encoder):
        await encoder.encode(["a customer wrote this"])
    assert "customer" not in server.requests[0][0]
    assert server.requests[1] == ["a customer wrote this"]


async def test_nothing_to_encode() -> None:
    async with opened() as (_, encoder):
        assert (await encoder.encode([])).shape == (0, DIMENSIONS)


async def test_key_is_sent_and_never_shown() -> None:
    async with opened(api_key=SecretStr("secret-key-1")) as (server, encoder):
        await encoder.encode(["word"])
        server.faults = [json({"error": {"message": "wrong secret-key-1"}}, 401)]
        with pytest.raises(ModelRejected) as caught:
            await encoder.encode(["word"])
    assert server.headers[0]["Authorization"] == "Bearer secret-key-1"
    assert "secret-key-1" not in str(caught.value)
    assert "EARMARK_ENCODER_API_KEY" in caught.value.fix


async def test_without_a_key_none_is_sent() -> None:
    async with opened() as (server, encoder):
        await encoder.encode(["word"])
    assert "Authorization" not in server.headers[0]


@pytest.mark.parametrize(
    "fault",
    [
        json({"error": "busy"}, 429, {"Retry-After": "0"}),
        json({"error": "busy"}, 429),
        json({"error": "out of order"}, 500),
        text("<html>bad gateway</html>", 502),
        json({}, 503),
        cut_off(b'{"data": [{"index": 0, "embedd'),
    ],
    ids=["429-now", "429", "500", "502", "503", "cut-off"],
)
async def test_passing_faults_are_tried_again(fault: Answer) -> None:
    async with opened() as (server, encoder):
        server.faults = [fault, fault]
        vectors = await encoder.encode(["word"])
    np.testing.assert_allclose(vectors[0], unit("word"), atol=1e-6)


async def test_silence_is_tried_again() -> None:
    async with opened(timeout_seconds=0.3) as (server, encoder):
        server.faults = [silence(1)]
        vectors = await encoder.encode(["word"])
    assert vectors[0].any()


async def test_server_that_stays_out_of_order_is_unavailable() -> None:
    async with opened(attempts=3) as (server, encoder):
        server.faults = [json({}, 503) for _ in range(3)]
        with pytest.raises(ModelUnavailable) as caught:
            await encoder.encode(["word"])
    assert caught.value.retryable
    assert len(server.requests) == 3


async def test_server_that_is_not_there_is_unavailable() -> None:
    options = EndpointOptions(model="m", base_url="http://127.0.0.1:9/v1", backoff_seconds=0.01)
    async with open_endpoint(options) as encoder:
        with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9"):
            await encoder.encode(["word"])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (json({}, 401), "key"),
        (json({}, 403), "key"),
        (json({}, 402), "credit"),
        (json({"error": {"code": "insufficient_quota"}}, 429), "credit"),
        (json({"error": "no such model"}, 404), "no such model or address"),
        (json({}, 405), "no such model or address"),
        (text("", 302, {"Location": "http://elsewhere.example/"}), "no such model or address"),
        (json({"error": "wrong"}, 400), "400"),
        (json({}, 418), "418"),
        (text("<html>welcome</html>"), "not that of an embeddings server"),
        (json({"choices": []}), "not that of an embeddings server"),
        (json({"data": []}), "0 of 1"),
    ],
)
async def test_lasting_faults_are_not_tried_again(fault: Answer, words: str) -> None:
    async with opened() as (server, encoder):
        server.faults = [fault]
        with pytest.raises(ModelRejected) as caught:
            await encoder.encode(["a customer wrote this"])
        assert len(server.requests) == 1
    assert words in str(caught.value)
    assert "EARMARK_ENCODER" in caught.value.fix or "log" in caught.value.fix


def _doubled(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"data": [row | {"index": 0} for row in document["data"]]}


def _shorter(document: dict[str, Any]) -> dict[str, Any]:
    first = document["data"][0]
    return document | {
        "data": [first | {"embedding": first["embedding"][1:]}, *document["data"][1:]]
    }


def _zero(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"data": [row | {"embedding": [0] * DIMENSIONS} for row in document["data"]]}


def _huge(document: dict[str, Any]) -> dict[str, Any]:
    rows = [row | {"embedding": [1e308] * DIMENSIONS} for row in document["data"]]
    return document | {"data": rows}


@pytest.mark.parametrize("shape", [_doubled, _shorter, _zero])
async def test_answers_that_make_no_sense_are_refused(
    shape: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    async with opened() as (server, encoder):
        await encoder.encode(["word"])
        server.shape = shape
        with pytest.raises(ModelRejected):
            await encoder.encode(["one", "two"])


async def test_huge_numbers_are_brought_to_length_one() -> None:
    async with opened() as (server, encoder):
        server.shape = _huge
        vectors = await encoder.encode(["one"])
    np.testing.assert_allclose(vectors[0], DIMENSIONS**-0.5, atol=1e-6)


async def test_answer_of_many_megabytes_is_read_whole() -> None:
    async with opened(batch=64) as (server, encoder):
        server.shape = lambda document: document | {"padding": "x" * 3_000_000}
        assert (await encoder.encode(["one", "two"])).any(axis=1).all()


async def test_text_that_is_too_long_for_the_server_is_halved_and_the_others_are_not() -> None:
    texts = ["short one", "long " * 400, "short two"]
    async with opened() as (server, encoder):
        server.longest = 600
        vectors = await encoder.encode(texts)
    np.testing.assert_allclose(vectors[0], unit("short one"), atol=1e-6)
    np.testing.assert_allclose(vectors[2], unit("short two"), atol=1e-6)
    np.testing.assert_allclose(vectors[1], unit(("long " * 400)[:500]), atol=1e-6)


async def test_very_long_text_is_sent_in_part() -> None:
    async with opened() as (server, encoder):
        await encoder.encode(["a" * 400_000])
    assert max(len(words) for request in server.requests for words in request) == 6_000


async def test_server_that_refuses_every_text_is_told_of() -> None:
    async with opened() as (server, encoder):
        await encoder.encode(["word"])
        server.longest = 3
        with pytest.raises(ModelRejected, match="refuses a short text"):
            await encoder.encode(["some words of a customer"])


async def test_callers_at_once_share_the_limit() -> None:
    async with opened(batch=4, concurrency=2) as (server, encoder):
        texts = [f"word{number}" for number in range(40)]
        found = await asyncio.gather(*(encoder.encode(texts) for _ in range(3)))
    assert server.most_at_once <= 2
    np.testing.assert_array_equal(found[0], found[1])


async def test_version_is_by_address_and_model() -> None:
    versions: set[str] = set()
    for model, url in (("a", "http://127.0.0.1:1"), ("b", "http://127.0.0.1:1"), ("a", "http://x")):
        async with open_endpoint(EndpointOptions(model=model, base_url=url)) as encoder:
            versions.add(encoder.version)
    assert len(versions) == 3


async def test_local_only_refuses_a_server_elsewhere_and_takes_one_here() -> None:
    elsewhere = EndpointOptions(model="m", base_url="https://models.example/v1", local_only=True)
    with pytest.raises(ConfigurationError, match="not on this machine"):
        async with open_endpoint(elsewhere):
            pass
    async with opened(local_only=True) as (_, encoder):
        assert (await encoder.encode(["word"])).any()
