"""Issues to vectors: what the theme of an issue is found by."""

from collections.abc import Sequence

from earmark.db.classification_storage import IssueKey
from earmark.llm.base import TextModel, Vectors
from earmark.pipeline.issues import ExtractedIssue


def embedding_text(issue: ExtractedIssue) -> str:
    """The statement counts twice: it says what is wrong or wanted, the rest is its setting."""
    return f"{issue.statement}\n{issue.embedding_text}"


def embed_issues(
    model: TextModel, issues: Sequence[tuple[IssueKey, ExtractedIssue]]
) -> dict[IssueKey, Vectors]:
    """A vector of unit length for each issue that has a word the model knows."""
    if not issues:
        return {}
    vectors = model.embed([embedding_text(issue) for _, issue in issues])
    return {
        key: vector for (key, _), vector in zip(issues, vectors, strict=True) if bool(vector.any())
    }
