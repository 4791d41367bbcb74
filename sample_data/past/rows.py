"""The company's database as the past left it: each row of a recorded case as it was last."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, Table, func, insert, select, text

from sample_data.past.recording import Past
from sample_data.past.versions import tables_of_cases

NEXT_IDS = "SELECT setval(pg_get_serial_sequence(:table, 'id'), (SELECT max(id) FROM {table}))"


def restore(database: Engine, past: Past) -> int:
    """Write the rows that belong to the past into tables that exist, unless they hold rows; how many were written."""
    written = 0
    versions = past.versions()
    for table in tables_of_cases():
        if table.name in versions:
            written += _restore(database, table, list(_newest(versions[table.name]).values()))
    return written


def _newest(versions: pa.Table) -> Mapping[int, dict[str, Any]]:
    return {row["id"]: row for row in versions.to_pylist()}


def _restore(database: Engine, table: Table, rows: list[dict[str, Any]]) -> int:
    with database.begin() as connection:
        if connection.execute(select(func.count()).select_from(table)).scalar() or not rows:
            return 0
        connection.execute(insert(table), rows)
        if database.dialect.name == "postgresql":
            # The ids of the past were given, not drawn: what comes next goes on after them.
            connection.execute(text(NEXT_IDS.format(table=table.name)), {"table": table.name})
    return len(rows)
