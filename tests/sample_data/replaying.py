"""Replaying histories on the workflows as they are now."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

from temporalio.api.export.v1 import WorkflowExecution
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from sample_data.claim.payout import Payout
from sample_data.claim.workflow import Claim
from sample_data.service_request.workflow import ServiceRequest

WORKFLOWS: Sequence[type] = (ServiceRequest, Claim, Payout)
AT_ONCE = 100


def replay(executions: Sequence[WorkflowExecution]) -> list[str]:
    """What does not fit: workflow ids and why."""
    failed = []
    for start in range(0, len(executions), AT_ONCE):
        with _garbage_collected_afterwards():
            failed += asyncio.run(_replay([_history(each) for each in executions[start : start + AT_ONCE]]))
    return failed


@contextmanager
def _garbage_collected_afterwards() -> Iterator[None]:
    """Replaying leaves much behind. Collected in the middle of a worker turn, on a busy machine, it took more than the
    2 s after which Temporal's SDK calls the turn a deadlock."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()


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
