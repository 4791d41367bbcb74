"""How much of the open work is late."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.open_work import OPEN_ITEM
from metrics.question import Question
from metrics.segments import split
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "stage",
    "items",
    "target_seconds",
    "deadline_seconds",
    "over_target",
    "over_target_share",
    "over_deadline",
)
SQL = """
WITH {open_item}{ctes}
SELECT
    rule_stage.stage,
    count(open_item.item_key) AS items,
    rule_stage.target_micros / 1e6 AS target_seconds,
    rule_stage.deadline_micros / 1e6 AS deadline_seconds,
    count(*) FILTER (
        epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) > rule_stage.target_micros
    ) AS over_target,
    count(*) FILTER (
        epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) > rule_stage.target_micros
    ) / nullif(count(open_item.item_key) FILTER (rule_stage.target_micros IS NOT NULL), 0) AS over_target_share,
    count(*) FILTER (
        epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) > rule_stage.deadline_micros
    ) AS over_deadline
FROM rule_stage
LEFT JOIN (
    SELECT open_item.* FROM open_item{joins} WHERE true{conditions}
) AS open_item ON open_item.stage = rule_stage.stage
WHERE rule_stage.stream = $stream
GROUP BY rule_stage.stage, rule_stage.stage_index, rule_stage.target_micros, rule_stage.deadline_micros
ORDER BY rule_stage.stage_index
"""


@metric(
    title="Over target",
    unit="items",
    grain="one row per drawn stage, empty ones included",
    columns=COLUMNS,
)
def over_target(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Open items that have been in their stage longer than the stage's target, and longer than its deadline.

    Counts the present stay only, up to the as-of instant. Exactly the target is still within it. A stage without a
    target has no share: null, not 0.

    Not a forecast, and not the share of finished stays that were late.

    Columns: stage, items (count in flight there), target_seconds, deadline_seconds (null where not declared),
    over_target (count), over_target_share (0 to 1, null without items or target), over_deadline (count).
    """
    chosen = split(stream, question)
    sql = SQL.format(open_item=OPEN_ITEM.strip(), ctes=chosen.ctes, joins=chosen.joins, conditions=chosen.conditions)
    return query(con, sql, **chosen.params)
