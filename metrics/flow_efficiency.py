"""How much of the time somebody or something works on the item."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, title_of
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "lane": TEXT,
    "stays": COUNT,
    "touch_seconds": NUMBER,
    "elapsed_seconds": NUMBER,
    "efficiency_share": NUMBER,
}
SEEN = Subject("seen", "last_at", built_in=("stage", "lane", "type", "source"))
SQL = """
WITH {horizon},
seen AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stay_index,
        stay.stage,
        stay.stage_index,
        stay.lane,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        greatest(stay.entered_at, CAST($from_at AS TIMESTAMPTZ)) AS begin_at,
        CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at ELSE horizon.until_at END AS end_at
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    JOIN rule_stage ON rule_stage.stream = stay.stream AND rule_stage.stage = stay.stage
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND NOT rule_stage.is_end
      AND horizon.until_at > $from_at
      AND stay.entered_at <= horizon.last_at
      AND (stay.left_at IS NULL OR stay.left_at > $from_at)
),
-- a child's time is that of its own steps, which are the item's
worked AS (
    SELECT seen.item_key, seen.stay_index, step.started_at AS since_at, coalesce(step.ended_at, seen.end_at) AS to_at
    FROM seen
    JOIN step
        ON step.stream = seen.stream
       AND step.item_key = seen.item_key
       AND step.stay_index = seen.stay_index
       AND step.kind IN ('activity', 'nexus')
       AND step.started_at IS NOT NULL
    UNION ALL
    SELECT
        seen.item_key, seen.stay_index, decision_mark.marked_at,
        coalesce(decision.decided_at, decision.withdrawn_at, seen.end_at)
    FROM seen
    JOIN decision
        ON decision.stream = seen.stream
       AND decision.item_key = seen.item_key
       AND decision.stay_index = seen.stay_index
    JOIN decision_mark
        ON decision_mark.stream = seen.stream
       AND decision_mark.item_key = seen.item_key
       AND decision_mark.decision = decision.decision
       AND decision_mark.purpose = 'claimed'
       AND decision_mark.marked_at >= decision.asked_at
       AND decision_mark.marked_at <= coalesce(decision.decided_at, decision.withdrawn_at, seen.end_at)
),
clipped AS (
    SELECT
        worked.item_key,
        worked.stay_index,
        epoch_us(greatest(worked.since_at, seen.begin_at)) AS since,
        epoch_us(least(worked.to_at, seen.end_at)) AS until
    FROM worked
    JOIN seen ON seen.item_key = worked.item_key AND seen.stay_index = worked.stay_index
    WHERE worked.since_at < seen.end_at AND worked.to_at > seen.begin_at AND worked.to_at > worked.since_at
),
-- what overlaps counts once: each stretch from where all before it have ended
fresh AS (
    SELECT
        item_key,
        stay_index,
        until - greatest(
            since,
            least(
                until,
                coalesce(
                    max(until) OVER (
                        PARTITION BY item_key, stay_index ORDER BY since, until
                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
                    ),
                    since
                )
            )
        ) AS micros
    FROM clipped
),
touched AS (
    SELECT item_key, stay_index, sum(micros) AS micros FROM fresh GROUP BY item_key, stay_index
),
told AS (
    SELECT
        {held}seen.stage,
        seen.stage_index,
        seen.lane,
        coalesce(touched.micros, 0) AS touch,
        epoch_us(seen.end_at) - epoch_us(seen.begin_at) AS elapsed
    FROM seen
    LEFT JOIN touched ON touched.item_key = seen.item_key AND touched.stay_index = seen.stay_index{joins}
    WHERE true{conditions}
),
spread AS (
    SELECT 0 AS place, * FROM told
    UNION ALL BY NAME
    SELECT 1 AS place, * EXCLUDE (stage, stage_index, lane), '(all)' AS stage, 0 AS stage_index, '' AS lane FROM told
)
SELECT
    stage,
    lane{keys},
    count(*) AS stays,
    sum(touch) / 1e6 AS touch_seconds,
    sum(elapsed) / 1e6 AS elapsed_seconds,
    sum(touch) / nullif(sum(elapsed), 0) AS efficiency_share
FROM spread
GROUP BY place, stage, stage_index, lane{keys}
ORDER BY place, stage_index{keys}
"""


@metric(
    title="Flow efficiency",
    unit="share of the time",
    grain="one row per stage in which time was spent, then one for all; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def flow_efficiency(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """The share of the time in a stage within the window during which the item was worked on: touch over elapsed.

    Touch is the time in which a step of the stay ran (from the start of its last attempt to its end), or a person had
    taken its question (from a declared claim to the answer); what overlaps counts once, and all is clipped to the stay
    and the window. Timers are no touch. Open stays count up to the as-of instant.

    Edge cases: the history tells the start of a step's last attempt only, and often only once the step has ended:
    running ones may be missing from touch. People's work is known where the stream declares what a claim is; without
    that, a human stage has no touch, which says nothing of the people. A child counts by its own steps.

    Not a measure of how busy anybody is.

    Columns: stage (name; "(all)" for the whole), title, lane, stays (count), touch_seconds, elapsed_seconds (sums over
    the stays), efficiency_share (0 to 1; null where no time was spent).
    """
    chosen = split(stream, question, SEEN)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
    )
    titles = title_of(stream)
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    rows = [{**row, "title": titles.get(row["stage"]), "lane": row["lane"] or None} for row in found]
    return answer(rows, KINDS, chosen, "stays")
