"""How much work was open at each hour, day or week of a window."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.buckets import buckets
from metrics.flow import FLOW_STAY, POINT, running
from metrics.metric import metric
from metrics.observed import HORIZON
from metrics.question import Question
from metrics.segments import Split, Subject, split
from metrics.stage_rows import table
from value_stream import Stream
from warehouse import query

COLUMNS = ("at", "in_flight")
# A stay is cut into pieces wherever a segment changes under it.
PIECES = Subject("flow_stay", "seen_at", since="come_at", built_in=("stage", "lane", "type", "source"))
SQL = """
WITH {horizon}, {flow_stay},
piece AS (
    SELECT
        {held}greatest(flow_stay.come_at{begins}) AS come_at,
        least(flow_stay.gone_at{ends}) AS gone_at
    FROM flow_stay{joins}
    WHERE true{conditions}
),
change AS (
    SELECT {keys}{come} AS number, 1 AS items FROM piece WHERE gone_at IS NULL OR gone_at > come_at
    UNION ALL
    SELECT {keys}{gone}, -1 FROM piece WHERE gone_at > come_at
)
SELECT {keys}number, CAST(sum(items) AS BIGINT) AS in_flight
FROM change
GROUP BY {keys}number
ORDER BY {keys}number
"""


@metric(
    title="In flight over time",
    unit="items",
    grain="one row per edge of the window's buckets; with --by one per edge and group",
    columns=COLUMNS,
    needs_window=True,
)
def in_flight_over_time(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items in flight at the window's start, at every full hour, day or week inside it, and at its end.

    At each of these instants the figure is that of in_flight as of it, from what is known as of the question's
    instant: begun by then, not ended, and in a stage.

    `minute`, `hour`, `day` or `week` among --by says how long a bucket is; else hours up to 3 days, days up to 92,
    weeks beyond (UTC; weeks begin on Mondays). The first and the last bucket are cut off by the window, which ends at
    the as-of instant and, where that is later, begins with the first item.

    Edge cases: an item that came and went between two instants shows at neither. Beyond the instant up to which its
    source was read, an item counts as it stood then. Segments are those that held at each instant.

    Not an average over the bucket (littles_law has it for the window), and not the flow itself (see arrivals and
    departures).

    Columns: at (UTC), in_flight (count).
    """
    split_up = buckets(con, stream.stream, question)
    chosen = split(stream, split_up.question, PIECES)
    params = {**split_up.params, "last_at": split_up.params["until_at"]}
    found = query(con, _sql(chosen), **chosen.params, **params).to_pylist()
    return table(running(found, chosen, split_up.edges, ("in_flight",)), COLUMNS, chosen, first="in_flight")


def _sql(chosen: Split) -> str:
    aliases = [name.removesuffix("_path") for name in chosen.params if name.endswith("_path")]
    ends = "CASE WHEN {0}.valid_to_at <= flow_stay.last_at THEN {0}.valid_to_at END"
    return SQL.format(
        horizon=HORIZON.strip(),
        flow_stay=FLOW_STAY.strip(),
        held=chosen.held(),
        begins="".join(f", {alias}.valid_from_at" for alias in aliases),
        ends="".join(", " + ends.format(alias) for alias in aliases),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys="".join(f"{key}, " for key in chosen.keys),
        come=POINT.format(at="come_at"),
        gone=POINT.format(at="gone_at"),
    )
