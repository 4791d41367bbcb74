"""All of a change or nothing of it, also when Ctrl-C comes in the middle."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb
from duckdb import DuckDBPyConnection


@contextmanager
def transaction(con: DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside, or nothing of it."""
    con.begin()
    try:
        yield
    except BaseException:
        # An interrupt can meet DuckDB where it has rolled back already: what it says of that must not hide it.
        with suppress(duckdb.TransactionException):
            con.rollback()
        raise
    con.commit()
