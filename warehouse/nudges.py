"""Write what the journal of nudges says."""

from collections.abc import Sequence
from dataclasses import asdict

import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.database import execute, query, registered
from warehouse.known_runs import source_key_of
from warehouse.nudge_record import NUDGES, NudgeRecord
from warehouse.pseudonyms import prepare
from warehouse.transactions import transaction

NEW = """
CREATE OR REPLACE TEMP TABLE new_nudge AS
SELECT $source_key AS source_key, told_nudges.*
FROM told_nudges
WHERE record_id NOT IN (SELECT record_id FROM nudge)
QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY recorded_at) = 1
"""
FORGOTTEN = "mark('key', workflow_id) IN (SELECT digest FROM forgotten)"
SCRUB = """
UPDATE {table}
SET workflow_id = pseudonym(workflow_id), item = pseudonym(item), reason = '', cause = NULL, seen = NULL, answer = NULL,
    particulars = json_object('verb', verb)
WHERE {condition}
"""


def write_nudges(con: DuckDBPyConnection, source: str, records: Sequence[NudgeRecord]) -> int:
    """Add the records that are not there yet, in one transaction; how many that were.

    Of a forgotten item only what was done, when and by whom is kept.
    """
    told = pa.Table.from_pylist([asdict(record) for record in records], schema=NUDGES)
    with transaction(con), registered(con, {"told_nudges": told}):
        execute(con, NEW, source_key=source_key_of(con, source))
        if prepare(con) is not None:
            execute(con, SCRUB.format(table="new_nudge", condition=FORGOTTEN))
        execute(con, "INSERT INTO nudge BY NAME SELECT * FROM new_nudge ORDER BY recorded_at, record_id")
        return query(con, "SELECT 1 FROM new_nudge").num_rows
