"""Time the mirror on a real dev server, and the import of the same histories from a file.

A bare loop fetches the very same pages with the same width and does nothing else; the mirror is measured against it,
once without and once with writing. Likewise the import against parsing alone. `python tests/bench_mirror.py --runs 300`
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from temporalio.api.export.v1 import WorkflowExecution as Exported
from temporalio.api.export.v1 import WorkflowExecutions
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.client import Client

import warehouse
from connectors.files import FileFault, read_files
from connectors.files.histories import histories_in
from connectors.temporal import Connection, RoundResult, TemporalConfig, connect, read_round
from connectors.temporal.budget import WIDTH
from connectors.temporal.one_round import PAGE_SIZE
from tests.fixtures.temporal import dev_server
from tests.fixtures.workflows import Story, storyteller
from warehouse import Batch, KnownRun, Warehouse

SOURCE = "main/default"
QUEUE = "bench"
STEPS = [["stage", str(number)] for number in range(10)]
CONFIG = TemporalConfig(requests_per_second=100_000, visibility_per_second=100_000)
TURNS = 5
COPIES = 20


def main() -> int:
    """Print one line per measurement: events a second, and the ratio to doing nothing with them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=300, help="Runs to make.")
    runs: int = options.parse_args().runs
    with dev_server() as server:
        os.environ["TEMPORAL_ADDRESS"] = server.address
        histories = asyncio.run(_mirror(runs))
    with tempfile.TemporaryDirectory() as folder:
        _import(Path(folder) / "histories.pb", histories)
    return 0


async def _mirror(runs: int) -> list[list[HistoryEvent]]:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    await _make(client, runs)
    histories = await _bare()
    events = sum(len(history) for history in histories)
    print(f"{len(histories)} runs, {events} events on a dev server, median of {TURNS}, {WIDTH} requests at once")
    taken: dict[str, list[float]] = {"bare loop": [], "reading": [], "mirroring": []}
    for turn in range(TURNS + 1):  # In turns, so that what else the machine does hits all of them.
        for name, work in (("bare loop", _bare), ("reading", _read), ("mirroring", _read_and_write)):
            seconds = await _timed(work)
            if turn:  # The first one warms everything up.
                taken[name].append(seconds)
    _print(taken, events, "bare loop")
    return histories


async def _make(client: Client, runs: int) -> None:
    async with storyteller(client, QUEUE):
        for start in range(0, runs, 20):
            numbers = range(start, min(start + 20, runs))
            await asyncio.gather(
                *(client.execute_workflow(Story.run, STEPS, id=f"bench-{n}", task_queue=QUEUE) for n in numbers)
            )
        while (await client.count_workflows("CloseTime IS NOT NULL")).count < runs:
            await asyncio.sleep(0.1)


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


async def _bare() -> list[list[HistoryEvent]]:
    """Every page that a first round reads, fetched as wide as it fetches them."""
    connection = await connect(CONFIG, "default")
    await connection.describe_namespace()
    await connection.list_runs("CloseTime IS NULL", page_size=PAGE_SIZE, token=b"")
    await connection.count_runs("CloseTime IS NULL")
    listed = await connection.list_runs("CloseTime IS NOT NULL", page_size=PAGE_SIZE, token=b"")
    waiting = iter(listed.executions)
    found: list[list[HistoryEvent]] = []

    async def fetch() -> None:
        for info in waiting:
            found.append(await _history(connection, info.execution.workflow_id, info.execution.run_id))

    await asyncio.gather(*(fetch() for _ in range(WIDTH)))
    return found


async def _history(connection: Connection, workflow_id: str, run_id: str) -> list[HistoryEvent]:
    events, token = await connection.history_page(workflow_id, run_id, b"")
    while token:
        more, token = await connection.history_page(workflow_id, run_id, token)
        events += more
    return events


async def _read() -> None:
    await _round(None)


async def _read_and_write() -> None:
    opened = warehouse.open_warehouse(None)
    try:
        await _round(opened)
    finally:
        opened.close()


async def _round(opened: Warehouse | None) -> None:
    connection = await connect(CONFIG, "default")
    con, reading = (opened.cursor(), opened.cursor()) if opened else (None, None)
    if con is not None:
        warehouse.register_source(con, SOURCE, "temporal")

    def known(run_ids: list[str] | None) -> dict[str, KnownRun]:
        return warehouse.known_runs(reading, SOURCE, run_ids) if reading is not None else {}

    async for part in read_round(connection, known=known, watermark=None):
        if isinstance(part, Batch) and con is not None:
            # As the service does: requests go on while a batch is written.
            await asyncio.to_thread(warehouse.write_batch, con, SOURCE, part, datetime.now(UTC))
        elif isinstance(part, RoundResult) and part.error:
            raise SystemExit(part.error)


def _import(path: Path, histories: list[list[HistoryEvent]]) -> None:
    exported = WorkflowExecutions()
    for copied in histories * COPIES:
        history = History(events=copied)
        started = history.events[0].workflow_execution_started_event_attributes
        started.original_execution_run_id = started.first_execution_run_id = str(uuid.uuid4())
        exported.items.append(Exported(history=history))
    path.write_bytes(exported.SerializeToString())
    events = COPIES * sum(len(history) for history in histories)
    print(f"{COPIES} copies of them, {events} events, as one export file of {path.stat().st_size / 1e6:.1f} MB")
    taken: dict[str, list[float]] = {"parsing": [], "mapping": [], "importing": []}
    for _ in range(TURNS):
        for name, work in (("parsing", _parse), ("mapping", _map), ("importing", _map_and_write)):
            began = time.perf_counter()
            work(path)
            taken[name].append(time.perf_counter() - began)
    _print(taken, events, "parsing")


def _parse(path: Path) -> None:
    for _ in histories_in(path):
        pass


def _map(path: Path) -> None:
    for _ in read_files([path], known=lambda run_ids: {}):
        pass


def _map_and_write(path: Path) -> None:
    opened = warehouse.open_warehouse(None)
    con = opened.cursor()
    warehouse.register_source(con, "files", "files")
    for step in read_files([path], known=lambda run_ids: warehouse.known_anywhere(con, run_ids)):
        if isinstance(step, FileFault):
            raise SystemExit(f"{step.place}: {step.problem}")
        warehouse.write_batch(con, "files", step.batch, datetime.now(UTC))
    con.close()
    opened.close()


def _print(taken: dict[str, list[float]], events: int, against: str) -> None:
    print(f"{'':<12} {'events/s':>10} {'of ' + against:>14}")
    for name, seconds in taken.items():
        # Each turn against its own: what slowed one down slowed the other.
        share = statistics.median(alone / own for alone, own in zip(taken[against], seconds, strict=True))
        print(f"{name:<12} {events / statistics.median(seconds):>10,.0f} {share:>13.0%}")


if __name__ == "__main__":
    sys.exit(main())
