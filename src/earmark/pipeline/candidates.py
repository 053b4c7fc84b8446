"""Which known themes a language model is offered: those with the nearest names."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from earmark.db.theme_storage import ThemeName
from earmark.llm.base import TextModel
from earmark.pipeline.learn import ModelShelf
from earmark.pipeline.shown import KnownTheme
from earmark.pipeline.subject import Subject

MOST_OFFERED: Final = 12


async def nearest_themes(
    shelf: ModelShelf, model: TextModel, themes: Sequence[ThemeName], subjects: Sequence[Subject]
) -> list[tuple[KnownTheme, ...]]:
    """For each conversation, themes in the order of their likeness.

    Of equal ones, the older theme comes first, so that the order is always the same.
    """
    if not themes or not subjects:
        return [()] * len(subjects)
    ordered = sorted(themes, key=lambda theme: theme.id)
    texts = [" ".join((theme.name, *theme.keywords)) for theme in ordered]
    texts += [subject.thread_text() for subject in subjects]
    vectors = await shelf.embed(model, texts)
    likeness = vectors[len(ordered) :] @ vectors[: len(ordered)].T
    best: list[list[int]] = np.argsort(-likeness, axis=1, kind="stable")[:, :MOST_OFFERED].tolist()
    return [
        tuple(KnownTheme(id=ordered[row].id, name=ordered[row].name) for row in rows)
        for rows in best
    ]
