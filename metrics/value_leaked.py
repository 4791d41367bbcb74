"""What was lost with the work that ended badly."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, title_of, unit_of
from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_ITEM, SEEN_ITEMS, stretch
from metrics.question import Question
from metrics.segments import split
from metrics.value_waiting import need_value
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "ended_as": TEXT,
    "decision": TEXT,
    "outcome": TEXT,
    "items": COUNT,
    "value": NUMBER,
    "unit": TEXT,
    "items_without_value": COUNT,
}
SQL = """
WITH {horizon}, {seen_item},
gone AS (
    SELECT * FROM seen_item WHERE is_exit AND is_bad
),
left_from AS (
    SELECT gone.item_key, arg_max(stay.stage, stay.stay_index) AS stage
    FROM gone
    JOIN stay
        ON stay.stream = gone.stream
       AND stay.item_key = gone.item_key
       AND NOT stay.is_overlapped
       AND stay.stage_index >= 0
       AND stay.entered_at <= gone.gone_at
    JOIN rule_stage ON rule_stage.stream = stay.stream AND rule_stage.stage = stay.stage AND NOT rule_stage.is_end
    GROUP BY gone.item_key
),
decided AS (
    SELECT gone.item_key, decision.decision, decision.outcome
    FROM gone
    JOIN decision
        ON decision.stream = gone.stream AND decision.item_key = gone.item_key AND decision.decided_at <= gone.gone_at
    JOIN rule_option
        ON rule_option.stream = decision.stream
       AND rule_option.decision = decision.decision
       AND rule_option.outcome = decision.outcome
       AND rule_option.is_bad
    QUALIFY row_number() OVER (
        PARTITION BY gone.item_key ORDER BY decision.decided_at DESC, decision.decision, decision.question_index DESC
    ) = 1
),
worth AS (
    SELECT gone.item_key, item_attribute.number AS value
    FROM gone
    JOIN rule_path ON rule_path.stream = gone.stream AND rule_path.purpose = 'value'
    JOIN item_attribute
        ON item_attribute.stream = gone.stream
       AND item_attribute.item_key = gone.item_key
       AND item_attribute.path = rule_path.path
       AND item_attribute.valid_from_at <= gone.gone_at
       AND (item_attribute.valid_to_at IS NULL OR item_attribute.valid_to_at > gone.gone_at)
),
told AS (
    SELECT
        {held}left_from.stage,
        seen_item.outcome AS ended_as,
        decided.decision,
        decided.outcome,
        worth.value
    FROM gone AS seen_item
    LEFT JOIN left_from ON left_from.item_key = seen_item.item_key
    LEFT JOIN decided ON decided.item_key = seen_item.item_key
    LEFT JOIN worth ON worth.item_key = seen_item.item_key{joins}
    WHERE true{conditions}
)
SELECT
    stage,
    ended_as,
    decision,
    outcome{keys},
    count(*) AS items,
    sum(value) AS value,
    count(*) FILTER (value IS NULL) AS items_without_value
FROM told
GROUP BY stage, ended_as, decision, outcome{keys}
ORDER BY value DESC NULLS LAST, items DESC, stage, ended_as, decision, outcome{keys}
"""


@metric(
    title="Value leaked",
    unit="value",
    grain="one row per stage, end and decision by which items ended badly in the window, the most value first",
    columns=tuple(KINDS),
    needs_window=True,
)
def value_leaked(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """The value of the items that ended badly within the window, by the stage they ended in and what decided it.

    Failed, timed out and terminated items ended badly, and those whose end stage or decision is flagged bad. The value
    is the one that held at the end. The decision is the last one before the end whose outcome is flagged bad.

    Edge cases: items without a value are counted apart and never estimated. Items lost from sight are not known to have
    ended. One that was reopened counts by its earlier close only where the window ends before the reset. A stream that
    declares no value cannot be asked.

    Not the cause: an item may end in one stage for what went wrong in another.

    Columns: stage (the last that held it), title, ended_as (end stage, or how it ended), decision, outcome (null where
    no decision was bad), items (count), value (sum, in unit; null where no item has one), unit, items_without_value
    (count).
    """
    need_value(stream)
    chosen = split(stream, question, SEEN_ITEMS)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
    )
    titles, unit = title_of(stream), unit_of(stream)
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    return answer([{**row, "title": titles.get(row["stage"]), "unit": unit} for row in found], KINDS, chosen)
