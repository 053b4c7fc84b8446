"""Storing by the batch: binary COPY and one statement, against psycopg2's `execute_values`.

Once on a table of the usual kind (20 columns, jsonb, 2 kB of text, four indexes), with and without
a vector of 384 dimensions; and once on Earmark's own tables of conversations and messages, where
ours also hashes, compares and deletes what is gone. Each round measures both, the first one in
turn; ratios are taken within rounds. Fresh rows go into an empty table, conflicting ones replace.
"""

import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Final, LiteralString, NamedTuple

import psycopg2
import psycopg2.extensions
from pgvector import HalfVector
from pgvector.psycopg2 import register_vector
from psycopg.types.json import Jsonb
from psycopg2.extras import Json, execute_values  # pyright: ignore[reportUnknownVariableType]
from pydantic import SecretStr

from benchmarks.outcome import Metric, Options, Outcome, spread, versions_of
from benchmarks.peers import fresh_settings
from earmark.db.bulk import stage
from earmark.db.connection import Database
from earmark.db.conversation_storage import upsert_threads
from earmark.db.models import Thread
from earmark.sources.base import Listed
from earmark.sources.intercom_client import open_intercom
from earmark.sources.intercom_options import IntercomOptions
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.server import serve
from earmark.sources.simulator.spec import SampleSpec
from earmark.wiring import Wiring, register_workspace

_TABLE: Final = (
    "CREATE TABLE bench_rows (workspace_id bigint NOT NULL, id text NOT NULL,"
    " created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, title text, subject text,"
    " state text NOT NULL, channel text, url text, priority text, contact_id text,"
    " company_id text, admin_id text, team_id text, rating smallint, is_ai boolean NOT NULL,"
    " parts integer NOT NULL, attributes jsonb NOT NULL, body text NOT NULL,"
    " embedding halfvec(384), PRIMARY KEY (workspace_id, id));"
    "CREATE INDEX ON bench_rows (workspace_id, created_at DESC, id DESC);"
    "CREATE INDEX ON bench_rows (workspace_id, contact_id);"
    "CREATE INDEX ON bench_rows (workspace_id, updated_at)"
)
_COLUMNS: Final = (
    "workspace_id, id, created_at, updated_at, title, subject, state, channel, url, priority,"
    " contact_id, company_id, admin_id, team_id, rating, is_ai, parts, attributes, body, embedding"
)
_TYPES: Final = (
    *("int8", "text", "timestamptz", "timestamptz", *("text",) * 10),
    *("int2", "bool", "int4", "jsonb", "text", "halfvec"),
)
_ON_CONFLICT: Final = (
    " ON CONFLICT (workspace_id, id) DO UPDATE SET updated_at = excluded.updated_at,"
    " title = excluded.title, subject = excluded.subject, state = excluded.state,"
    " priority = excluded.priority, admin_id = excluded.admin_id, team_id = excluded.team_id,"
    " rating = excluded.rating, parts = excluded.parts, attributes = excluded.attributes,"
    " body = excluded.body, embedding = excluded.embedding"
    " WHERE excluded.updated_at >= bench_rows.updated_at"
)

Row = tuple[object, ...]
Store = Callable[[int], Awaitable[None]]
"""Stores everything in batches of that size."""


class Contest(NamedTuple):
    """Two ways to store the same."""

    name: str
    unit: str
    number: int
    ours: Store
    theirs: Store
    empty: Callable[[], Awaitable[None]]


class Site(NamedTuple):
    """One database, reached by both drivers."""

    database: Database
    psycopg2: psycopg2.extensions.connection


async def run(options: Options) -> Outcome:
    """All contests, one after the other."""
    rounds = 2 if options.quick else 5
    number = options.size or (1_000 if options.quick else 5_000)
    batches = (100, 1_000) if options.quick else (100, 1_000, 5_000)
    metrics: dict[str, Metric] = {}
    async with _site() as site:
        async with site.database.write() as connection:
            await connection.execute(_TABLE)
        register_vector(site.psycopg2)
        for with_vector in (True, False):
            contest = _rows_contest(site, number, with_vector=with_vector)
            metrics |= await _compete(contest, batches, rounds)
        contest = await _threads_contest(site, number // 2)
        metrics |= await _compete(contest, batches, rounds)
    return Outcome(metrics=metrics, versions=versions_of("psycopg", "psycopg2-binary", "pgvector"))


@asynccontextmanager
async def _site() -> AsyncGenerator[Site]:
    with fresh_settings() as settings:
        wiring = Wiring(settings)
        async with wiring.database(migrating=True) as database, wiring.conninfo() as conninfo:
            options = "-c search_path=earmark,public"
            with closing(psycopg2.connect(conninfo, options=options)) as other:
                yield Site(database, other)


async def _compete(contest: Contest, batches: Sequence[int], rounds: int) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for batch in (batch for batch in batches if batch <= contest.number):
        taken: dict[tuple[str, str], list[float]] = {}
        for turn in range(rounds):
            pair = [("earmark", contest.ours), ("execute_values", contest.theirs)]
            for name, store in pair[:: 1 if turn % 2 else -1]:
                await contest.empty()
                for kind in ("fresh", "conflict"):
                    started = time.perf_counter()
                    await store(batch)
                    taken.setdefault((kind, name), []).append(time.perf_counter() - started)
        for kind in ("fresh", "conflict"):
            what = f"{contest.name}, {kind}, {batch:,} at once"
            ours, theirs = taken[kind, "earmark"], taken[kind, "execute_values"]
            metrics[f"{what}: earmark"] = spread(
                [contest.number / seconds for seconds in ours], f"{contest.unit}/s"
            )
            ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
            metrics[f"{what}: to execute_values"] = spread(ratios, "times")
    return metrics


# ---------------------------------------------------------------- a table of the usual kind


def _rows_contest(site: Site, number: int, *, with_vector: bool) -> Contest:
    rows = _make_rows(number, with_vector=with_vector)
    for_theirs = [tuple(Json(v) if isinstance(v, dict) else v for v in row) for row in rows]
    for_ours = [tuple(Jsonb(v) if isinstance(v, dict) else v for v in row) for row in rows]

    async def ours(batch: int) -> None:
        for start in range(0, number, batch):
            await _copy_rows(site.database, for_ours[start : start + batch])

    async def theirs(batch: int) -> None:
        statement = f"INSERT INTO bench_rows ({_COLUMNS}) VALUES %s{_ON_CONFLICT}"  # noqa: S608
        _execute_values(site.psycopg2, statement, for_theirs, batch)

    async def empty() -> None:
        await _truncate(site.database, "TRUNCATE bench_rows")

    name = "rows with a vector" if with_vector else "rows"
    return Contest(name, "rows", number, ours, theirs, empty)


def _make_rows(number: int, *, with_vector: bool) -> list[Row]:
    lot = random.Random(7)  # noqa: S311 - sample data
    start = datetime(2026, 1, 1, tzinfo=UTC)
    words = ["calendar", "invoice", "login", "export", "empty", "cannot", "since", "please"]
    return [
        (
            *(1, f"{number:012}", start + timedelta(minutes=number), start, "A title", None),
            *("open", "email", f"https://example.com/{number}", "none", f"c{lot.randrange(5000)}"),
            *(f"k{lot.randrange(500)}", "a1", None, lot.randrange(1, 6), False, 12),
            {"plan": "pro", "seats": lot.randrange(100), "region": "eu"},
            " ".join(lot.choices(words, k=300)),
            HalfVector([lot.gauss(0, 1) for _ in range(384)]) if with_vector else None,
        )
        for number in range(number)
    ]


async def _copy_rows(database: Database, rows: Sequence[Row]) -> None:
    async with database.write() as connection:
        await stage(
            connection,
            create="CREATE TEMP TABLE IF NOT EXISTS staged_bench_rows (LIKE bench_rows)"
            " ON COMMIT DELETE ROWS",
            copy=f"COPY staged_bench_rows ({_COLUMNS}) FROM STDIN (FORMAT BINARY)",
            types=_TYPES,
            rows=rows,
        )
        await connection.execute(
            "INSERT INTO bench_rows SELECT * FROM staged_bench_rows ORDER BY id"  # noqa: S608
            + _ON_CONFLICT
        )


def _execute_values(
    connection: psycopg2.extensions.connection, statement: str, rows: Sequence[Row], batch: int
) -> None:
    for start in range(0, len(rows), batch):
        with connection, connection.cursor() as cursor:
            execute_values(cursor, statement, rows[start : start + batch], page_size=batch)


async def _truncate(database: Database, statement: LiteralString) -> None:
    async with database.write() as connection:
        await connection.execute(statement)


# ---------------------------------------------------------------- Earmark's own tables


async def _threads_contest(site: Site, number: int) -> Contest:
    threads, workspace_id = await _sample_threads(site.database, number)

    async def ours(batch: int) -> None:
        for start in range(0, len(threads), batch):
            async with site.database.write() as connection:
                await upsert_threads(connection, workspace_id, threads[start : start + batch])

    await ours(1_000)
    tables = [_read_back(site.psycopg2, table) for table in ("conversations", "messages")]

    async def theirs(batch: int) -> None:
        for statement, rows in tables:
            ratio = max(len(rows) // len(threads), 1)
            _execute_values(site.psycopg2, statement, rows, batch * ratio)

    async def empty() -> None:
        await _truncate(site.database, "TRUNCATE conversations CASCADE")

    name = "conversations with messages"
    return Contest(name, "conversations", len(threads), ours, theirs, empty)


async def _sample_threads(database: Database, number: int) -> tuple[list[Thread], int]:
    dataset = SampleDataset(
        SampleSpec(seed=7, number=number, end=datetime(2026, 11, 1, tzinfo=UTC))
    )
    async with serve(dataset, token="bench") as server:  # noqa: S106 - of our own server
        options = IntercomOptions(token=SecretStr("bench"), base_url=server.base_url)
        async with open_intercom(options) as client:
            identity = await client.identity()
            workspace = await register_workspace(database, identity, kind="sample")
            listed: list[Listed] = []
            async for page in client.listing(since=None, until=datetime(2027, 1, 1, tzinfo=UTC)):
                listed += page.items
            found = await client.fetch([item.id for item in listed])
    return [item for item in found if isinstance(item, Thread)], workspace.id


def _read_back(connection: psycopg2.extensions.connection, table: str) -> tuple[str, list[Row]]:
    """The statement that stores the rows of a table, and the rows, as they were stored by us."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'earmark'"
            " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        columns = [str(name) for (name,) in cursor.fetchall()]
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608 - our own names
        rows: list[Row] = [
            tuple(Json(v) if columns[at] in _JSON_COLUMNS else v for at, v in enumerate(row))
            for row in cursor.fetchall()
        ]
    key = "workspace_id, id" if table == "conversations" else "workspace_id, conversation_id, id"
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES %s"  # noqa: S608 - our own names
    return f"{statement} ON CONFLICT ({key}) DO UPDATE SET {changes}", rows


_JSON_COLUMNS: Final = {"custom_attributes", "attachments"}
