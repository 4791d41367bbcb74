"""Numbered SQL files, forward only, applied in name order, each in one transaction with its record."""

import re
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.errors import WarehouseError
from warehouse.transactions import transaction

SCHEMA = Path(__file__).parent / "schema"

RECORD = """
CREATE TABLE IF NOT EXISTS migration (
    migration VARCHAR NOT NULL, -- File name of the migration.
    applied_at TIMESTAMPTZ NOT NULL, -- When it was applied here, UTC.
);
"""
COLUMN = re.compile(r"^\s+(?P<column>[a-z_]+) [^-]*-- (?P<comment>.+)$")
TABLE = re.compile(r"^CREATE (?:TABLE|VIEW)(?: IF NOT EXISTS)? (?P<table>[a-z_]+)")


def migrate(con: DuckDBPyConnection) -> list[str]:
    """Apply the pending migrations and return their names.

    A failed one leaves no trace. Raises WarehouseError when the file holds a migration this program does not know.
    """
    _run(con, RECORD)
    applied = {name for (name,) in con.execute("SELECT migration FROM migration ORDER BY migration").fetchall()}
    known = {path.name: path for path in sorted(SCHEMA.glob("*.sql"))}
    if newer := sorted(applied - known.keys()):
        raise WarehouseError(
            f"The warehouse was made by a newer Streamgauge (it holds {newer[-1]}, which this one does not know). "
            "Use that version, or another warehouse file."
        )
    pending = [path for name, path in known.items() if name not in applied]
    for path in pending:
        _apply(con, path)
    return [path.name for path in pending]


def comments(sql: str) -> list[str]:
    """COMMENT ON statements for every column of `sql` that carries a comment behind it: the data dictionary."""
    statements, table = [], ""
    for line in sql.splitlines():
        if found := TABLE.match(line):
            table = found["table"]
        elif (found := COLUMN.match(line)) and table:
            text = found["comment"].replace("'", "''")
            statements.append(f"COMMENT ON COLUMN {table}.{found['column']} IS '{text}'")
    return statements


def _apply(con: DuckDBPyConnection, path: Path) -> None:
    with transaction(con):
        _run(con, path.read_text())
        con.execute("INSERT INTO migration VALUES ($name, now())", {"name": path.name}).fetchall()


def _run(con: DuckDBPyConnection, sql: str) -> None:
    con.execute(sql).fetchall()
    for statement in comments(sql):
        con.execute(statement).fetchall()
