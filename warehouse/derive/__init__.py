"""SQL that applies rule rows to the events of changed items; docs/definitions.md says what it does."""

from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.database import execute, query, rows

FOLDER = Path(__file__).parent

LINK = "10_link.sql"
TIE = "11_tie.sql"
IS_TIED = "SELECT 1 FROM rule_stream WHERE key_path <> 'workflow_id' LIMIT 1"
PREPARE = ("20_runs.sql", "30_instants.sql", "40_ends.sql", "45_idle.sql", "50_matches.sql", "60_entries.sql")
WALK = "61_walk.sql"
STAY = ("62_stays.sql", "70_steps.sql")
DECIDE = ("80_answers.sql", "81_questions.sql", "86_marks.sql")
HAS_DECISIONS = "SELECT 1 FROM rule_decision LIMIT 1"
NO_DECISION = "CREATE OR REPLACE TEMP TABLE found_decision AS SELECT * FROM decision LIMIT 0"
STORE = ("85_waits.sql", "90_store.sql")

DERIVED = ("item", "stay", "step", "pending_work", "wait", "decision", "decision_mark", "item_attribute")

# Items derived at once: bounds the memory of a rebuild.
ITEMS_AT_ONCE = 5_000

INPUTS = """
CREATE TEMP TABLE IF NOT EXISTS changed_run (run_key BIGINT);
CREATE TEMP TABLE IF NOT EXISTS linked_run (run_key BIGINT);
CREATE TEMP TABLE IF NOT EXISTS affected_item (stream VARCHAR, item_key BIGINT);
CREATE TEMP TABLE IF NOT EXISTS item_in_hand (stream VARCHAR, item_key BIGINT);
DELETE FROM changed_run;
DELETE FROM linked_run;
DELETE FROM affected_item;
"""
AFFECTED = "SELECT DISTINCT stream, item_key FROM affected_item ORDER BY stream, item_key"
TAKE = """
DELETE FROM item_in_hand;
INSERT INTO item_in_hand
SELECT DISTINCT stream, item_key FROM affected_item ORDER BY stream, item_key LIMIT $many OFFSET $start
"""
CLEAR = """
DELETE FROM {table}
WHERE item_key BETWEEN (SELECT min(item_key) FROM item_in_hand) AND (SELECT max(item_key) FROM item_in_hand)
  AND (stream, item_key) IN (SELECT (stream, item_key) FROM item_in_hand)
"""
ROW_FACTS = """
INSERT INTO row_fact BY NAME
SELECT
    rule_row.stream,
    new_version.source_key,
    'db.' || rule_row.source || '.' || rule_row.table_name AS table_path,
    new_version.row_id,
    new_version.seen_at,
    coalesce(
        try_cast(json_extract_string(new_version.content, '$."' || rule_row.at_column || '"') AS TIMESTAMPTZ),
        new_version.seen_at
    ) AS valid_from_at,
    coalesce(
        json_extract_string(new_version.content, '$."' || rule_row.key_column || '"'),
        -- a deleted row belongs to the item of its last version
        (
            SELECT arg_max(json_extract_string(old.content, '$."' || rule_row.key_column || '"'), old.seen_at)
            FROM row_version AS old
            WHERE old.source_key = new_version.source_key AND old.table_name = new_version.table_name
              AND old.row_id = new_version.row_id AND old.content IS NOT NULL
        )
    ) AS item_text,
    new_version.content
FROM {versions} AS new_version
JOIN source ON source.source_key = new_version.source_key
JOIN rule_row ON rule_row.source = source.source AND rule_row.table_name = new_version.table_name
ORDER BY rule_row.stream, new_version.source_key, new_version.table_name, new_version.row_id, new_version.seen_at
"""


def begin(con: DuckDBPyConnection) -> None:
    """Make the lists empty that say what changed."""
    execute(con, INPUTS)


def derive(con: DuckDBPyConnection) -> int:
    """Derive again the items of the runs in changed_run and linked_run, and those in affected_item.

    Runs inside the caller's transaction, so that derived rows are never seen beside older source rows. Returns the
    number of items derived.
    """
    _run(con, LINK)
    if query(con, IS_TIED).num_rows:
        _run(con, TIE)
    affected = len(rows(con, AFFECTED))
    for start in range(0, affected, ITEMS_AT_ONCE):
        execute(con, TAKE.split(";")[0])
        execute(con, TAKE.split(";")[1], many=ITEMS_AT_ONCE, start=start)
        _derive_in_hand(con)
    return affected


def derive_everything(con: DuckDBPyConnection) -> int:
    """Derive all items from the source tables and the rules alone; returns their number."""
    begin(con)
    for table in (*DERIVED, "run_item", "item_chain", "row_fact"):
        execute(con, f"DELETE FROM {table}")
    execute(con, ROW_FACTS.format(versions="row_version"))
    execute(con, "INSERT INTO linked_run SELECT run_key FROM run ORDER BY run_key")
    return derive(con)


def _derive_in_hand(con: DuckDBPyConnection) -> None:
    for table in DERIVED:
        execute(con, CLEAR.format(table=table))
    for step in PREPARE:
        _run(con, step)
    _walk(con)
    for step in STAY:
        _run(con, step)
    _decide(con)
    for step in STORE:
        _run(con, step)


def _decide(con: DuckDBPyConnection) -> None:
    # Planning a statement costs more than a small batch: none is planned for what no stream asks.
    if not query(con, HAS_DECISIONS).num_rows:
        execute(con, NO_DECISION)
        return
    for step in DECIDE:
        _run(con, step)


def _walk(con: DuckDBPyConnection) -> None:
    # Each pass settles the resets whose earlier stage the pass before found.
    _run(con, WALK)
    while query(con, "SELECT 1 FROM returned LIMIT 1").num_rows:
        _run(con, WALK)


def _run(con: DuckDBPyConnection, name: str) -> None:
    con.execute((FOLDER / name).read_text()).fetchall()
