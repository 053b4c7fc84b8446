"""Takes pages of a listing into the ledger, and the first messages where there is much to fetch."""

from collections.abc import Sequence
from typing import Final

from earmark.db import conversation_storage, erasure_storage, people_storage, sync_storage
from earmark.db.connection import Database, WriteConnection
from earmark.db.models import LedgerEntry, LedgerStatus, Thread
from earmark.pipeline.erasure import drop_erased
from earmark.pipeline.mask import without_secrets
from earmark.pipeline.progress import Progress
from earmark.sources.base import Listed, ListingPage

_OPENINGS_FROM: Final = 5_000
"""With more to fetch than that, the first messages are stored at once, from the listing."""


class Intake:
    """What one run takes in."""

    def __init__(self, database: Database, workspace_id: int, progress: Progress) -> None:
        self._database = database
        self._workspace_id = workspace_id
        self._progress = progress
        self._listed = 0
        self._expected = 0

    async def begin(self, expected: int) -> None:
        """Many conversations are expected, of which some may be in the ledger already."""
        async with self._database.read() as connection:
            self._listed = await sync_storage.count_listed(connection, self._workspace_id)
        self._expected = expected

    async def take(
        self, connection: WriteConnection, page: ListingPage, items: Sequence[Listed]
    ) -> None:
        """Take these conversations of the page into the ledger, and say how far it is."""
        entries = [_to_entry(item) for item in items]
        changed = await sync_storage.mark_listed(connection, self._workspace_id, entries)
        await sync_storage.record_unreadable(
            connection, self._workspace_id, [(row.id, row.reason) for row in page.unreadable]
        )
        if self._expected > _OPENINGS_FROM:
            wanted = set(changed)
            openings = [item.opening for item in items if item.opening and item.id in wanted]
            await self._store_openings(connection, openings)
        self._listed += len(changed)
        total = max(self._expected, self._listed)
        await self._progress.report(self._listed, total, connection)

    async def _store_openings(
        self, connection: WriteConnection, openings: Sequence[Thread]
    ) -> None:
        # Of what is gone, nothing is stored, though an index may still list it.
        known = await sync_storage.lock_entries(
            connection, self._workspace_id, [opening.conversation.id for opening in openings]
        )
        present = [opening for opening in openings if opening.conversation.id in known]
        erased = await erasure_storage.list_erased_of(connection, self._workspace_id, present)
        kept = [
            without_secrets(opening)
            for thread in present
            if (opening := drop_erased(thread, erased)) is not None
        ]
        await people_storage.add_missing_contacts(
            connection,
            self._workspace_id,
            [opening.contact for opening in kept if opening.contact],
        )
        await conversation_storage.upsert_threads(connection, self._workspace_id, kept)


def _to_entry(item: Listed) -> LedgerEntry:
    return LedgerEntry(
        conversation_id=item.id,
        status=LedgerStatus.PENDING,
        source_created_at=item.created_at,
        source_updated_at=item.updated_at,
        parts_expected=item.parts_expected,
    )
