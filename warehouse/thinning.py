"""Samples of pending work, thinned: what was said again and again becomes one row that says from when until when.

No answer changes by it, as of whatever instant. A sample speaks for SAMPLE_LIFE, so that samples of one run which say
the same and follow each other within that time say it for all the time between; they become one. Farther apart they do
not: between them the condition is not known. That nothing is pending only matters while an older sample would still be
heard. What changes stays, for good.
"""

from datetime import datetime, timedelta

from duckdb import DuckDBPyConnection

from warehouse.database import execute, rows
from warehouse.transactions import transaction

# Three sampling intervals: an older sample says nothing about now.
SAMPLE_LIFE = timedelta(seconds=30)
# Samples stay as they came for so long: what is written next looks at those before it.
KEPT_WHOLE = timedelta(minutes=15)
# As much is thinned at once, so that the memory it takes is bounded.
SLICE = timedelta(minutes=10)
SLICES_AT_ONCE = 6

REACHED = """
WITH reached AS (
    SELECT coalesce(max(until_at), CAST('1900-01-01 00:00:00+00' AS TIMESTAMPTZ)) AS until_at FROM thinned
)
SELECT until_at, (SELECT min(sampled_at) FROM pending WHERE sampled_at > until_at) AS next_at
FROM reached
"""
FIND = """
CREATE OR REPLACE TEMP TABLE thin_sample AS
WITH said AS (
    SELECT
        run_key,
        sampled_at,
        max(sampled_until_at) AS until_at,
        bool_and(kind = 'none') AS is_empty,
        list(
            {
                'kind': kind, 'event_id': event_id, 'reference': reference, 'name': name, 'state': state,
                'attempt': attempt, 'maximum_attempts': maximum_attempts, 'scheduled_at': scheduled_at,
                'last_started_at': last_started_at, 'last_heartbeat_at': last_heartbeat_at,
                'next_try_at': next_try_at, 'expires_at': expires_at, 'failure_message': failure_message,
                'failure_type': failure_type, 'worker': worker, 'actor': actor, 'reason': reason,
                'task_queue': task_queue, 'version': version, 'last_ended_at': last_ended_at,
                'paused_at': paused_at, 'failing_since_at': failing_since_at
            }
            ORDER BY kind, event_id, reference, name
        ) AS content
    FROM pending
    WHERE sampled_at <= CAST($until_at AS TIMESTAMPTZ)
      AND sampled_until_at > CAST($heard_from_at AS TIMESTAMPTZ)
    GROUP BY run_key, sampled_at
),
compared AS (
    SELECT
        *,
        lag(content) OVER by_run IS DISTINCT FROM content
            OR epoch_us(sampled_at) - epoch_us(lag(until_at) OVER by_run) > $life_micros AS is_new,
        max(CASE WHEN NOT is_empty THEN until_at END) OVER (
            PARTITION BY run_key ORDER BY sampled_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS heard_until_at
    FROM said
    WINDOW by_run AS (PARTITION BY run_key ORDER BY sampled_at)
),
numbered AS (
    SELECT
        *,
        sum(CASE WHEN is_new THEN 1 ELSE 0 END) OVER (
            PARTITION BY run_key ORDER BY sampled_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch
    FROM compared
)
SELECT
    run_key,
    min(sampled_at) AS first_at,
    max(sampled_at) AS last_at,
    max(until_at) AS until_at,
    count(*) AS samples,
    -- what was thinned before was looked at together with what came before it
    bool_and(is_empty) AND min(sampled_at) > CAST($thinned_at AS TIMESTAMPTZ) AND coalesce(
        epoch_us(min(sampled_at)) - epoch_us(arg_min(heard_until_at, sampled_at)) >= $life_micros, true
    ) AS is_needless
FROM numbered
GROUP BY run_key, stretch
HAVING count(*) > 1 OR bool_and(is_empty)
"""
THIN = """
DELETE FROM pending
USING thin_sample AS thin
WHERE thin.run_key = pending.run_key
  AND pending.sampled_at <= thin.last_at
  AND (pending.sampled_at > thin.first_at OR (thin.is_needless AND pending.sampled_at = thin.first_at));
UPDATE pending
SET sampled_until_at = thin.until_at
FROM thin_sample AS thin
WHERE thin.run_key = pending.run_key AND pending.sampled_at = thin.first_at
  AND pending.sampled_until_at < thin.until_at;
DROP TABLE thin_sample;
"""


def thin_samples(con: DuckDBPyConnection, now: datetime) -> bool:
    """Thin the samples that are older than KEPT_WHOLE, some slices of them at once; True where more are waiting.

    Each slice is a transaction of its own, and what was thinned before is not looked at again but for what it borders
    on. Cheap while nothing is due.
    """
    for _ in range(SLICES_AT_ONCE):
        [reached] = rows(con, REACHED)
        thinned_at, next_at = reached["until_at"], reached["next_at"]
        if next_at is None or next_at + SLICE > now - KEPT_WHOLE:
            return False
        _thin(con, thinned_at, next_at)
    return True


def _thin(con: DuckDBPyConnection, thinned_at: datetime, from_at: datetime) -> None:
    """A slice from the first sample behind what was thinned before."""
    until_at = from_at + SLICE
    with transaction(con):
        life_micros = SAMPLE_LIFE // timedelta(microseconds=1)
        bounds = {"thinned_at": thinned_at, "heard_from_at": from_at - SAMPLE_LIFE, "until_at": until_at}
        execute(con, FIND, **bounds, life_micros=life_micros)
        execute(con, THIN)
        execute(con, "DELETE FROM thinned")
        execute(con, "INSERT INTO thinned VALUES ($until_at)", until_at=until_at)
