"""Which runs are kept, in the few words that reading them again needs."""

from dataclasses import dataclass
from datetime import datetime

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
