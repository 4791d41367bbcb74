"""What the warehouse knows of reading its sources: rounds, what went wrong, how fast, and what is nearly forgotten."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from duckdb import DuckDBPyConnection

from warehouse import query

Row: TypeAlias = Mapping[str, Any]
SPAN = timedelta(hours=1)
# A warehouse has millions of rounds after a year; the newest are found by their instant.
ROUNDS = """
SELECT
    source.source, sync_round.started_at, sync_round.ended_at,
    (epoch_us(sync_round.ended_at) - epoch_us(sync_round.started_at)) / 1e6 AS duration_seconds,
    sync_round.is_complete, sync_round.requests, sync_round.throttled, sync_round.runs_changed,
    sync_round.events_added, sync_round.error
FROM sync_round
JOIN source ON source.source_key = sync_round.source_key
WHERE sync_round.ended_at <= $as_of
  AND (sync_round.error IS NOT NULL OR NOT $only_failed)
ORDER BY sync_round.ended_at DESC, sync_round.round_id DESC
LIMIT $most
"""
SPEED = """
SELECT
    source.source,
    source.kind,
    count(sync_round.round_id) AS rounds,
    CAST(coalesce(sum(sync_round.requests), 0) AS BIGINT) AS requests,
    CAST(coalesce(sum(sync_round.throttled), 0) AS BIGINT) AS throttled,
    count(sync_round.round_id) FILTER (sync_round.error IS NOT NULL) AS failed,
    max(sync_round.requests / greatest((epoch_us(sync_round.ended_at) - epoch_us(sync_round.started_at)) / 1e6, 1))
        AS most_per_second
FROM source
LEFT JOIN sync_round
    ON sync_round.source_key = source.source_key
   AND sync_round.ended_at > $from_at
   AND sync_round.ended_at <= $as_of
GROUP BY source.source, source.kind
ORDER BY source.source
"""
RETENTION = """
SELECT
    source.source,
    source.as_of_at,
    source.retention_seconds,
    count(run.run_key) FILTER (run.closed_at IS NOT NULL) AS closed,
    count(run.run_key) FILTER (run.closed_at IS NOT NULL AND NOT run.is_complete) AS unread,
    min(run.closed_at) FILTER (run.closed_at IS NOT NULL AND NOT run.is_complete) AS oldest_unread_at,
    count(run.run_key) FILTER (run.closed_at < $as_of - to_seconds(source.retention_seconds)) AS only_here
FROM source
LEFT JOIN run
    ON run.source_key = source.source_key
   AND run.observed_until_at IS NULL
   AND run.started_at <= $as_of
WHERE source.kind = 'temporal'
GROUP BY source.source, source.as_of_at, source.retention_seconds
ORDER BY source.source
"""


def last_rounds(
    con: DuckDBPyConnection, as_of: datetime, *, most: int = 20, only_failed: bool = False
) -> list[dict[str, Any]]:
    """The newest rounds, the newest first: source, started_at, ended_at (UTC), duration_seconds, is_complete, requests,
    throttled, runs_changed, events_added (counts), error (sentence; null without).
    """
    return query(con, ROUNDS, as_of=as_of, most=most, only_failed=only_failed).to_pylist()


def speed(con: DuckDBPyConnection, as_of: datetime) -> list[dict[str, Any]]:
    """How fast each source was asked in the SPAN before: source, kind, rounds, requests, throttled, failed (counts),
    most_per_second (requests per second of the quickest round, one shorter than a second counted as one; null without).
    """
    return query(con, SPEED, as_of=as_of, from_at=as_of - SPAN).to_pylist()


def retention(con: DuckDBPyConnection, as_of: datetime) -> list[dict[str, Any]]:
    """What each Temporal source still has: source, as_of_at (read completely up to, UTC), retention_seconds (null where
    unknown), closed, unread (counts of closed runs; unread: with events that were not read), oldest_unread_at (UTC),
    only_here (closed longer ago than it keeps them; null where unknown).
    """
    return query(con, RETENTION, as_of=as_of).to_pylist()
