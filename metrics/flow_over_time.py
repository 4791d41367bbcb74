"""How the open work came about, stretch by stretch."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import stretch
from metrics.question import MetricError, Question
from value_stream import Stream
from warehouse import query

COLUMNS = ("bucket_at", "in_flight", "arrivals", "departures", "over_deadline")

# Enough points for a line of a few hundred pixels.
BUCKETS = 60

SQL = """
WITH bucket AS (
    SELECT
        step,
        CAST($from_at AS TIMESTAMPTZ) + to_microseconds(CAST(floor(step * $width_micros) AS BIGINT)) AS from_at,
        CAST($from_at AS TIMESTAMPTZ) + to_microseconds(CAST(floor((step + 1) * $width_micros) AS BIGINT)) AS to_at
    FROM generate_series(0, $buckets - 1) AS steps(step)
),
seen AS (
    SELECT
        item.item_key,
        item.opened_at,
        coalesce(item.closed_at, item.observed_until_at) AS closed_at,
        source.as_of_at
    FROM item
    JOIN source ON source.source_key = item.source_key
    WHERE item.stream = $stream AND item.opened_at <= $to_at
),
-- What a reset reopened was gone in between.
away AS (
    SELECT seen.as_of_at, stay.entered_at, stay.left_at
    FROM stay
    JOIN seen ON seen.item_key = stay.item_key
    WHERE stay.stream = $stream AND stay.stage = '(closed)'
),
told AS (
    SELECT as_of_at, opened_at AS moment_at, 1 AS arrivals, 0 AS departures FROM seen
    UNION ALL
    SELECT as_of_at, closed_at, 0, 1 FROM seen WHERE closed_at IS NOT NULL
    UNION ALL
    SELECT as_of_at, entered_at, 0, 1 FROM away
    UNION ALL
    SELECT as_of_at, left_at, 1, 0 FROM away WHERE left_at IS NOT NULL
),
-- Nothing is said beyond the instant up to which a source has been read. A bucket holds its start, not its end;
-- what is in flight at its end counts what happens right then.
change AS (
    SELECT
        floor((epoch_us(moment_at) - epoch_us(CAST($from_at AS TIMESTAMPTZ))) / $width_micros) AS step,
        ceil((epoch_us(moment_at) - epoch_us(CAST($from_at AS TIMESTAMPTZ))) / $width_micros) AS ending_step,
        arrivals,
        departures
    FROM told
    WHERE moment_at <= $to_at AND (as_of_at IS NULL OR moment_at <= as_of_at)
),
moved AS (
    SELECT step, sum(arrivals) AS arrivals, sum(departures) AS departures
    FROM change
    WHERE step BETWEEN 0 AND $buckets - 1
    GROUP BY step
),
piled AS (
    SELECT greatest(ending_step, 0) AS ending_step, sum(arrivals - departures) AS change
    FROM change
    GROUP BY greatest(ending_step, 0)
),
late AS (
    SELECT
        stay.entered_at + to_microseconds(rule_stage.deadline_micros) AS late_at,
        stay.left_at
    FROM stay
    JOIN rule_stage ON rule_stage.stream = stay.stream AND rule_stage.stage = stay.stage
    WHERE stay.stream = $stream
      AND rule_stage.deadline_micros IS NOT NULL
      AND stay.entered_at < $to_at
      AND (stay.left_at IS NULL OR stay.left_at >= $from_at)
      AND (stay.left_at IS NULL OR stay.left_at > stay.entered_at + to_microseconds(rule_stage.deadline_micros))
)
SELECT
    bucket.to_at AS bucket_at,
    (SELECT coalesce(sum(piled.change), 0) FROM piled WHERE piled.ending_step <= bucket.step + 1) AS in_flight,
    coalesce(moved.arrivals, 0) AS arrivals,
    coalesce(moved.departures, 0) AS departures,
    (
        SELECT count(*) FROM late
        WHERE late_at < bucket.to_at AND (left_at IS NULL OR left_at > bucket.to_at)
    ) AS over_deadline
FROM bucket
LEFT JOIN moved ON moved.step = bucket.step
ORDER BY bucket.to_at
"""


@metric(
    title="Flow over time",
    unit="items",
    grain=f"{BUCKETS} rows that split the window evenly, up to the as-of instant",
    columns=COLUMNS,
    needs_window=True,
)
def flow_over_time(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items in flight at the end of each stretch of the window, and items that began and ended within it. The window
    ends at the as-of instant at the latest.

    An item counts once; while it was closed, until a reset reopened it, it does not. An item lost from sight counts
    as gone from when it was last seen. Zero-length items arrive and depart in the same stretch.

    Not split by stage: see in_flight for any one instant.

    Columns: bucket_at (end of the stretch, UTC), in_flight (count at that instant), arrivals, departures (counts
    within the stretch, start included, end not), over_deadline (stays past their stage's deadline at that instant).
    """
    window = question.need_window()
    if question.where or question.by:
        raise MetricError("flow_over_time cannot be split or narrowed yet: leave --where and --by out.")
    stretch(question)
    from_at, to_at = window.from_at, min(window.to_at, question.as_of)
    width = (to_at - from_at).total_seconds() * 1e6 / BUCKETS
    found = query(
        con,
        SQL,
        stream=stream.stream,
        from_at=from_at,
        to_at=to_at,
        width_micros=width,
        buckets=BUCKETS,
    )
    return found.cast(
        pa.schema([("bucket_at", pa.timestamp("us", tz="UTC")), *((name, pa.int64()) for name in COLUMNS[1:])])
    )
