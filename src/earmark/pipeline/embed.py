"""Issues to vectors: what the theme of an issue is found by."""

from collections.abc import Sequence

from earmark.db.classification_storage import IssueKey
from earmark.llm.base import TextModel, Vectors
from earmark.pipeline.issues import ExtractedIssue
from earmark.pipeline.learn import ModelShelf


def embedding_text(issue: ExtractedIssue) -> str:
    """The statement counts twice: it says what is wrong or wanted, the rest is its setting."""
    return f"{issue.statement}\n{issue.embedding_text}"


async def embed_issues(
    shelf: ModelShelf, model: TextModel, issues: Sequence[tuple[IssueKey, ExtractedIssue]]
) -> dict[IssueKey, Vectors]:
    """A vector of unit length for each issue that has a word the model knows."""
    if not issues:
        return {}
    vectors = await shelf.embed(model, [embedding_text(issue) for _, issue in issues])
    return {
        key: vector for (key, _), vector in zip(issues, vectors, strict=True) if bool(vector.any())
    }
