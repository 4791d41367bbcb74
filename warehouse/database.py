"""The one place that opens DuckDB, and the one that knows which of its result calls behave alike in 1.5 and 2.0."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from warehouse.errors import WarehouseError
from warehouse.migrations import migrate
from warehouse.threads import fit_threads

# Both DuckDB 1.5 and 2.0 read and write this format; 2.0's own default shuts 1.5 out.
STORAGE = {"storage_compatibility_version": "v1.5.0"}
# DuckDB's file: three headers of 4 kB, then blocks.
HEADERS_BYTES = 3 * 4096


class Warehouse:
    """One DuckDB database, open in this process. Take a cursor per thread and per use."""

    def __init__(self, connection: DuckDBPyConnection, path: Path | None) -> None:
        self._connection = connection
        self.path = path

    def cursor(self) -> DuckDBPyConnection:
        """A connection of its own to the same database; close it when done."""
        return self._connection.cursor()

    @contextmanager
    def reading(self) -> Iterator[DuckDBPyConnection]:
        """A cursor inside one read transaction: all its queries see the same instant."""
        con = self.cursor()
        con.begin()
        try:
            yield con
        finally:
            con.rollback()
            con.close()

    def close(self) -> None:
        """Close the database; cursors taken from it end with it."""
        self._connection.close()


def open_warehouse(path: Path | None, *, read_only: bool = False) -> Warehouse:
    """Open the warehouse at `path`, made and migrated if need be; in memory when `path` is None.

    Raises WarehouseError when another process holds the file, when it is no DuckDB file, a damaged one or one that was
    cut off, when its folder does not exist or cannot be written, and when it was made by a newer Streamgauge.
    """
    if path is not None and read_only and not path.exists():
        raise WarehouseError(f"No warehouse at {path}. Run `streamgauge sync` to make it.")
    connection = _connect(path, read_only)
    try:
        if not read_only:
            connection.execute("SET GLOBAL TimeZone = 'UTC'").fetchall()
            migrate(connection)
        fit_threads(connection)
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(f"Could not bring {path} up to date: {_first_line(error)}") from error
    except WarehouseError:
        connection.close()
        raise
    return Warehouse(connection, path)


def query(con: DuckDBPyConnection, sql: str, **params: object) -> pa.Table:
    """Rows of `sql` as an Arrow table; `$name` in it stands for the keyword of that name."""
    relation = con.sql(sql, params=params) if params else con.sql(sql)
    return relation.to_arrow_table()


def rows(con: DuckDBPyConnection, sql: str, **params: object) -> list[dict[str, Any]]:
    """Rows of `sql` as dictionaries."""
    return query(con, sql, **params).to_pylist()


def execute(con: DuckDBPyConnection, sql: str, **params: object) -> None:
    """Run one statement to its end."""
    con.execute(sql, params or None).fetchall()


@contextmanager
def registered(con: DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> Iterator[None]:
    """Arrow tables by name, for the SQL inside.

    After an error the names stay until they are taken again: DuckDB 2 lets go of nothing inside an aborted
    transaction, and what it would say hides what went wrong.
    """
    for name, table in tables.items():
        con.register(name, table)
    yield
    for name in tables:
        con.unregister(name)


def _connect(path: Path | None, read_only: bool) -> DuckDBPyConnection:
    if path is None:
        return duckdb.connect(":memory:")
    if not path.parent.is_dir():
        raise WarehouseError(f"No folder {path.parent} for the warehouse {path.name}. Make it, or name another.")
    try:
        connection = duckdb.connect(str(path), read_only=read_only, config={} if read_only else dict(STORAGE))
    except duckdb.Error as error:
        raise WarehouseError(f"Could not open the warehouse {path}: {_first_line(error)}") from error
    if missing := _missing_bytes(connection, path):
        connection.close()
        raise WarehouseError(
            f"The warehouse {path} was cut off: the last {missing} bytes of it are missing. Put a whole copy in its "
            "place, or move it away and run `streamgauge sync` to read again what the sources still have."
        )
    return connection


def _missing_bytes(connection: DuckDBPyConnection, path: Path) -> int:
    """How much shorter the file is than the blocks in use. DuckDB itself would notice when it comes to a lost block.

    Free blocks do not count: DuckDB cuts those at the end off after it wrote the header that still counts them.
    """
    (said,) = rows(connection, "SELECT used_blocks, block_size FROM pragma_database_size()")
    blocks_bytes = int(said["used_blocks"] * said["block_size"])
    return max(0, HEADERS_BYTES + blocks_bytes - path.stat().st_size) if blocks_bytes else 0


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
