"""The default model: fitted on the workspace's own texts, nothing to download.

Learning needs scikit-learn, answering does not. Neither is loaded before it is asked for, so that a
process that only names this class (the API server) stays small.
"""

import subprocess
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from earmark.db.models import Taxonomy
from earmark.errors import Conflict
from earmark.llm.base import Encoded, Lesson, TextModel
from earmark.llm.local_artefact import ALGORITHM

if TYPE_CHECKING:
    from earmark.llm.local_parcel import Material


class LocalModels:
    """Makes and reads local models.

    With `apart`, learning happens in a process of its own, and its memory goes with that: some 200
    MB that a worker would otherwise keep for good.
    """

    def __init__(self, *, apart: bool = False) -> None:
        self._apart = apart

    @property
    def algorithm(self) -> str:
        """What every version of a model made here begins with."""
        return ALGORITHM

    def fit(
        self,
        texts: Sequence[str],
        taxonomy: Taxonomy,
        lessons: Sequence[Lesson] = (),
        encoded: Encoded | None = None,
    ) -> TextModel:
        """Learn from a workspace's own (masked) texts, the taxonomy's examples and the lessons.

        A lesson of a category that the taxonomy lacks raises `ValueError`. The same input gives the
        same model on the same machine. Uses the CPU for seconds, up to a minute for 20,000 texts.
        """
        strange = {lesson.category_id for lesson in lessons}.difference(
            category.id for category in taxonomy.categories
        )
        if strange:
            raise ValueError(f"lessons of unknown categories: {sorted(strange)}")
        from earmark.llm.local_parcel import Material  # noqa: PLC0415 - loads scipy

        material = Material(texts, taxonomy, lessons, encoded)
        if self._apart:
            return _learn_apart(material)
        from earmark.llm import local_training  # noqa: PLC0415 - loads scikit-learn

        return local_training.fit(material)

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        from earmark.llm.local_model import LocalModel  # noqa: PLC0415 - loads scipy

        return LocalModel.load(artefact)


def _learn_apart(material: "Material") -> TextModel:
    from earmark.llm.local_parcel import read_model, write_material  # noqa: PLC0415 - loads scipy

    done = subprocess.run(
        [sys.executable, "-m", "earmark.llm.local_training"],
        input=write_material(material),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise Conflict(
            "Learning did not come to its end.",
            why=f"Its process ended with {done.returncode}; memory may have run out.",
            fix="Start the run again; it goes on from here.",
        )
    return read_model(done.stdout)
