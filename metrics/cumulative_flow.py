"""The cumulative flow diagram: what came into each stage and what went out of it, added up."""

from dataclasses import replace

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.buckets import buckets
from metrics.flow import FLOW_STAY, POINT, flow_stays, running
from metrics.metric import metric
from metrics.observed import HORIZON
from metrics.question import Question
from metrics.segments import split
from metrics.stage_rows import table
from value_stream import Stream
from warehouse import query

COLUMNS = ("at", "stage", "arrivals", "departures", "in_flight")
SQL = """
WITH {horizon}, {flow_stay},
flowing AS (
    SELECT {held}flow_stay.come_at, flow_stay.gone_at
    FROM flow_stay{joins}
    WHERE (flow_stay.gone_at IS NULL OR flow_stay.gone_at > $from_at){conditions}
),
change AS (
    SELECT {keys}{come} AS number, 1 AS arrivals, 0 AS departures FROM flowing
    UNION ALL
    SELECT {keys}{gone}, 0, 1 FROM flowing WHERE gone_at IS NOT NULL
)
SELECT
    {keys}
    number,
    CAST(sum(arrivals) AS BIGINT) AS arrivals,
    CAST(sum(departures) AS BIGINT) AS departures,
    CAST(sum(arrivals - departures) AS BIGINT) AS in_flight
FROM change
GROUP BY {keys}number
ORDER BY {keys}number
"""


@metric(
    title="Cumulative flow",
    unit="items",
    grain="one row per edge of the window's buckets and stage that was entered; with --by for each group",
    columns=COLUMNS,
    needs_window=True,
)
def cumulative_flow(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """For each stage: entries by each instant of the window, with those inside at its start, and exits since then.

    The distance between the two lines is what is in flight in the stage; how fast they rise is the flow.

    `minute`, `hour`, `day` or `week` among --by says how long a bucket is; else hours up to 3 days, days up to 92,
    weeks beyond (UTC; weeks begin on Mondays). The first and the last bucket are cut off by the window, which ends at
    the as-of instant and, where that is later, begins with the first item.

    Edge cases: an item counts as often as it enters a stage. What came or left exactly at an instant is in its
    figures; what left at the window's start is in none. End stages are entered and left at once. Items lost from
    sight leave when they were last seen. Segments are those that hold at the window's end, or as of the instant where
    that is earlier.

    Not a count of items that are through with a stage: rework enters it again.

    Columns: at (UTC), stage (name), arrivals (count: inside at the window's start, and entries since), departures
    (count since the window's start), in_flight (arrivals less departures).
    """
    split_up = buckets(con, stream.stream, question)
    others = (name for name in split_up.question.by if name != "stage")
    chosen = split(stream, replace(split_up.question, by=("stage", *others)), flow_stays("flow_stay"))
    sql = SQL.format(
        horizon=HORIZON.strip(),
        flow_stay=FLOW_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys="".join(f"{key}, " for key in chosen.keys),
        come=POINT.format(at="come_at"),
        gone=POINT.format(at="gone_at"),
    )
    params = {**split_up.params, "last_at": split_up.params["until_at"]}
    found = query(con, sql, **chosen.params, **params).to_pylist()
    return table(running(found, chosen, split_up.edges, COLUMNS[2:]), COLUMNS, chosen, first="arrivals")
