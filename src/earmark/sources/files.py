"""Reads conversations out of files: the `Source` port over JSON Lines, CSV and Parquet."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

from earmark.db.models import Admin, Company, Contact
from earmark.errors import InvalidInput
from earmark.sources.base import (
    Deletion,
    Failed,
    Fetched,
    Listed,
    ListingPage,
    Order,
    SourceIdentity,
)
from earmark.sources.file_mapping import FileMapping
from earmark.sources.file_plan import FilePlan, plan_file
from earmark.sources.file_records import RecordReader, UnusableRow
from earmark.sources.file_rows import BadRow, read_rows
from earmark.sources.file_shelf import BadLine, FileShelf, ShelfRow, TimeColumn
from earmark.sources.file_threads import read_admins, read_companies, read_contacts, read_thread

T = TypeVar("T")
P = ParamSpec("P")

_COLUMNS: Final[dict[Order, TimeColumn]] = {Order.CREATED: "created", Order.UPDATED: "updated"}
_OTHER: Final = re.compile(r"[^a-z0-9]+")
_MOST_NAMES: Final = 60


class FileSource:
    """The conversations of some files; open it with `open_files`."""

    def __init__(
        self,
        shelf: FileShelf,
        plans: Sequence[FilePlan],
        name: str,
        mapping: FileMapping,
        unknown_kinds: Iterable[str] = (),
    ) -> None:
        self.shelf = shelf
        self.plans = tuple(plans)
        self.unknown_kinds = tuple(unknown_kinds)
        self._name = name
        self._mapping = mapping
        self._turn = asyncio.Lock()

    async def identity(self) -> SourceIdentity:
        """A workspace named after the files, or as it was asked for."""
        newest = await self.edge(Order.CREATED, newest=True)
        now = datetime.now(UTC)
        return SourceIdentity(
            code=f"file-{_OTHER.sub('-', self._name.casefold()).strip('-') or 'import'}",
            name=self._name,
            region=None,
            timezone=self._mapping.timezone,
            # What files date into the future is read all the same.
            server_time=max(now, newest + timedelta(seconds=1)) if newest else now,
        )

    async def count(self, *, since: datetime | None, until: datetime) -> int:
        """Conversations created in [since, until)."""
        return await self._ask(self.shelf.count, "created", since, until)

    async def edge(self, order: Order, *, newest: bool) -> datetime | None:
        """That time of the first or the last conversation of all."""
        return await self._ask(self.shelf.edge, _COLUMNS[order], newest=newest)

    async def dates_by_day(self) -> bool:
        """Times are told apart."""
        return False

    async def listing(
        self, *, since: datetime | None, until: datetime | None, order: Order = Order.CREATED
    ) -> AsyncIterator[ListingPage]:
        """Pages of conversations with their time in [since, until), ascending."""
        column, after = _COLUMNS[order], None
        total = await self._ask(self.shelf.count, column, since, until)
        while rows := await self._ask(self.shelf.page, column, since, until, after):
            after = rows[-1]
            yield ListingPage(
                items=tuple(_to_listed(row) for row in rows),
                unreadable=(),
                total=total,
                cursor=after.id,
            )

    async def deletions(self) -> AsyncIterator[list[Deletion]]:
        """Files do not tell."""
        for nothing in list[list[Deletion]]():
            yield nothing

    async def fetch(self, ids: Sequence[str]) -> list[Fetched]:
        """One result per id; what the files do not hold is not taken for deleted."""
        return [await self._ask(self._fetch_one, identifier) for identifier in ids]

    def _fetch_one(self, identifier: str) -> Fetched:
        return read_thread(self.shelf, identifier) or Failed(
            id=identifier, reason="not in the files of the last import"
        )

    async def contacts(self) -> AsyncIterator[list[Contact]]:
        """Everyone whom the files name, in pages."""
        after = ""
        while page := await self._ask(read_contacts, self.shelf, after):
            yield page
            after = page[-1].id

    async def companies(self) -> AsyncIterator[list[Company]]:
        """All companies, in pages."""
        after = ""
        while page := await self._ask(read_companies, self.shelf, after):
            yield page
            after = page[-1].id

    async def admins(self) -> list[Admin]:
        """All teammates who wrote."""
        return await self._ask(read_admins, self.shelf)

    async def _ask(self, question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read the shelf beside the event loop, one at a time."""
        async with self._turn:
            return await asyncio.to_thread(question, *args, **kwargs)


@asynccontextmanager
async def open_files(
    paths: Sequence[Path], mapping: FileMapping, name: str | None = None
) -> AsyncGenerator[FileSource]:
    """Read the files once, to their end; raises `InvalidInput` for one that cannot be read."""
    names = dict.fromkeys(path.name.partition(".")[0] for path in paths)
    shelf = FileShelf()
    try:
        plans, kinds = await asyncio.to_thread(_fill, shelf, paths, mapping)
        yield FileSource(shelf, plans, name or ", ".join(names)[:_MOST_NAMES], mapping, kinds)
    finally:
        shelf.close()


def _fill(
    shelf: FileShelf, paths: Sequence[Path], mapping: FileMapping
) -> tuple[list[FilePlan], list[str]]:
    for path in paths:
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.", fix="Check the path.")
    plans = [plan_file(path, mapping) for path in paths]
    kinds: set[str] = set()
    for plan in plans:
        kinds |= _fill_from(shelf, plan, mapping)
    shelf.put_in_order()
    return plans, sorted(kinds)


def _fill_from(shelf: FileShelf, plan: FilePlan, mapping: FileMapping) -> set[str]:
    reader = RecordReader(plan, mapping)
    written = datetime.fromtimestamp(int(plan.path.stat().st_mtime), UTC)
    undated = mapping.undated or written
    for row in read_rows(
        plan.path, plan.form, encoding=mapping.encoding, delimiter=mapping.delimiter
    ):
        reason = row.reason if isinstance(row, BadRow) else None
        if not isinstance(row, BadRow):
            try:
                shelf.add(reader.read(row.values), undated)
            except UnusableRow as error:
                reason = str(error)
        if reason is not None:
            shelf.add_bad(BadLine(plan.path.name, row.line, reason))
    return reader.unknown_kinds


def _to_listed(row: ShelfRow) -> Listed:
    return Listed(
        id=row.id,
        created_at=row.created,
        updated_at=row.updated,
        parts_expected=row.messages - 1,
    )
