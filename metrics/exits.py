"""By which ways work leaves each stage, and how long each takes."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_STAY, SEEN_STAYS, stretch
from metrics.question import Question
from metrics.segments import Split, split
from metrics.stage_rows import Row, per_stage, table
from metrics.survival import PERCENTILES, TOLERANCE, curve, same
from metrics.thin import too_few
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "stage",
    "title",
    "lane",
    "exit_kind",
    "exits",
    "inside",
    "left_share",
    "inside_share",
    "p50_seconds",
    "p85_seconds",
    "within_target_share",
    "thin",
)
SQL = """
WITH {horizon}, {seen_stay},
life AS (
    SELECT
        seen_stay.stage_index,
        {held}seen_stay.begun_micros,
        seen_stay.ended_micros,
        seen_stay.is_exit,
        seen_stay.is_lost,
        CASE WHEN seen_stay.is_exit THEN seen_stay.exit_kind END AS exit_kind
    FROM seen_stay{joins}
    WHERE true{conditions}
),
{curve},
grown AS (
    SELECT
        {keys},
        exit_kind,
        micros,
        leaves,
        sum(leaves) OVER (
            PARTITION BY {keys}, exit_kind ORDER BY micros ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS left_share,
        sum(leaves) OVER (PARTITION BY {keys}, exit_kind) AS all_share
    FROM curve
    WHERE is_exit
),
whole AS (
    SELECT
        {keys},
        count(*) FILTER (NOT is_exit AND NOT is_lost) AS inside,
        max(ended_micros) AS longest_micros
    FROM life
    GROUP BY {keys}
),
ended AS (
    SELECT {keys}, min(survival) AS inside_share FROM curve GROUP BY {keys}
),
target AS (
    SELECT stage_index, target_micros FROM rule_stage WHERE stream = $stream
)
SELECT
    {grown_keys},
    grown.exit_kind,
    count(*) AS exits,
    min(whole.inside) AS inside,
    min(grown.all_share) AS left_share,
    min(ended.inside_share) AS inside_share,
    min(grown.micros) FILTER (grown.left_share >= 0.5 * grown.all_share - {tolerance}) / 1e6 AS p50_seconds,
    min(grown.micros) FILTER (grown.left_share >= 0.85 * grown.all_share - {tolerance}) / 1e6 AS p85_seconds,
    CASE
        WHEN min(target.target_micros) <= min(whole.longest_micros)
            OR (min(target.target_micros) IS NOT NULL AND min(ended.inside_share) = 0)
        THEN coalesce(sum(grown.leaves) FILTER (grown.micros <= target.target_micros), 0.0)
    END AS within_target_share
FROM grown
JOIN whole ON {whole_same}
JOIN ended ON {ended_same}
JOIN target ON target.stage_index = grown.stage_index
GROUP BY {grown_keys}, grown.exit_kind
ORDER BY {grown_keys}, exits DESC, grown.exit_kind
"""


@metric(
    title="Exits",
    unit="share of stays",
    grain="one row per stage and way of leaving seen there; with --by for each group",
    columns=COLUMNS,
    needs_window=True,
)
def exits(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """For each way of leaving a stage, the share of stays that leave by it, open stays counted as still undecided.

    A cancellation must not look like quick work, and what is still open may leave either way: so the shares are the
    Aalen-Johansen incidence of each kind of exit, over the stays that time_in_state counts. The shares of a stage's
    ways and inside_share add up to 1. Going to an end stage is the end that the item came to (completed, canceled,
    ...), not an advance.

    Edge cases: as in time_in_state. A stay lost from sight or cut off by the window has left by no way. Stages that
    nothing left have no row. The percentiles are among those that leave this way, as far as the curve goes: where
    many are still inside, the slow ones are missing from them.

    Not the moves between stages (see moves), and not the naive split of finished stays.

    Columns: stage (name), title, lane, exit_kind (advanced, rework, undrawn, reset, done, completed, failed, canceled,
    terminated or timed out), exits (count), inside (count still in the stage), left_share (0 to 1, of all stays,
    leaving this way by the highest age seen), inside_share (0 to 1, still there at that age; the same for each way),
    p50_seconds, p85_seconds (the time by which that part of those who leave this way has left; null when thin),
    within_target_share (0 to 1, of all stays, leaving this way within the target; null without target or where
    nothing was seen that long), thin (why a percentile is null: p50 needs 2 exits, p85 7; null if none).

    Source: Aalen and Johansen (1978); Klein and Moeschberger, Survival Analysis, 4.7.
    """
    chosen = split(stream, question, SEEN_STAYS)
    found = query(con, _sql(chosen), **chosen.params, **stretch(question))
    return table(per_stage(found, stream, question, chosen, _finish, with_empty=False), COLUMNS, chosen)


def _finish(row: Row) -> Row:
    counted = row["exits"] if isinstance(row["exits"], int) else 0
    few = [percent for percent in (50, 85) if counted < PERCENTILES[percent]]
    return {**row, **{f"p{percent}_seconds": None for percent in few}, "thin": too_few(counted, few)}


def _sql(chosen: Split) -> str:
    keys = ("stage_index", *chosen.keys)
    return SQL.format(
        horizon=HORIZON.strip(),
        seen_stay=SEEN_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        curve=curve(keys, "exit_kind"),
        keys=", ".join(keys),
        grown_keys=", ".join(f"grown.{key}" for key in keys),
        whole_same=same("whole", "grown", keys),
        ended_same=same("ended", "grown", keys),
        tolerance=TOLERANCE,
    )
