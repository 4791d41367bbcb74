"""How far the work strays from what is drawn."""

from datetime import UTC, datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, refuse_by
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question, Window
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "finding": TEXT,
    "from_stage": TEXT,
    "to_stage": TEXT,
    "items_now": COUNT,
    "moves": COUNT,
    "share": NUMBER,
    "moves_before": COUNT,
    "share_before": NUMBER,
    "all_moves": COUNT,
    "all_moves_before": COUNT,
}
MADE = Subject("made", "last_at", built_in=("type", "source"))
SQL = """
WITH {horizon},
made AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stage AS from_stage,
        stay.next_stage AS to_stage,
        stay.is_drawn,
        stay.left_at,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        (item.closed_at IS NULL OR item.closed_at > horizon.last_at)
            AND (item.observed_until_at IS NULL OR item.observed_until_at > horizon.last_at)
            AND shut.item_key IS NULL AS is_open
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    -- closed, and not reopened yet
    LEFT JOIN stay AS shut
        ON shut.stream = item.stream
       AND shut.item_key = item.item_key
       AND shut.stage_index < 0
       AND shut.entered_at <= horizon.last_at
       AND (shut.left_at IS NULL OR shut.left_at > horizon.last_at)
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.stage_index >= 0
      AND stay.next_stage <> '(closed)'
      AND stay.exit_kind <> 'reset'
      AND stay.left_at <= horizon.last_at
),
chosen AS (
    SELECT made.*
    FROM made{joins}
    WHERE true{conditions}
),
counted AS (
    SELECT
        from_stage,
        to_stage,
        count(*) FILTER (left_at >= $from_at) AS moves,
        count(*) FILTER (left_at >= $before_at AND left_at < $from_at) AS moves_before,
        count(DISTINCT CASE WHEN is_open THEN item_key END) AS items_now
    FROM chosen
    GROUP BY from_stage, to_stage
),
seen AS (
    SELECT
        coalesce(counted.from_stage, rule_move.from_stage) AS from_stage,
        coalesce(counted.to_stage, rule_move.to_stage) AS to_stage,
        coalesce(counted.moves, 0) AS moves,
        coalesce(counted.moves_before, 0) AS moves_before,
        coalesce(counted.items_now, 0) AS items_now,
        rule_move.from_stage IS NOT NULL AS is_drawn
    FROM counted
    FULL JOIN (SELECT from_stage, to_stage FROM rule_move WHERE stream = $stream) AS rule_move
        ON rule_move.from_stage = counted.from_stage AND rule_move.to_stage = counted.to_stage
),
whole AS (
    SELECT
        coalesce(sum(moves), 0) AS all_moves,
        coalesce(sum(moves_before), 0) AS all_moves_before,
        coalesce(sum(moves) FILTER (NOT is_drawn), 0) AS undrawn,
        coalesce(sum(moves_before) FILTER (NOT is_drawn), 0) AS undrawn_before
    FROM seen
),
told AS (
    SELECT
        0 AS place, 'index' AS finding, NULL AS from_stage, NULL AS to_stage,
        undrawn AS moves, undrawn_before AS moves_before,
        (SELECT count(DISTINCT item_key) FROM chosen WHERE is_open AND NOT is_drawn) AS items_now
    FROM whole
    UNION ALL
    SELECT 1, 'undrawn', from_stage, to_stage, moves, moves_before, items_now
    FROM seen
    WHERE NOT is_drawn AND (moves > 0 OR moves_before > 0 OR items_now > 0)
    UNION ALL
    SELECT 2, 'unused', from_stage, to_stage, moves, moves_before, items_now
    FROM seen
    WHERE is_drawn AND moves = 0
)
SELECT
    told.finding,
    told.from_stage,
    told.to_stage,
    CAST(told.items_now AS BIGINT) AS items_now,
    CAST(told.moves AS BIGINT) AS moves,
    told.moves / nullif(whole.all_moves, 0) AS share,
    CAST(told.moves_before AS BIGINT) AS moves_before,
    told.moves_before / nullif(whole.all_moves_before, 0) AS share_before,
    CAST(whole.all_moves AS BIGINT) AS all_moves,
    CAST(whole.all_moves_before AS BIGINT) AS all_moves_before
FROM told
CROSS JOIN whole
ORDER BY told.place, told.moves DESC, told.from_stage, told.to_stage
"""


@metric(
    title="Drift",
    unit="share of moves",
    grain="one row for the index, then one per undrawn move that was seen, then one per drawn move that nobody took",
    columns=tuple(KINDS),
    needs_window=True,
)
def drift(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """The share of moves within the window that no arrow of the stream draws, and the same for the window before.

    The window before is as long and ends where this one begins. Beside the index, each undrawn move, and each drawn
    one that nobody took in the window: an arrow that may be wishful. Returns by reset are somebody's deed, not a way
    of the work, and are no moves here. A move counts as drawn as the stream file stands now.

    Not rework: that may be drawn (see rework).

    Columns: finding (index, undrawn or unused), from_stage, to_stage (names; null for the index), items_now (count of
    open items that have ever gone that way; for the index, of those that have ever gone any undrawn one), moves
    (count in the window; for the index, undrawn ones), share (0 to 1, of all moves; null without any), moves_before,
    share_before (the same for the window before), all_moves, all_moves_before (counts the shares are of).
    """
    window = question.need_window()
    refuse_by(question, "drift")
    chosen = split(stream, question, MADE)
    sql = SQL.format(horizon=HORIZON.strip(), joins=chosen.joins, conditions=chosen.conditions)
    params = {**chosen.params, **stretch(question), "before_at": _before(window)}
    return answer(query(con, sql, **params).to_pylist(), KINDS)


def _before(window: Window) -> datetime:
    try:
        return window.from_at - (window.to_at - window.from_at)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
