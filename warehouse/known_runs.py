"""What is known of runs: whole rows, for connectors to go on from."""

from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from warehouse.batch import RUNS
from warehouse.database import rows

KNOWN = f"""
SELECT
    run.run_key IN (SELECT run_key FROM run_item) AS is_of_item,
    {", ".join(f"run.{name}" for name in RUNS.names)}
FROM run
WHERE run.source_key = $source_key AND (NOT run.is_complete AND run.observed_until_at IS NULL)
ORDER BY run.run_key
"""
KNOWN_AMONG = f"""
SELECT {", ".join(f"run.{name}" for name in RUNS.names)}
FROM run
WHERE run.source_key = $source_key AND run.run_id IN (SELECT unnest($run_ids))
ORDER BY run.run_key
"""
KNOWN_ANYWHERE = f"""
SELECT source.source, {", ".join(f"run.{name}" for name in RUNS.names)}
FROM run
JOIN source ON source.source_key = run.source_key
WHERE run.run_id IN (SELECT unnest($run_ids))
ORDER BY run.run_key
"""


@dataclass(frozen=True)
class KnownRun:
    """What the warehouse knows of a run: a whole row of warehouse.batch.RUNS, by column.

    is_of_item: it belongs to an item of some stream; said only where all open runs are asked for.
    """

    row: dict[str, Any]
    is_of_item: bool = False


def known_runs(con: DuckDBPyConnection, source: str, run_ids: list[str] | None = None) -> dict[str, KnownRun]:
    """Known runs by run id: those among `run_ids`, or with None all that are open or not read to their end."""
    source_key = source_key_of(con, source)
    if run_ids is None:
        found = rows(con, KNOWN, source_key=source_key)
    else:
        found = rows(con, KNOWN_AMONG, source_key=source_key, run_ids=run_ids)
    return {row["run_id"]: KnownRun(row, bool(row.pop("is_of_item", False))) for row in found}


def known_anywhere(con: DuckDBPyConnection, run_ids: list[str]) -> dict[str, tuple[str, KnownRun]]:
    """Known runs among `run_ids` in any source, by run id, each with the name of the source that holds it."""
    found = rows(con, KNOWN_ANYWHERE, run_ids=run_ids)
    return {row["run_id"]: (row.pop("source"), KnownRun(row)) for row in found}


def source_key_of(con: DuckDBPyConnection, source: str) -> int:
    """The number of a source. Raises KeyError for one that was never registered."""
    found = rows(con, "SELECT source_key FROM source WHERE source = $source", source=source)
    if not found:
        raise KeyError(f"No source {source!r}: call register_source first.")
    return int(found[0]["source_key"])
