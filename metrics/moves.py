"""Which ways the work took."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import stretch
from metrics.question import MetricError, Question
from value_stream import Stream
from warehouse import query

COLUMNS = ("from_stage", "to_stage", "items", "is_drawn", "is_rework")
SQL = """
WITH seen AS (
    SELECT stay.stage AS from_stage, stay.next_stage AS to_stage, count(*) AS items
    FROM stay
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.stage_index >= 0
      AND stay.next_stage IS NOT NULL
      AND stay.next_stage <> '(closed)'
      AND stay.left_at >= $from_at
      AND stay.left_at <= $last_at
    GROUP BY stay.stage, stay.next_stage
),
drawn AS (
    SELECT from_stage, to_stage, is_rework FROM rule_move WHERE stream = $stream
)
SELECT
    coalesce(seen.from_stage, drawn.from_stage) AS from_stage,
    coalesce(seen.to_stage, drawn.to_stage) AS to_stage,
    coalesce(seen.items, 0) AS items,
    drawn.from_stage IS NOT NULL AS is_drawn,
    coalesce(drawn.is_rework, false) AS is_rework
FROM seen
FULL JOIN drawn ON drawn.from_stage = seen.from_stage AND drawn.to_stage = seen.to_stage
ORDER BY from_stage, to_stage
"""


@metric(
    title="Moves",
    unit="moves",
    grain="one row per move that is drawn or was seen in the window",
    columns=COLUMNS,
    needs_window=True,
)
def moves(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How often items left one stage for the next within the window, drawn moves that nobody took included.

    A move counts at the instant the stage is left, as often as it is made. A return by reset counts. Stages that lost
    to another one of the same worker turn make no move. Ends are no moves.

    Columns: from_stage, to_stage (names), items (count of moves), is_drawn (an arrow of the stream file), is_rework
    (drawn as rework).
    """
    question.need_window()
    if question.where or question.by:
        raise MetricError("moves cannot be split or narrowed yet: leave --where and --by out.")
    seen = stretch(question)
    return query(con, SQL, stream=stream.stream, from_at=seen["from_at"], last_at=seen["last_at"])
