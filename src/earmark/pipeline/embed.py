"""Issues to vectors: what the theme of an issue is found by."""

from collections.abc import Sequence

from earmark.db.classification_storage import IssueKey
from earmark.llm.base import TextModel, Vectors
from earmark.pipeline.issues import ExtractedIssue
from earmark.pipeline.learn import ModelShelf


async def embed_issues(
    shelf: ModelShelf, model: TextModel, issues: Sequence[tuple[IssueKey, ExtractedIssue]]
) -> dict[IssueKey, Vectors]:
    """A vector of unit length for each issue that has a word the model knows."""
    return await embed_texts(
        shelf, model, [(key, issue.statement, issue.embedding_text) for key, issue in issues]
    )


async def embed_texts(
    shelf: ModelShelf, model: TextModel, issues: Sequence[tuple[IssueKey, str, str]]
) -> dict[IssueKey, Vectors]:
    """The same for statements with their settings.

    The statement counts twice: it says what is wrong or wanted, the rest is where.
    """
    if not issues:
        return {}
    texts = [f"{statement}\n{setting}" for _, statement, setting in issues]
    vectors = await shelf.embed(model, texts)
    return {
        key: vector
        for (key, _, _), vector in zip(issues, vectors, strict=True)
        if bool(vector.any())
    }
