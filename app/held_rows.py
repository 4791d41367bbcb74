"""Row versions of one round that are held back, so that a round of many small tables is written and derived at once."""

from collections.abc import Sequence

import pyarrow as pa

from connectors.database.reading import KnownRows
from warehouse import Batch

# Enough for a round of everyday changes; a first read of large tables goes on in batches of about this size.
MOST_ROWS = 2_000


class HeldRows:
    """What the warehouse knows of a database's rows, as if the rows held back were written already."""

    def __init__(self, known: KnownRows) -> None:
        self._known = known
        self._held: list[pa.Table] = []
        self._contents: dict[str, dict[str, str | None]] = {}

    def hold(self, batch: Batch) -> None:
        """Keep one batch back."""
        self._held.append(batch.row_versions)
        for row in batch.row_versions.select(["table_name", "row_id", "content"]).to_pylist():
            self._contents.setdefault(row["table_name"], {})[row["row_id"]] = row["content"]

    @property
    def is_full(self) -> bool:
        """It is time to write."""
        return sum(table.num_rows for table in self._held) >= MOST_ROWS

    def take(self) -> Batch | None:
        """All that is held, to be written in one transaction; None when nothing is. A row counts as it was last."""
        if not self._held:
            return None
        rows = pa.concat_tables(self._held).to_pylist()
        last = {(row["table_name"], row["row_id"]): row for row in rows}
        schema = self._held[0].schema
        self._held, self._contents = [], {}
        return Batch(row_versions=pa.Table.from_pylist(list(last.values()), schema=schema))

    def contents(self, table: str, row_ids: Sequence[str]) -> dict[str, str | None]:
        """The last content of each of these rows; None for one that is deleted."""
        held = self._contents.get(table, {})
        return {**self._known.contents(table, row_ids), **{one: held[one] for one in row_ids if one in held}}

    def row_ids(self, table: str) -> "pa.ChunkedArray[pa.StringScalar]":
        """The ids of all rows that are not deleted."""
        known, held = self._known.row_ids(table), self._contents.get(table)
        if not held:
            return known
        there = [one for one in known.to_pylist() if one not in held]
        there += [one for one, content in held.items() if content is not None]
        return pa.chunked_array([there], type=pa.string())

    def count_forgotten(self, table: str, row_ids: Sequence[str]) -> int:
        """How many of these rows, all of them unknown, are so because they were forgotten."""
        return self._known.count_forgotten(table, row_ids)
