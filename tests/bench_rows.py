"""Read a table of a million rows into a warehouse in a file: `python -m tests.bench_rows --rows 1000000`.

Makes a table in SQLite, reads it in one round as `streamgauge sync` does, and says how long it took and the most memory
that the process held. Run it once per size: the most memory of a process never falls.
"""

import argparse
import os
import platform
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from connectors.database.config import DatabaseConfig
from connectors.database.reading import Database
from warehouse import open_warehouse, register_source, rows, write_batch
from warehouse.known_rows import KnownRows

FILL = """
INSERT INTO big
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :rows)
SELECT i, 'request ' || i || ' says something of about a hundred characters, as rows in a business often do', i
FROM n
"""
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def fill(url: str, many: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE big (id INTEGER PRIMARY KEY, said TEXT, version INTEGER)"))
        connection.execute(text(FILL), {"rows": many})
    engine.dispose()


def mirror(url: str, path: Path) -> int:
    """One first round of the table into a new warehouse; the row versions that it holds then."""
    tables = [{"name": "big", "key": ["id"], "cursor": "version"}]
    config = DatabaseConfig.model_validate({"name": "crm", "url_env": "CRM_URL", "tables": tables})
    database, opened = Database(config, {"CRM_URL": url}), open_warehouse(path)
    reads, writes = opened.cursor(), opened.cursor()
    register_source(writes, "crm", "database")
    reading = database.read_round(known=KnownRows(reads, "crm"), watermark=None, now=NOW)
    for batch in reading:
        write_batch(writes, "crm", batch, NOW)
    database.close()
    if reading.result.error:
        raise SystemExit(reading.result.error)
    [found] = rows(reads, "SELECT count(*) AS versions FROM row_version")
    opened.close()
    return int(found["versions"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    many = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="streamgauge-bench-") as folder:
        url = f"sqlite:///{folder}/big.db"
        fill(url, many)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        clock, cpu = time.perf_counter(), time.process_time()
        kept = mirror(url, Path(folder) / "warehouse.duckdb")
        clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"{kept:,} of {many:,} rows kept; {clock:.0f} s, {cpu:.0f} s of processor time")
    print(f"most memory {most / 1024:.0f} MB, {before / 1024:.0f} MB of it before the round")


if __name__ == "__main__":
    main()
