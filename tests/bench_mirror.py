"""Time the mirror on a real dev server, and the import of the same histories from a file.

A bare loop fetches the very same pages with the same width and does nothing else; the mirror is measured against it,
without writing, with writing, and with a stream drawn whose items are derived. Likewise the import against parsing
alone. `python tests/bench_mirror.py --runs 600`
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psutil
from temporalio.api.export.v1 import WorkflowExecution as Exported
from temporalio.api.export.v1 import WorkflowExecutions
from temporalio.api.history.v1 import History, HistoryEvent
from temporalio.api.workflow.v1 import WorkflowExecutionInfo
from temporalio.client import Client

import warehouse
from connectors.files import FileFault, read_files
from connectors.files.histories import histories_in
from connectors.temporal.budget import WIDTH
from connectors.temporal.config import TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.one_round import PAGE_SIZE
from connectors.temporal.rounds import RoundResult, read_round
from tests.fixtures.streams import a_stream, by_attribute, put_in_force
from tests.fixtures.temporal import dev_server
from tests.fixtures.workflows import Story, storyteller
from warehouse import Batch, KnownRun, Warehouse

SOURCE = "main/default"
QUEUE = "bench"
STEPS = [["stage", str(number)] for number in range(10)]
CONFIG = TemporalConfig(requests_per_second=100_000, visibility_per_second=100_000)
TURNS = 5
MOST_COPIED = 90_000
Work = Callable[[Warehouse | None], Awaitable[object]]


def main() -> int:
    """Print one line per measurement: events a second, and the ratio to doing nothing with them."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=600, help="Runs to make.")
    options.add_argument("--turns", type=int, default=TURNS, help="How often each is measured.")
    given = options.parse_args()
    with dev_server() as server:
        assert server.process is not None
        os.environ["TEMPORAL_ADDRESS"] = server.address
        histories = asyncio.run(_mirror(psutil.Process(server.process.pid), given.runs, given.turns))
    with tempfile.TemporaryDirectory() as folder:
        _import(Path(folder) / "histories.pb", histories, given.turns)
    return 0


async def _mirror(server: psutil.Process, runs: int, turns: int) -> list[list[HistoryEvent]]:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    await _make(client, runs)
    histories = await _bare()
    events = sum(len(history) for history in histories)
    print(f"{len(histories)} runs, {events} events on a dev server, median of {turns}, {WIDTH} requests at once")
    works: dict[str, tuple[Callable[[], Warehouse | None], Work]] = {
        "bare loop": (_no_warehouse, lambda _: _bare()),
        "reading": (_no_warehouse, _round),
        "mirroring": (_warehouse, _round),
        "deriving": (_with_stream, _round),
    }
    taken: dict[str, list[Took]] = {name: [] for name in works}
    for turn in range(turns + 1):  # In turns, so that what else the machine does hits all of them.
        for name, (opening, work) in works.items():
            took = await _timed(work, opening(), server)
            if turn:  # The first one warms everything up.
                taken[name].append(took)
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


class Took(NamedTuple):
    """Seconds by the clock, and of processor: in this process, and in the dev server."""

    seconds: float
    own_seconds: float
    server_seconds: float = 0.0

    @property
    def processor_seconds(self) -> float:
        return self.own_seconds + self.server_seconds


def _now(server: psutil.Process | None = None) -> Took:
    times = server.cpu_times() if server is not None else None
    return Took(time.perf_counter(), time.process_time(), times.user + times.system if times is not None else 0.0)


def _since(began: Took, server: psutil.Process | None = None) -> Took:
    return Took(*(now - then for now, then in zip(_now(server), began, strict=True)))


async def _timed(work: Work, opened: Warehouse | None, server: psutil.Process) -> Took:
    """What the work took; a warehouse is opened before, as by a service that runs."""
    try:
        began = _now(server)
        await work(opened)
        return _since(began, server)
    finally:
        if opened is not None:
            opened.close()


async def _bare() -> list[list[HistoryEvent]]:
    """Every page that a first round reads, fetched as wide as it fetches them."""
    connection = await connect(CONFIG, "default")
    await connection.describe_namespace()
    await connection.list_runs("CloseTime IS NULL", page_size=PAGE_SIZE, token=b"")
    await connection.count_runs("CloseTime IS NULL")
    found: list[list[HistoryEvent]] = []
    token, is_last = b"", False
    while not is_last:
        listed = await connection.list_runs("CloseTime IS NOT NULL", page_size=PAGE_SIZE, token=token)
        waiting = iter(listed.executions)
        await asyncio.gather(*(_fetch(connection, waiting, found) for _ in range(WIDTH)))
        token, is_last = listed.next_page_token, not listed.next_page_token
    return found


async def _fetch(
    connection: Connection, waiting: Iterator[WorkflowExecutionInfo], found: list[list[HistoryEvent]]
) -> None:
    for info in waiting:
        found.append(await _history(connection, info.execution.workflow_id, info.execution.run_id))


async def _history(connection: Connection, workflow_id: str, run_id: str) -> list[HistoryEvent]:
    events, token = await connection.history_page(workflow_id, run_id, b"")
    while token:
        more, token = await connection.history_page(workflow_id, run_id, token)
        events += more
    return events


def _no_warehouse() -> None:
    return None


def _warehouse() -> Warehouse:
    return warehouse.open_warehouse(None)


def _with_stream() -> Warehouse:
    """A warehouse with a stream drawn: each run is an item that walks through ten stages."""
    opened = _warehouse()
    stages = by_attribute(*(str(stage) for _, stage in STEPS))
    put_in_force(opened.cursor(), a_stream(stages, item={"workflow_types": ["Story"]}))
    return opened


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


def _import(path: Path, histories: list[list[HistoryEvent]], turns: int) -> None:
    exported = WorkflowExecutions()
    copies = max(1, MOST_COPIED // sum(len(history) for history in histories))
    for copied in histories * copies:
        history = History(events=copied)
        started = history.events[0].workflow_execution_started_event_attributes
        started.original_execution_run_id = started.first_execution_run_id = str(uuid.uuid4())
        exported.items.append(Exported(history=history))
    path.write_bytes(exported.SerializeToString())
    events = copies * sum(len(history) for history in histories)
    print(f"{copies} copies of them, {events} events, as one export file of {path.stat().st_size / 1e6:.1f} MB")
    taken: dict[str, list[Took]] = {"parsing": [], "mapping": [], "importing": []}
    for _ in range(turns):
        for name, work in (("parsing", _parse), ("mapping", _map), ("importing", _map_and_write)):
            began = _now()
            work(path)
            taken[name].append(_since(began))
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


def _print(taken: Mapping[str, Sequence[Took]], events: int, against: str) -> None:
    """Ratios by the clock, and by processor time of ours and of the server: the latter no other job disturbs."""
    print(f"{'':<12} {'events/s':>10} {'of ' + against:>14} {'by processor':>14} {'own us/event':>14}")
    for name, turns in taken.items():
        # Each turn against its own: what slowed one down slowed the other.
        pairs = list(zip(taken[against], turns, strict=True))
        by_clock = statistics.median(alone.seconds / own.seconds for alone, own in pairs)
        by_processor = statistics.median(alone.processor_seconds / own.processor_seconds for alone, own in pairs)
        per_second = events / statistics.median(took.seconds for took in turns)
        each = statistics.median(took.own_seconds for took in turns) / events * 1e6
        print(f"{name:<12} {per_second:>10,.0f} {by_clock:>13.0%} {by_processor:>13.0%} {each:>14.1f}")


if __name__ == "__main__":
    sys.exit(main())
