"""How much work is open, and where."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.open_work import OPEN_ITEM, OPEN_VALUE
from metrics.question import Question
from metrics.segments import Split, split
from value_stream import Stream
from warehouse import query

COLUMNS = (
    "stage",
    "title",
    "lane",
    "items",
    "oldest_age_seconds",
    "oldest_stay_seconds",
    "value",
    "unit",
    "items_without_value",
)
SQL = """
WITH {open_item}, {open_value}{ctes}
SELECT
    open_item.stage,
    {select}count(*) AS items,
    max(epoch_us(open_item.until_at) - epoch_us(open_item.opened_at)) / 1e6 AS oldest_age_seconds,
    max(epoch_us(open_item.until_at) - epoch_us(open_item.entered_at)) / 1e6 AS oldest_stay_seconds,
    sum(open_value.value) AS value,
    count(*) FILTER (open_value.value IS NULL) AS items_without_value
FROM open_item
LEFT JOIN open_value ON open_value.item_key = open_item.item_key{joins}
WHERE true{conditions}
GROUP BY open_item.stage{group}
ORDER BY open_item.stage{group}
"""


@metric(
    title="In flight",
    unit="items",
    grain="one row per drawn stage, empty ones included; with --by one row per stage and group that holds items",
    columns=COLUMNS,
)
def in_flight(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Items inside each stage as of the instant: begun, not ended, and in that stage then.

    An item counts once, whatever its runs, continue-as-news, retries, resets and children. A paused item is in
    flight. An item lost from sight is not, from when it was last seen. An item is open until the instant up to which
    its own source was read; ages end there too. Standing items count. Rows split by segment leave empty groups out.

    Not a count of runs, and not Temporal's count of Running executions (which leaves out paused ones).

    Columns: stage (name), title, lane, items (count), oldest_age_seconds (of an item, since it began; null without
    items), oldest_stay_seconds (in this stage; null without items), value (sum over items that have one, in unit;
    null where none has), unit, items_without_value (count).
    """
    chosen = split(stream, question)
    sql = SQL.format(
        open_item=OPEN_ITEM.strip(),
        open_value=OPEN_VALUE.strip(),
        ctes=chosen.ctes,
        select=chosen.select(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        group=chosen.group(),
    )
    return _per_stage(query(con, sql, **chosen.params), stream, chosen)


def _per_stage(found: pa.Table, stream: Stream, chosen: Split) -> pa.Table:
    by_stage: dict[str, list[dict[str, object]]] = {}
    for row in found.to_pylist():
        by_stage.setdefault(str(row["stage"]), []).append(row)
    unit = stream.item.value.unit if stream.item.value else None
    rows: list[dict[str, object]] = []
    for stage in stream.stages:
        empty: list[dict[str, object]] = [] if chosen.columns else [{"items": 0, "items_without_value": 0}]
        for row in by_stage.get(stage.name, empty):
            rows.append({**row, "stage": stage.name, "title": stage.title, "lane": stage.lane, "unit": unit})
    return pa.Table.from_pylist(rows, schema=_schema(chosen))


def _schema(chosen: Split) -> pa.Schema:
    types: dict[str, pa.DataType] = {
        "items": pa.int64(),
        "oldest_age_seconds": pa.float64(),
        "oldest_stay_seconds": pa.float64(),
        "value": pa.float64(),
        "items_without_value": pa.int64(),
    }
    extra = [name for name in chosen.names if name not in COLUMNS]
    names = [*COLUMNS[:3], *extra, *COLUMNS[3:]]
    return pa.schema([(name, types.get(name, pa.string())) for name in names])
