"""How long work stays in each stage, the work that is still there included."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_STAY, SEEN_STAYS, stretch
from metrics.question import Question
from metrics.segments import Split, split
from metrics.stage_rows import Row, per_stage, table
from metrics.survival import FIGURES, curve, same, summary
from metrics.thin import honest
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "stage",
    "title",
    "lane",
    "exits",
    "inside",
    "lost",
    "p50_seconds",
    "p50_low_seconds",
    "p50_high_seconds",
    "p85_seconds",
    "p85_low_seconds",
    "p85_high_seconds",
    "p95_seconds",
    "p95_low_seconds",
    "p95_high_seconds",
    "not_reached",
    "target_seconds",
    "within_target_share",
    "completed_p50_seconds",
    "completed_p85_seconds",
    "completed_p95_seconds",
    "completed",
    "total_seconds",
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
        seen_stay.is_lost
    FROM seen_stay{joins}
    WHERE true{conditions}
),
{curve},
{summary},
target AS (
    SELECT stage_index, target_micros FROM rule_stage WHERE stream = $stream
),
late AS (
    SELECT {curve_keys}, min(curve.survival) AS late_share
    FROM curve
    JOIN target ON target.stage_index = curve.stage_index
    WHERE curve.is_exit AND curve.micros <= target.target_micros
    GROUP BY {curve_keys}
)
SELECT
    {summary_keys},
    summary.exits,
    summary.inside,
    summary.lost,
    summary.completed,
    summary.total_seconds,
    {figures},
    CASE
        WHEN target.target_micros <= summary.longest_micros
            OR (target.target_micros IS NOT NULL AND summary.last_share = 0)
        THEN 1 - coalesce(late.late_share, 1.0)
    END AS within_target_share
FROM summary
JOIN target ON target.stage_index = summary.stage_index
LEFT JOIN late ON {same}
ORDER BY {summary_keys}
"""


@metric(
    title="Time in stage",
    unit="seconds",
    grain="one row per drawn stage that holds time, empty ones included; with --by one per stage and group seen there",
    columns=COLUMNS,
    needs_window=True,
)
def time_in_state(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How long stays in a stage last: the time by which 50, 85 and 95 of 100 have left, open stays counted as well.

    A stay that is still open has lasted at least as long as it has: left out, a stage that is jammed would look fast.
    So the figures are read off the Kaplan-Meier curve of all stays seen in the window: open ones, those cut off by
    the window's end or the as-of instant, and those lost from sight count for as long as they were seen; stays that
    began before the window count from the age they had at its start. Every way of leaving is an exit, ends included;
    `exits` splits them. Without open and cut-off stays each percentile is a value that was seen, the one that
    quantile_disc gives. The limits are 95 % (log-log Greenwood); the upper one is null where the curve of the upper
    limit does not come down. Beside them the completed-only percentiles: the same exits without open stays, as most
    reports have them. The distance between the two is the news.

    Edge cases: stays that ended at or before the window's start are out; those of no length inside it count at 0.
    The time in which a closed item waited to be reopened is no stay. Stays of no length that lost to another stage
    of the same worker turn do not count, and end stages hold no time. Standing items count. Segments are those
    that hold at the window's end, or as of the instant where that is earlier.

    Not a mean, not the age of what is open now (see aging), and not the time from beginning to end (see cycle_time).

    Columns: stage (name), title, lane, exits (count of stays that left), inside (count still there), lost (count lost
    from sight), p50_seconds, p50_low_seconds, p50_high_seconds, and likewise p85 and p95 (seconds; the time by which
    that share has left, and its limits), not_reached (the percentiles that the curve does not come down to, so that
    they are null: more than the rest is still there; null if none), target_seconds (null where not declared),
    within_target_share (0 to 1, of all stays, the curve at the target; null without target or where nothing was seen
    that long), completed_p50_seconds, completed_p85_seconds, completed_p95_seconds (seconds), completed (count),
    total_seconds (spent there inside the window by all stays, the open ones up to the as-of), thin (why a percentile
    is null though the curve comes down to it: p50 needs 2 exits, p85 7, p95 20; null if none).

    Source: Kaplan and Meier (1958), with left truncation as in Klein and Moeschberger, Survival Analysis, 4.6.
    """
    chosen = split(stream, question, SEEN_STAYS)
    found = query(con, _sql(chosen), **chosen.params, **stretch(question))
    targets = {stage.name: stage.target_micros for stage in stream.stages}

    def finish(row: Row) -> Row:
        target = targets[str(row["stage"])]
        return honest({**row, "target_seconds": None if target is None else target / 1e6})

    return table(per_stage(found, stream, question, chosen, finish), COLUMNS, chosen)


def _sql(chosen: Split) -> str:
    keys = ("stage_index", *chosen.keys)
    return SQL.format(
        horizon=HORIZON.strip(),
        seen_stay=SEEN_STAY.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        curve=curve(keys),
        summary=summary(keys),
        curve_keys=", ".join(f"curve.{key}" for key in keys),
        summary_keys=", ".join(f"summary.{key}" for key in keys),
        figures=",\n    ".join(f"summary.{name}" for name in FIGURES),
        same=same("late", "summary", keys),
    )
