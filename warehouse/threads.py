"""With how many threads DuckDB works: one to write and while the warehouse is small, else all that it would take.

A thread that waits for work looks for it again and again before it sleeps. With short questions, asked all day, that
took a third of the processor's time of the service, and they were answered no sooner. Deriving is no faster either.

And with more than one thread DuckDB 1.5 loses rows: after an INSERT from an empty table, another one of more than
122,880 rows into the same table, in the same transaction, leaves nothing there and says that it did.
"""

from duckdb import DuckDBPyConnection

# At 100,000 events one thread answers as soon as two, at a million a fifth later: docs/benchmarks.md.
EVENTS_FOR_ONE_THREAD = 500_000
THREADS = "SELECT current_setting('threads')"
STATE = """
SELECT coalesce(sum(estimated_size), 0) AS events, current_setting('threads') AS threads
FROM duckdb_tables()
WHERE database_name = current_database() AND table_name = 'event' AND NOT temporary
"""


def take_one_thread(con: DuckDBPyConnection) -> None:
    """Let DuckDB work with one thread from now on, for the whole database, whoever asks."""
    if con.execute(THREADS).fetchall() != [(1,)]:
        con.execute("SET GLOBAL threads = 1").fetchall()


def fit_threads(con: DuckDBPyConnection, *, most: int = EVENTS_FOR_ONE_THREAD) -> None:
    """Set DuckDB's threads by the number of events: one for up to `most`, beyond that as many as DuckDB takes itself.

    For the whole database, whoever asks. Costs less than a millisecond.
    """
    ((events, threads),) = con.execute(STATE).fetchall()
    if events <= most and threads != 1:
        con.execute("SET GLOBAL threads = 1").fetchall()
    if events > most and threads == 1:
        con.execute("RESET GLOBAL threads").fetchall()
