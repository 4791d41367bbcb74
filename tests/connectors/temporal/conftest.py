"""A mirror under test: a real dev server on one side, a real warehouse on the other."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest, ListWorkflowExecutionsRequest
from temporalio.client import Client

import warehouse
from connectors.temporal.attributes import DeclaredPath
from connectors.temporal.config import CodecConfig, TemporalConfig
from connectors.temporal.connect import connect
from connectors.temporal.connection import Connection
from connectors.temporal.rounds import RoundResult, read_round

SOURCE = "main/default"


@dataclass
class Mirror:
    """One namespace, narrowed to one test's runs, mirrored into a warehouse in memory."""

    address: str
    prefix: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:10]}")
    requests_per_second: float = 500
    visibility_per_second: float = 100
    sampling_seconds: float = 10
    query: str | None = None
    declared: Iterable[DeclaredPath] = ()
    codec: CodecConfig | None = None
    connection: Connection | None = None

    def __post_init__(self) -> None:
        self.warehouse = warehouse.open_warehouse(None)
        self.con = self.warehouse.cursor()
        self.batches: list[warehouse.Batch] = []
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        warehouse.register_source(self.con, SOURCE, "temporal")

    @property
    def queue(self) -> str:
        return self.prefix

    async def client(self) -> Client:
        return await Client.connect(self.address)

    async def connect(self) -> Connection:
        """A fresh connection, which remembers nothing."""
        config = TemporalConfig(
            query=f"TaskQueue STARTS_WITH '{self.prefix}'" if self.query is None else self.query,
            requests_per_second=self.requests_per_second,
            visibility_per_second=self.visibility_per_second,
            sampling_seconds=self.sampling_seconds,
            codec=self.codec,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TEMPORAL_ADDRESS", self.address)
            self.connection = await connect(config, "default")
        return self.connection

    async def round(self, limit_seconds: float | None = None) -> RoundResult:
        """One round, written as the service writes it."""
        connection = self.connection or await self.connect()
        async for part in read_round(
            connection,
            known=lambda run_ids: warehouse.known_runs(self.con, SOURCE, run_ids),
            watermark=warehouse.watermark(self.con, SOURCE),
            declared=self.declared,
            clock=self.clock,
            limit_seconds=limit_seconds,
        ):
            if isinstance(part, RoundResult):
                names = {each.name for each in fields(warehouse.Round)} & {each.name for each in fields(RoundResult)}
                result = warehouse.Round(**{name: getattr(part, name) for name in names})
                warehouse.finish_round(self.con, SOURCE, result)
                return part
            self.batches.append(part)
            warehouse.write_batch(self.con, SOURCE, part, self.clock())
        raise AssertionError("a round ends with its result")

    def rows(self, sql: str, **params: object) -> list[dict[str, Any]]:
        return warehouse.rows(self.con, sql, **params)

    def runs(self) -> dict[str, dict[str, Any]]:
        """Mirrored runs by run id."""
        return {row["run_id"]: row for row in self.rows("SELECT * FROM run")}

    def run(self, workflow_id: str) -> dict[str, Any]:
        """The only mirrored run of a workflow id."""
        (row,) = self.rows("SELECT * FROM run WHERE workflow_id = $workflow_id", workflow_id=workflow_id)
        return row

    def events(self, run_id: str) -> list[tuple[int, int, int]]:
        """Id, type and task id of each mirrored event of a run."""
        found = self.rows(
            "SELECT event_id, type, task_id FROM event JOIN run USING (run_key) WHERE run_id = $run_id ORDER BY ALL",
            run_id=run_id,
        )
        return [(row["event_id"], row["type"], row["task_id"]) for row in found]

    def event(self, run_id: str, event_type: int) -> dict[str, Any]:
        """The only mirrored event of a type in a run."""
        (row,) = self.rows(
            "SELECT event.* FROM event JOIN run USING (run_key) WHERE run_id = $run_id AND type = $type",
            run_id=run_id,
            type=event_type,
        )
        return row

    def pending(self, run_id: str) -> list[dict[str, Any]]:
        """The newest sample of a run."""
        return self.rows(
            "SELECT * FROM pending JOIN run USING (run_key) WHERE run_id = $run_id "
            "QUALIFY sampled_at = max(sampled_at) OVER ()",
            run_id=run_id,
        )

    def attributes(self, run_id: str) -> list[tuple[int, str, str | None]]:
        found = self.rows(
            "SELECT event_id, path, value FROM attribute JOIN run USING (run_key) WHERE run_id = $run_id ORDER BY ALL",
            run_id=run_id,
        )
        return [(row["event_id"], row["path"], row["value"]) for row in found]

    async def assert_equals_temporal(self) -> None:
        """Run by run: what Temporal lists is what is mirrored, event by event, each once."""
        there = await full_histories(await self.client(), self.prefix)
        assert {run_id: self.events(run_id) for run_id in self.runs()} == there


async def full_histories(client: Client, prefix: str) -> dict[str, list[tuple[int, int, int]]]:
    """Every durable event of every run whose task queue begins with the prefix, read anew from the first on."""
    service = client.workflow_service
    listed = await service.list_workflow_executions(
        ListWorkflowExecutionsRequest(namespace="default", query=f"TaskQueue STARTS_WITH '{prefix}'", page_size=1000),
        retry=True,
    )
    histories = {}
    for info in listed.executions:
        execution = WorkflowExecution(workflow_id=info.execution.workflow_id, run_id=info.execution.run_id)
        request = GetWorkflowExecutionHistoryRequest(namespace="default", execution=execution)
        events: list[tuple[int, int, int]] = []
        while True:
            page = await service.get_workflow_execution_history(request, retry=True)
            events += [(e.event_id, e.event_type, e.task_id) for e in page.history.events if e.task_id]
            if not page.next_page_token:
                break
            request.next_page_token = page.next_page_token
        histories[info.execution.run_id] = events
    return histories


@pytest.fixture
def mirror(temporal_server: str) -> Iterator[Mirror]:
    """A mirror of this test's own runs: those whose task queue begins with `mirror.prefix`."""
    made = Mirror(temporal_server)
    yield made
    made.warehouse.close()


@pytest.fixture
def mirror_of() -> Iterator[Callable[..., Mirror]]:
    """Makes mirrors of other servers."""
    made: list[Mirror] = []

    def make(address: str, **settings: Any) -> Mirror:
        made.append(Mirror(address, **settings))
        return made[-1]

    yield make
    for each in made:
        each.warehouse.close()
