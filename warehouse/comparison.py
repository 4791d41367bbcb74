"""Whether the derived rows are what deriving them again would give."""

from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows
from warehouse.derive import DERIVED, derive_everything
from warehouse.transactions import trial

REMEMBER = "CREATE OR REPLACE TEMP TABLE kept_{table} AS SELECT * FROM {table}"
COUNT = """
SELECT count(*) AS differing
FROM (
    (SELECT * FROM kept_{table} EXCEPT ALL SELECT * FROM {table})
    UNION ALL
    (SELECT * FROM {table} EXCEPT ALL SELECT * FROM kept_{table})
)
"""
TABLES = (*DERIVED, "run_item", "item_chain")


def differing_rows(con: DuckDBPyConnection) -> dict[str, int]:
    """Rows per derived table that only the present tables have, or only a rebuild; tables without any are left out.

    Rebuilds inside a transaction that is rolled back: nothing changes. Needs a warehouse that is open for writing, and
    nobody who writes meanwhile.
    """
    with trial(con):
        for table in TABLES:
            execute(con, REMEMBER.format(table=table))
        derive_everything(con)
        counts = {table: int(rows(con, COUNT.format(table=table))[0]["differing"]) for table in TABLES}
    return {table: count for table, count in counts.items() if count}
