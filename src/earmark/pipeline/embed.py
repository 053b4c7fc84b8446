"""Issues to vectors: what the theme of an issue is found by."""

from collections.abc import Sequence

from earmark.db.classification_storage import IssueKey
from earmark.llm.base import TextModel, Vectors
from earmark.pipeline.issues import ExtractedIssue


def embed_issues(
    model: TextModel, issues: Sequence[tuple[IssueKey, ExtractedIssue]]
) -> dict[IssueKey, Vectors]:
    """A vector of unit length for each issue that has a word the model knows."""
    return embed_texts(
        model, [(key, issue.statement, issue.embedding_text) for key, issue in issues]
    )


def embed_texts(
    model: TextModel, issues: Sequence[tuple[IssueKey, str, str]]
) -> dict[IssueKey, Vectors]:
    """The same for statements with their settings.

    The statement counts twice: it says what is wrong or wanted, the rest is where.
    """
    if not issues:
        return {}
    vectors = model.embed([f"{statement}\n{setting}" for _, statement, setting in issues])
    return {
        key: vector
        for (key, _, _), vector in zip(issues, vectors, strict=True)
        if bool(vector.any())
    }
