"""Time the writing of histories and every metric on made-up items: `make bench ARGS="--items 20000"`.

The histories have the shape of the sample stream: one worker turn and one change of the Stage attribute per stage,
log-normal stays, a tenth of the moves going back one stage, items that began over 30 days and some that are still open.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

import metrics
from metrics import Question, Window
from value_stream import Stream, load, rule_rows, stream_versions
from warehouse import Batch, Round, Warehouse, finish_round, open_warehouse, register_source, replace_rules, write_batch
from warehouse.batch import ATTRIBUTES, EVENTS, RUNS

STREAM = Path(__file__).parents[1] / "sample_data" / "streams" / "service-request.stream.toml"
AS_OF = datetime(2026, 1, 31, tzinfo=UTC)
WINDOW = Window(AS_OF - timedelta(days=30), AS_OF)
BATCH_ITEMS = 500
HOT_RUNS = 10
STARTED, COMPLETED, TURN_SCHEDULED, TURN_STARTED, TURN_COMPLETED, ATTRIBUTES_UPSERTED = 1, 2, 5, 6, 7, 40

Row = dict[str, object]


def main() -> int:
    """Fill a warehouse in memory, then print one line per metric."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--items", type=int, default=10_000, help="Items to make up.")
    items: int = options.parse_args().items
    stream = load(STREAM)
    warehouse = open_warehouse(None)
    try:
        _fill(warehouse, stream, items)
        _time_metrics(warehouse, stream)
    finally:
        warehouse.close()
    return 0


def _fill(warehouse: Warehouse, stream: Stream, items: int) -> None:
    con = warehouse.cursor()
    replace_rules(con, rule_rows([stream]), stream_versions([stream]), AS_OF)
    register_source(con, "bench/default", "temporal")
    seconds, events = 0.0, 0
    for batch in _batches(stream, items):
        began = time.perf_counter()
        write_batch(con, "bench/default", batch, AS_OF)
        seconds += time.perf_counter() - began
        events += batch.events.num_rows
    finish_round(con, "bench/default", _round(items, events))
    print(f"wrote and derived {items:,} items, {events:,} events in {seconds:.1f} s: {events / seconds:,.0f} events/s")


def _round(items: int, events: int) -> Round:
    return Round(
        started_at=AS_OF,
        ended_at=AS_OF,
        as_of_at=AS_OF,
        watermark=None,
        is_complete=True,
        requests=0,
        throttled=0,
        runs_changed=items,
        events_added=events,
        open_there=None,
        error=None,
        retention_seconds=None,
    )


def _time_metrics(warehouse: Warehouse, stream: Stream) -> None:
    print(f"{'metric':<16} {'median ms':>10} {'rows':>8}")
    con = warehouse.cursor()
    for metric in metrics.ALL:
        question = Question(AS_OF, WINDOW if metric.needs_window else None)
        rows, taken = 0, []
        for _ in range(HOT_RUNS + 1):
            began = time.perf_counter()
            rows = metric(con, stream, question).num_rows
            taken.append(time.perf_counter() - began)
        print(f"{metric.name:<16} {statistics.median(taken[1:]) * 1e3:>10.1f} {rows:>8,}")


def _batches(stream: Stream, items: int) -> Iterator[Batch]:
    chance = random.Random(7)
    stages = [stage.name for stage in stream.stages]
    for first in range(0, items, BATCH_ITEMS):
        runs: list[Row] = []
        events: list[Row] = []
        attributes: list[Row] = []
        for number in range(first, min(first + BATCH_ITEMS, items)):
            run, its_events, its_attributes = _history(number, _visits(chance, stages), chance)
            runs.append(run)
            events += its_events
            attributes += its_attributes
        yield Batch(
            runs=pa.Table.from_pylist(runs, schema=RUNS),
            events=pa.Table.from_pylist(events, schema=EVENTS),
            attributes=pa.Table.from_pylist(attributes, schema=ATTRIBUTES),
        )


def _visits(chance: random.Random, stages: list[str]) -> list[str]:
    visits, index = [], 0
    while index < len(stages):
        visits.append(stages[index])
        index += -1 if index and chance.random() < 0.1 else 1
    return visits


def _history(number: int, visits: list[str], chance: random.Random) -> tuple[Row, list[Row], list[Row]]:
    began_at = AS_OF - timedelta(days=30) * chance.random()
    run_id = f"run-{number}"
    events: list[Row] = [{"run_id": run_id, "event_id": 1, "type": STARTED, "time_at": began_at}]
    attributes: list[Row] = []
    now = began_at
    for stage in visits:
        if now >= AS_OF:
            break
        for type_ in (TURN_SCHEDULED, TURN_STARTED, TURN_COMPLETED, ATTRIBUTES_UPSERTED):
            events.append({"run_id": run_id, "event_id": len(events) + 1, "type": type_, "time_at": now})
        events[-1]["turn_event_id"] = len(events) - 1
        attributes.append(_stage_attribute(run_id, len(events), stage))
        now += timedelta(hours=chance.lognormvariate(1.0, 1.2))
    closed_at = now if now < AS_OF else None
    if closed_at:
        events.append({"run_id": run_id, "event_id": len(events) + 1, "type": COMPLETED, "time_at": closed_at})
    return _run(number, run_id, began_at, closed_at, len(events) + 1), events, attributes


def _stage_attribute(run_id: str, event_id: int, stage: str) -> Row:
    path = "search_attribute.Stage"
    return {"run_id": run_id, "event_id": event_id, "path": path, "value": stage, "is_cut": False}


def _run(number: int, run_id: str, began_at: datetime, closed_at: datetime | None, next_event_id: int) -> Row:
    return {
        "workflow_id": f"item-{number}",
        "run_id": run_id,
        "first_run_id": run_id,
        "workflow_type": "ServiceRequest",
        "task_queue": "service-requests",
        "status": "completed" if closed_at else "running",
        "started_at": began_at,
        "execution_at": began_at,
        "closed_at": closed_at,
        "attempt": 1,
        "next_event_id": next_event_id,
        "is_complete": closed_at is not None,
    }


if __name__ == "__main__":
    sys.exit(main())
