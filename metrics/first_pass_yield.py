"""How much work comes out well without going back."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, Kinds, answer, keys_of
from metrics.cycle_time import no_standing
from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_ITEM, SEEN_ITEMS, stretch
from metrics.question import Question
from metrics.segments import split
from metrics.stage_rows import Row
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "items": COUNT,
    "first_pass": COUNT,
    "first_pass_share": NUMBER,
    "ended_well": COUNT,
    "ended_badly": COUNT,
    "reworked": COUNT,
}
SQL = """
WITH {horizon}, {seen_item},
back AS (
    SELECT DISTINCT seen_item.item_key
    FROM seen_item
    JOIN stay
        ON stay.stream = seen_item.stream
       AND stay.item_key = seen_item.item_key
       AND NOT stay.is_overlapped
       AND stay.stage_index >= 0
       AND stay.exit_kind IN ('rework', 'reset')
       AND stay.left_at <= seen_item.gone_at
),
told AS (
    SELECT {held}coalesce(seen_item.is_bad, false) AS is_bad, back.item_key IS NOT NULL AS is_back
    FROM seen_item
    LEFT JOIN back ON back.item_key = seen_item.item_key{joins}
    WHERE seen_item.is_exit{conditions}
)
SELECT
    count(*) AS items{keys},
    count(*) FILTER (NOT is_bad AND NOT is_back) AS first_pass,
    count(*) FILTER (NOT is_bad AND NOT is_back) / nullif(count(*), 0) AS first_pass_share,
    count(*) FILTER (NOT is_bad) AS ended_well,
    count(*) FILTER (is_bad) AS ended_badly,
    count(*) FILTER (is_back) AS reworked
FROM told
{group}
"""


@metric(
    title="First-pass yield",
    unit="share of items",
    grain="one row for the whole stream; with --by one per group",
    columns=tuple(KINDS),
    needs_window=True,
)
def first_pass_yield(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """The share of items closed within the window that ended well and never went back.

    Failed, timed out and terminated ones, and those whose end stage or decision is flagged bad, ended badly. Going back
    is rework as the metric of that name has it, resets to another stage included.

    Edge cases: items still open and items lost from sight are not counted. An item that was reopened and is open again
    counts by its earlier close for windows before the reset. Standing items never end: refused.

    Not the share of stages passed at the first try: an item counts once.

    Columns: items (count closed), first_pass (count), first_pass_share (0 to 1; null without items), ended_well,
    ended_badly, reworked (counts; reworked ones may have ended either way).
    """
    no_standing(stream, "first-pass yield")
    chosen = split(stream, question, SEEN_ITEMS)
    by = ", ".join(chosen.keys)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
        group=f"GROUP BY {by}\nORDER BY {by}" if by else "",
    )
    found: list[Row] = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    return answer(found, KINDS, chosen)
