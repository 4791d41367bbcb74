"""The way that one item took through a stream."""

from datetime import datetime
from typing import Any

from app.service import Service
from value_stream import Stream
from warehouse import query

# By the key people know, else by that of Temporal; the newest where several items have it.
ITEM = """
SELECT item_key, coalesce(business_key, workflow_id) AS item, workflow_type
FROM item
WHERE stream = $stream
  AND (business_key = $named OR workflow_id = $named OR run_id = $named)
  AND opened_at <= $as_of
ORDER BY opened_at DESC, item_key DESC
LIMIT 1
"""
STAYS = """
SELECT stage, entered_at, left_at, next_stage, is_drawn, exit_kind
FROM stay
WHERE stream = $stream AND item_key = $item_key AND NOT is_overlapped AND stage_index >= 0 AND entered_at <= $as_of
ORDER BY entered_at, stay_index
"""


def item_moves(service: Service, stream: Stream, named: str, as_of: datetime) -> list[dict[str, Any]] | None:
    """Stays of an item up to an instant, in their order; None where the stream has no such item.

    named: its business key, workflow id or run id. Columns: stage, entered_at (UTC), left_at (UTC; null while it is
    there), next_stage (null without a move), is_drawn (null without one), exit_kind. Stays that lost to another one of
    the same worker turn are left out. What happened after the instant is null.
    """
    with service.warehouse.reading() as con:
        found = query(con, ITEM, stream=stream.stream, named=named, as_of=as_of).to_pylist()
        if not found:
            return None
        stays = query(con, STAYS, stream=stream.stream, item_key=found[0]["item_key"], as_of=as_of).to_pylist()
    return [_seen(stay, as_of) for stay in stays]


def _seen(stay: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    left_at = stay["left_at"]
    if isinstance(left_at, datetime) and left_at > as_of:
        return stay | {"left_at": None, "next_stage": None, "is_drawn": None, "exit_kind": None}
    return stay
