"""What the value that stands still is worth, and for how long it has."""

from datetime import timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, title_of, unit_of
from metrics.metric import metric
from metrics.open_work import OPEN_ITEM, OPEN_VALUE
from metrics.question import MetricError, Question, Window
from metrics.segments import split
from metrics.time_in_state import time_in_state
from value_stream import Stream
from warehouse import query

# What is slow is measured by the stays of this long before the as-of instant.
PAST = timedelta(days=90)

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "lane": TEXT,
    "items": COUNT,
    "value": NUMBER,
    "unit": TEXT,
    "value_days": NUMBER,
    "items_without_value": COUNT,
    "p85_seconds": NUMBER,
    "past_p85_items": COUNT,
    "past_p85_value": NUMBER,
}
SQL = """
WITH {open_item}, {open_value}{ctes},
slow AS (
    SELECT unnest(CAST($slow_stage AS VARCHAR[])) AS stage, unnest(CAST($slow_seconds AS DOUBLE[])) AS seconds
),
told AS (
    SELECT
        {held}open_item.stage,
        open_item.lane,
        open_value.value,
        (epoch_us(open_item.until_at) - epoch_us(open_item.entered_at)) / 1e6 AS stay_seconds
    FROM open_item
    LEFT JOIN open_value ON open_value.item_key = open_item.item_key{joins}
    WHERE true{conditions}
)
SELECT
    told.stage,
    told.lane{keys},
    count(*) AS items,
    sum(told.value) AS value,
    sum(told.value * told.stay_seconds) / 86400 AS value_days,
    count(*) FILTER (told.value IS NULL) AS items_without_value,
    slow.seconds AS p85_seconds,
    CASE WHEN slow.seconds IS NOT NULL THEN count(*) FILTER (told.stay_seconds > slow.seconds) END AS past_p85_items,
    CASE
        WHEN slow.seconds IS NOT NULL THEN coalesce(sum(told.value) FILTER (told.stay_seconds > slow.seconds), 0)
    END AS past_p85_value
FROM told
JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = told.stage
LEFT JOIN slow ON slow.stage = told.stage
GROUP BY told.stage, told.lane, rule_stage.stage_index, slow.seconds{keys}
ORDER BY rule_stage.stage_index{keys}
"""


@metric(
    title="Value waiting",
    unit="value",
    grain="one row per stage that holds items; with --by one for each group",
    columns=tuple(KINDS),
)
def value_waiting(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """What the open items of each stage are worth as of the instant, and how much of that stands longer than is usual.

    An item counts with the value that holds then. Value times age is the sum over items of the value times the time
    in the present stage: what it costs to let valuable work stand. Usual is the time by which 85 of 100 stays in the
    stage have ended, over the 90 days before, open stays counted (see time_in_state); past it is what is older.

    Edge cases: items without a value are counted apart and never estimated. Values are added up as they are, negative
    ones too. A stage with too few stays has no p85, and then nothing is said to be past it. A stream that declares no
    value cannot be asked.

    Not the value lost (see value_leaked), and not discounted.

    Columns: stage (name), title, lane, items (count), value (sum, in unit; null where no item has one), unit,
    value_days (value times days in the stage; null likewise), items_without_value (count), p85_seconds (null when too
    few stays were seen), past_p85_items (count), past_p85_value (sum; both null without p85).
    """
    need_value(stream)
    chosen = split(stream, question)
    slow = _slow(con, stream, question)
    sql = SQL.format(
        open_item=OPEN_ITEM.strip(),
        open_value=OPEN_VALUE.strip(),
        ctes=chosen.ctes,
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
    )
    params = {"slow_stage": list(slow), "slow_seconds": list(slow.values())}
    titles, unit = title_of(stream), unit_of(stream)
    found = query(con, sql, **chosen.params, **params).to_pylist()
    return answer([{**row, "title": titles.get(row["stage"]), "unit": unit} for row in found], KINDS, chosen)


def need_value(stream: Stream) -> None:
    """Raises MetricError for a stream whose items have no value."""
    if stream.item.value is None:
        raise MetricError(f"Stream {stream.stream} declares no value: add `value` under [item] in its file.")


def _slow(con: DuckDBPyConnection, stream: Stream, question: Question) -> dict[str, float]:
    past = Question(question.as_of, Window(question.as_of - PAST, question.as_of))
    found = time_in_state(con, stream, past).to_pylist()
    return {row["stage"]: row["p85_seconds"] for row in found if row["p85_seconds"] is not None}
