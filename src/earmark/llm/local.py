"""The default model: fitted on the workspace's own texts, nothing to download.

Learning needs scikit-learn, answering does not. Neither is loaded before it is asked for, so that a
process that only names this class (the API server) stays small.
"""

import json
import subprocess
import sys
from collections.abc import Sequence

from earmark.db.models import Taxonomy
from earmark.errors import Conflict
from earmark.llm.base import Encoded, Lesson, TextModel
from earmark.llm.local_artefact import ALGORITHM


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
        lessons: Sequence[Lesson] = (),  # noqa: ARG002
        encoded: Encoded | None = None,  # noqa: ARG002
    ) -> TextModel:
        """Learn from a workspace's own (masked) texts and the taxonomy's examples.

        The same input gives the same model on the same machine. Uses the CPU for seconds, up to
        half a minute for 20,000 texts.
        """
        if self._apart:
            return self.load(_learn_apart(texts, taxonomy))
        from earmark.llm.local_training import learn  # noqa: PLC0415 - loads scikit-learn

        return self.load(learn(texts, taxonomy))

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        from earmark.llm.local_model import LocalModel  # noqa: PLC0415 - loads scipy

        return LocalModel.load(artefact)


def _learn_apart(texts: Sequence[str], taxonomy: Taxonomy) -> bytes:
    request = {"texts": list(texts), "taxonomy": taxonomy.model_dump(mode="json")}
    done = subprocess.run(
        [sys.executable, "-m", "earmark.llm.local_training"],
        input=json.dumps(request).encode(),
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise Conflict(
            "Learning did not come to its end.",
            why=f"Its process ended with {done.returncode}; memory may have run out.",
            fix="Start the run again; it goes on from here.",
        )
    return done.stdout
