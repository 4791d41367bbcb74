"""Work that came in, hour by hour, day by day or week by week."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.buckets import buckets
from metrics.flow import BUCKET, FLOW_STAY, flow_stays, in_buckets, is_by_stage
from metrics.metric import metric
from metrics.observed import HORIZON
from metrics.question import Question
from metrics.segments import split
from metrics.stage_rows import table
from value_stream import Stream
from warehouse import query

COLUMNS = ("from_at", "to_at", "arrivals", "opened", "reopened", "moved")
COUNTS = COLUMNS[2:]
SQL = """
WITH {horizon}, {flow_stay},
beginning AS (
    SELECT item_key, min(stay_index) AS stay_index
    FROM stay
    WHERE stream = $stream AND NOT is_overlapped
    GROUP BY item_key
),
reopening AS (
    SELECT later.item_key, min(later.stay_index) AS stay_index
    FROM stay AS shut
    JOIN stay AS later
        ON later.stream = shut.stream AND later.item_key = shut.item_key AND later.stay_index > shut.stay_index
    WHERE shut.stream = $stream AND shut.stage_index < 0 AND NOT later.is_overlapped
    GROUP BY later.item_key, shut.stay_index
),
came AS (
    SELECT
        flow_stay.stream,
        flow_stay.item_key,
        flow_stay.stage,
        flow_stay.lane,
        flow_stay.workflow_type,
        flow_stay.source,
        flow_stay.last_at,
        flow_stay.come_at,
        CASE
            WHEN beginning.stay_index = flow_stay.stay_index THEN 'opened'
            WHEN reopening.stay_index IS NOT NULL THEN 'reopened'
            ELSE 'moved'
        END AS how
    FROM flow_stay
    JOIN beginning ON beginning.item_key = flow_stay.item_key
    LEFT JOIN reopening
        ON reopening.item_key = flow_stay.item_key AND reopening.stay_index = flow_stay.stay_index
    WHERE flow_stay.come_at >= $from_at
),
asked AS (
    SELECT {held}came.come_at, came.how
    FROM came{joins}
    WHERE (came.how <> 'moved' OR $by_stage){conditions}
)
SELECT
    {keys}
    {bucket} AS number,
    count(*) AS arrivals,
    count(*) FILTER (how = 'opened') AS opened,
    count(*) FILTER (how = 'reopened') AS reopened,
    count(*) FILTER (how = 'moved') AS moved
FROM asked
GROUP BY {keys}number
ORDER BY {keys}number
"""


@metric(
    title="Arrivals",
    unit="items",
    grain="one row per bucket of the window; with --by one per bucket and group",
    columns=COLUMNS,
    needs_window=True,
)
def arrivals(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items that came into the stream in each bucket: begun, or reopened; by stage, also those moved on into it.

    `minute`, `hour`, `day` or `week` among --by says how long a bucket is; else hours up to 3 days, days up to 92,
    weeks beyond (UTC; weeks begin on Mondays). The first and the last bucket are cut off by the window, which ends at
    the as-of instant and, where that is later, begins with the first item.
    The start of a bucket is in it, its end is not.

    Edge cases: split or narrowed by stage or lane, each entry into a stage is an arrival there, as often as it is
    made, within a lane, too. What leaves one stage for another in a bucket arrives there in the same bucket: the moved
    of all stages here are the moved of departures. Stays of no length count; those that lost to another stage of the
    same worker turn do not. Segments are those that hold at the window's end, or as of the instant where that is
    earlier.

    Not what is in flight (see in_flight_over_time).

    Columns: from_at, to_at (UTC), arrivals (count), opened (count of items that began), reopened (count of items that
    a reset brought back), moved (count of entries from another stage, 0 unless by stage or lane).
    """
    split_up = buckets(con, stream.stream, question)
    chosen = split(stream, split_up.question, flow_stays("came"))
    sql = SQL.format(
        horizon=HORIZON.strip(),
        flow_stay=FLOW_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys="".join(f"{key}, " for key in chosen.keys),
        bucket=BUCKET.format(at="come_at"),
    )
    found = query(con, sql, by_stage=is_by_stage(question), **chosen.params, **split_up.params).to_pylist()
    return table(in_buckets(found, chosen, split_up.edges, COUNTS), COLUMNS, chosen, first=COUNTS[0])
