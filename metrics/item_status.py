"""Where an item stands, or how it ended."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, FLAG, INSTANT, NUMBER, TEXT, Kinds, answer, title_of, unit_of
from metrics.metric import metric
from metrics.observed import BAD_ANSWER, UNDONE_END
from metrics.one_item import CHOSEN, parameters
from metrics.question import Question
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "item": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "source": TEXT,
    "workflow_type": TEXT,
    "stage": TEXT,
    "title": TEXT,
    "lane": TEXT,
    "entered_at": INSTANT,
    "opened_at": INSTANT,
    "closed_at": INSTANT,
    "ended": TEXT,
    "outcome": TEXT,
    "outcome_title": TEXT,
    "is_bad": FLAG,
    "lost_at": INSTANT,
    "age_seconds": NUMBER,
    "value": NUMBER,
    "unit": TEXT,
    "runs": COUNT,
    "is_reopened": FLAG,
    "is_headless": FLAG,
}
SQL = """
WITH {chosen},
{undone_end},
{bad_answer},
closing AS (
    SELECT
        chosen.*,
        -- what a reset reopened later was closed all the same
        CASE
            WHEN shut.stay_index IS NOT NULL THEN shut.entered_at
            WHEN chosen.closed_at <= chosen.until_at THEN chosen.closed_at
        END AS gone_at,
        CASE WHEN shut.stay_index IS NULL THEN chosen.ended ELSE undone_end.ended END AS ended_then,
        CASE WHEN shut.stay_index IS NULL THEN chosen.outcome ELSE undone_end.outcome END AS outcome_then,
        CASE
            WHEN shut.stay_index IS NULL THEN chosen.is_bad
            ELSE undone_end.is_bad OR bad_answer.item_key IS NOT NULL
        END AS is_bad_then,
        CASE WHEN chosen.observed_until_at <= chosen.until_at THEN chosen.observed_until_at END AS lost_at
    FROM chosen
    LEFT JOIN stay AS shut
        ON shut.stream = chosen.stream AND shut.item_key = chosen.item_key AND shut.stage_index < 0
       AND shut.entered_at <= chosen.until_at AND (shut.left_at IS NULL OR shut.left_at > chosen.until_at)
    LEFT JOIN undone_end ON undone_end.item_key = shut.item_key AND undone_end.shut_at = shut.entered_at
    LEFT JOIN bad_answer ON bad_answer.item_key = shut.item_key AND bad_answer.shut_at = shut.entered_at
),
family AS (
    SELECT closing.item_key, count(*) AS runs
    FROM closing
    JOIN run_item ON run_item.stream = closing.stream AND run_item.item_key = closing.item_key
    JOIN run ON run.run_key = run_item.run_key
    WHERE run.started_at <= closing.until_at
    GROUP BY closing.item_key
),
last_stay AS (
    SELECT
        closing.item_key,
        arg_max(stay.stage, stay.stay_index) AS stage,
        arg_max(stay.lane, stay.stay_index) AS lane,
        arg_max(stay.entered_at, stay.stay_index) AS entered_at
    FROM closing
    JOIN stay
        ON stay.stream = closing.stream AND stay.item_key = closing.item_key AND stay.entered_at <= closing.until_at
    WHERE stay.stage_index >= 0 AND NOT stay.is_overlapped
    GROUP BY closing.item_key
)
SELECT
    closing.item,
    closing.workflow_id,
    closing.run_id,
    closing.source,
    closing.workflow_type,
    last_stay.stage,
    last_stay.lane,
    last_stay.entered_at,
    closing.opened_at,
    closing.gone_at AS closed_at,
    CASE WHEN closing.gone_at IS NOT NULL THEN closing.ended_then END AS ended,
    CASE WHEN closing.gone_at IS NOT NULL THEN closing.outcome_then END AS outcome,
    CASE WHEN closing.gone_at IS NOT NULL THEN closing.is_bad_then END AS is_bad,
    closing.lost_at,
    (epoch_us(coalesce(closing.gone_at, closing.lost_at, closing.until_at)) - epoch_us(closing.opened_at)) / 1e6
        AS age_seconds,
    item_attribute.number AS value,
    family.runs,
    EXISTS (
        SELECT 1 FROM stay
        WHERE stay.stream = closing.stream AND stay.item_key = closing.item_key AND stay.stage_index < 0
          AND stay.left_at <= closing.until_at
    ) AS is_reopened,
    closing.is_headless
FROM closing
LEFT JOIN family ON family.item_key = closing.item_key
LEFT JOIN last_stay ON last_stay.item_key = closing.item_key
LEFT JOIN rule_path ON rule_path.stream = closing.stream AND rule_path.purpose = 'value'
LEFT JOIN item_attribute
    ON item_attribute.stream = closing.stream
   AND item_attribute.item_key = closing.item_key
   AND item_attribute.path = rule_path.path
   AND item_attribute.valid_from_at <= closing.until_at
   AND (item_attribute.valid_to_at IS NULL OR item_attribute.valid_to_at > closing.until_at)
ORDER BY closing.gone_at IS NOT NULL, closing.opened_at DESC, closing.item_key DESC
"""


@metric(
    title="Item: where it stands",
    unit="items",
    grain="one row per item of that name, open ones first, then the newest",
    columns=tuple(KINDS),
)
def item_status(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Where an item stands as of the instant, or how it ended: open and ended ones alike.

    --where item=NAME takes a business key, a workflow id or a run id, that of a child's run too; without it, every
    item is listed. Several items answer to one name where a workflow id was used again.

    Edge cases: what ended later is open still. What a reset reopened later had ended, by how its run had closed. An
    item lost from sight is as old as when it was last seen. The run is the newest that is known of, whatever the
    instant.

    Columns: item (business key), workflow_id, run_id (newest run of its chain), source, workflow_type, stage, title,
    lane (of the stage it is in, or was in last), entered_at (that stage, UTC), opened_at, closed_at (UTC; null while
    open), ended (done, completed, failed, canceled, terminated, timed out; null while open), outcome (end stage it
    reached, else how it ended), outcome_title, is_bad (it ended badly), lost_at (UTC; when it was last seen, null
    unless lost from sight), age_seconds (from its beginning to its end, or so far), value (in unit; null without),
    unit, runs (count, children included), is_reopened (a reset reopened it after its end), is_headless (its first run
    was never seen).
    """
    sql = SQL.format(chosen=CHOSEN.strip(), undone_end=UNDONE_END.strip(), bad_answer=BAD_ANSWER.strip())
    found = query(con, sql, **parameters(stream, question, "item_status")).to_pylist()
    titles, unit = title_of(stream), unit_of(stream)
    told = [
        {**row, "title": titles.get(row["stage"]), "outcome_title": titles.get(row["outcome"]), "unit": unit}
        for row in found
    ]
    return answer(told, KINDS)
