"""Writing what a connector read: its rows, and what they derive, in one transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from warehouse.batch import Batch
from warehouse.database import execute, query, registered
from warehouse.derive import ROW_FACTS, begin, derive
from warehouse.hiding import without_forgotten
from warehouse.known_runs import source_key_of
from warehouse.transactions import transaction

# How far back the sample before is looked for: farther than a restart takes.
REMEMBERED = timedelta(minutes=10)

NUMBER_RUNS = """
CREATE OR REPLACE TEMP TABLE incoming AS
SELECT
    coalesce(run.run_key, (SELECT coalesce(max(run_key), 0) FROM run) + row_number() OVER (
        PARTITION BY run.run_key IS NULL ORDER BY incoming_runs.started_at, incoming_runs.run_id
    )) AS run_key,
    $source_key AS source_key,
    coalesce(run.seen_at, $learned_at) AS seen_at,
    CASE
        WHEN incoming_runs.observed_until_at IS NOT NULL
        THEN CASE WHEN run.observed_until_at IS NOT NULL THEN run.lost_at ELSE $learned_at END
    END AS lost_at,
    run.run_key IS NULL
        OR run.source_key <> $source_key
        OR run.first_run_id IS DISTINCT FROM incoming_runs.first_run_id
        OR run.workflow_type IS DISTINCT FROM incoming_runs.workflow_type
        OR run.parent_run_id IS DISTINCT FROM incoming_runs.parent_run_id
        OR run.continued_run_id IS DISTINCT FROM incoming_runs.continued_run_id
        OR run.base_run_id IS DISTINCT FROM incoming_runs.base_run_id
        OR run.started_at IS DISTINCT FROM incoming_runs.started_at
        OR run.initiator IS DISTINCT FROM incoming_runs.initiator AS is_relinked,
    incoming_runs.*
FROM incoming_runs
-- a run that was imported from a file is the same run when it is read live: it goes over to the live source
LEFT JOIN run
    ON run.run_id = incoming_runs.run_id
   AND (run.source_key = $source_key OR run.source_key IN (SELECT source_key FROM source WHERE kind = 'files'))
QUALIFY row_number() OVER (PARTITION BY incoming_runs.run_id ORDER BY incoming_runs.next_event_id DESC) = 1
"""
REPLACE_RUNS = """
DELETE FROM run WHERE run_key IN (SELECT run_key FROM incoming);
INSERT INTO run BY NAME SELECT * EXCLUDE (is_relinked) FROM incoming ORDER BY run_key;
INSERT INTO changed_run SELECT run_key FROM incoming;
INSERT INTO linked_run SELECT run_key FROM incoming WHERE is_relinked;
"""
NEW_EVENTS = """
CREATE OR REPLACE TEMP TABLE new_event AS
SELECT run.run_key, incoming_events.* EXCLUDE (run_id), CAST($learned_at AS TIMESTAMPTZ) AS learned_at
FROM incoming_events
JOIN run ON run.source_key = $source_key AND run.run_id = incoming_events.run_id
LEFT JOIN event ON event.run_key = run.run_key AND event.event_id = incoming_events.event_id
WHERE event.event_id IS NULL
QUALIFY row_number() OVER (PARTITION BY run.run_key, incoming_events.event_id ORDER BY incoming_events.time_at) = 1
"""
ADD_EVENTS = """
INSERT INTO event BY NAME SELECT * FROM new_event ORDER BY run_key, event_id;
INSERT INTO changed_run SELECT DISTINCT run_key FROM new_event;
INSERT INTO linked_run
SELECT DISTINCT child.run_key
FROM new_event
JOIN run AS parent ON parent.run_key = new_event.run_key
JOIN run AS child ON child.source_key = parent.source_key AND child.parent_run_id = parent.run_id
WHERE new_event.type = 29 AND new_event.cause = 'abandon' AND child.parent_event_id = new_event.event_id;
"""
NEW_ATTRIBUTES = """
CREATE OR REPLACE TEMP TABLE new_attribute AS
SELECT run.run_key, incoming_attributes.* EXCLUDE (run_id)
FROM incoming_attributes
JOIN run ON run.source_key = $source_key AND run.run_id = incoming_attributes.run_id
QUALIFY row_number() OVER (
    PARTITION BY run.run_key, incoming_attributes.event_id, incoming_attributes.path ORDER BY incoming_attributes.value
) = 1
"""
ADD_ATTRIBUTES = """
DELETE FROM attribute
WHERE run_key IN (SELECT run_key FROM new_attribute)
  AND (run_key, event_id, path) IN (SELECT (run_key, event_id, path) FROM new_attribute);
INSERT INTO attribute BY NAME SELECT * FROM new_attribute ORDER BY run_key, event_id, path;
INSERT INTO changed_run SELECT DISTINCT run_key FROM new_attribute;
"""
# When an activity began to fail is said by no later sample: each takes it from the one before.
ADD_PENDING = """
INSERT INTO pending BY NAME
WITH before AS (
    SELECT pending.run_key, pending.reference, pending.attempt, pending.sampled_at, pending.failing_since_at
    FROM pending
    JOIN run ON run.run_key = pending.run_key AND run.source_key = $source_key
    JOIN (SELECT DISTINCT run_id FROM incoming_pending) AS told ON told.run_id = run.run_id
    WHERE pending.kind = 'activity'
      AND pending.sampled_at > CAST($sampled_from_at AS TIMESTAMPTZ)
    QUALIFY row_number() OVER (
        PARTITION BY pending.run_key, pending.reference ORDER BY pending.sampled_at DESC
    ) = 1
)
SELECT
    run.run_key,
    incoming_pending.* EXCLUDE (run_id),
    incoming_pending.sampled_at AS sampled_until_at,
    CASE
        WHEN incoming_pending.kind <> 'activity' OR incoming_pending.attempt < 2 THEN NULL
        WHEN before.attempt BETWEEN 2 AND incoming_pending.attempt THEN before.failing_since_at
        WHEN incoming_pending.attempt = 2 THEN incoming_pending.last_ended_at
        ELSE before.sampled_at
    END AS failing_since_at
FROM incoming_pending
JOIN run ON run.source_key = $source_key AND run.run_id = incoming_pending.run_id
LEFT JOIN before
    ON before.run_key = run.run_key
   AND before.reference = incoming_pending.reference
   AND before.sampled_at < incoming_pending.sampled_at
WHERE NOT EXISTS (
    SELECT 1 FROM pending
    WHERE pending.run_key = run.run_key
      AND incoming_pending.sampled_at BETWEEN pending.sampled_at AND pending.sampled_until_at
)
ORDER BY run.run_key, incoming_pending.sampled_at
"""
ADD_TASK_QUEUES = """
INSERT INTO task_queue BY NAME
SELECT $source_key AS source_key, *
FROM incoming_task_queues
WHERE NOT EXISTS (
    SELECT 1 FROM task_queue
    WHERE task_queue.source_key = $source_key
      AND task_queue.task_queue = incoming_task_queues.task_queue
      AND task_queue.kind = incoming_task_queues.kind
      AND task_queue.sampled_at = incoming_task_queues.sampled_at
)
ORDER BY sampled_at, task_queue, kind
"""
# A row read again as it was is no new version.
NEW_ROW_VERSIONS = """
CREATE OR REPLACE TEMP TABLE new_row_version AS
WITH told AS (
    SELECT table_name, row_id, seen_at, content, is_deleted, true AS is_new
    FROM incoming_row_versions
    QUALIFY row_number() OVER (PARTITION BY table_name, row_id, seen_at ORDER BY content) = 1
    UNION ALL
    SELECT row_version.table_name, row_version.row_id, row_version.seen_at, row_version.content,
        row_version.is_deleted, false
    FROM row_version
    WHERE row_version.source_key = $source_key
      AND (row_version.table_name, row_version.row_id) IN (SELECT (table_name, row_id) FROM incoming_row_versions)
),
compared AS (
    SELECT
        *,
        lag(seen_at) OVER by_row AS old_seen_at,
        lag(content) OVER by_row AS old_content
    FROM told
    WINDOW by_row AS (PARTITION BY table_name, row_id ORDER BY seen_at, is_new)
)
SELECT $source_key AS source_key, table_name, row_id, seen_at, content, is_deleted
FROM compared
WHERE is_new AND (old_seen_at IS NULL OR (old_seen_at < seen_at AND old_content IS DISTINCT FROM content))
"""
ADD_ROW_VERSIONS = """
INSERT INTO row_version BY NAME SELECT * FROM new_row_version ORDER BY table_name, row_id, seen_at;
"""
AFFECTED_BY_ROWS = """
INSERT INTO affected_item
SELECT DISTINCT item.stream, item.item_key
FROM item
JOIN row_fact ON row_fact.stream = item.stream AND row_fact.item_text = item.business_key
JOIN new_row_version
    ON new_row_version.source_key = row_fact.source_key
   AND new_row_version.row_id = row_fact.row_id
   AND new_row_version.seen_at = row_fact.seen_at
"""


def write_batch(con: DuckDBPyConnection, source: str, batch: Batch, learned_at: datetime) -> int:
    """Write `batch` and derive what it changes, in one transaction; returns the events and row versions added.

    Writing the same rows twice changes nothing: an event is known by run and id, an attribute by event and path, a
    sample by its instant. A database row that is read again as it was adds no version.
    Events of runs that neither the batch nor the warehouse holds are left out. What was forgotten stays so.
    """
    return write_batches(con, [(source, batch)], learned_at)[0]


def write_batches(con: DuckDBPyConnection, batches: Sequence[tuple[str, Batch]], learned_at: datetime) -> list[int]:
    """Write a batch of each source, in this order, and derive what they change, as `write_batch` does; all or none.

    Cheaper than one after the other: deriving costs much the same whether few rows changed or some more.
    """
    with transaction(con):
        begin(con)
        added = [_write_one(con, source, batch, learned_at) for source, batch in batches]
        derive(con)
    return added


def _write_one(con: DuckDBPyConnection, source: str, batch: Batch, learned_at: datetime) -> int:
    source_key = source_key_of(con, source)
    kept = without_forgotten(con, source, batch, learned_at)
    with registered(con, _tables(kept)):
        _write_runs(con, source_key, kept, learned_at)
        return _write_row_versions(con, source_key, kept) + _write_events(con, source_key, kept, learned_at)


def _write_runs(con: DuckDBPyConnection, source_key: int, batch: Batch, learned_at: datetime) -> None:
    if batch.runs.num_rows:
        execute(con, NUMBER_RUNS, source_key=source_key, learned_at=learned_at)
        execute(con, REPLACE_RUNS)
    if batch.pending.num_rows:
        first_at = pc.min(batch.pending.column("sampled_at")).as_py()
        execute(con, ADD_PENDING, source_key=source_key, sampled_from_at=first_at - REMEMBERED)
    if batch.task_queues.num_rows:
        execute(con, ADD_TASK_QUEUES, source_key=source_key)


def _write_events(con: DuckDBPyConnection, source_key: int, batch: Batch, learned_at: datetime) -> int:
    added = 0
    if batch.events.num_rows:
        execute(con, NEW_EVENTS, source_key=source_key, learned_at=learned_at)
        added = query(con, "SELECT 1 FROM new_event").num_rows
        execute(con, ADD_EVENTS)
    if batch.attributes.num_rows:
        execute(con, NEW_ATTRIBUTES, source_key=source_key)
        execute(con, ADD_ATTRIBUTES)
    return added


def _write_row_versions(con: DuckDBPyConnection, source_key: int, batch: Batch) -> int:
    if not batch.row_versions.num_rows:
        return 0
    execute(con, NEW_ROW_VERSIONS, source_key=source_key)
    execute(con, ADD_ROW_VERSIONS)
    execute(con, ROW_FACTS.format(versions="new_row_version"))
    execute(con, AFFECTED_BY_ROWS)
    return query(con, "SELECT 1 FROM new_row_version").num_rows


def _tables(batch: Batch) -> dict[str, pa.Table]:
    return {
        "incoming_runs": batch.runs,
        "incoming_events": batch.events,
        "incoming_attributes": batch.attributes,
        "incoming_pending": batch.pending,
        "incoming_task_queues": batch.task_queues,
        "incoming_row_versions": batch.row_versions,
    }
