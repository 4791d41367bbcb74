"""The recorded past of the demo company, read into a warehouse that no service owns yet.

python -m app.past --config streamgauge.toml --ends-at 2026-03-02T09:30:00+00:00
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import warehouse
from app.config import load
from app.errors import user_errors
from app.imports import Recording, import_files
from app.service import Service, open_service
from connectors.files import Excerpt, row_versions

SOURCE = "recorded"
# The demo's database holds the rows of the past as they were last; what they were before is told by the recording.
DATABASE = "crm"


def load_past(service: Service, ends_at: datetime) -> int:
    """Read the two recorded weeks before `ends_at`, unless they are there; returns the number of runs read.

    Runs belong to the source `recorded`, versions of rows to the company's database. Raises WarehouseError for a
    recording that cannot be read.
    """
    from sample_data.past.recording import before

    con = service.warehouse.cursor()
    try:
        if warehouse.rows(con, "SELECT 1 FROM source WHERE source = $source AND as_of_at IS NOT NULL", source=SOURCE):
            return 0
        past = before(ends_at)
        warehouse.register_source(con, DATABASE, "database")
        versions = row_versions(past.versions(), key=("id",), at="updated_at")
        warehouse.write_batch(con, DATABASE, versions, datetime.now(UTC))
    finally:
        con.close()
    recording = Recording(SOURCE, Excerpt(past.moves), ends_at)
    runs = 0
    for step in import_files(service, [past.histories], recording=recording):
        if step.problem is not None:
            raise warehouse.WarehouseError(f"The recorded past is damaged: {step.place}: {step.problem}")
        runs += step.histories
    return runs


def main(arguments: Sequence[str] | None = None) -> int:
    """Load it. Exit codes: 0 done, 1 the warehouse or the recording cannot be read, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m app.past", description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--ends-at", type=datetime.fromisoformat, required=True)
    options = parser.parse_args(arguments)
    try:
        service = open_service(load(options.config))
        try:
            print(f"done {load_past(service, options.ends_at)} runs")
        finally:
            service.close()
    except user_errors() as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
