"""The default model: fitted on the workspace's own texts, nothing to download.

Learning needs scikit-learn, answering does not. Neither is loaded before it is asked for, so that a
process that only names this class (the API server) stays small.
"""

from collections.abc import Sequence

from earmark.db.models import Taxonomy
from earmark.llm.base import TextModel
from earmark.llm.local_artefact import ALGORITHM


class LocalModels:
    """Makes and reads local models."""

    @property
    def algorithm(self) -> str:
        """What every version of a model made here begins with."""
        return ALGORITHM

    def fit(self, texts: Sequence[str], taxonomy: Taxonomy) -> TextModel:
        """Learn from a workspace's own (masked) texts and the taxonomy's examples.

        The same input gives the same model on the same machine. Uses the CPU for seconds, up to
        half a minute for 20,000 texts.
        """
        from earmark.llm.local_training import fit  # noqa: PLC0415 - loads scikit-learn

        return fit(texts, taxonomy)

    def load(self, artefact: bytes) -> TextModel:
        """Read what `TextModel.dump` wrote; a damaged artefact raises `InvalidInput`."""
        from earmark.llm.local_model import LocalModel  # noqa: PLC0415 - loads scipy

        return LocalModel.load(artefact)
