"""What an operator does to claims with Temporal's own tools and with SQL, while that trouble is on."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sqlalchemy import Engine, select, update
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState, ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    PauseActivityRequest,
    ResetWorkflowExecutionRequest,
    UnpauseActivityRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from sample_data import trouble
from sample_data.clients import NamedClient
from sample_data.roster import ADJUSTERS, ASSESSORS
from sample_data.tables import CLAIMS, utc_now

OPERATOR = "operator Kit Lowell"
STEP = "ask_estimate"
MOST_PAUSED = MOST_CLOSED = 3
BETWEEN_ACTS_SECONDS = 40.0


@dataclass
class OnCall:
    """The operator. Each act takes the oldest claims it fits, of those whose id begins with `prefix`.

    What can be undone is undone when its trouble ends.
    """

    client: Client
    database: Engine
    speed: float
    clock: Callable[[], float]
    prefix: str = ""
    closed: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    _next: dict[str, float] = field(default_factory=dict)
    _touched: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.client = NamedClient(self.client, OPERATOR)

    async def look_after(self, on: frozenset[str]) -> None:
        """Do what the trouble that is on asks for, and undo what belongs to trouble that is over."""
        for name, act in self._acts().items():
            if name in on and self.clock() >= self._next.get(name, 0):
                self._next[name] = self.clock() + BETWEEN_ACTS_SECONDS / self.speed
                with suppress(RPCError):
                    await act()
        if trouble.RECORD_CLOSED not in on and self.closed:
            await asyncio.to_thread(self._set_status, sorted(self.closed), "paid", "open")
            self.closed.clear()
        if trouble.STEP_PAUSED not in on:
            for workflow_id in sorted(self.paused):
                with suppress(RPCError):
                    await self._let_go_on(workflow_id)

    def _acts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        return {
            trouble.RUN_RESET: self._reset_one,
            trouble.RUN_TERMINATED: self._terminate_one,
            trouble.STEP_PAUSED: self._pause_some,
            trouble.RECORD_CLOSED: self._close_records,
        }

    async def _terminate_one(self) -> None:
        for workflow_id in (await self._open_claims([None]))[:1]:
            self._touched.add(workflow_id)
            await self.client.get_workflow_handle(workflow_id).terminate(reason="opened twice, says the front desk")

    async def _reset_one(self) -> None:
        for workflow_id in (await self._open_claims([person.name for person in ASSESSORS]))[:1]:
            self._touched.add(workflow_id)
            await self._reset_to_triage(workflow_id)

    async def _reset_to_triage(self, workflow_id: str) -> None:
        """Back to where the documents had come in; what was answered since then is not answered again."""
        handle = self.client.get_workflow_handle(workflow_id)
        history, run_id = await handle.fetch_history(), (await handle.describe()).run_id
        came = next(e.event_id for e in history.events if e.event_type == _SIGNALED)
        turn = next(e.event_id for e in history.events if e.event_id > came and e.event_type == _TURN_COMPLETED)
        await self.client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=self.client.namespace,
                workflow_execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
                reason="routed by mistake: once more from triage",
                workflow_task_finish_event_id=turn,
                request_id=f"{run_id}/{turn}",
                reset_reapply_exclude_types=[_SIGNALS, _UPDATES],
            )
        )

    async def _pause_some(self) -> None:
        waiting = await self._open_claims([None], cover="motor", region=trouble.LIMITED_REGION)
        for workflow_id in waiting:
            if len(self.paused) < MOST_PAUSED and await self._is_asking(workflow_id):
                await self.client.workflow_service.pause_activity(
                    PauseActivityRequest(
                        namespace=self.client.namespace,
                        execution=WorkflowExecution(workflow_id=workflow_id),
                        identity=OPERATOR,
                        type=STEP,
                        reason="the garage limits us; paused until it is sorted out",
                    )
                )
                self.paused.add(workflow_id)

    async def _is_asking(self, workflow_id: str) -> bool:
        described = await self.client.workflow_service.describe_workflow_execution(
            DescribeWorkflowExecutionRequest(
                namespace=self.client.namespace, execution=WorkflowExecution(workflow_id=workflow_id)
            )
        )
        return any(
            step.activity_type.name == STEP and step.attempt > 1 and step.state == _SCHEDULED
            for step in described.pending_activities
        )

    async def _let_go_on(self, workflow_id: str) -> None:
        self.paused.discard(workflow_id)
        await self.client.workflow_service.unpause_activity(
            UnpauseActivityRequest(
                namespace=self.client.namespace,
                execution=WorkflowExecution(workflow_id=workflow_id),
                identity=OPERATOR,
                type=STEP,
                reset_attempts=True,
            )
        )

    async def _close_records(self) -> None:
        waiting = await self._open_claims([person.name for person in ADJUSTERS])
        chosen = waiting[: MOST_CLOSED - len(self.closed)]
        await asyncio.to_thread(self._set_status, chosen, "open", "paid")
        self.closed.update(chosen)

    async def _open_claims(self, assignees: Sequence[str | None], **where: str) -> list[str]:
        """Open claims on one of these desks (None: on nobody's), the oldest first, each at most once for all acts."""
        return await asyncio.to_thread(self._find, assignees, where)

    def _find(self, assignees: Sequence[str | None], where: dict[str, str]) -> list[str]:
        names = [name for name in assignees if name is not None]
        on_desk = CLAIMS.c.assignee.in_(names) if names else CLAIMS.c.assignee.is_(None)
        query = (
            select(CLAIMS.c.workflow_id)
            .where(CLAIMS.c.status == "open", on_desk, CLAIMS.c.workflow_id.startswith(self.prefix))
            .order_by(CLAIMS.c.id)
        )
        for column, value in where.items():
            query = query.where(CLAIMS.c[column] == value)
        with self.database.connect() as connection:
            found = list(connection.execute(query).scalars())
        return [name for name in found if name not in self._touched | self.closed | self.paused]

    def _set_status(self, workflow_ids: Sequence[str], before: str, after: str) -> None:
        with self.database.begin() as connection:
            same = CLAIMS.c.workflow_id.in_(workflow_ids) & (CLAIMS.c.status == before)
            connection.execute(update(CLAIMS).where(same).values(status=after, updated_at=utc_now()))


_SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
_TURN_COMPLETED = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_SCHEDULED = PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED
_SIGNALS = ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL
_UPDATES = ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE
