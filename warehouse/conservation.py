"""Whether the stays of each item add up: the sum that every time in a stage stands on."""

from typing import Any

from duckdb import DuckDBPyConnection

from warehouse.database import rows

UNEVEN = """
WITH own AS (
    SELECT
        stream, item_key, entered_at, left_at, duration_micros,
        lag(left_at) OVER in_order AS before_at,
        row_number() OVER in_order = 1 AS is_first,
        lead(stay_index) OVER in_order IS NULL AS is_last
    FROM stay
    WHERE NOT is_overlapped
    WINDOW in_order AS (PARTITION BY stream, item_key ORDER BY stay_index)
),
summed AS (
    SELECT
        stream, item_key,
        count(*) FILTER (NOT is_first AND before_at > entered_at) AS overlaps,
        count(*) FILTER (NOT is_first AND (before_at IS NULL OR before_at < entered_at)) AS gaps,
        min(entered_at) FILTER (is_first) AS from_at,
        max(left_at) FILTER (is_last) AS to_at,
        sum(duration_micros) AS micros
    FROM own
    GROUP BY stream, item_key
),
judged AS (
    SELECT
        item.stream, item.workflow_id, item.run_id, item.opened_at,
        CASE
            WHEN summed.item_key IS NULL THEN 'is in no stage'
            WHEN summed.from_at <> item.opened_at THEN 'enters its first stage at another instant than it opened'
            WHEN summed.overlaps > 0 THEN 'is in two stages at once'
            WHEN summed.gaps > 0 THEN 'is in no stage for a while'
            WHEN summed.to_at IS DISTINCT FROM coalesce(item.closed_at, item.observed_until_at)
            THEN 'leaves its last stage at another instant than it ended'
            WHEN summed.to_at IS NOT NULL AND summed.micros <> epoch_us(summed.to_at) - epoch_us(summed.from_at)
            THEN 'has stays that do not sum to its age'
        END AS fault
    FROM item
    LEFT JOIN summed ON summed.stream = item.stream AND summed.item_key = item.item_key
)
SELECT stream, workflow_id, run_id, fault
FROM judged
WHERE fault IS NOT NULL
ORDER BY stream, opened_at, run_id
LIMIT $most
"""


def uneven_items(con: DuckDBPyConnection, most: int = 100) -> list[dict[str, Any]]:
    """Items whose stays overlap, leave a gap, or do not sum exactly to their age: stream, workflow_id, run_id, fault.

    There are none in a sound warehouse. At most `most` are given, the oldest first.
    """
    return rows(con, UNEVEN, most=most)
