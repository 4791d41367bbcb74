"""A warehouse of what had been learned by an instant: the source rows of then, to be derived afresh."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from duckdb import DuckDBPyConnection

from warehouse.database import execute, open_warehouse, rows

# An older version noted neither how far a source had been read nor when a run was missed: then the start of the last
# complete round stands for the one, the next complete round behind the last sight for the other.
COPIED = {
    "source": """
SELECT
    source.source_key,
    source.source,
    source.kind,
    arg_max(coalesce(sync_round.as_of_at, sync_round.started_at), sync_round.round_id)
        FILTER (sync_round.as_of_at IS NOT NULL OR sync_round.is_complete) AS as_of_at,
    NULL AS watermark,
    source.retention_seconds
FROM source
LEFT JOIN sync_round ON sync_round.source_key = source.source_key AND sync_round.ended_at <= $known_at
GROUP BY ALL
ORDER BY source.source_key
""",
    "run": """
WITH ended AS (
    SELECT run_key, arg_max(type, event_id) AS type, max(time_at) AS closed_at
    FROM event
    WHERE type IN (2, 3, 4, 21, 27, 28) AND learned_at <= $known_at
    GROUP BY run_key
),
missed AS (
    SELECT run.run_key, min(sync_round.ended_at) AS lost_at
    FROM run
    JOIN sync_round
        ON sync_round.source_key = run.source_key
       AND sync_round.is_complete
       AND sync_round.started_at >= run.observed_until_at
    GROUP BY run.run_key
)
SELECT
    run.* REPLACE (
        CASE ended.type
            WHEN 2 THEN 'completed'
            WHEN 3 THEN 'failed'
            WHEN 4 THEN 'timed_out'
            WHEN 21 THEN 'canceled'
            WHEN 27 THEN 'terminated'
            WHEN 28 THEN 'continued_as_new'
            ELSE 'running'
        END AS status,
        ended.closed_at AS closed_at,
        CASE WHEN ended.type IS NOT NULL THEN run.next_run_id END AS next_run_id,
        CASE
            WHEN coalesce(run.lost_at, missed.lost_at) <= $known_at THEN run.observed_until_at
        END AS observed_until_at
    )
FROM run
LEFT JOIN ended ON ended.run_key = run.run_key
LEFT JOIN missed ON missed.run_key = run.run_key
WHERE run.seen_at <= $known_at
ORDER BY run.run_key
""",
    "event": "SELECT * FROM event WHERE learned_at <= $known_at ORDER BY run_key, event_id",
    "attribute": """
SELECT attribute.*
FROM attribute
JOIN event ON event.run_key = attribute.run_key AND event.event_id = attribute.event_id
WHERE event.learned_at <= $known_at
ORDER BY attribute.run_key, attribute.event_id, attribute.path
""",
    "pending": """
SELECT pending.* REPLACE (least(sampled_until_at, CAST($known_at AS TIMESTAMPTZ)) AS sampled_until_at)
FROM pending
WHERE sampled_at <= $known_at
ORDER BY run_key, sampled_at
""",
    "task_queue": "SELECT * FROM task_queue WHERE sampled_at <= $known_at ORDER BY sampled_at, task_queue, kind",
    "row_version": "SELECT * FROM row_version WHERE seen_at <= $known_at ORDER BY table_name, row_id, seen_at",
    "nudge": "SELECT * FROM nudge WHERE recorded_at <= $known_at ORDER BY recorded_at, record_id",
    "sync_round": "SELECT * FROM sync_round WHERE ended_at <= $known_at ORDER BY round_id",
}
STREAMS = """
SELECT stream, arg_max(content, loaded_at) AS content
FROM stream_version
WHERE loaded_at <= $known_at
GROUP BY stream
ORDER BY stream
"""


@contextmanager
def known_by(con: DuckDBPyConnection, known_at: datetime) -> Iterator[DuckDBPyConnection]:
    """A connection to a warehouse in memory that holds the source rows learned by then, and nothing derived yet.

    What was forgotten since is missing there, too; a value that was read again for a wider stream file counts as
    known since its event.
    """
    scratch = open_warehouse(None)
    then = scratch.cursor()
    try:
        for table, sql in COPIED.items():
            # a reader of batches: the rows go over without being held at once
            then.register("incoming", con.sql(sql, params={"known_at": known_at}).to_arrow_reader())
            execute(then, f"INSERT INTO {table} BY NAME SELECT * FROM incoming")
            then.unregister("incoming")
        yield then
    finally:
        then.close()
        scratch.close()


def streams_known(con: DuckDBPyConnection, known_at: datetime) -> list[str]:
    """The stream files in force then, as JSON text: of each stream the last version loaded by that instant."""
    return [str(row["content"]) for row in rows(con, STREAMS, known_at=known_at)]
