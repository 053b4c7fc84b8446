"""What people are asked to label: drawing, handing out, skipping.

Random items are drawn in an order that is fixed for every conversation by a hash of its id. When
all of them up to a place in that order are labelled, they are a simple random sample of everything
that is there, also of what came later: a new conversation has its place among the others.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from psycopg.rows import class_row

from earmark.db.connection import ReadConnection, WriteConnection
from earmark.db.models import Model

Reason = Literal["random", "margin", "disagreement", "quotes", "theme", "requested"]

_HOLDOUT: Final = 0.3
_TWICE: Final = 0.2


class ReviewItem(Model):
    """One conversation that somebody is to label."""

    id: int
    conversation_id: str
    reason: Reason
    probability: float | None
    """The chance with which it was drawn from those that its reason fits."""
    is_holdout: bool
    labellers: int
    """How many people are to label it."""
    created_at: datetime


class ReviewCount(Model):
    """Items of one reason."""

    reason: Reason
    open: int
    done: int


class LabellerCount(Model):
    """What one person has done."""

    labeller: str
    labelled: int
    skipped: int
    latest_at: datetime | None


class ReviewAct(Model):
    """An answer or a skip of one person."""

    conversation_id: str
    skipped_item_id: int | None
    """Null for an answer."""


async def draw(
    connection: WriteConnection, workspace_id: int, reason: Reason, *, number: int
) -> list[int]:
    """Add up to so many items of a reason; returns the ids of those that were added.

    Three in ten random ones are held out from learning, one in five items is labelled twice. A
    random one that people have labelled already needs no second answer.
    """
    chosen = await _choose(connection, workspace_id, reason, number)
    if reason == "random":
        await connection.execute(
            "UPDATE review_items SET status = 'withdrawn' WHERE workspace_id = %(workspace_id)s"
            " AND conversation_id = ANY(%(ids)s) AND status = 'open'",
            {"workspace_id": workspace_id, "ids": chosen},
        )
    cursor = await connection.execute(
        "INSERT INTO review_items (workspace_id, conversation_id, reason, probability, is_holdout,"
        " labellers) SELECT %(workspace_id)s, k.id, %(reason)s, least((cardinality(%(ids)s::text[])"
        " + (SELECT count(*) FROM review_items i JOIN review_pools p USING (workspace_id,"
        " conversation_id, reason) WHERE i.workspace_id = %(workspace_id)s"
        " AND i.reason = %(reason)s))::float8 / (SELECT count(*) FROM review_pools"
        " WHERE workspace_id = %(workspace_id)s AND reason = %(reason)s), 1),"
        " %(reason)s = 'random' AND (hashtext('holdout:' || k.id) & 1023) < %(holdout)s * 1024,"
        " CASE WHEN (hashtext('twice:' || k.id) & 1023) < %(twice)s * 1024 THEN 2 ELSE 1 END"
        " FROM unnest(%(ids)s::text[]) WITH ORDINALITY AS k (id, place) ORDER BY k.place"
        " RETURNING id",
        {
            "workspace_id": workspace_id,
            "reason": reason,
            "ids": chosen,
            "holdout": _HOLDOUT,
            "twice": _TWICE,
        },
    )
    added = [int(row["id"]) for row in await cursor.fetchall()]
    if reason == "random":
        await _adopt_labels(connection, workspace_id, added)
    return added


async def count_drawn(
    connection: ReadConnection, workspace_id: int, item_ids: Sequence[int]
) -> dict[Reason, int]:
    """How many of these there are of each reason, without those that were withdrawn since."""
    cursor = await connection.execute(
        "SELECT reason, count(*) AS items FROM review_items WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(ids)s) AND status <> 'withdrawn' GROUP BY reason",
        {"workspace_id": workspace_id, "ids": list(item_ids)},
    )
    return {row["reason"]: int(row["items"]) for row in await cursor.fetchall()}


async def _choose(
    connection: WriteConnection, workspace_id: int, reason: Reason, number: int
) -> list[str]:
    """The next ones in a fixed order, without what is being asked or was asked for the same.

    The order is another one for random items, else the next of these would be those that were
    drawn for another reason.
    """
    cursor = await connection.execute(
        "SELECT p.conversation_id FROM review_pools p WHERE p.workspace_id = %(workspace_id)s"
        " AND p.reason = %(reason)s AND NOT EXISTS (SELECT FROM review_items i"
        " WHERE (i.workspace_id, i.conversation_id) = (p.workspace_id, p.conversation_id)"
        " AND (i.reason IN (%(reason)s, 'random')"
        " OR (i.status = 'open' AND %(reason)s <> 'random')))"
        " AND (%(reason)s = 'random' OR NOT EXISTS (SELECT FROM human_labels h"
        " WHERE (h.workspace_id, h.conversation_id) = (p.workspace_id, p.conversation_id)"
        " AND h.kind = 'final' AND h.undone_at IS NULL))"
        " ORDER BY md5(CASE WHEN %(reason)s = 'random' THEN 'review:' ELSE 'hard:' END"
        " || p.workspace_id || ':' || p.conversation_id) LIMIT %(number)s",
        {"workspace_id": workspace_id, "reason": reason, "number": number},
    )
    return [str(row["conversation_id"]) for row in await cursor.fetchall()]


async def _adopt_labels(
    connection: WriteConnection, workspace_id: int, item_ids: Sequence[int]
) -> None:
    """Let what people have said of the items' conversations before be their answer."""
    await connection.execute(
        "UPDATE human_labels h SET item_id = i.id FROM review_items i"
        " WHERE i.workspace_id = %(workspace_id)s AND i.id = ANY(%(ids)s)"
        " AND (h.workspace_id, h.conversation_id) = (i.workspace_id, i.conversation_id)"
        " AND h.undone_at IS NULL",
        {"workspace_id": workspace_id, "ids": list(item_ids)},
    )
    await settle_items(connection, workspace_id, item_ids)


async def lease_next(
    connection: WriteConnection, workspace_id: int, labeller: str, *, number: int, seconds: int
) -> list[ReviewItem]:
    """Up to so many open items for a person, kept from others for a while.

    Those that the person holds already come first, then as they were drawn. Not those that the
    person has labelled or skipped, nor those that enough others hold.
    """
    async with connection.cursor(row_factory=class_row(ReviewItem)) as cursor:
        await cursor.execute(
            "WITH chosen AS (SELECT i.id FROM review_items i LEFT JOIN review_leases mine"
            " ON (mine.workspace_id, mine.item_id, mine.labeller)"
            " = (i.workspace_id, i.id, %(labeller)s) AND mine.expires_at > now()"
            " WHERE i.workspace_id = %(workspace_id)s AND i.status = 'open'"
            " AND NOT EXISTS (SELECT FROM human_labels h WHERE (h.workspace_id, h.item_id)"
            " = (i.workspace_id, i.id) AND h.labeller = %(labeller)s AND h.undone_at IS NULL)"
            " AND NOT EXISTS (SELECT FROM review_skips s WHERE (s.workspace_id, s.item_id)"
            " = (i.workspace_id, i.id) AND s.labeller = %(labeller)s)"
            " AND i.labellers > (SELECT count(*) FROM (SELECT labeller FROM review_leases l"
            " WHERE (l.workspace_id, l.item_id) = (i.workspace_id, i.id)"
            " AND l.expires_at > now() UNION SELECT labeller FROM human_labels h"
            " WHERE (h.workspace_id, h.item_id) = (i.workspace_id, i.id)"
            " AND h.undone_at IS NULL) taken WHERE taken.labeller <> %(labeller)s)"
            " ORDER BY mine.item_id IS NULL, i.id LIMIT %(number)s FOR UPDATE OF i SKIP LOCKED"
            "), leased AS (INSERT INTO review_leases (workspace_id, item_id, labeller, expires_at)"
            " SELECT %(workspace_id)s, id, %(labeller)s, now() + make_interval(secs => %(seconds)s)"
            " FROM chosen ON CONFLICT (workspace_id, item_id, labeller)"
            " DO UPDATE SET expires_at = excluded.expires_at RETURNING item_id)"
            " SELECT i.id, i.conversation_id, i.reason, i.probability, i.is_holdout, i.labellers,"
            " i.created_at FROM review_items i JOIN leased ON leased.item_id = i.id"
            " WHERE i.workspace_id = %(workspace_id)s ORDER BY i.id",
            {
                "workspace_id": workspace_id,
                "labeller": labeller,
                "number": number,
                "seconds": seconds,
            },
        )
        return await cursor.fetchall()


async def list_items(
    connection: ReadConnection, workspace_id: int, item_ids: Sequence[int]
) -> list[ReviewItem]:
    """Items by their ids, open or not."""
    async with connection.cursor(row_factory=class_row(ReviewItem)) as cursor:
        await cursor.execute(
            "SELECT id, conversation_id, reason, probability, is_holdout, labellers, created_at"
            " FROM review_items WHERE workspace_id = %(workspace_id)s AND id = ANY(%(ids)s)"
            " ORDER BY id",
            {"workspace_id": workspace_id, "ids": list(item_ids)},
        )
        return await cursor.fetchall()


async def skip_items(
    connection: WriteConnection, workspace_id: int, labeller: str, item_ids: Sequence[int]
) -> int:
    """Do not show these to the person again; returns how many are new to be skipped."""
    cursor = await connection.execute(
        "INSERT INTO review_skips (workspace_id, item_id, labeller) SELECT workspace_id, id,"
        " %(labeller)s FROM review_items WHERE workspace_id = %(workspace_id)s"
        " AND id = ANY(%(ids)s) AND status = 'open' ON CONFLICT DO NOTHING",
        {"workspace_id": workspace_id, "labeller": labeller, "ids": list(item_ids)},
    )
    await end_leases(connection, workspace_id, labeller, item_ids)
    return cursor.rowcount


async def take_back_skip(
    connection: WriteConnection, workspace_id: int, labeller: str, item_id: int
) -> list[int]:
    """Show an item to the person again; empty if nobody is asked for it any more."""
    cursor = await connection.execute(
        "DELETE FROM review_skips s USING review_items i WHERE s.workspace_id = %(workspace_id)s"
        " AND s.labeller = %(labeller)s AND s.item_id = %(item_id)s"
        " AND (i.workspace_id, i.id) = (s.workspace_id, s.item_id)"
        " RETURNING i.id, i.status <> 'withdrawn' AS is_wanted",
        {"workspace_id": workspace_id, "labeller": labeller, "item_id": item_id},
    )
    return [int(row["id"]) for row in await cursor.fetchall() if row["is_wanted"]]


async def latest_act(
    connection: ReadConnection, workspace_id: int, labeller: str
) -> ReviewAct | None:
    """What a person has done last in the queue and not taken back; null for nothing.

    A label that a change of the taxonomy wrote anew was given when its first form was.
    """
    async with connection.cursor(row_factory=class_row(ReviewAct)) as cursor:
        await cursor.execute(
            "SELECT conversation_id, skipped_item_id FROM (SELECT conversation_id,"
            " NULL::bigint AS skipped_item_id,"
            " max(created_at) FILTER (WHERE carried_by IS NULL) AS at FROM human_labels"
            " WHERE workspace_id = %(workspace_id)s AND labeller = %(labeller)s"
            " GROUP BY conversation_id, kind"
            " HAVING bool_or(undone_at IS NULL AND item_id IS NOT NULL)"
            " UNION ALL SELECT i.conversation_id, i.id, s.skipped_at FROM review_skips s"
            " JOIN review_items i ON (i.workspace_id, i.id) = (s.workspace_id, s.item_id)"
            " WHERE s.workspace_id = %(workspace_id)s AND s.labeller = %(labeller)s) acts"
            " ORDER BY at DESC, conversation_id LIMIT 1",
            {"workspace_id": workspace_id, "labeller": labeller},
        )
        return await cursor.fetchone()


async def begin_leases(
    connection: WriteConnection,
    workspace_id: int,
    labeller: str,
    item_ids: Sequence[int],
    *,
    seconds: int,
) -> None:
    """The person holds these for a while."""
    await connection.execute(
        "INSERT INTO review_leases (workspace_id, item_id, labeller, expires_at)"
        " SELECT %(workspace_id)s, id, %(labeller)s, now() + make_interval(secs => %(seconds)s)"
        " FROM unnest(%(ids)s::bigint[]) AS id ON CONFLICT (workspace_id, item_id, labeller)"
        " DO UPDATE SET expires_at = excluded.expires_at",
        {
            "workspace_id": workspace_id,
            "labeller": labeller,
            "ids": list(item_ids),
            "seconds": seconds,
        },
    )


async def end_leases(
    connection: WriteConnection, workspace_id: int, labeller: str, item_ids: Sequence[int]
) -> None:
    """The person no longer holds these."""
    await connection.execute(
        "DELETE FROM review_leases WHERE workspace_id = %(workspace_id)s"
        " AND labeller = %(labeller)s AND item_id = ANY(%(ids)s)",
        {"workspace_id": workspace_id, "labeller": labeller, "ids": list(item_ids)},
    )


async def settle_items(
    connection: WriteConnection, workspace_id: int, item_ids: Sequence[int]
) -> None:
    """Close what enough people have labelled; open again what no longer is."""
    await connection.execute(
        "UPDATE review_items i SET status = CASE WHEN i.labellers <= (SELECT"
        " count(DISTINCT h.labeller) FROM human_labels h WHERE (h.workspace_id, h.item_id)"
        " = (i.workspace_id, i.id) AND h.kind = 'final' AND h.undone_at IS NULL)"
        " THEN 'done' ELSE 'open' END"
        " WHERE i.workspace_id = %(workspace_id)s AND i.id = ANY(%(ids)s)"
        " AND i.status <> 'withdrawn'",
        {"workspace_id": workspace_id, "ids": list(item_ids)},
    )


async def count_items(connection: ReadConnection, workspace_id: int) -> list[ReviewCount]:
    """Open and done items by reason."""
    async with connection.cursor(row_factory=class_row(ReviewCount)) as cursor:
        await cursor.execute(
            "SELECT reason, count(*) FILTER (WHERE status = 'open') AS open,"
            " count(*) FILTER (WHERE status = 'done') AS done FROM review_items"
            " WHERE workspace_id = %(workspace_id)s GROUP BY reason ORDER BY reason",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()


async def count_labellers(connection: ReadConnection, workspace_id: int) -> list[LabellerCount]:
    """What each person has labelled and skipped, busiest first."""
    async with connection.cursor(row_factory=class_row(LabellerCount)) as cursor:
        await cursor.execute(
            "SELECT labeller, count(DISTINCT conversation_id) FILTER (WHERE labelled) AS labelled,"
            " count(*) FILTER (WHERE NOT labelled) AS skipped, max(at) AS latest_at FROM ("
            "SELECT labeller, conversation_id, true AS labelled, created_at AS at"
            " FROM human_labels WHERE workspace_id = %(workspace_id)s AND undone_at IS NULL"
            " UNION ALL SELECT labeller, item_id::text, false, skipped_at FROM review_skips"
            " WHERE workspace_id = %(workspace_id)s) x"
            " GROUP BY labeller ORDER BY 2 DESC, labeller",
            {"workspace_id": workspace_id},
        )
        return await cursor.fetchall()
