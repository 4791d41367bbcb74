"""How old the open work is for where it stands, and what it will do next."""

from datetime import timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.metric import metric
from metrics.observed import HORIZON, INSTANT, SEEN_STAY
from metrics.open_work import OPEN_ITEM
from metrics.question import Question
from metrics.segments import split
from metrics.stage_rows import Row, named, table
from metrics.survival import PERCENTILES, read_off
from value_stream import Stream
from warehouse import query

# Stays of this long before the as-of instant are what an open one is compared with.
PAST = timedelta(days=90)
AHEAD = timedelta(days=1)
NEEDED = PERCENTILES[95]

COLUMNS = (
    "item",
    "workflow_id",
    "run_id",
    "stage",
    "title",
    "lane",
    "opened_at",
    "entered_at",
    "age_seconds",
    "stay_seconds",
    "older_than_share",
    "leaves_in_a_day_share",
    "leaves_in_a_day_at_least_share",
    "likely_next",
    "likely_next_share",
    "exits",
    "inside",
    "thin",
)
TOLD = (
    "older_than_share",
    "leaves_in_a_day_share",
    "leaves_in_a_day_at_least_share",
    "likely_next",
    "likely_next_share",
)
SQL = """
WITH {horizon}, {seen_stay}, {open_item}{ctes},
life AS (
    SELECT
        stage_index,
        begun_micros,
        ended_micros,
        is_exit,
        is_lost,
        CASE WHEN is_exit AND next_stage <> '(closed)' THEN next_stage WHEN is_exit THEN exit_kind END AS way
    FROM seen_stay
),
old AS (
    SELECT
        open_item.item_key,
        rule_stage.stage_index,
        epoch_us(open_item.until_at) - epoch_us(open_item.entered_at) AS stay_micros
    FROM open_item
    JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = open_item.stage
),
-- the curve is read at the age of each open item, and a day on
age AS (
    SELECT DISTINCT stage_index, micros
    FROM (
        SELECT stage_index, stay_micros AS micros FROM old
        UNION ALL
        SELECT stage_index, stay_micros + $ahead_micros FROM old
    ) AS every
),
{curve},
counted AS (
    SELECT
        stage_index,
        count(*) FILTER (is_exit) AS exits,
        count(*) FILTER (NOT is_exit AND NOT is_lost) AS inside,
        max(ended_micros) AS longest_micros
    FROM life
    GROUP BY stage_index
),
-- between two of these ages lies a stretch of exits
stretch AS (
    SELECT stage_index, way, marks, sum(leaves) AS leaves
    FROM curve
    WHERE is_exit
    GROUP BY stage_index, way, marks
),
-- behind each age the curve is what its last exit left; a sum up to the age itself may differ in its last digit
curve_at AS (
    SELECT
        stage_index,
        micros,
        marks,
        min(log_survival) OVER so_far AS log_survival,
        max(lasts) OVER so_far AS lasts
    FROM (
        SELECT
            stage_index,
            NULL AS micros,
            marks + 1 AS marks,
            min(log_survival) AS log_survival,
            max(lasts) AS lasts
        FROM curve
        WHERE is_exit
        GROUP BY stage_index, marks
        UNION ALL
        SELECT stage_index, micros, marks, 0.0, 0 FROM curve WHERE is_mark
    ) AS every
    WINDOW so_far AS (
        PARTITION BY stage_index ORDER BY marks, micros NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
told AS (
    SELECT
        old.item_key,
        now.log_survival AS now_log,
        now.lasts AS now_lasts,
        ahead.log_survival AS ahead_log,
        ahead.lasts AS ahead_lasts
    FROM old
    JOIN curve_at AS now ON now.stage_index = old.stage_index AND now.micros = old.stay_micros
    JOIN curve_at AS ahead
        ON ahead.stage_index = old.stage_index AND ahead.micros = old.stay_micros + $ahead_micros
),
-- what still leaves by each way at a higher age
way AS (
    SELECT DISTINCT stage_index, way FROM stretch
),
left_later AS (
    SELECT
        stage_index,
        way,
        item_key,
        sum(leaves) OVER (
            PARTITION BY stage_index, way ORDER BY marks DESC, item_key NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS leaves
    FROM (
        SELECT stage_index, way, NULL AS item_key, marks, leaves FROM stretch
        UNION ALL
        SELECT old.stage_index, way.way, old.item_key, curve_at.marks, 0.0
        FROM old
        JOIN curve_at ON curve_at.stage_index = old.stage_index AND curve_at.micros = old.stay_micros
        JOIN way ON way.stage_index = old.stage_index
    ) AS leaving
),
likely AS (
    SELECT
        item_key,
        way,
        leaves / sum(leaves) OVER (PARTITION BY item_key) AS share,
        row_number() OVER (PARTITION BY item_key ORDER BY round(leaves, 12) DESC, way) AS place
    FROM left_later
    WHERE item_key IS NOT NULL AND leaves > 0
)
SELECT
    open_item.item,
    open_item.workflow_id,
    open_item.run_id,
    open_item.stage,
    {held}open_item.lane,
    open_item.opened_at,
    open_item.entered_at,
    (epoch_us(open_item.until_at) - epoch_us(open_item.opened_at)) / 1e6 AS age_seconds,
    old.stay_micros / 1e6 AS stay_seconds,
    CASE WHEN told.now_lasts > 0 THEN 1.0 ELSE 1 - exp(told.now_log) END AS older_than_share,
    CASE
        WHEN told.ahead_lasts > told.now_lasts THEN 1.0
        WHEN counted.longest_micros >= old.stay_micros + $ahead_micros
        THEN 1 - exp(told.ahead_log - told.now_log)
    END AS leaves_in_a_day_share,
    CASE WHEN told.ahead_lasts > told.now_lasts THEN 1.0 ELSE 1 - exp(told.ahead_log - told.now_log) END
        AS leaves_in_a_day_at_least_share,
    likely.way AS likely_next,
    likely.share AS likely_next_share,
    coalesce(counted.exits, 0) AS exits,
    coalesce(counted.inside, 0) AS inside
FROM open_item
JOIN old ON old.item_key = open_item.item_key
LEFT JOIN told ON told.item_key = open_item.item_key
LEFT JOIN counted ON counted.stage_index = old.stage_index
LEFT JOIN likely ON likely.item_key = open_item.item_key AND likely.place = 1{joins}
WHERE true{conditions}
ORDER BY open_item.entered_at, open_item.item_key
"""


@metric(
    title="Aging",
    unit="items",
    grain="one row per open item, longest in its stage first",
    columns=COLUMNS,
)
def aging(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every open item with its age, the share of stays in its stage that were over by that age, and its odds.

    Compared with the stays in the same stage that were seen in the 90 days before the as-of instant, those that left
    and those still open, the item's own included: the Kaplan-Meier curve of time_in_state over that window. The odds
    are the curve a day on, over the curve at the item's age. What comes next is the way by which most of those leave
    that stayed longer (Aalen-Johansen, from the item's age on).

    Edge cases: stages with fewer than 20 exits in those 90 days say nothing about their items: shares and next stage
    are null, and thin says so. Where no stay was watched until a day past the item's age, the odds are not known;
    what is, is that they are at least leaves_in_a_day_at_least_share. Ages end where the item's source was last read.
    --where narrows the items that are listed, never those they are compared with.

    Not a deadline (see over_target), and no forecast of the end of the item.

    Columns: item (business key), workflow_id, run_id, stage (name), title, lane, opened_at, entered_at (UTC),
    age_seconds (since it began), stay_seconds (in this stage), older_than_share (0 to 1), leaves_in_a_day_share (0 to
    1; null where not known), leaves_in_a_day_at_least_share (0 to 1), likely_next (stage, or how the item ends; null
    where nothing stayed longer), likely_next_share (0 to 1, of those that stayed longer and left), exits, inside
    (counts: what it was compared with), thin (why shares and next stage are null; null if they are not).
    """
    chosen = split(stream, question)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        seen_stay=SEEN_STAY.strip(),
        open_item=OPEN_ITEM.strip(),
        ctes=chosen.ctes,
        curve=read_off(("stage_index",), "way", "age"),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
    )
    past = {"from_at": question.as_of - PAST, "last_at": question.as_of, "until_at": question.as_of}
    found = query(con, sql, ahead_micros=AHEAD // INSTANT, **chosen.params, **past).to_pylist()
    titles = {stage.name: stage.title for stage in stream.stages}
    rows = [_finish({**named(row, chosen), "title": titles[row["stage"]]}) for row in found]
    return table(rows, COLUMNS, chosen, first="opened_at")


def _finish(row: Row) -> Row:
    exits = row["exits"]
    if isinstance(exits, int) and exits >= NEEDED:
        return {**row, "thin": None}
    few = f"{exits} exit{'' if exits == 1 else 's'} in {PAST.days} days: needs {NEEDED}"
    return {**row, **dict.fromkeys(TOLD), "thin": few}
