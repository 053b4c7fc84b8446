"""Keeps PostgreSQL's planner informed after a bulk write; autovacuum would come too late."""

from earmark.db.connection import WriteConnection


async def refresh_statistics(connection: WriteConnection) -> None:
    """Sample the tables that a run fills; takes a fraction of a second, whatever their size."""
    await connection.execute(
        "ANALYZE conversations, messages, masked_messages, classifications, facets, issues,"
        " evidence, embeddings, theme_assignments, themes, theme_versions"
    )
