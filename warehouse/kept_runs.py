"""Which runs are kept, in the few words that reading them again needs."""

from dataclasses import dataclass
from datetime import date, datetime

from duckdb import DuckDBPyConnection

from warehouse.database import rows
from warehouse.pseudonyms import FORM

RUNS_OF_ITEMS = f"""
SELECT run.workflow_id, run.run_id, run.next_event_id, run.started_at, run.closed_at
FROM run
JOIN source ON source.source_key = run.source_key
WHERE source.source = $source
  AND run.observed_until_at IS NULL
  AND run.run_key IN (SELECT run_key FROM run_item)
  AND NOT regexp_full_match(run.workflow_id, '{FORM}')
ORDER BY run.run_key
"""
OF_SOURCE = "FROM run WHERE source_key = (SELECT source_key FROM source WHERE source = $source)"
OPEN = f"SELECT run_id, workflow_id {OF_SOURCE} AND closed_at IS NULL AND observed_until_at IS NULL"
CLOSED_COUNTS = f"""
SELECT CAST(closed_at AT TIME ZONE 'UTC' AS DATE) AS day, status, count(*) AS runs
{OF_SOURCE} AND closed_at >= $from_at AND closed_at < $to_at
GROUP BY day, status
"""
CLOSED = f"""
SELECT run_id, workflow_id {OF_SOURCE} AND closed_at >= $from_at AND closed_at < $to_at AND status = $status
"""


@dataclass(frozen=True)
class KeptRun:
    """A run as far as it was read: `next_event_id` is the first event that was not. `closed_at` None while open."""

    workflow_id: str
    run_id: str
    next_event_id: int
    started_at: datetime
    closed_at: datetime | None


def runs_of_items(con: DuckDBPyConnection, source: str) -> list[KeptRun]:
    """The runs of a source that belong to any stream's items, children included; those lost from sight
    or forgotten left out."""
    return [KeptRun(**row) for row in rows(con, RUNS_OF_ITEMS, source=source)]


class KeptRuns:
    """What is kept of one source's runs, for its connector to compare with what is there."""

    def __init__(self, con: DuckDBPyConnection, source: str) -> None:
        self._con = con
        self._source = source

    def open(self) -> dict[str, str]:
        """Workflow ids of the runs that are open here, by run id."""
        return {row["run_id"]: row["workflow_id"] for row in rows(self._con, OPEN, source=self._source)}

    def closed_counts(self, from_at: datetime, to_at: datetime) -> dict[tuple[date, str], int]:
        """How many runs closed in [from_at, to_at), by UTC day and status."""
        found = rows(self._con, CLOSED_COUNTS, source=self._source, from_at=from_at, to_at=to_at)
        return {(row["day"], row["status"]): row["runs"] for row in found}

    def closed(self, from_at: datetime, to_at: datetime, status: str) -> dict[str, str]:
        """Workflow ids of the runs that closed so in [from_at, to_at), by run id."""
        found = rows(self._con, CLOSED, source=self._source, from_at=from_at, to_at=to_at, status=status)
        return {row["run_id"]: row["workflow_id"] for row in found}
