"""Versions of database rows that were kept in files, as versions of the rows of a database."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from connectors.database.content import content_text, row_id
from warehouse import batch


def row_versions(tables: Mapping[str, pa.Table], *, key: Sequence[str], at: str) -> batch.Batch:
    """Every row of these tables as a version seen at its instant `at`; versions of one row stand oldest first.

    The content is what a round would have read, so that a later round that finds the newest version adds nothing.
    """
    rows = []
    for name, table in tables.items():
        seen_at: dict[str, datetime] = {}
        for row in table.to_pylist():
            identity = row_id([row[column] for column in key])
            # Two versions of one instant are still two: the second comes a microsecond later.
            instant: datetime = row[at]
            if identity in seen_at and instant <= seen_at[identity]:
                instant = seen_at[identity] + timedelta(microseconds=1)
            seen_at[identity] = instant
            rows.append(
                {
                    "table_name": name,
                    "row_id": identity,
                    "seen_at": instant,
                    "content": content_text(row),
                    "is_deleted": False,
                }
            )
    return batch.Batch(row_versions=pa.Table.from_pylist(rows, schema=batch.ROW_VERSIONS))
