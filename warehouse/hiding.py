"""Keep out of the warehouse what was forgotten, when a source tells it again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.batch import ATTRIBUTES, EVENTS, PENDING, ROW_VERSIONS, RUNS, Batch
from warehouse.database import execute, query, registered, rows
from warehouse.pseudonyms import prepare
from warehouse.scrubbing import ATTRIBUTE, EVENT, RUN, Words, words
from warehouse.scrubbing import PENDING as PENDING_LEFT

HIDDEN_RUNS = """
CREATE OR REPLACE TEMP TABLE hidden_run AS
WITH RECURSIVE
mentioned AS (
    SELECT run_id FROM told_runs
    UNION SELECT run_id FROM told_events
    UNION SELECT run_id FROM told_attributes
    UNION SELECT run_id FROM told_pending
),
-- what continues a forgotten run is forgotten with it; the next firing of a cron is another item
link AS (
    SELECT run_id, continued_run_id AS from_run_id FROM told_runs WHERE coalesce(initiator, '') <> 'cron'
    UNION ALL SELECT run_id, base_run_id FROM told_runs
    UNION ALL SELECT run_id, parent_run_id FROM told_runs
),
hidden(run_id) AS (
    SELECT run_id FROM mentioned WHERE mark('run', run_id) IN (SELECT digest FROM forgotten)
    UNION
    SELECT run_id FROM link WHERE mark('run', from_run_id) IN (SELECT digest FROM forgotten)
    UNION
    SELECT link.run_id FROM hidden JOIN link ON link.from_run_id = hidden.run_id
)
SELECT DISTINCT run_id FROM hidden
"""
REMEMBER = """
INSERT INTO forgotten
SELECT 'run', mark('run', run_id), $at
FROM hidden_run
WHERE mark('run', run_id) NOT IN (SELECT digest FROM forgotten)
"""
NAMED = "mark('key', {column}) IN (SELECT digest FROM forgotten)"
NAMED_ELSEWHERE = {
    "told_events": (
        "reference",
        f"type IN (22, 23, 24, 29, 30, 37, 38, 39) AND {NAMED.format(column='reference')}",
    ),
    "told_runs": ("parent_workflow_id", NAMED.format(column="parent_workflow_id")),
}
ROWS = """
SELECT
    told.*,
    'db.' || $source || '.' || told.table_name AS table_path,
    pseudonym(told.row_id) AS hidden_id,
    mark('row', 'db.' || $source || '.' || told.table_name || '/' || told.row_id) IN (SELECT digest FROM forgotten)
    OR EXISTS (
        SELECT 1 FROM rule_row
        WHERE rule_row.source = $source AND rule_row.table_name = told.table_name
          AND mark('key', json_extract_string(told.content, '$."' || rule_row.key_column || '"'))
              IN (SELECT digest FROM forgotten)
    ) AS is_hidden
FROM told_row_versions AS told
"""
ROW_MARK = """
INSERT INTO forgotten
SELECT 'row', digest, $at
FROM (SELECT mark('row', $table_path || '/' || $row_id) AS digest)
WHERE digest NOT IN (SELECT digest FROM forgotten)
"""


def without_forgotten(con: DuckDBPyConnection, source: str, batch: Batch, at: datetime) -> Batch:
    """The batch with forgotten runs and rows as `forget` left them, and with what continues them forgotten too.

    Belongs into the transaction that writes the batch.
    """
    salt = prepare(con)
    if salt is None:
        return batch
    own = words(con, salt)
    with registered(con, _told(batch)):
        execute(con, HIDDEN_RUNS)
        execute(con, REMEMBER, at=at)
        return replace(
            batch,
            runs=_hidden(con, "told_runs", RUNS, RUN),
            events=_hidden(con, "told_events", EVENTS, EVENT),
            attributes=_hidden(con, "told_attributes", ATTRIBUTES, ATTRIBUTE),
            pending=_hidden(con, "told_pending", PENDING, PENDING_LEFT),
            row_versions=_hidden_rows(con, source, batch.row_versions, own, at),
        )


def _told(batch: Batch) -> dict[str, pa.Table]:
    return {
        "told_runs": batch.runs,
        "told_events": batch.events,
        "told_attributes": batch.attributes,
        "told_pending": batch.pending,
        "told_row_versions": batch.row_versions,
    }


def _hidden(con: DuckDBPyConnection, name: str, schema: pa.Schema, columns: Mapping[str, str]) -> pa.Table:
    is_hidden = "run_id IN (SELECT run_id FROM hidden_run)"
    elsewhere, condition = NAMED_ELSEWHERE.get(name, (None, ""))
    left = {
        column: f"CASE WHEN {is_hidden} THEN {expression} "
        + (f"WHEN {condition} THEN pseudonym({column}) " if column == elsewhere else "")
        + f"ELSE {column} END AS {column}"
        for column, expression in columns.items()
    }
    return query(con, f"SELECT * REPLACE ({', '.join(left.values())}) FROM {name}").cast(schema)


def _hidden_rows(con: DuckDBPyConnection, source: str, told: pa.Table, own: Words, at: datetime) -> pa.Table:
    if not told.num_rows:
        return told
    found = rows(con, ROWS, source=source)
    if not any(row["is_hidden"] for row in found):
        return told
    for row in found:
        if row["is_hidden"]:
            execute(con, ROW_MARK, table_path=row["table_path"], row_id=row["row_id"], at=at)
            row["content"] = own.scrubbed(row["table_path"], row["content"])
            row["row_id"] = row["hidden_id"]
    return pa.Table.from_pylist(found, schema=ROW_VERSIONS)
