"""Replaying histories on the workflows as they are now."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from temporalio.api.export.v1 import WorkflowExecution
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from sample_data.claim.payout import Payout
from sample_data.claim.workflow import Claim
from sample_data.service_request.workflow import ServiceRequest

WORKFLOWS: Sequence[type] = (ServiceRequest, Claim, Payout)


def replay(executions: Sequence[WorkflowExecution]) -> list[str]:
    """What does not fit: workflow ids and why."""
    return asyncio.run(_replay([_history(execution) for execution in executions]))


def _history(execution: WorkflowExecution) -> WorkflowHistory:
    started = execution.history.events[0].workflow_execution_started_event_attributes
    return WorkflowHistory(started.workflow_id, list(execution.history.events))


async def _replay(histories: Sequence[WorkflowHistory]) -> list[str]:
    replayer = Replayer(workflows=WORKFLOWS)
    found = await replayer.replay_workflows(_each(histories), raise_on_replay_failure=False)
    failures = found.replay_failures
    return [f"{one.workflow_id}: {failures[one.run_id]}" for one in histories if one.run_id in failures]


async def _each(histories: Sequence[WorkflowHistory]) -> AsyncIterator[WorkflowHistory]:
    for history in histories:
        yield history
