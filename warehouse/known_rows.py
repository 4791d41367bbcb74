"""What the warehouse holds of a database's rows, for a connector to compare with."""

from collections.abc import Sequence

import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.database import query
from warehouse.pseudonyms import FORM, prepare

# Two versions of one instant: the one written later counts.
CONTENTS = """
SELECT row_id, content
FROM row_version
WHERE source_key = (SELECT source_key FROM source WHERE source = $source)
  AND table_name = $table_name
  AND row_id IN (SELECT unnest(CAST($row_ids AS VARCHAR[])))
QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY seen_at DESC, rowid DESC) = 1
"""
ROW_IDS = f"""
SELECT row_id
FROM (
    SELECT row_id, is_deleted
    FROM row_version
    WHERE source_key = (SELECT source_key FROM source WHERE source = $source) AND table_name = $table_name
    QUALIFY row_number() OVER (PARTITION BY row_id ORDER BY seen_at DESC, rowid DESC) = 1
)
-- a forgotten row goes by another name, which the database does not know: nobody must look for it there
WHERE NOT is_deleted AND NOT regexp_full_match(row_id, '{FORM}')
"""
FORGOTTEN = """
SELECT count(*) AS forgotten
FROM (SELECT unnest(CAST($row_ids AS VARCHAR[])) AS row_id)
WHERE mark('row', 'db.' || $source || '.' || $table_name || '/' || row_id) IN (SELECT digest FROM forgotten)
"""


class KnownRows:
    """The last known versions of the rows of one database."""

    def __init__(self, con: DuckDBPyConnection, source: str) -> None:
        self._con = con
        self._source = source

    def contents(self, table: str, row_ids: Sequence[str]) -> dict[str, str | None]:
        """The last content of each of these rows that is known; None for one that is deleted."""
        found = query(self._con, CONTENTS, source=self._source, table_name=table, row_ids=list(row_ids))
        return {row["row_id"]: row["content"] for row in found.to_pylist()}

    def row_ids(self, table: str) -> "pa.ChunkedArray[pa.StringScalar]":
        """The ids of all rows that are known and not deleted."""
        return query(self._con, ROW_IDS, source=self._source, table_name=table)["row_id"]

    def count_forgotten(self, table: str, row_ids: Sequence[str]) -> int:
        """How many of these rows, all of them unknown, are so because they were forgotten."""
        if not row_ids or prepare(self._con) is None:
            return 0
        found = query(self._con, FORGOTTEN, source=self._source, table_name=table, row_ids=list(row_ids))
        return int(found["forgotten"][0].as_py())
