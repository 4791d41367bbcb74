"""What the time in each stage was spent waiting for."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, keys_of, title_of
from metrics.metric import metric
from metrics.observed import HORIZON, stretch
from metrics.question import Question
from metrics.segments import Subject, split
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "wait": TEXT,
    "items": COUNT,
    "seconds": NUMBER,
    "share": NUMBER,
    "stage_seconds": NUMBER,
}
SEEN_WAITS = Subject("seen_wait", "last_at", built_in=("stage", "lane", "type", "source"))
SQL = """
WITH {horizon},
seen_wait AS (
    SELECT
        wait.stream,
        wait.item_key,
        stay.stage,
        stay.stage_index,
        stay.lane,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        wait.wait,
        epoch_us(least(coalesce(wait.ended_at, horizon.until_at), horizon.until_at))
            - epoch_us(greatest(wait.begun_at, CAST($from_at AS TIMESTAMPTZ))) AS micros
    FROM wait
    JOIN stay
        ON stay.stream = wait.stream AND stay.item_key = wait.item_key AND stay.stay_index = wait.stay_index
    JOIN item ON item.stream = wait.stream AND item.item_key = wait.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE wait.stream = $stream
      AND stay.stage_index >= 0
      AND wait.begun_at < horizon.until_at
      AND (wait.ended_at IS NULL OR wait.ended_at > $from_at)
      AND horizon.until_at > $from_at
),
spent AS (
    SELECT
        seen_wait.stage,
        seen_wait.stage_index,
        {held}seen_wait.wait,
        count(DISTINCT seen_wait.item_key) AS items,
        sum(seen_wait.micros) AS micros
    FROM seen_wait{joins}
    WHERE true{conditions}
    GROUP BY seen_wait.stage, seen_wait.stage_index{group}, seen_wait.wait
)
SELECT
    stage,
    wait{keys},
    items,
    micros / 1e6 AS seconds,
    micros / sum(micros) OVER (PARTITION BY stage_index{keys}) AS share,
    sum(micros) OVER (PARTITION BY stage_index{keys}) / 1e6 AS stage_seconds
FROM spent
ORDER BY stage_index{keys}, micros DESC, wait
"""


@metric(
    title="Time by wait",
    unit="share of the time in the stage",
    grain="one row per stage and reason that took time in the window; with --by one for each group",
    columns=tuple(KINDS),
    needs_window=True,
)
def wait_split(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How the time that items spent in each stage within the window divides among the reasons for which they waited.

    At every moment an item waits for one thing: the first reason that holds, in the order of the definitions. The time
    of a stage is that of all stays inside the window, open ones up to the as-of instant; its shares add up to 1.

    Edge cases: the reasons are read from the history alone. An activity whose start is not written yet is "step open";
    once it has ended, its time before the last start is "step queued", or "step retrying" where that was not the
    first. Of items that are over, what lasted under a second counts as its neighbour in the same stay. The time in
    which a closed item waited to be reopened is no stay. Segments are those that hold at the window's end.

    Not what holds items now (see waits), and not work: a running step may wait for somebody else (see flow_efficiency).

    Columns: stage (name), title, wait (the reason), items (count of those it held), seconds (sum over them), share (0
    to 1, of the stage's time, or of its group's), stage_seconds (that time).
    """
    chosen = split(stream, question, SEEN_WAITS)
    keys = keys_of(chosen)
    sql = SQL.format(
        horizon=HORIZON.strip(),
        held=chosen.held(),
        joins=chosen.joins,
        conditions=chosen.conditions,
        group=keys,
        keys=keys,
    )
    titles = title_of(stream)
    found = query(con, sql, **chosen.params, **stretch(question)).to_pylist()
    return answer([{**row, "title": titles.get(row["stage"])} for row in found], KINDS, chosen)
