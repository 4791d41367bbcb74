"""Rows set aside between the database and the warehouse.

A transaction that stays open while we write would hold up a production database: vacuum on PostgreSQL, every writer on
SQLite. So rows are read as fast as they come, small sets in memory, large ones in a temporary file, and written after.
"""

import tempfile
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, TypeAlias

import pyarrow as pa

if TYPE_CHECKING:
    Ids: TypeAlias = pa.ChunkedArray[pa.StringScalar]
else:
    Ids = pa.ChunkedArray

IN_MEMORY_BYTES = 8_000_000
BATCH_ROWS = 5_000
BATCH_BYTES = 16_000_000


class Spool:
    """Rows as they were read: their id and content, one after the other. Closing forgets them."""

    def __init__(self) -> None:
        self._lines: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed by close()
        self.rows = 0

    def add(self, row_id: str, content: str) -> None:
        """Set one row aside. JSON text holds neither raw tabs nor line breaks, which part the fields here."""
        self._lines.write(f"{row_id}\t{content}\n".encode())
        self.rows += 1

    def batches(self) -> Iterator[dict[str, str]]:
        """The rows again, content by id, at most 5,000 rows or about 16 MB at once; of rows with one id the last."""
        self._lines.seek(0)
        batch: dict[str, str] = {}
        size = 0
        for line in self._lines:
            row_id, content = line[:-1].decode().split("\t")
            batch[row_id] = content
            size += len(line)
            if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                yield batch
                batch, size = {}, 0
        if batch:
            yield batch

    def close(self) -> None:
        """Forget the rows."""
        self._lines.close()


class RowIds:
    """Ids of rows, many of them, in little memory."""

    def __init__(self) -> None:
        self._chunks: list[pa.StringArray] = []
        self._open: list[str] = []

    def add(self, row_id: str) -> None:
        """Take in one id."""
        self._open.append(row_id)
        if len(self._open) >= BATCH_ROWS:
            self._seal()

    def all(self) -> Ids:
        """The ids as Arrow text."""
        self._seal()
        return pa.chunked_array(self._chunks, type=pa.string())

    def _seal(self) -> None:
        if self._open:
            self._chunks.append(pa.array(self._open, type=pa.string()))
            self._open = []
