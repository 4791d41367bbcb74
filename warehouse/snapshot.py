"""A copy of the documented tables as a DuckDB file of its own, for any tool to query."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows
from warehouse.errors import WarehouseError
from warehouse.views import VIEWS, View

# The format that DuckDB 1.5 and 2.0 both read.
ATTACH = "ATTACH '{path}' AS snapshot (READ_WRITE, STORAGE_VERSION 'v1.5.0')"
DETACH = "DETACH snapshot"
COPY = "CREATE TABLE snapshot.{name} AS {sql} ORDER BY {order}"
COMMENT_TABLE = "COMMENT ON TABLE snapshot.{name} IS '{says}'"
COMMENT_COLUMN = "COMMENT ON COLUMN snapshot.{name}.{column} IS '{says}'"
ABOUT = "CREATE TABLE snapshot.about (name VARCHAR, value VARCHAR)"
SAY = "INSERT INTO snapshot.about VALUES ($name, $value)"
COUNT = "SELECT count(*) AS rows FROM snapshot.{name}"


def write_snapshot(con: DuckDBPyConnection, path: Path, about: Mapping[str, str]) -> dict[str, int]:
    """Write every documented table as of one state of the data into a new file; gives the rows of each.

    `about` goes into a table of that name. What is not documented (page tokens, digests of what was forgotten) stays
    out. `con`: a cursor of its own, with no transaction open. Raises WarehouseError when the file is there already or
    cannot be written; then it leaves none.
    """
    if path.exists():
        raise WarehouseError(f"{path} is there already. Name a file that is not.")
    try:
        execute(con, ATTACH.format(path=_escaped(str(path))))
    except duckdb.Error as error:
        raise WarehouseError(f"Could not write {path}: {str(error).splitlines()[0]}") from error
    try:
        con.begin()
        counts = {view.name: _copy(con, view) for view in VIEWS}
        execute(con, ABOUT)
        for name, value in about.items():
            execute(con, SAY, name=name, value=value)
        con.commit()
    except BaseException:
        con.rollback()
        execute(con, DETACH)
        path.unlink(missing_ok=True)
        raise
    execute(con, DETACH)
    return counts


def _copy(con: DuckDBPyConnection, view: View) -> int:
    execute(con, COPY.format(name=view.name, sql=view.sql, order=", ".join(view.order)))
    execute(con, COMMENT_TABLE.format(name=view.name, says=_escaped(view.says)))
    for column, says in view.columns:
        execute(con, COMMENT_COLUMN.format(name=view.name, column=column, says=_escaped(says)))
    return int(rows(con, COUNT.format(name=view.name))[0]["rows"])


def _escaped(text: str) -> str:
    return text.replace("'", "''")
