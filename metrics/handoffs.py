"""What it costs to pass the work on."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question
from metrics.segments import Subject, split
from metrics.stage_rows import Row
from metrics.survival import PERCENTILES, curve, same, summary
from metrics.thin import too_few
from value_stream import Stream
from warehouse import query

# Kinds of stages whose steps are our own systems at work, not the receiver.
PEOPLE = ("human", "vendor", "regulatory")

KINDS: Kinds = {
    "from_lane": TEXT,
    "to_lane": TEXT,
    "handoffs": COUNT,
    "items": COUNT,
    "acted": COUNT,
    "waiting": COUNT,
    "p50_seconds": NUMBER,
    "p85_seconds": NUMBER,
    "came_back": COUNT,
    "came_back_share": NUMBER,
    "thin": TEXT,
}
PASSED = Subject("passed", "last_at", built_in=("type", "source"))
SQL = """
WITH {horizon},
placed AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stay_index,
        stay.stage,
        stay.stage_index,
        stay.lane,
        stay.entered_at,
        CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at END AS left_at,
        coalesce(rule_stage.is_end, false) AS is_end,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        horizon.until_at,
        lag(stay.lane) OVER by_item AS from_lane,
        lag(stay.stage_index) OVER by_item AS from_index
    FROM stay
    JOIN item ON item.stream = $stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    LEFT JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = stay.stage
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.entered_at <= horizon.last_at
      AND horizon.until_at > $from_at
      -- only items that were passed on in the window can have anything to tell
      AND stay.item_key IN (SELECT item_key FROM stay WHERE stream = $stream AND entered_at >= $from_at)
    WINDOW by_item AS (PARTITION BY stay.item_key ORDER BY stay.stay_index)
),
-- coming back from having been closed is no handoff, nor is ending
turned AS (
    SELECT
        *,
        lead(lane) OVER by_item AS next_lane,
        lead(stage_index) OVER by_item AS next_index
    FROM placed
    WHERE stage_index >= 0 AND from_index >= 0 AND from_lane <> lane AND NOT is_end
    WINDOW by_item AS (PARTITION BY item_key ORDER BY stay_index)
),
human(stage) AS (
    SELECT unnest(CAST($human AS VARCHAR[]))
),
-- People act by taking the question, by answering it, or by letting the item go on; a system by starting a step.
deed AS (
    SELECT turned.item_key, turned.stay_index, decision_mark.marked_at AS acted_at
    FROM turned
    JOIN decision_mark
        ON decision_mark.stream = $stream
       AND decision_mark.item_key = turned.item_key
       AND decision_mark.purpose = 'claimed'
       AND decision_mark.marked_at >= turned.entered_at
       AND decision_mark.marked_at <= coalesce(turned.left_at, turned.last_at)
    UNION ALL
    SELECT turned.item_key, turned.stay_index, decision.decided_at
    FROM turned
    JOIN decision
        ON decision.stream = $stream
       AND decision.item_key = turned.item_key
       AND decision.stay_index = turned.stay_index
       AND decision.decided_at <= turned.last_at
       -- that a deadline passed is nobody's deed
       AND decision.actor_kind IS DISTINCT FROM 'timer'
    UNION ALL
    SELECT turned.item_key, turned.stay_index, greatest(step.started_at, turned.entered_at)
    FROM turned
    JOIN step
        ON step.stream = $stream
       AND step.item_key = turned.item_key
       AND step.stay_index = turned.stay_index
       AND step.kind <> 'timer'
       AND step.started_at <= turned.last_at
    WHERE turned.stage NOT IN (SELECT stage FROM human)
    UNION ALL
    SELECT item_key, stay_index, left_at FROM turned WHERE left_at IS NOT NULL
),
first_deed AS (
    SELECT item_key, stay_index, min(acted_at) AS acted_at FROM deed GROUP BY item_key, stay_index
),
passed AS (
    SELECT turned.*, first_deed.acted_at
    FROM turned
    LEFT JOIN first_deed ON first_deed.item_key = turned.item_key AND first_deed.stay_index = turned.stay_index
    WHERE turned.entered_at >= $from_at
),
told AS (
    SELECT {held}passed.*, passed.next_lane = passed.from_lane AND passed.next_index <= passed.from_index AS is_back
    FROM passed{joins}
    WHERE true{conditions}
),
life AS (
    SELECT
        {keys},
        0 AS begun_micros,
        epoch_us(coalesce(acted_at, until_at)) - epoch_us(entered_at) AS ended_micros,
        acted_at IS NOT NULL AS is_exit,
        false AS is_lost
    FROM told
),
{curve},
{summary},
volume AS (
    SELECT
        {keys},
        count(*) AS handoffs,
        count(DISTINCT item_key) AS items,
        count(acted_at) AS acted,
        count(*) - count(acted_at) AS waiting,
        count(*) FILTER (is_back) AS came_back,
        count(*) FILTER (is_back) / count(*) AS came_back_share
    FROM told
    GROUP BY {keys}
)
SELECT volume.*, summary.p50_seconds, summary.p85_seconds
FROM volume
JOIN summary ON {same}
ORDER BY volume.handoffs DESC, {volume_keys}
"""


@metric(
    title="Handoffs",
    unit="handoffs",
    grain="one row per pair of lanes between which work was passed in the window; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def handoffs(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Work that was passed from one lane to another within the window, how long it then lay, and how much came back.

    A handoff is an entry into a stage of another owner than the stage before. The receiver acts when somebody takes or
    answers a question there, when the item leaves, or, in stages that a system works on, when a step first starts.
    The percentiles are read off the Kaplan-Meier curve: what nobody has acted on counts for as long as it has lain.
    A stage of kind system or queue is a system's, and one without a kind in which no decision is asked: elsewhere
    the steps that run are ours, not the receiver's. It came back when the next handoff of the item goes to the lane
    that passed it on, to the stage it was passed on from or one drawn before it: not when it goes on to a later one.

    Edge cases: ends are no handoffs, nor is coming back from having been closed. A claim that the stream declares no
    rule for is not seen. What came back after the as-of instant has not come back yet.

    Not all moves (see moves): those within a lane are missing.

    Columns: from_lane, to_lane (owners), handoffs (count), items (count), acted, waiting (counts of handoffs),
    p50_seconds, p85_seconds (time by which that share of receivers had acted; null when thin or not reached),
    came_back (count of handoffs), came_back_share (0 to 1), thin (why a percentile is null).
    """
    chosen = split(stream, question, PASSED)
    keys = ("from_lane", "lane", *chosen.keys)
    asked = {decision.stage for decision in stream.decisions}
    human = [
        stage.name for stage in stream.stages if stage.kind in PEOPLE or (stage.kind is None and stage.name in asked)
    ]
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=", ".join(keys),
        curve=curve(keys),
        summary=summary(keys),
        same=same("summary", "volume", keys),
        volume_keys=", ".join(f"volume.{key}" for key in keys),
    )
    found = query(con, sql, **chosen.params, **stretch(question), human=human).to_pylist()
    return answer([_honest({**row, "to_lane": row["lane"]}) for row in found], KINDS, chosen, "handoffs")


def _honest(row: Row) -> Row:
    acted = row["acted"] if isinstance(row["acted"], int) else 0
    high = [percent for percent in (50, 85) if row[f"p{percent}_seconds"] is None]
    few = [percent for percent in (50, 85) if percent not in high and acted < PERCENTILES[percent]]
    why = [f"{', '.join(f'p{percent}' for percent in high)} not reached"] if high else []
    why += [reason] if (reason := too_few(acted, few)) else []
    return {**row, **{f"p{percent}_seconds": None for percent in few}, "thin": "; ".join(why) or None}
