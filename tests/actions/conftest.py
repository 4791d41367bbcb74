"""Nudges under test: a real dev server, workflows that are stuck on it, and a journal of one's own."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    DescribeWorkflowExecutionResponse,
    GetWorkflowExecutionHistoryRequest,
)
from temporalio.client import Client

from actions.actor import Actor
from actions.config import ActionsConfig, Rule
from actions.journal import Journal
from actions.order import Order
from actions.plan import Ground, Plan, make_plan
from actions.reach import Reach
from actions.recent import Recent
from actions.send import Sent, send
from actions.target import Target
from connectors.journal import read_journal
from connectors.temporal.config import TemporalConfig
from tests.fixtures.workflows import Story, storyteller, until
from value_stream import Stream
from warehouse.nudge_record import NudgeRecord

SOURCE = "main/default"
ANNA = Actor("anna", "operator", "config")
VERA = Actor("vera", "viewer", "config")
EVERYTHING = ActionsConfig(allow=True, rules=(Rule(roles=("operator", "admin")),), rate=500, cool_down=None)
STREAM = Stream.model_validate(
    {
        "stream": "story",
        "item": {"workflow_types": ["Story"]},
        "stages": [{"name": "told"}],
        "systems": [{"name": "fate", "activities": ["refuse"]}],
        "nudges": [
            {"name": "remind", "title": "Remind them", "signal": "remind", "cool_down": "1h"},
            {"name": "retry-now", "reset_activity": True},
        ],
    }
)


@dataclass
class Yard:
    """One test's workflows, and what is done to them."""

    client: Client
    journal: Journal
    address: str
    actions: ActionsConfig = EVERYTHING
    queue: str = field(default_factory=lambda: f"n{uuid.uuid4().hex[:10]}")
    started: dict[str, str] = field(default_factory=dict)

    async def start(self, name: str, steps: list[list[Any]], **options: Any) -> str:
        """Start a story; its workflow id."""
        workflow_id = f"{self.queue}-{name}"
        options = {"task_queue": self.queue} | options
        handle = await self.client.start_workflow(Story.run, steps, id=workflow_id, **options)
        self.started[workflow_id] = handle.result_run_id or ""
        return workflow_id

    def target(self, workflow_id: str, **more: Any) -> Target:
        run_id = self.started[workflow_id]
        return Target(source=SOURCE, workflow_id=workflow_id, run_id=run_id, item=workflow_id, stage="told", **more)

    async def plan(self, order: Order, *workflow_ids: str, actor: Actor = ANNA) -> Plan:
        async with self.ground() as ground:
            return await make_plan(ground, actor, order, [self.target(name) for name in workflow_ids])

    async def send(self, plan: Plan, *, actor: Actor = ANNA, reason: str = "a test", shown: str = "") -> list[Sent]:
        async with self.ground() as ground:
            sending = send(ground, self.journal, plan, actor=actor, reason=reason, shown_hash=shown or plan.hash)
            return [sent async for sent in sending]

    async def do(self, order: Order, *workflow_ids: str) -> list[Sent]:
        """Plan and send."""
        return await self.send(await self.plan(order, *workflow_ids))

    @asynccontextmanager
    async def ground(self) -> AsyncIterator[Ground]:
        reach = Reach([TemporalConfig(requests_per_second=2000)], self.actions)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TEMPORAL_ADDRESS", self.address)
            await reach.reader(SOURCE)
            if self.actions.allow:
                await reach.writer(SOURCE)
        yield Ground(self.actions, STREAM, reach, Recent(self.records()))

    def records(self) -> Sequence[NudgeRecord]:
        return read_journal(self.journal.path).records

    def states(self, line: int = 0) -> list[str]:
        """What the journal says of a line, in order."""
        return [record.state for record in self.records() if record.line == line]

    async def describe(self, workflow_id: str) -> DescribeWorkflowExecutionResponse:
        request = DescribeWorkflowExecutionRequest(
            namespace="default", execution=WorkflowExecution(workflow_id=workflow_id)
        )
        return await self.client.workflow_service.describe_workflow_execution(request, retry=True)

    async def events(self, workflow_id: str, kind: int | None = None, run_id: str = "") -> list[HistoryEvent]:
        """Durable events of the newest run, or of one; of one type, if asked."""
        execution = WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
        request = GetWorkflowExecutionHistoryRequest(namespace="default", execution=execution)
        answer = await self.client.workflow_service.get_workflow_execution_history(request, retry=True)
        return [each for each in answer.history.events if each.task_id and kind in (None, each.event_type)]

    async def waits_for(self, workflow_id: str, holds: Callable[[DescribeWorkflowExecutionResponse], Any]) -> None:
        """Until Describe says so."""

        async def asked() -> Any:
            return holds(await self.describe(workflow_id))

        await until(asked)

    async def is_idle(self, *workflow_ids: str) -> None:
        """Until each has had its first worker turn and has none waiting."""
        for workflow_id in workflow_ids:
            await self.waits_for(
                workflow_id,
                lambda told: (
                    told.workflow_execution_info.history_length > 3 and not told.HasField("pending_workflow_task")
                ),
            )


def attempts(count: int) -> Callable[[DescribeWorkflowExecutionResponse], bool]:
    """Whether the pending activity was tried so often."""
    return lambda told: any(each.attempt >= count for each in told.pending_activities)


@pytest.fixture
def in_yard(temporal_server: str, tmp_path: Path) -> Iterator[Callable[[Callable[[Yard], Awaitable[None]]], None]]:
    """Runs a test's story with a worker on its queue."""

    def run(story: Callable[[Yard], Awaitable[None]], **settings: Any) -> None:
        async def whole() -> None:
            client = await Client.connect(temporal_server)
            yard = Yard(client, Journal(tmp_path / "nudges.jsonl"), temporal_server, **settings)
            async with storyteller(client, yard.queue):
                await story(yard)

        asyncio.run(whole())

    yield run


def particulars(record: NudgeRecord) -> dict[str, Any]:
    """What exactly was done, by the record."""
    told: dict[str, Any] = json.loads(record.particulars)
    return told
