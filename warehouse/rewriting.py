"""Write the whole file anew, so that nothing of what was deleted or changed is left in its unused blocks."""

import os
from pathlib import Path

import duckdb

from warehouse.database import STORAGE, execute, open_warehouse, rows
from warehouse.errors import WarehouseError

STORAGE_VERSION = STORAGE["storage_compatibility_version"]


def rewrite(path: Path) -> None:
    """Replace the warehouse at `path` by a copy of its rows; needs room for both, and nobody who has it open.

    A crash leaves the old file or the new one, whole. Raises WarehouseError when the file cannot be opened or copied.
    """
    fresh = path.with_name(f"{path.name}.rewriting")
    try:
        fresh.unlink(missing_ok=True)
        _copy(path, fresh)
        os.replace(fresh, path)
    except (duckdb.Error, OSError) as error:
        raise WarehouseError(f"Could not write {path} anew: {str(error).splitlines()[0]}. It is as it was.") from error
    finally:
        fresh.unlink(missing_ok=True)


def _copy(path: Path, fresh: Path) -> None:
    opened = open_warehouse(path)
    try:
        con = opened.cursor()
        execute(con, "CHECKPOINT")  # the log beside the file would be taken for the new file's
        name = str(rows(con, "SELECT current_database() AS name")[0]["name"])
        execute(con, f"ATTACH {_text(str(fresh))} AS fresh (STORAGE_VERSION {_text(STORAGE_VERSION)})")
        execute(con, f"COPY FROM DATABASE {_name(name)} TO fresh")
        execute(con, "DETACH fresh")
        con.close()
    finally:
        opened.close()


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
