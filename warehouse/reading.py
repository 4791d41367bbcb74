"""Open a warehouse only to read it: nothing in the file changes, not even its schema."""

from pathlib import Path

import duckdb

from warehouse.database import Warehouse, execute, open_warehouse, rows
from warehouse.errors import WarehouseError
from warehouse.migrations import SCHEMA


def open_to_read(path: Path, *, may_be_older: bool = False) -> Warehouse:
    """The warehouse at `path`, read-only. With `may_be_older` it may lack what a newer schema brings.

    Raises WarehouseError when it is missing, held by another process, damaged, no warehouse, or of another version.
    """
    opened = open_warehouse(path, read_only=True)
    con = opened.cursor()
    try:
        execute(con, "SET GLOBAL TimeZone = 'UTC'")
        _require_current(path, {row["migration"] for row in rows(con, "SELECT migration FROM migration")}, may_be_older)
    except duckdb.Error as error:
        opened.close()
        raise WarehouseError(f"{path} is a DuckDB file, but no warehouse of Streamgauge's. Name another.") from error
    except WarehouseError:
        opened.close()
        raise
    con.close()
    return opened


def _require_current(path: Path, applied: set[str], may_be_older: bool) -> None:
    known = {file.name for file in SCHEMA.glob("*.sql")}
    if newer := sorted(applied - known):
        raise WarehouseError(
            f"The warehouse {path} was made by a newer Streamgauge (it holds {newer[-1]}, which this one "
            "does not know). Use that version, or another warehouse file."
        )
    if known - applied and not may_be_older:
        raise WarehouseError(f"{path} was made by an older Streamgauge. Run `streamgauge sync` to bring it up to date.")
