"""What the open work waits for, stage by stage."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, title_of, unit_of
from metrics.metric import metric
from metrics.open_work import OPEN_ITEM, OPEN_VALUE
from metrics.question import Question
from metrics.segments import split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "wait": TEXT,
    "items": COUNT,
    "oldest_seconds": NUMBER,
    "value": NUMBER,
    "unit": TEXT,
    "items_without_value": COUNT,
}
SQL = """
WITH {open_item}, {open_value}{ctes},
waiting AS (
    SELECT
        open_item.stage,
        {held}coalesce(open_wait.wait, 'silent') AS wait,
        -- a stay in which nothing is pending has been silent since it began, as far as is known
        epoch_us(open_item.until_at) - epoch_us(coalesce(open_wait.since_at, open_item.entered_at)) AS micros,
        open_value.value
    FROM open_item
    LEFT JOIN open_value ON open_value.item_key = open_item.item_key{joins}
    WHERE true{conditions}
)
SELECT
    waiting.stage,
    waiting.wait{keys},
    count(*) AS items,
    max(waiting.micros) / 1e6 AS oldest_seconds,
    sum(waiting.value) AS value,
    count(*) FILTER (waiting.value IS NULL) AS items_without_value
FROM waiting
JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = waiting.stage
GROUP BY waiting.stage, rule_stage.stage_index, waiting.wait{keys}
ORDER BY rule_stage.stage_index{keys}, items DESC, waiting.wait
"""


@metric(
    title="Waits",
    unit="items",
    grain="one row per stage and reason that holds items; with --by one for each group",
    columns=tuple(KINDS),
)
def waits(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """What the open items of each stage wait for as of the instant: exactly one reason each, the first that holds.

    The order of the reasons is that of the definitions. The history decides what is pending, samples at most three
    sampling intervals old decide its condition; where an activity is pending and no such sample is there, the reason
    is "not sampled". "silent" means that nothing at all is pending. The items of all rows add up to those in flight.

    Not how long items have waited so far in all (see wait_split): only what holds them now.

    Columns: stage (name), title, wait (the reason), items (count), oldest_seconds (the longest time that this reason
    has held for one of them, since what is pending began; for silent ones since they entered the stage), value (sum
    over items that have one, in unit; null where none has), unit, items_without_value (count).
    """
    chosen = split(stream, question, with_wait=True)
    sql = SQL.format(
        open_item=OPEN_ITEM.strip(),
        open_value=OPEN_VALUE.strip(),
        ctes=chosen.ctes,
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen, "waiting"),
    )
    words = {"unit": unit_of(stream)}
    titles = title_of(stream)
    found = query(con, sql, **chosen.params).to_pylist()
    return answer([{**row, **words, "title": titles.get(row["stage"])} for row in found], KINDS, chosen)
