"""Whether the data is there when it is needed."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "needed_by": TEXT,
    "name": TEXT,
    "path": TEXT,
    "times": COUNT,
    "present": COUNT,
    "missing": COUNT,
    "missing_share": NUMBER,
}
NEEDED = Subject("needed", "last_at", built_in=("type", "source"))
SQL = """
WITH {horizon},
at_stage AS (
    SELECT
        'stage' AS needed_by, 0 AS place, stay.stage AS name, rule_path.path,
        stay.stream, stay.item_key, stay.entered_at AS needed_at
    FROM stay
    JOIN rule_path
        ON rule_path.stream = stay.stream AND rule_path.purpose = 'required' AND rule_path.target = stay.stage
    WHERE stay.stream = $stream AND NOT stay.is_overlapped
),
at_question AS (
    SELECT
        'decision', 1, decision.decision, rule_path.path, decision.stream, decision.item_key, decision.asked_at
    FROM decision
    JOIN rule_path
        ON rule_path.stream = decision.stream
       AND rule_path.purpose = 'input'
       AND rule_path.target = decision.decision
    WHERE decision.stream = $stream
),
at_opening AS (
    SELECT 'key', 2, item.stream, rule_stream.key_path, item.stream, item.item_key, item.opened_at
    FROM item
    JOIN rule_stream ON rule_stream.stream = item.stream
    WHERE item.stream = $stream
    UNION ALL
    SELECT 'value', 3, item.stream, rule_path.path, item.stream, item.item_key, item.opened_at
    FROM item
    JOIN rule_path ON rule_path.stream = item.stream AND rule_path.purpose = 'value'
    WHERE item.stream = $stream
),
everything AS (
    SELECT * FROM at_stage UNION ALL SELECT * FROM at_question UNION ALL SELECT * FROM at_opening
),
needed AS (
    SELECT
        everything.*,
        item.workflow_type,
        item.business_key,
        horizon.source,
        horizon.last_at,
        -- a key and a value may come later: they are looked for as of the window's end
        CASE
            WHEN everything.place < 2 THEN everything.needed_at ELSE horizon.last_at
        END AS looked_at
    FROM everything
    JOIN item ON item.stream = everything.stream AND item.item_key = everything.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE everything.needed_at >= $from_at AND everything.needed_at <= horizon.last_at
),
told AS (
    SELECT
        {held}needed.needed_by,
        needed.place,
        needed.name,
        needed.path,
        CASE
            WHEN needed.path = 'workflow_id' THEN true
            WHEN needed.needed_by = 'key' THEN needed.business_key IS NOT NULL
            ELSE EXISTS (
                SELECT 1 FROM item_attribute
                WHERE item_attribute.stream = needed.stream
                  AND item_attribute.item_key = needed.item_key
                  AND item_attribute.path = needed.path
                  AND item_attribute.valid_from_at <= needed.looked_at
                  AND (item_attribute.valid_to_at IS NULL OR item_attribute.valid_to_at > needed.looked_at)
                  AND item_attribute.value IS NOT NULL
            )
        END AS is_present
    FROM needed{joins}
    WHERE true{conditions}
)
SELECT
    needed_by,
    name,
    path{keys},
    count(*) AS times,
    count(*) FILTER (is_present) AS present,
    count(*) FILTER (NOT is_present) AS missing,
    count(*) FILTER (NOT is_present) / count(*) AS missing_share
FROM told
GROUP BY needed_by, place, name, path{keys}
ORDER BY place, name, path{keys}
"""


@metric(
    title="Completeness",
    unit="times",
    grain="one row per path and what needs it, as far as it was needed in the window; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def completeness(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How often data that the stream declares as needed was there at the moment it was needed, within the window.

    A stage needs what it `requires` when an item enters it, each time. A decision needs its `inputs` when it is asked.
    An item needs its business key, and its value where the stream declares one: these are looked for as of the end of
    the window, or as of the instant, among the items opened in the window.

    Edge cases: a value that is null is missing; one that came a moment later was missing. What a database row first
    says counts from the item's opening. A path into a message is known only where the start of the item carries it.

    Not whether the data is right.

    Columns: needed_by (stage, decision, key or value), name (of the stage or decision, else of the stream), path, times
    (count), present, missing (counts of times), missing_share (0 to 1).
    """
    chosen = split(stream, question, NEEDED)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
    )
    return answer(query(con, sql, **chosen.params, **stretch(question)).to_pylist(), KINDS, chosen, "times")
