"""The open work, item by item."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.open_work import OPEN_ITEM, OPEN_VALUE
from metrics.question import Question
from metrics.segments import split
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "item",
    "workflow_id",
    "run_id",
    "source",
    "workflow_type",
    "stage",
    "title",
    "lane",
    "opened_at",
    "entered_at",
    "age_seconds",
    "stay_seconds",
    "over_target",
    "over_deadline",
    "wait",
    "wait_since_at",
    "wait_until_at",
    "value",
    "unit",
)
SQL = """
WITH {open_item}, {open_value}{ctes}
SELECT
    open_item.item,
    open_item.workflow_id,
    open_item.run_id,
    open_item.source,
    open_item.workflow_type,
    open_item.stage,
    open_item.lane,
    open_item.opened_at,
    open_item.entered_at,
    (epoch_us(open_item.until_at) - epoch_us(open_item.opened_at)) / 1e6 AS age_seconds,
    (epoch_us(open_item.until_at) - epoch_us(open_item.entered_at)) / 1e6 AS stay_seconds,
    coalesce(epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) > rule_stage.target_micros, false)
        AS over_target,
    coalesce(epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) > rule_stage.deadline_micros, false)
        AS over_deadline,
    coalesce(open_wait.wait, 'silent') AS wait,
    coalesce(open_wait.since_at, open_item.entered_at) AS wait_since_at,
    open_wait.due_at AS wait_until_at,
    open_value.value
FROM open_item
LEFT JOIN rule_stage ON rule_stage.stream = open_item.stream AND rule_stage.stage = open_item.stage
LEFT JOIN open_value ON open_value.item_key = open_item.item_key{joins}
WHERE true{conditions}
ORDER BY open_item.entered_at, open_item.item_key
"""


@metric(
    title="Open items",
    unit="items",
    grain="one row per open item, longest in its stage first",
    columns=COLUMNS,
)
def open_items(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every item in flight as of the instant, with its stage, its ages and the one thing it waits for.

    The wait is the first reason that holds, in the fixed order of the definitions; where an activity is pending but
    no sample is recent enough to tell its condition, it is "not sampled".

    Columns: item (business key), workflow_id, run_id (newest run of its chain), source, workflow_type, stage (name),
    title, lane, opened_at, entered_at (UTC), age_seconds (since it began), stay_seconds (in this stage), over_target,
    over_deadline (this stay), wait, wait_since_at, wait_until_at (UTC; when the timer fires, the decision or step is
    due; null without), value (in unit; null where it has none), unit.
    """
    chosen = split(stream, question, with_wait=True)
    sql = SQL.format(
        open_item=OPEN_ITEM.strip(),
        open_value=OPEN_VALUE.strip(),
        ctes=chosen.ctes,
        joins=chosen.joins,
        conditions=chosen.conditions,
    )
    found = query(con, sql, **chosen.params)
    titles: dict[object, str] = {stage.name: stage.title for stage in stream.stages}
    unit = stream.item.value.unit if stream.item.value else None
    shown = [titles.get(stage) for stage in found.column("stage").to_pylist()]
    found = found.append_column("title", pa.array(shown, pa.string()))
    found = found.append_column("unit", pa.array([unit] * found.num_rows, pa.string()))
    return found.select(list(COLUMNS))
