"""Forget what is known of one item, all but that it was: its runs, its events and their instants stay, so that every
count stays; names, values, messages and texts go."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.batch import ROW_VERSIONS
from warehouse.database import execute, registered, rows
from warehouse.derive import ROW_FACTS, begin, derive
from warehouse.errors import WarehouseError
from warehouse.nudges import SCRUB
from warehouse.pseudonyms import prepare_first, pseudonym
from warehouse.scrubbing import ATTRIBUTE, EVENT, PENDING, RUN, Words, words
from warehouse.transactions import transaction

NAMES = """
CREATE OR REPLACE TEMP TABLE wanted_name AS
SELECT word FROM (SELECT $item AS word UNION ALL SELECT pseudonym($item)) WHERE word IS NOT NULL
"""
FIND = """
CREATE OR REPLACE TEMP TABLE named_key AS
SELECT DISTINCT item.stream, item.business_key AS word
FROM item
WHERE item.business_key IN (SELECT word FROM wanted_name)
   OR item.workflow_id IN (SELECT word FROM wanted_name)
   OR (item.stream, item.item_key) IN (
        SELECT (run_item.stream, run_item.item_key)
        FROM run_item
        JOIN run ON run.run_key = run_item.run_key
        WHERE run.run_id IN (SELECT word FROM wanted_name) OR run.workflow_id IN (SELECT word FROM wanted_name)
   );

CREATE OR REPLACE TEMP TABLE forgotten_run AS
WITH RECURSIVE
named AS (
    SELECT run_key FROM run
    WHERE run_id IN (SELECT word FROM wanted_name) OR workflow_id IN (SELECT word FROM wanted_name)
),
shared AS (
    SELECT stream, item_key FROM run_item WHERE run_key IN (SELECT run_key FROM named)
    UNION
    SELECT item.stream, item.item_key
    FROM item
    JOIN named_key ON named_key.stream = item.stream AND named_key.word = item.business_key
),
-- runs that no stream makes an item of: their chain and all below it
loose(run_key) AS (
    SELECT run_key FROM named WHERE run_key NOT IN (SELECT run_key FROM run_item)
    UNION
    SELECT mate.run_key
    FROM loose
    JOIN run AS mine ON mine.run_key = loose.run_key
    JOIN run AS mate
        ON mate.source_key = mine.source_key
       AND (mate.first_run_id = mine.first_run_id OR mate.parent_run_id = mine.run_id)
    WHERE mate.run_key NOT IN (SELECT run_key FROM run_item)
)
SELECT run_key FROM loose
UNION
SELECT run_key FROM run_item WHERE (stream, item_key) IN (SELECT (stream, item_key) FROM shared);

CREATE OR REPLACE TEMP TABLE forgotten_key AS
SELECT workflow_id AS word FROM run WHERE run_key IN (SELECT run_key FROM forgotten_run)
UNION
SELECT word FROM named_key WHERE word IS NOT NULL;

CREATE OR REPLACE TEMP TABLE forgotten_row AS
SELECT DISTINCT row_fact.source_key, row_fact.table_path, row_fact.row_id
FROM row_fact
WHERE row_fact.item_text IN (SELECT word FROM forgotten_key)
"""
FOUND = """
SELECT
    (SELECT count(*) FROM forgotten_run) AS runs,
    (SELECT count(*) FROM forgotten_row) AS rows,
    (
        SELECT count(DISTINCT item_key) FROM run_item WHERE run_key IN (SELECT run_key FROM forgotten_run)
    ) AS items
"""
REMEMBER = """
INSERT INTO forgotten
SELECT kind, digest, $at
FROM (
    SELECT 'run' AS kind, mark('run', run_id) AS digest
    FROM run WHERE run_key IN (SELECT run_key FROM forgotten_run)
    UNION
    SELECT 'key', mark('key', word) FROM forgotten_key WHERE word <> pseudonym(word)
    UNION
    SELECT 'row', mark('row', table_path || '/' || row_id) FROM forgotten_row WHERE row_id <> pseudonym(row_id)
)
WHERE digest NOT IN (SELECT digest FROM forgotten)
"""
OF_RUNS = "WHERE run_key IN (SELECT run_key FROM forgotten_run)"
NAMED_ELSEWHERE = """
INSERT INTO changed_run
SELECT run_key FROM event
WHERE type IN (22, 23, 24, 29, 30, 37, 38, 39) AND reference IN (SELECT word FROM forgotten_key);
UPDATE event SET reference = pseudonym(reference)
WHERE type IN (22, 23, 24, 29, 30, 37, 38, 39) AND reference IN (SELECT word FROM forgotten_key);
UPDATE run SET parent_workflow_id = pseudonym(parent_workflow_id)
WHERE parent_workflow_id IN (SELECT word FROM forgotten_key)
"""
OLD_VERSIONS = """
SELECT
    row_version.table_name, forgotten_row.table_path, pseudonym(row_version.row_id) AS row_id, row_version.seen_at,
    row_version.content, row_version.is_deleted, row_version.source_key
FROM row_version
JOIN source ON source.source_key = row_version.source_key
JOIN forgotten_row
    ON forgotten_row.source_key = row_version.source_key
   AND forgotten_row.table_path = 'db.' || source.source || '.' || row_version.table_name
   AND forgotten_row.row_id = row_version.row_id
ORDER BY row_version.rowid
"""
REPLACE_VERSIONS = """
DELETE FROM row_version
WHERE (source_key, table_name, row_id) IN (
    SELECT (forgotten_row.source_key, row_version.table_name, row_version.row_id)
    FROM forgotten_row
    JOIN source ON source.source_key = forgotten_row.source_key
    JOIN row_version
        ON row_version.source_key = forgotten_row.source_key
       AND row_version.row_id = forgotten_row.row_id
       AND forgotten_row.table_path = 'db.' || source.source || '.' || row_version.table_name
);
DELETE FROM row_fact
WHERE (source_key, table_path, row_id) IN (SELECT (source_key, table_path, row_id) FROM forgotten_row);
INSERT INTO row_version BY NAME SELECT * FROM scrubbed_version
"""
AFFECTED = f"""
INSERT INTO changed_run SELECT run_key FROM forgotten_run;
INSERT INTO affected_item SELECT stream, item_key FROM run_item {OF_RUNS}
"""


TIDY = "DROP TABLE wanted_name; DROP TABLE named_key; DROP TABLE forgotten_key; DROP TABLE forgotten_row"


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten: items (of any stream), their runs, and rows of databases that were joined to them."""

    items: int
    runs: int
    rows: int


def forget(con: DuckDBPyConnection, item: str, at: datetime) -> Forgotten:
    """Erase what is known of the items with this business key, workflow id or run id, in one transaction.

    Erased, or replaced by a pseudonym where it is compared with something: workflow ids, business keys, identities,
    principals, messages, references, values of attributes, texts of samples, contents and keys of joined rows. What
    stays: runs, events, their types, names of activities and messages, instants, and those values that the stream files
    themselves name, so that stages, moves, durations and outcomes are what they were. Later rounds bring nothing of it
    back, nor of what continues it, nor rows joined to it later; an execution begun anew under the same workflow id is a
    new item. All items of one business key are forgotten together. Forgetting twice changes nothing.

    The file still holds the old bytes in blocks that it no longer uses: `rewrite` leaves those behind. Raises
    WarehouseError when nothing has this name.
    """
    with transaction(con):
        begin(con)
        salt = prepare_first(con, at)
        execute(con, NAMES, item=item)
        execute(con, FIND)
        found = Forgotten(**rows(con, FOUND)[0])
        if not found.runs and not found.rows:
            raise WarehouseError(f"Nothing here has the business key, workflow id or run id {item!r}.")
        own = words(con, salt)
        execute(con, REMEMBER, at=at)
        _forget_watermarks(con, salt)
        execute(con, NAMED_ELSEWHERE)
        for table, columns in {"run": RUN, "event": EVENT, "pending": PENDING, "attribute": ATTRIBUTE}.items():
            changes = ", ".join(f"{column} = {left}" for column, left in columns.items())
            execute(con, f"UPDATE {table} SET {changes} {OF_RUNS}")
        execute(con, f"UPDATE run SET tail_token = NULL {OF_RUNS} AND is_complete")
        execute(con, SCRUB.format(table="nudge", condition="workflow_id IN (SELECT word FROM forgotten_key)"))
        _forget_rows(con, own)
        execute(con, AFFECTED)
        derive(con)
        execute(con, TIDY)
    return found


def _forget_rows(con: DuckDBPyConnection, own: Words) -> None:
    old = rows(con, OLD_VERSIONS)
    if not old:
        return
    for row in old:
        row["content"] = own.scrubbed(row.pop("table_path"), row["content"])
    schema = ROW_VERSIONS.append(pa.field("source_key", pa.int32()))
    with registered(con, {"scrubbed_version": pa.Table.from_pylist(old, schema=schema)}):
        execute(con, REPLACE_VERSIONS)
        execute(con, ROW_FACTS.format(versions="scrubbed_version"))


def _forget_watermarks(con: DuckDBPyConnection, salt: str) -> None:
    """Connectors may have noted names in where they go on, such as runs to be tried again."""
    names = {row["word"] for row in rows(con, "SELECT word FROM forgotten_key")}
    for row in rows(con, "SELECT source_key, watermark FROM source WHERE watermark IS NOT NULL"):
        told = json.loads(row["watermark"])
        kept = _without(told, names, salt)
        if kept != told:
            change = "UPDATE source SET watermark = $watermark WHERE source_key = $source_key"
            execute(con, change, watermark=json.dumps(kept), source_key=row["source_key"])


def _without(told: Any, names: set[str], salt: str) -> Any:
    if isinstance(told, dict):
        return {key: _without(value, names, salt) for key, value in told.items()}
    if isinstance(told, list):
        return [_without(value, names, salt) for value in told]
    return pseudonym(salt, told) if isinstance(told, str) and told in names else told
