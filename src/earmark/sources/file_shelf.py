"""What files hold, put in order on disk: rows come in any order, threads are asked for by name.

It is a temporary database that the operating system forgets with the process; what stays in memory
does not grow with the files.
"""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, cast

from earmark.db.models import AuthorRole
from earmark.sources.file_records import Particulars, Record, Utterance, digest

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16000;
CREATE TABLE messages (conversation TEXT, message TEXT, at INTEGER, place INTEGER, role TEXT,
    author_id TEXT, author_name TEXT, text TEXT, repairs TEXT, UNIQUE (conversation, message));
CREATE TABLE particulars (conversation TEXT PRIMARY KEY, subject TEXT, state TEXT, contact_id TEXT,
    company_id TEXT);
CREATE TABLE tags (conversation TEXT, tag TEXT, PRIMARY KEY (conversation, tag));
CREATE TABLE contacts (id TEXT PRIMARY KEY, name TEXT, email TEXT, company_id TEXT, plan TEXT,
    revenue REAL);
CREATE TABLE companies (id TEXT PRIMARY KEY, name TEXT, plan TEXT, revenue REAL, seats INTEGER);
CREATE TABLE admins (id TEXT PRIMARY KEY, name TEXT, email TEXT);
CREATE TABLE bad (file TEXT, line INTEGER, reason TEXT);
"""
_ORDER: Final = """
CREATE TABLE conversations AS SELECT conversation AS id, min(at) AS created, max(at) AS updated,
    count(*) AS messages FROM messages GROUP BY conversation;
CREATE UNIQUE INDEX conversations_by_id ON conversations (id);
CREATE INDEX conversations_by_created ON conversations (created, id);
CREATE INDEX conversations_by_updated ON conversations (updated, id);
"""

TimeColumn = Literal["created", "updated"]
PAGE_SIZE: Final = 500
_COUNTS: Final[dict[TimeColumn, str]] = {
    "created": "SELECT count(*) FROM conversations WHERE created >= ? AND created < ?",
    "updated": "SELECT count(*) FROM conversations WHERE updated >= ? AND updated < ?",
}
_EDGES: Final[dict[tuple[TimeColumn, bool], str]] = {
    ("created", False): "SELECT min(created) FROM conversations",
    ("created", True): "SELECT max(created) FROM conversations",
    ("updated", False): "SELECT min(updated) FROM conversations",
    ("updated", True): "SELECT max(updated) FROM conversations",
}
_PAGES: Final[dict[TimeColumn, str]] = {
    "created": "SELECT id, created, updated, messages FROM conversations WHERE created >= ?"
    " AND created < ? AND (created, id) > (?, ?) ORDER BY created, id LIMIT ?",
    "updated": "SELECT id, created, updated, messages FROM conversations WHERE updated >= ?"
    " AND updated < ? AND (updated, id) > (?, ?) ORDER BY updated, id LIMIT ?",
}


class ShelfRow(NamedTuple):
    """One conversation in a listing."""

    id: str
    created: datetime
    updated: datetime
    messages: int


class BadLine(NamedTuple):
    """A row that was left out."""

    file: str
    line: int
    reason: str


class ShelfCounts(NamedTuple):
    """What the files hold."""

    conversations: int
    messages: int
    by_customers: int
    by_teammates: int
    by_bots: int
    contacts: int
    companies: int
    teammates: int
    bad_rows: int


class FileShelf:
    """Filled once, then read; not for two threads at once."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._base.executescript(_SCHEMA)
        self._base.execute("BEGIN")  # one transaction: else each row is written by itself
        self._place = 0
        self.read = 0
        """Messages that were taken in, also those that others have replaced since."""

    def close(self) -> None:
        """Forget everything."""
        self._base.close()

    # ------------------------------------------------------------ filling

    def add(self, record: Record, undated: datetime) -> None:
        """Take in what a row tells; of two versions of a message the later one stays."""
        if record.is_whole and not self._replaces(record, undated):
            self.read += len(record.utterances)
            return
        at = undated
        for utterance in record.utterances:
            at = utterance.at or at
            self._add_message(record.conversation, utterance, at)
        self._add_particulars(record)
        self.read += len(record.utterances)

    def add_bad(self, line: BadLine) -> None:
        """Keep that a row was left out."""
        self._base.execute("INSERT INTO bad VALUES (?, ?, ?)", line)

    def put_in_order(self) -> None:
        """To be called once, when everything is in."""
        self._base.execute("COMMIT")
        self._base.executescript(_ORDER)

    def _replaces(self, record: Record, undated: datetime) -> bool:
        newest = max((item.at for item in record.utterances if item.at), default=undated)
        known = self._one(
            "SELECT max(at) FROM messages WHERE conversation = ?", record.conversation
        )
        if known is not None and known > to_number(newest):
            return False
        for query in (
            "DELETE FROM messages WHERE conversation = ?",
            "DELETE FROM tags WHERE conversation = ?",
            "DELETE FROM particulars WHERE conversation = ?",
        ):
            self._base.execute(query, (record.conversation,))
        return True

    def _add_message(self, conversation: str, utterance: Utterance, at: datetime) -> None:
        self._place += 1
        self._base.execute(
            "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET at = excluded.at, role = excluded.role,"
            " author_id = excluded.author_id, author_name = excluded.author_name,"
            " text = excluded.text, repairs = excluded.repairs WHERE excluded.at >= at",
            (
                conversation,
                utterance.message,
                to_number(at),
                self._place,
                utterance.role.value,
                identify(conversation, utterance),
                utterance.author_name,
                utterance.text,
                ",".join(utterance.repairs),
            ),
        )

    def _add_particulars(self, record: Record) -> None:
        facts, conversation = record.particulars, record.conversation
        customer = next(
            (item for item in record.utterances if item.role is AuthorRole.CUSTOMER), None
        )
        contact = identify(conversation, customer) if customer else None
        self._base.execute(
            "INSERT INTO particulars VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " subject = coalesce(subject, excluded.subject),"
            " state = coalesce(excluded.state, state),"
            " contact_id = coalesce(contact_id, excluded.contact_id),"
            " company_id = coalesce(company_id, excluded.company_id)",
            (conversation, facts.subject, facts.state, contact, facts.company_id),
        )
        self._base.executemany(
            "INSERT OR IGNORE INTO tags VALUES (?, ?)", [(conversation, tag) for tag in facts.tags]
        )
        if customer and contact:
            self._add_contact(contact, customer, facts)
        if facts.company_id:
            self._add_company(facts)
        for teammate in record.utterances:
            if teammate.role is AuthorRole.TEAMMATE:
                self._add_admin(conversation, teammate)

    def _add_contact(self, identifier: str, customer: Utterance, facts: Particulars) -> None:
        self._base.execute(
            "INSERT INTO contacts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " name = coalesce(excluded.name, name), email = coalesce(excluded.email, email),"
            " company_id = coalesce(excluded.company_id, company_id),"
            " plan = coalesce(excluded.plan, plan), revenue = coalesce(excluded.revenue, revenue)",
            (
                identifier,
                customer.author_name,
                customer.author_email,
                facts.company_id,
                facts.plan,
                facts.revenue,
            ),
        )

    def _add_company(self, facts: Particulars) -> None:
        self._base.execute(
            "INSERT INTO companies VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " name = coalesce(excluded.name, name), plan = coalesce(excluded.plan, plan),"
            " revenue = coalesce(excluded.revenue, revenue),"
            " seats = coalesce(excluded.seats, seats)",
            (facts.company_id, facts.company, facts.plan, facts.revenue, facts.seats),
        )

    def _add_admin(self, conversation: str, teammate: Utterance) -> None:
        identifier = identify(conversation, teammate)
        if identifier:
            self._base.execute(
                "INSERT INTO admins VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET"
                " name = coalesce(excluded.name, name), email = coalesce(excluded.email, email)",
                (identifier, teammate.author_name, teammate.author_email),
            )

    # ------------------------------------------------------------ reading

    def count(self, column: TimeColumn, since: datetime | None, until: datetime | None) -> int:
        """Conversations with that time in [since, until)."""
        return self._one(_COUNTS[column], to_number(since or _EPOCH), _until(until)) or 0

    def edge(self, column: TimeColumn, *, newest: bool) -> datetime | None:
        """The first or the last such time of all."""
        number = self._one(_EDGES[column, newest])
        return None if number is None else to_time(number)

    def page(
        self,
        column: TimeColumn,
        since: datetime | None,
        until: datetime | None,
        after: ShelfRow | None,
    ) -> list[ShelfRow]:
        """The next conversations by that time, then by id; at most five hundred."""
        start = to_number(getattr(after, column) if after else since or _EPOCH)
        key = (start, after.id) if after else (start - 1, "")
        rows = self._base.execute(_PAGES[column], (start, _until(until), *key, PAGE_SIZE))
        return [ShelfRow(row[0], to_time(row[1]), to_time(row[2]), row[3]) for row in rows]

    def rows(self, query: str, *parameters: str | int) -> Iterator[tuple[Any, ...]]:
        """For those who build threads and people of it."""
        yield from self._base.execute(query, parameters)

    def bad(self) -> Iterator[BadLine]:
        """The rows that were left out, in their order."""
        return (BadLine(*row) for row in self.rows("SELECT * FROM bad ORDER BY rowid"))

    def bad_reasons(self) -> list[tuple[str, int, str, int]]:
        """(reason, how often, first file, first line), the most frequent first."""
        return list(
            cast(
                Iterator[tuple[str, int, str, int]],
                self.rows(
                    "SELECT reason, count(*), file, line FROM bad GROUP BY reason"
                    " HAVING min(rowid) ORDER BY 2 DESC, 1"
                ),
            )
        )

    def counts(self) -> ShelfCounts:
        """What there is of each kind."""
        return ShelfCounts(
            *next(
                self.rows(
                    "SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM messages),"
                    " (SELECT count(*) FROM messages WHERE role = 'customer'),"
                    " (SELECT count(*) FROM messages WHERE role = 'teammate'),"
                    " (SELECT count(*) FROM messages WHERE role = 'bot'),"
                    " (SELECT count(*) FROM contacts), (SELECT count(*) FROM companies),"
                    " (SELECT count(*) FROM admins), (SELECT count(*) FROM bad)"
                )
            )
        )

    def _one(self, query: str, *parameters: str | int) -> int | None:
        row = next(self.rows(query, *parameters), None)
        return None if row is None else row[0]


def identify(conversation: str, author: Utterance) -> str | None:
    """An author's id: the file's own, one made of the address, or one for this conversation only.

    A name alone tells nobody apart.
    """
    if author.author_id:
        return author.author_id
    if author.author_email:
        return "mail-" + digest(author.author_email.casefold())
    return f"of-{conversation}" if author.author_name else None


def to_number(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def to_time(number: int) -> datetime:
    """The inverse of `to_number`."""
    return _EPOCH + number * _MICROSECOND


def _until(moment: datetime | None) -> int:
    return to_number(moment) if moment else 1 << 62
