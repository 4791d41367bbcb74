"""Work that goes back, and what that costs."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, FLAG, NUMBER, TEXT, Kinds, answer, keys_of
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "from_stage": TEXT,
    "to_stage": TEXT,
    "kind": TEXT,
    "is_drawn": FLAG,
    "times": COUNT,
    "items": COUNT,
    "again_seconds": NUMBER,
    "still_back": COUNT,
}
LOOPS = Subject("loop", "last_at", built_in=("type", "source"))
SQL = """
WITH {horizon},
loop AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stay_index,
        stay.stage AS from_stage,
        stay.next_stage AS to_stage,
        stay.exit_kind AS kind,
        stay.is_drawn,
        stay.left_at,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        horizon.until_at,
        coalesce(item.closed_at, item.observed_until_at) AS over_at
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    LEFT JOIN rule_move
        ON rule_move.stream = stay.stream
       AND rule_move.from_stage = stay.stage
       AND rule_move.to_stage = stay.next_stage
    LEFT JOIN rule_stage AS target ON target.stream = stay.stream AND target.stage = stay.next_stage
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND stay.stage_index >= 0
      -- going on again after a way back is not another one
      AND (
        stay.exit_kind = 'reset'
        OR (stay.exit_kind = 'rework' AND (rule_move.is_rework OR target.stage_index <= stay.stage_index))
      )
      AND stay.left_at >= $from_at
      AND stay.left_at <= horizon.last_at
),
returned AS (
    SELECT
        loop.item_key,
        loop.stay_index,
        -- a stage that is at once entered again is done again when it is left
        min(CASE WHEN stay.stage = loop.to_stage THEN stay.left_at ELSE stay.entered_at END) AS returned_at
    FROM loop
    JOIN stay
        ON stay.stream = loop.stream
       AND stay.item_key = loop.item_key
       AND stay.stay_index > loop.stay_index
       -- being closed ends it, whatever a reset makes of it later
       AND (stay.stage = loop.from_stage OR stay.stage_index < 0)
       AND NOT stay.is_overlapped
       AND CASE WHEN stay.stage = loop.to_stage THEN stay.left_at ELSE stay.entered_at END <= loop.last_at
    GROUP BY loop.item_key, loop.stay_index
),
told AS (
    SELECT
        {held}loop.*,
        returned.returned_at IS NULL AND (loop.over_at IS NULL OR loop.over_at > loop.last_at) AS is_back,
        epoch_us(
            coalesce(
                returned.returned_at,
                CASE WHEN loop.over_at <= loop.last_at THEN loop.over_at ELSE loop.until_at END
            )
        ) - epoch_us(loop.left_at) AS micros
    FROM loop
    LEFT JOIN returned ON returned.item_key = loop.item_key AND returned.stay_index = loop.stay_index{joins}
    WHERE true{conditions}
)
SELECT
    from_stage,
    to_stage,
    kind,
    coalesce(bool_or(is_drawn), false) AS is_drawn,
    count(*) AS times{keys},
    count(DISTINCT item_key) AS items,
    sum(micros) / 1e6 AS again_seconds,
    count(*) FILTER (is_back) AS still_back
FROM told
GROUP BY from_stage, to_stage, kind{keys}
ORDER BY times DESC, from_stage, to_stage, kind{keys}
"""


@metric(
    title="Rework",
    unit="loops",
    grain="one row per way back that was taken in the window; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def rework(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How often work went back to a stage within the window, and how long until it was where it had been.

    A move is rework when it is drawn as such, or when its target was visited before and is not drawn further on; a
    reset that returns the item to another stage is one, too. It costs the time from the move back until the item is
    again in the stage that it was sent back from (or, where that is the stage it was sent to, leaves it), or is over;
    for those still on their way, until the as-of instant.

    Edge cases: the cost counts whole, also the part after the window's end. Loops inside a loop cost in both rows, so
    the costs of rows do not add up to a total.

    Not undrawn moves to a stage that the item had not been in (see drift).

    Columns: from_stage, to_stage (names), kind (rework or reset), is_drawn (an arrow of the stream file), times (count
    of moves), items (count), again_seconds (sum over the moves), still_back (count of moves whose item has not
    returned and is not over).
    """
    chosen = split(stream, question, LOOPS)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
    )
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    return answer(found, KINDS, chosen, "times")
