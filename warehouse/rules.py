"""Rule rows: what a stream file means, as plain rows that derive applies. The warehouse knows no stream."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.database import execute, query, registered, rows
from warehouse.derive import derive_everything
from warehouse.transactions import transaction

RULE_TABLES = (
    "rule_stream",
    "rule_type",
    "rule_source",
    "rule_stage",
    "rule_event",
    "rule_outcome",
    "rule_move",
    "rule_decision",
    "rule_message",
    "rule_nudge",
    "rule_option",
    "rule_actor",
    "rule_path",
    "rule_row",
)
IN_FORCE = """
SELECT stream, version
FROM stream_version
WHERE stream IN (SELECT stream FROM rule_stream)
QUALIFY row_number() OVER (PARTITION BY stream ORDER BY loaded_at DESC) = 1
ORDER BY stream
"""
ADD_VERSION = """
INSERT INTO stream_version BY NAME
SELECT $stream AS stream, $version AS version, $loaded_at AS loaded_at, $content AS content
"""


def replace_rules(
    con: DuckDBPyConnection,
    tables: Mapping[str, Sequence[Mapping[str, object]]],
    versions: Sequence[Mapping[str, object]],
    loaded_at: datetime,
) -> bool:
    """Put the rules of these streams in force; True if that changed what is derived.

    `tables` has the rows of each of RULE_TABLES; `versions` a row (stream, version, content) per stream. When a
    version differs from the one in force, or a stream came or went, everything is derived again in the same
    transaction. Raises KeyError for an unknown table.
    """
    if unknown := tables.keys() - set(RULE_TABLES):
        raise KeyError(f"No rule table {sorted(unknown)[0]!r}.")
    wanted = sorted((str(row["stream"]), str(row["version"])) for row in versions)
    if wanted == [(row["stream"], row["version"]) for row in rows(con, IN_FORCE)]:
        return False
    in_force = {row["stream"]: row["version"] for row in rows(con, IN_FORCE)}
    with transaction(con):
        for name in RULE_TABLES:
            execute(con, f"DELETE FROM {name}")
            _insert(con, name, tables.get(name, ()))
        for row in versions:
            if in_force.get(str(row["stream"])) != row["version"]:
                execute(con, ADD_VERSION, **row, loaded_at=loaded_at)
        derive_everything(con)
    return True


def rebuild(con: DuckDBPyConnection) -> int:
    """Derive everything again, in one transaction; returns the number of items."""
    with transaction(con):
        return derive_everything(con)


def _insert(con: DuckDBPyConnection, name: str, given: Sequence[Mapping[str, object]]) -> None:
    if not given:
        return
    # typed by the table itself, so that a column of nothing but nulls keeps its type
    schema = query(con, f"SELECT * FROM {name} LIMIT 0").schema
    table = pa.Table.from_pylist([dict(row) for row in given], schema=schema)
    with registered(con, {"incoming_rules": table}):
        execute(con, f"INSERT INTO {name} BY NAME SELECT * FROM incoming_rules")
