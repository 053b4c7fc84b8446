"""While a large workspace is still being fetched: what its newest first messages are about.

The listing of a backfill holds each conversation's first message. The newest are masked and
classified at once by the local model, so that there is something to see after seconds; everything
is read again when the threads are there.
"""

from collections.abc import Sequence
from typing import Final

from earmark.db import conversation_storage
from earmark.db.connection import Database
from earmark.pipeline import classify, learn, masking
from earmark.pipeline.classify import Minds
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.progress import Progress

_MOST: Final = 5_000
_PAGE: Final = 100


async def look(
    database: Database, shelf: ModelShelf, workspace_id: int, progress: Progress
) -> None:
    """Mask and classify openings, newest first; nothing where there are none."""
    async with database.read() as connection:
        ids = await conversation_storage.list_partial(connection, workspace_id, limit=_MOST)
    pages = [ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE)]
    if not pages:
        await progress.report(0, 0)
        return
    for page in pages:
        await masking.mask_page(database, workspace_id, page)
        if await progress.cancelled():
            return
    await learn.fit_model(database, shelf, workspace_id, progress)
    await _classify(database, shelf, workspace_id, pages, progress)


async def _classify(
    database: Database,
    shelf: ModelShelf,
    workspace_id: int,
    pages: Sequence[Sequence[str]],
    progress: Progress,
) -> None:
    done, total = 0, sum(map(len, pages))
    for page in pages:
        await classify.classify_page(database, Minds(shelf=shelf), workspace_id, page)
        done += len(page)
        await progress.report(done, total)
        if await progress.cancelled():
            return
