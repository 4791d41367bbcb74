"""All of a change or nothing of it, also when Ctrl-C comes in the middle."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb
from duckdb import DuckDBPyConnection

from warehouse.threads import fit_threads, take_one_thread


@contextmanager
def transaction(con: DuckDBPyConnection) -> Iterator[None]:
    """Commit what happens inside, or nothing of it. One at a time: it is written with one thread."""
    take_one_thread(con)
    con.begin()
    try:
        yield
    except BaseException:
        # An interrupt can meet DuckDB where it has rolled back already: what it says of that must not hide it.
        with suppress(duckdb.TransactionException):
            con.rollback()
        raise
    con.commit()
    fit_threads(con)


@contextmanager
def trial(con: DuckDBPyConnection) -> Iterator[None]:
    """Undo what happens inside, whatever it is. Written like a transaction: with one thread, one at a time."""
    take_one_thread(con)
    con.begin()
    try:
        yield
    finally:
        con.rollback()
    fit_threads(con)
