"""How long items take from beginning to end, those that have not ended included."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import HORIZON, IN_FLIGHT_WITHIN, SEEN_ITEM, SEEN_ITEMS, stretch
from metrics.question import MetricError, Question
from metrics.segments import Split, split
from metrics.stage_rows import Row, named, table
from metrics.survival import FIGURES, curve, summary
from metrics.thin import honest
from value_stream import Stream
from warehouse import query

COLUMNS = (
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
    "completed_p50_seconds",
    "completed_p85_seconds",
    "completed_p95_seconds",
    "completed",
    "total_seconds",
    "thin",
)
SQL = """
WITH {horizon}, {seen_item},
life AS (
    SELECT
        0 AS whole,
        {held}seen_item.begun_micros,
        seen_item.ended_micros,
        seen_item.is_exit,
        seen_item.is_lost
    FROM seen_item{joins}
    WHERE {in_flight_within}{conditions}
),
{curve},
{summary}
SELECT
    {shown_keys}
    summary.exits,
    summary.inside,
    summary.lost,
    summary.completed,
    summary.total_seconds,
    {figures}
FROM summary
ORDER BY {keys}
"""


@metric(
    title="Cycle time",
    unit="seconds",
    grain="one row for the whole stream; with --by one per group",
    columns=COLUMNS,
    needs_window=True,
)
def cycle_time(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How long items take from their opening to their end: the time by which 50, 85 and 95 of 100 have ended.

    Read off the Kaplan-Meier curve of all items seen in the window: those still open at its end and those lost from
    sight count for as long as they were seen, those opened before it from the age they had at its start. Every end
    counts, good or bad. Beside the percentiles their 95 % limits, and the completed-only percentiles of the same
    ends.

    Edge cases: an item lives through continue-as-new, retries and resets. The time in which a closed item waited to
    be reopened is left out, and an item that was closed at the window's end counts as ended then, whatever came
    later. Items that ended at or before the window's start are out. Standing items never end by design: for a
    stream of them this is refused.

    Not the age of open work (see aging), and not the time in one stage (see time_in_state).

    Columns: exits (count of items that ended), inside (count still open), lost (count lost from sight), p50_seconds,
    p50_low_seconds, p50_high_seconds, and likewise p85 and p95 (seconds; the time by which that share has ended, and
    its limits), not_reached (the percentiles that the curve does not come down to, so that they are null; null if
    none), completed_p50_seconds, completed_p85_seconds, completed_p95_seconds (seconds), completed (count),
    total_seconds (work time inside the window of all items, the open ones up to the as-of), thin (why a percentile is
    null though the curve comes down to it: p50 needs 2 exits, p85 7, p95 20; null if none).

    Source: Kaplan and Meier (1958), with left truncation as in Klein and Moeschberger, Survival Analysis, 4.6.
    """
    no_standing(stream, "cycle time")
    chosen = split(stream, question, SEEN_ITEMS)
    found = query(con, _sql(chosen), **chosen.params, **stretch(question)).to_pylist()
    empty: list[Row] = [] if chosen.columns else [dict.fromkeys(("exits", "inside", "lost", "completed"), 0)]
    blank = dict.fromkeys((*FIGURES, "total_seconds"))
    return table([honest({**blank, **named(row, chosen)}) for row in found or empty], COLUMNS, chosen)


def no_standing(stream: Stream, what: str) -> None:
    """Raises MetricError for a stream whose items never end by design."""
    if stream.item.standing:
        raise MetricError(f"Items of stream {stream.stream} are standing: they never end by design and have no {what}.")


def _sql(chosen: Split) -> str:
    keys = ("whole", *chosen.keys)
    return SQL.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        in_flight_within=IN_FLIGHT_WITHIN,
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        curve=curve(keys),
        summary=summary(keys),
        shown_keys="".join(f"summary.{key}," for key in chosen.keys),
        figures=",\n    ".join(f"summary.{name}" for name in FIGURES),
        keys=", ".join(keys),
    )
