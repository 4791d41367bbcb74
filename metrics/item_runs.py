"""The runs of an item and their relatives."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, INSTANT, TEXT, Kinds, typed
from metrics.metric import metric
from metrics.one_item import CHOSEN, parameters
from metrics.question import Question
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "item": TEXT,
    "relation": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "source": TEXT,
    "workflow_type": TEXT,
    "status": TEXT,
    "started_at": INSTANT,
    "closed_at": INSTANT,
    "attempt": COUNT,
    "from_run_id": TEXT,
    "parent_workflow_id": TEXT,
    "parent_run_id": TEXT,
    "task_queue": TEXT,
    "history_length": COUNT,
}
SQL = """
WITH {chosen},
related AS (
    SELECT
        chosen.item_key,
        chosen.item,
        chosen.until_at,
        run.run_key,
        CASE
            WHEN NOT run_item.is_own THEN 'child'
            WHEN run.base_run_id IS NOT NULL THEN 'reset'
            WHEN run.initiator = 'retry' THEN 'retry'
            WHEN run.initiator = 'cron' THEN 'next by schedule'
            WHEN run.continued_run_id IS NOT NULL THEN 'continued'
            ELSE 'first'
        END AS relation
    FROM chosen
    JOIN run_item ON run_item.stream = chosen.stream AND run_item.item_key = chosen.item_key
    JOIN run ON run.run_key = run_item.run_key
    UNION
    SELECT chosen.item_key, chosen.item, chosen.until_at, parent.run_key, 'parent'
    FROM chosen
    JOIN run_item
        ON run_item.stream = chosen.stream AND run_item.item_key = chosen.item_key AND run_item.is_own
    JOIN run ON run.run_key = run_item.run_key
    JOIN run AS parent ON parent.source_key = run.source_key AND parent.run_id = run.parent_run_id
    -- a parent may be tied to its child by their key
    WHERE NOT EXISTS (
        SELECT 1 FROM run_item AS same
        WHERE same.stream = chosen.stream AND same.item_key = chosen.item_key AND same.run_key = parent.run_key
    )
)
SELECT
    related.item,
    related.relation,
    run.workflow_id,
    run.run_id,
    source.source,
    run.workflow_type,
    CASE WHEN run.closed_at > related.until_at THEN 'running' ELSE run.status END AS status,
    run.started_at,
    CASE WHEN run.closed_at <= related.until_at THEN run.closed_at END AS closed_at,
    run.attempt,
    coalesce(run.base_run_id, run.continued_run_id) AS from_run_id,
    run.parent_workflow_id,
    run.parent_run_id,
    run.task_queue,
    run.history_length
FROM related
JOIN run ON run.run_key = related.run_key
JOIN source ON source.source_key = run.source_key
WHERE run.started_at <= related.until_at
ORDER BY related.item_key, run.started_at, run.run_key, related.relation
"""


@metric(
    title="Item: its runs",
    unit="runs",
    grain="one row per run of the item, its children and its parent, oldest first",
    columns=tuple(KINDS),
)
def item_runs(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """The runs that an item went through by the instant, and those related to them: children and the parent.

    --where item=NAME takes a business key, a workflow id or a run id; without it, the runs of every item are listed.

    Edge cases: a run that closed after the instant is running. A parent that was never seen is not listed; its ids are
    in parent_workflow_id and parent_run_id of the child.

    Columns: item (business key), relation (first, continued, retry, next by schedule, reset, child or parent),
    workflow_id, run_id, source, workflow_type, status (running, paused, completed, failed, canceled, terminated,
    continued_as_new or timed_out), started_at, closed_at (UTC; null while open), attempt (count, from 1), from_run_id
    (the run that it continues or was reset from; null for a first), parent_workflow_id, parent_run_id, task_queue (of
    its worker turns), history_length (count of events, when last described; null before).
    """
    params = parameters(stream, question, "item_runs")
    return typed(query(con, SQL.format(chosen=CHOSEN.strip()), **params), KINDS)
