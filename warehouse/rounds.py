"""Sources and the rounds in which they are read."""

from dataclasses import dataclass
from datetime import datetime

from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows
from warehouse.known_runs import source_key_of
from warehouse.transactions import transaction

NEW_SOURCE = """
INSERT INTO source BY NAME
SELECT coalesce(max(source_key), 0) + 1 AS source_key, $source AS source, $kind AS kind FROM source
"""
MOVE_CURSOR = """
UPDATE source
SET as_of_at = greatest(coalesce($as_of_at, as_of_at), coalesce(as_of_at, $as_of_at)),
    watermark = coalesce($watermark, watermark),
    retention_seconds = coalesce($retention_seconds, retention_seconds)
WHERE source_key = $source_key
"""
ADD_ROUND = """
INSERT INTO sync_round BY NAME
SELECT
    (SELECT coalesce(max(round_id), 0) + 1 FROM sync_round) AS round_id,
    $source_key AS source_key,
    (SELECT as_of_at FROM source WHERE source_key = $source_key) AS as_of_at,
    $started_at AS started_at,
    $ended_at AS ended_at,
    $is_complete AS is_complete,
    $requests AS requests,
    $throttled AS throttled,
    $runs_changed AS runs_changed,
    $events_added AS events_added,
    $open_there AS open_there,
    CASE WHEN (SELECT kind FROM source WHERE source_key = $source_key) = 'temporal' THEN (
        SELECT count(*) FROM run WHERE source_key = $source_key AND closed_at IS NULL AND observed_until_at IS NULL
    ) END AS open_here,
    $error AS error
"""


@dataclass(frozen=True)
class Round:
    """How one round of one source went; columns as in sync_round. `as_of_at` and `watermark` None: not moved."""

    started_at: datetime
    ended_at: datetime
    is_complete: bool
    as_of_at: datetime | None = None
    watermark: str | None = None
    requests: int = 0
    throttled: int = 0
    runs_changed: int = 0
    events_added: int = 0
    open_there: int | None = None
    error: str | None = None
    retention_seconds: int | None = None


def register_source(con: DuckDBPyConnection, source: str, kind: str) -> int:
    """The number of `source`, given now if it is new."""
    if found := rows(con, "SELECT source_key FROM source WHERE source = $source", source=source):
        return int(found[0]["source_key"])
    execute(con, NEW_SOURCE, source=source, kind=kind)
    return register_source(con, source, kind)


def watermark(con: DuckDBPyConnection, source: str) -> str | None:
    """Where the next round of `source` goes on; None before the first."""
    found = rows(con, "SELECT watermark FROM source WHERE source = $source", source=source)
    return found[0]["watermark"] if found else None


def finish_round(con: DuckDBPyConnection, source: str, result: Round) -> None:
    """Record the round and move the source's cursor, in one transaction."""
    source_key = source_key_of(con, source)
    with transaction(con):
        execute(
            con,
            MOVE_CURSOR,
            source_key=source_key,
            as_of_at=result.as_of_at,
            watermark=result.watermark,
            retention_seconds=result.retention_seconds,
        )
        execute(
            con,
            ADD_ROUND,
            source_key=source_key,
            started_at=result.started_at,
            ended_at=result.ended_at,
            is_complete=result.is_complete,
            requests=result.requests,
            throttled=result.throttled,
            runs_changed=result.runs_changed,
            events_added=result.events_added,
            open_there=result.open_there,
            error=result.error,
        )
