"""Whether the work passed where it must."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of
from metrics.metric import metric
from metrics.observed import HORIZON, SEEN_ITEM, SEEN_ITEMS, stretch
from metrics.question import MetricError, Question
from metrics.segments import split
from metrics.stage_rows import Row
from value_stream import Stream
from warehouse import query

LISTED = 10
KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "lane": TEXT,
    "items": COUNT,
    "passed": COUNT,
    "passed_share": NUMBER,
    "skipped": COUNT,
    "breaches": TEXT,
}
SQL = """
WITH {horizon}, {seen_item},
required AS (
    SELECT unnest(CAST($required AS VARCHAR[])) AS stage
),
completed AS (
    SELECT {held}seen_item.stream, seen_item.item_key, seen_item.gone_at,
        coalesce(item.business_key, item.workflow_id) AS item
    FROM seen_item
    JOIN item ON item.stream = seen_item.stream AND item.item_key = seen_item.item_key{joins}
    WHERE seen_item.is_exit AND seen_item.ended IN ('completed', 'done'){conditions}
),
checked AS (
    SELECT
        required.stage,
        completed.*,
        EXISTS (
            SELECT 1 FROM stay
            WHERE stay.stream = completed.stream
              AND stay.item_key = completed.item_key
              AND stay.stage = required.stage
              AND stay.entered_at <= completed.gone_at
        ) AS is_passed,
        row_number() OVER (
            PARTITION BY required.stage{keys} ORDER BY completed.gone_at, completed.item
        ) AS place
    FROM completed
    CROSS JOIN required
),
skipping AS (
    SELECT
        checked.*,
        sum(CASE WHEN is_passed THEN 0 ELSE 1 END) OVER (
            PARTITION BY stage{keys} ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS skipped_so_far
    FROM checked
)
SELECT
    stage{keys},
    count(*) AS items,
    count(*) FILTER (is_passed) AS passed,
    count(*) FILTER (is_passed) / count(*) AS passed_share,
    count(*) FILTER (NOT is_passed) AS skipped,
    string_agg(CASE WHEN NOT is_passed AND skipped_so_far <= {listed} THEN item END, ', ' ORDER BY place) AS breaches
FROM skipping
GROUP BY stage{keys}
ORDER BY stage{keys}
"""


@metric(
    title="Validation",
    unit="items",
    grain="one row per stage in which validation is required; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def validation(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Of the items that completed within the window, how many passed each stage that must be passed, and which did not.

    An item that completes without having been in a stage flagged `validation = true` is a control breach. It passed
    when it ever was there, also for no time at all, and also when another stage of the same worker turn won.

    Edge cases: only items that completed (or are done) can breach: failed, canceled, terminated and timed out ones got
    nowhere. One that was reopened counts by its last completion. A stream that requires no validation cannot be asked.

    Not whether the validation was any good: only that the item was there.

    Columns: stage (name), title, lane, items (count completed), passed (count), passed_share (0 to 1; null without
    items), skipped (count of breaches), breaches (business keys of the first 10; null without).
    """
    required = [stage for stage in stream.stages if stage.validation]
    if not required:
        raise MetricError(f"Stream {stream.stream} requires no validation: no stage has `validation = true`.")
    chosen = split(stream, question, SEEN_ITEMS)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_item=SEEN_ITEM.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        keys=keys_of(chosen),
        listed=LISTED,
    )
    names = [stage.name for stage in required]
    found = query(con, sql, **chosen.params, **stretch(question), required=names).to_pylist()
    rows: list[Row] = []
    for stage in required:
        nothing: list[Row] = [] if chosen.columns else [{"items": 0, "passed": 0, "skipped": 0}]
        for row in [row for row in found if row["stage"] == stage.name] or nothing:
            rows.append({**row, "stage": stage.name, "title": stage.title, "lane": stage.lane})
    return answer(rows, KINDS, chosen)
