"""On a sample workspace, whose truth is known, the intervals that are shown contain it.

The workspace is read as a user would have it read. A labeller who is never wrong answers for
conversations drawn by chance. One draw would be luck: several are looked at, and of all their
intervals nine in ten at least must hold, as they promise nineteen in twenty.
"""

from collections import defaultdict
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import pytest_asyncio

from earmark.api.drivers import end_of_day
from earmark.api.estimates import estimate_categories, estimate_themes
from earmark.db import (
    classification_storage,
    conversation_storage,
    workspace_storage,
)
from earmark.db.connection import Database, ReadConnection
from earmark.db.models import THEMELESS_CATEGORIES
from earmark.evaluation.prevalence import Estimate
from earmark.settings import Settings
from earmark.sources.simulator.sample import SampleDataset
from earmark.sources.simulator.spec import SampleSpec
from earmark.wiring import Wiring
from tests.fixtures.demo import run_earmark
from tests.fixtures.labelling import TrueLabeller, write_labels

NUMBER: Final = 1200
END: Final = datetime(2026, 11, 1, tzinfo=UTC)
DRAWS: Final = 12

pytestmark = pytest.mark.slow


class Read:
    """A workspace that was read, and somebody who knows what is true of it."""

    def __init__(
        self,
        database: Database,
        workspace_id: int,
        categories: dict[str, str],
        themes: dict[str, tuple[int, ...]],
    ) -> None:
        dataset = SampleDataset(SampleSpec(seed=7, number=NUMBER, end=END))
        self.database = database
        self.workspace_id = workspace_id
        self.ids = sorted(categories)
        self.labeller = TrueLabeller(map(dataset.truth, range(NUMBER)), themes)
        self.theme_ids = sorted({theme for found in themes.values() for theme in found})
        self.true_categories = [self.labeller.category(one) for one in self.ids]
        self.true_themes = [
            theme
            for one in self.ids
            if categories[one] not in THEMELESS_CATEGORIES
            for theme in self.labeller.themes(one)
        ]


@pytest_asyncio.fixture(scope="module", name="read")
async def _read(open_folder: Path) -> AsyncGenerator[Read]:
    folder = open_folder / "measured"
    options = ("--conversations", str(NUMBER), "--end", f"{END:%Y-%m-%d}")
    done = run_earmark(folder, "demo", "--json", "--no-serve", *options, seconds=400)
    assert done.returncode == 0, done.stderr
    async with Wiring(Settings(data_dir=folder)).database() as database:
        async with database.read() as reader:
            [workspace] = await workspace_storage.list_workspaces(reader)
            categories = await classification_storage.final_categories(reader, workspace.id)
            themes = await _themes(reader, workspace.id)
        yield Read(database, workspace.id, categories, themes)


async def _themes(reader: ReadConnection, workspace_id: int) -> dict[str, tuple[int, ...]]:
    cursor = await reader.execute(
        "SELECT i.conversation_id AS id, array_agg(DISTINCT a.theme_id) AS themes"
        " FROM theme_assignments a JOIN issues i"
        " ON (i.workspace_id, i.id) = (a.workspace_id, a.issue_id)"
        " WHERE a.workspace_id = %(workspace_id)s AND a.superseded_at IS NULL GROUP BY 1",
        {"workspace_id": workspace_id},
    )
    return {row["id"]: tuple(row["themes"]) async for row in cursor}


async def _estimates(read: Read, labels: int, seed: int) -> list[tuple[str, Estimate, int]]:
    """What is shown after so many labels, with the true count of each."""
    places: list[int] = (
        np.random.default_rng(seed).choice(len(read.ids), labels, replace=False).tolist()
    )
    drawn = [read.ids[place] for place in places]
    shown: list[tuple[str, Estimate, int]] = []
    async with (
        read.database.write() as connection,
        # Labels of one draw are not to be there at the next.
        connection.transaction(force_rollback=True),
    ):
        await write_labels(connection, read.workspace_id, read.labeller.labels(drawn))
        latest = await conversation_storage.latest_conversation_at(connection, read.workspace_id)
        assert latest is not None
        categories = await estimate_categories(connection, read.workspace_id)
        themes = await estimate_themes(
            connection,
            read.workspace_id,
            read.theme_ids,
            until=end_of_day(latest),
            recent_days=7,
        )
    for name, estimate in categories.items():
        shown.append(("category", estimate, read.true_categories.count(name)))
    for theme, estimate in themes.whole.items():
        shown.append(("theme", estimate, read.true_themes.count(theme)))
    return shown


@pytest.mark.parametrize("labels", [300, 600])
async def test_intervals_contain_the_truth(read: Read, labels: int) -> None:
    held: defaultdict[str, list[bool]] = defaultdict(list)
    for seed in range(DRAWS):
        for kind, estimate, truth in await _estimates(read, labels, seed):
            if estimate.count is not None:
                low, high = estimate.count.low, estimate.count.high
                held[kind].append(low - 1e-6 <= truth <= high + 1e-6)
    shares = {kind: sum(found) / len(found) for kind, found in held.items()}
    # Of eight categories most are measured in each draw, of themes the larger ones.
    assert len(held["category"]) >= 6 * DRAWS
    assert len(held["theme"]) >= 8 * DRAWS
    assert min(shares.values()) >= 0.9, shares
