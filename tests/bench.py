"""Time every metric on 1M and 10M generated events: `make bench ARGS="--events 1000000"`.

Writes and derives 4,500 items of the sample stream, multiplies them up to the number of events asked for, and times in
a process of its own per size: each metric (median of 10 hot runs, wall and CPU, rows, ratio to the bare scan of the
columns that it reads), three of them in pandas, the peak memory, and writing and deriving one batch more.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

import metrics
from metrics import Metric, Question, Window
from tests.bench_copies import multiply
from tests.bench_items import AS_OF, batches, database_rows, stream
from tests.bench_timing import PANDAS, frames, time_metric, timed
from value_stream import rule_rows, stream_versions
from warehouse import (
    Round,
    Warehouse,
    finish_round,
    open_warehouse,
    register_source,
    replace_rules,
    rows,
    write_batch,
)

SOURCE = "bench/default"
BASE_ITEMS = 4_500
ONE_ITEM = "item-77"
SIZES = (1_000_000, 10_000_000)
QUESTION = Question(AS_OF, Window(AS_OF - timedelta(days=30), AS_OF))
HEADS = ("metric", "wall ms", "CPU ms", "rows", "x scan")


def main() -> int:
    """Print one table per size."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--events", type=int, action="append", help="Events to generate; may be given again.")
    options.add_argument("--folder", type=Path, help="Where the warehouses are made, and found again.")
    options.add_argument("--only", action="append", help="Only this metric.")
    options.add_argument("--runs", type=int, default=10, help="Hot runs to take the median of.")
    options.add_argument("--timing", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.timing:
        _time(asked.timing, asked.only, asked.runs)
        return 0
    print(
        f"DuckDB {duckdb.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    )
    with tempfile.TemporaryDirectory() as temporary:
        for events in asked.events or SIZES:
            path = (asked.folder or Path(temporary)) / f"bench-{events}.duckdb"
            if not path.exists():
                _make(path, events)
            only = [part for name in asked.only or () for part in ("--only", name)]
            command = [sys.executable, __file__, "--timing", str(path), "--runs", str(asked.runs), *only]
            subprocess.run(command, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])})
    return 0


def _make(path: Path, events: int) -> None:
    warehouse = open_warehouse(path)
    con = warehouse.cursor()
    drawn = stream()
    replace_rules(con, rule_rows([drawn]), stream_versions([drawn]), AS_OF)
    register_source(con, SOURCE, "temporal")
    register_source(con, "crm", "database")
    began, written = time.process_time(), 0
    for batch in batches(BASE_ITEMS):
        written += write_batch(con, SOURCE, batch, AS_OF)
    seconds = time.process_time() - began
    print(f"wrote and derived {written:,} events in {seconds:.1f} s of CPU: {written / seconds:,.0f} events/s")
    write_batch(con, "crm", database_rows(BASE_ITEMS), AS_OF)
    for source in (SOURCE, "crm"):
        finish_round(con, source, Round(started_at=AS_OF, ended_at=AS_OF, is_complete=True, as_of_at=AS_OF))
    multiply(con, round(events / written))
    warehouse.close()


def _time(path: Path, only: list[str] | None, runs: int) -> None:
    warehouse = open_warehouse(path)
    con = warehouse.cursor()
    counts = {table: rows(con, f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in ("event", "item", "stay")}
    told = ", ".join(f"{count:,} {table}s" for table, count in counts.items())
    print(f"\n{told}, {path.stat().st_size / 1e6:,.0f} MB\n")
    print("| " + " | ".join(HEADS) + " |\n|---|" + "--:|" * (len(HEADS) - 1))
    _time_metrics(warehouse, only, runs)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"\npeak memory {peak:,.0f} MB")
    if not only:
        _time_pandas(warehouse, runs)
        _time_writing(warehouse)
    warehouse.close()


def _time_metrics(warehouse: Warehouse, only: list[str] | None, runs: int) -> None:
    con, drawn = warehouse.cursor(), stream()
    for metric in metrics.ALL:
        if only and metric.name not in only:
            continue
        took, scan = time_metric(con, drawn, metric, _as_asked(metric), runs)
        cells = (f"{took.wall_ms:,.1f}", f"{took.cpu_ms:,.1f}", f"{took.rows:,}", f"{took.cpu_ms / scan.cpu_ms:.1f}")
        print("| " + " | ".join((metric.name, *cells)) + " |", flush=True)


def _as_asked(metric: Metric) -> Question:
    """The question as people ask it: of one item what is about one, and a comparison with the window before."""
    if metric.name == "compare":
        return replace(QUESTION, of="time_in_state")
    return replace(QUESTION, where=(("item", ONE_ITEM),)) if metric.name.startswith("item_") else QUESTION


def _time_pandas(warehouse: Warehouse, runs: int) -> None:
    con, drawn = warehouse.cursor(), stream()
    found = frames(con)
    for name, way in PANDAS.items():
        ours = timed(partial(metrics.find(name), con, drawn, QUESTION), runs)
        theirs = timed(partial(way, found, QUESTION), runs)
        print(f"{name}: pandas {theirs.cpu_ms:,.0f} ms of CPU, {theirs.cpu_ms / ours.cpu_ms:.1f} x ours")


def _time_writing(warehouse: Warehouse) -> None:
    """Writes to the file: another 500 items, and again as they are."""
    con = warehouse.cursor()
    [batch] = batches(500, seed=8, prefix=f"new-{datetime.now(UTC):%H%M%S}")
    for what in ("new", "known"):
        wall, cpu = time.perf_counter(), time.process_time()
        write_batch(con, SOURCE, batch, AS_OF)
        took = f"{(time.perf_counter() - wall) * 1e3:,.0f} ms, {(time.process_time() - cpu) * 1e3:,.0f} ms of CPU"
        print(f"writing and deriving 500 {what} items ({batch.events.num_rows:,} events): {took}")


if __name__ == "__main__":
    sys.exit(main())
