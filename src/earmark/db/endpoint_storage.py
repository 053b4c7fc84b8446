"""How model endpoints have to be asked: found out once, by whichever worker came first."""

from earmark.db.connection import ReadConnection, WriteConnection


async def get_form(connection: ReadConnection, endpoint_hash: str) -> str | None:
    """The form that worked; null for an endpoint that was never asked."""
    cursor = await connection.execute(
        "SELECT form FROM model_endpoints WHERE endpoint_hash = %(endpoint_hash)s",
        {"endpoint_hash": endpoint_hash},
    )
    row = await cursor.fetchone()
    return None if row is None else str(row["form"])


async def save_form(
    connection: WriteConnection, endpoint_hash: str, *, model: str, form: str
) -> None:
    """Remember what worked, instead of what worked before."""
    await connection.execute(
        "INSERT INTO model_endpoints AS e (endpoint_hash, model, form)"
        " VALUES (%(endpoint_hash)s, %(model)s, %(form)s)"
        " ON CONFLICT (endpoint_hash) DO UPDATE"
        " SET model = excluded.model, form = excluded.form, probed_at = now()",
        {"endpoint_hash": endpoint_hash, "model": model, "form": form},
    )
