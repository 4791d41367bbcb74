"""What the systems outside contribute: time, calls, failures."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, same_of
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import MetricError, Question
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "system": TEXT,
    "title": TEXT,
    "calls": COUNT,
    "ended": COUNT,
    "failed": COUNT,
    "failed_share": NUMBER,
    "retried": COUNT,
    "retried_share": NUMBER,
    "retries": COUNT,
    "seconds": NUMBER,
    "share": NUMBER,
    "waiting": COUNT,
    "oldest_waiting_seconds": NUMBER,
}
CALLS = Subject("calling", "last_at", built_in=("type", "source"))
SQL = """
WITH {horizon},
served AS (
    SELECT unnest(CAST($systems AS VARCHAR[])) AS system, unnest(CAST($activities AS VARCHAR[])) AS activity
),
calling AS (
    SELECT
        step.stream,
        step.item_key,
        served.system,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        horizon.until_at,
        step.scheduled_at,
        CASE WHEN step.ended_at <= horizon.last_at THEN step.ended_at END AS ended_at,
        step.ended,
        step.attempts
    FROM step
    JOIN served ON served.activity = step.name
    JOIN item ON item.stream = step.stream AND item.item_key = step.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE step.stream = $stream
      AND step.kind = 'activity'
      AND step.scheduled_at <= horizon.last_at
      AND horizon.until_at > $from_at
      AND (step.ended_at IS NULL OR step.ended_at >= $from_at)
),
told AS (
    SELECT
        {held}calling.*,
        epoch_us(greatest(calling.scheduled_at, CAST($from_at AS TIMESTAMPTZ))) AS since,
        epoch_us(coalesce(calling.ended_at, calling.until_at)) AS until
    FROM calling{joins}
    WHERE true{conditions}
),
-- calls of one item that overlap take its time once
fresh AS (
    SELECT
        system{keys},
        until - greatest(
            since,
            least(
                until,
                coalesce(
                    max(until) OVER (
                        PARTITION BY system, item_key{keys} ORDER BY since, until
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ),
                    since
                )
            )
        ) AS micros
    FROM told
),
taken AS (
    SELECT system{keys}, sum(micros) AS micros FROM fresh GROUP BY system{keys}
),
call_time AS (
    SELECT item.stream, item.item_key, item.workflow_type, horizon.source, horizon.last_at,
        greatest(
            epoch_us(CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at ELSE horizon.until_at END)
                - greatest(epoch_us(stay.entered_at), epoch_us(CAST($from_at AS TIMESTAMPTZ))),
            0
        ) AS micros
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE stay.stream = $stream AND stay.stage_index >= 0 AND stay.entered_at <= horizon.last_at
),
-- the time of the items of each group, calling or not
spent AS (
    SELECT {held_time}sum(calling.micros) AS micros FROM call_time AS calling{joins} WHERE true{conditions}{group_time}
),
counted AS (
    SELECT
        system{keys},
        count(*) FILTER (scheduled_at >= $from_at) AS calls,
        count(ended_at) AS ended,
        count(*) FILTER (ended_at IS NOT NULL AND ended IN ('failed', 'timed out')) AS failed,
        count(*) FILTER (ended_at IS NOT NULL AND attempts > 1) AS retried,
        coalesce(sum(attempts - 1) FILTER (ended_at IS NOT NULL AND attempts > 1), 0) AS retries,
        count(*) FILTER (ended_at IS NULL) AS waiting,
        max(CASE WHEN ended_at IS NULL THEN epoch_us(until_at) - epoch_us(scheduled_at) END) / 1e6
            AS oldest_waiting_seconds
    FROM told
    GROUP BY system{keys}
)
SELECT
    counted.* EXCLUDE (retries),
    CAST(counted.retries AS BIGINT) AS retries,
    counted.failed / nullif(counted.ended, 0) AS failed_share,
    counted.retried / nullif(counted.ended, 0) AS retried_share,
    taken.micros / 1e6 AS seconds,
    taken.micros / nullif(spent.micros, 0) AS share
FROM counted
JOIN taken ON taken.system = counted.system{same_taken}
LEFT JOIN spent ON true{same_spent}
ORDER BY counted.system{counted_keys}
"""


@metric(
    title="Systems",
    unit="calls",
    grain="one row per declared system, idle ones included; with --by one for each group that calls it",
    columns=tuple(KINDS),
    needs_window=True,
)
def systems(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How much of the work's time each declared system took within the window, and how often it failed.

    A call is an activity of a type that the stream lists under the system. It takes the time from when it is scheduled
    to when it ends, queueing and retrying included; calls of one item that overlap count once. The share is of the time
    that all items of the stream spent in stages within the window.

    Edge cases: a call that still goes on is waiting, and counts up to the as-of instant. Failed are calls that ended in
    failure or time-out for good; an attempt that failed and was retried makes a retried calling. The history tells the
    attempts of ended calls only. A canceled call has ended and not failed. Items may wait for two systems at once, so
    shares may add up to more than what is spent on systems. A stream that declares no systems cannot be asked.

    Not the system's own availability: only what these items saw of it.

    Columns: system, title, calls (count scheduled in the window), ended (count ended in it), failed (count of ended),
    failed_share (0 to 1, of ended; null without), retried (count of ended with more than one attempt), retried_share
    (0 to 1, of ended), retries (attempts beyond the first), seconds (sum over items), share (0 to 1, of the items'
    time), waiting (count not ended as of the instant), oldest_waiting_seconds (null without).
    """
    if not stream.systems:
        raise MetricError(f"Stream {stream.stream} declares no systems: add [[systems]] to its file.")
    chosen = split(stream, question, CALLS)
    pairs = [(system.name, activity) for system in stream.systems for activity in system.activities]
    keys = keys_of(chosen)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        held_time=chosen.held(),
        group_time=f" GROUP BY {', '.join(chosen.keys)}" if chosen.keys else "",
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys,
        counted_keys=keys_of(chosen, "counted"),
        same_taken=same_of(chosen, "taken", "counted"),
        same_spent=same_of(chosen, "spent", "counted"),
    )
    lists = {"systems": [name for name, _ in pairs], "activities": [activity for _, activity in pairs]}
    found = query(con, sql, **chosen.params, **stretch(question), **lists).to_pylist()
    titles = {system.name: system.title for system in stream.systems}
    seen = {row["system"] for row in found}
    if not chosen.columns:
        zeros = {name: 0 for name, kind in KINDS.items() if kind == COUNT}
        found += [{"system": name, **zeros} for name in titles if name not in seen]
    order = list(titles)
    found.sort(key=lambda row: order.index(row["system"]))
    return answer([{**row, "title": titles[row["system"]]} for row in found], KINDS, chosen, "calls")
