"""Work that went out, hour by hour, day by day or week by week."""

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

COLUMNS = ("from_at", "to_at", "departures", "ended", "lost", "moved")
COUNTS = COLUMNS[2:]
SQL = """
WITH {horizon}, {flow_stay},
gone AS (
    SELECT
        stream,
        item_key,
        stage,
        lane,
        workflow_type,
        source,
        last_at,
        gone_at,
        CASE
            WHEN exit_kind = 'lost' THEN 'lost'
            WHEN next_stage <> '(closed)' THEN 'moved'
            ELSE 'ended'
        END AS how
    FROM flow_stay
    WHERE gone_at >= $from_at
),
asked AS (
    SELECT {held}gone.gone_at, gone.how
    FROM gone{joins}
    WHERE (gone.how <> 'moved' OR $by_stage){conditions}
)
SELECT
    {keys}
    {bucket} AS number,
    count(*) AS departures,
    count(*) FILTER (how = 'ended') AS ended,
    count(*) FILTER (how = 'lost') AS lost,
    count(*) FILTER (how = 'moved') AS moved
FROM asked
GROUP BY {keys}number
ORDER BY {keys}number
"""


@metric(
    title="Departures",
    unit="items",
    grain="one row per bucket of the window; with --by one per bucket and group",
    columns=COLUMNS,
    needs_window=True,
)
def departures(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items that went out of the stream in each bucket: ended, or lost from sight; by stage, also those moved on.

    `minute`, `hour`, `day` or `week` among --by says how long a bucket is; else hours up to 3 days, days up to 92,
    weeks beyond (UTC; weeks begin on Mondays). The first and the last bucket are cut off by the window, which ends at
    the as-of instant and, where that is later, begins with the first item.
    The start of a bucket is in it, its end is not.

    Edge cases: split or narrowed by stage or lane, each exit from a stage is a departure there, as often as it is
    made, within a lane, too. So between two edges the items in flight in a stage change by arrivals less departures
    (but for what comes or goes at the very edge: it is in the bucket that begins there, and in flight as of it). An
    item that a reset reopened has ended once more each time it closes. Stays of no length count, end stages among
    them (an item moves there, and ends there). Segments are those that hold at the window's end, or as of the instant
    where that is earlier.

    Not the items that are finished for good (see throughput).

    Columns: from_at, to_at (UTC), departures (count), ended (count of items that ended), lost (count of items lost
    from sight), moved (count of exits to another stage, 0 unless by stage or lane).
    """
    split_up = buckets(con, stream.stream, question)
    chosen = split(stream, split_up.question, flow_stays("gone"))
    sql = SQL.format(
        horizon=HORIZON.strip(),
        flow_stay=FLOW_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys="".join(f"{key}, " for key in chosen.keys),
        bucket=BUCKET.format(at="gone_at"),
    )
    found = query(con, sql, by_stage=is_by_stage(question), **chosen.params, **split_up.params).to_pylist()
    return table(in_buckets(found, chosen, split_up.edges, COUNTS), COLUMNS, chosen, first=COUNTS[0])
