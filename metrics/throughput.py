"""Work that was finished, hour by hour, day by day or week by week."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.buckets import buckets
from metrics.flow import BUCKET, in_buckets
from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_ITEM, SEEN_ITEMS
from metrics.question import Question
from metrics.segments import Subject, split
from metrics.stage_rows import table
from value_stream import Stream
from warehouse import query

COLUMNS = ("from_at", "to_at", "ended", "ended_well", "ended_badly")
COUNTS = COLUMNS[2:]
ENDED_ITEMS = Subject(SEEN_ITEMS.table, SEEN_ITEMS.instant, built_in=(*SEEN_ITEMS.built_in, "outcome"))
SQL = """
WITH {horizon}, {seen_item},
finished AS (
    SELECT {held}seen_item.gone_at, seen_item.is_bad
    FROM seen_item{joins}
    WHERE seen_item.is_exit{conditions}
)
SELECT
    {keys}
    {bucket} AS number,
    count(*) AS ended,
    count(*) FILTER (NOT is_bad) AS ended_well,
    count(*) FILTER (is_bad) AS ended_badly
FROM finished
GROUP BY {keys}number
ORDER BY {keys}number
"""


@metric(
    title="Throughput",
    unit="items",
    grain="one row per bucket of the window; with --by one per bucket and group",
    columns=COLUMNS,
    needs_window=True,
)
def throughput(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items that ended in each bucket, and how many of them ended well.

    Badly ended are failed, timed out and terminated items, and those whose end stage or decided option the stream
    file flags as bad; well is every other end. --by outcome gives the end stage, else how the item ended.

    `minute`, `hour`, `day` or `week` among --by says how long a bucket is; else hours up to 3 days, days up to 92,
    weeks beyond (UTC; weeks begin on Mondays). The first and the last bucket are cut off by the window, which ends at
    the as-of instant and, where that is later, begins with the first item.
    The start of a bucket is in it, its end is not.

    Edge cases: an item ends once: one that a reset reopened within the window ended when it closed for good, or not
    at all. Items lost from sight did not end. Segments are those that hold at the window's end, or as of the instant
    where that is earlier.

    Not departures from stages (see departures).

    Columns: from_at, to_at (UTC), ended, ended_well, ended_badly (counts).
    """
    split_up = buckets(con, stream.stream, question)
    chosen = split(stream, split_up.question, ENDED_ITEMS)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys="".join(f"{key}, " for key in chosen.keys),
        bucket=BUCKET.format(at="gone_at"),
    )
    found = query(con, sql, **chosen.params, **split_up.params).to_pylist()
    return table(in_buckets(found, chosen, split_up.edges, COUNTS), COLUMNS, chosen, first=COUNTS[0])
