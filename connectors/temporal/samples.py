"""Map what Describe says of pending work and of task queues to rows. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import (
    PendingActivityInfo,
    PendingChildExecutionInfo,
    PendingNexusOperationInfo,
    PendingWorkflowTaskInfo,
    WorkflowExecutionPauseInfo,
)
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse, DescribeWorkflowExecutionResponse

from connectors.temporal import words
from connectors.temporal.failures import failure_columns
from connectors.temporal.histories import Row
from connectors.temporal.instants import instant, micros
from connectors.temporal.payloads import clean, cut

POLLER_SECONDS = 75  # A worker that died stays listed for minutes; one that lives asks every minute.


def pending_rows(run_id: str, answer: DescribeWorkflowExecutionResponse, sampled_at: datetime) -> list[Row]:
    """Rows of PENDING for one run at one instant; a single row of kind none when nothing is pending.

    A row of kind paused carries who paused the run, why, and since when (scheduled_at).
    """
    rows = list(_pending(answer)) or [{"kind": "none"}]
    return [{"run_id": run_id, "sampled_at": sampled_at, **row} for row in rows]


def _pending(answer: DescribeWorkflowExecutionResponse) -> Iterator[Row]:
    if answer.workflow_extended_info.HasField("pause_info"):
        yield _paused(answer.workflow_extended_info.pause_info)
    if answer.HasField("pending_workflow_task"):
        yield _worker_turn(answer.pending_workflow_task)
    yield from (_activity(each) for each in answer.pending_activities)
    yield from (_child(each) for each in answer.pending_children)
    yield from (_nexus(each) for each in answer.pending_nexus_operations)


def _paused(info: WorkflowExecutionPauseInfo) -> Row:
    return {
        "kind": "paused",
        "state": "paused",
        "scheduled_at": instant(info.paused_time),
        "actor": clean(info.identity) or None,
        "reason": cut(info.reason)[0] or None,
    }


def _worker_turn(info: PendingWorkflowTaskInfo) -> Row:
    return {
        "kind": "worker turn",
        "state": words.word(words.TURN_STATES, info.state),
        "attempt": info.attempt,
        "scheduled_at": instant(info.scheduled_time),
        "last_started_at": instant(info.started_time),
    }


def _activity(info: PendingActivityInfo) -> Row:
    paused = info.pause_info
    return {
        "kind": "activity",
        "reference": clean(info.activity_id),
        "name": clean(info.activity_type.name),
        "state": "paused" if info.paused else words.word(words.ACTIVITY_STATES, info.state),
        "attempt": info.attempt,
        "maximum_attempts": info.maximum_attempts or None,
        "scheduled_at": instant(info.scheduled_time),
        "last_started_at": instant(info.last_started_time),
        "last_heartbeat_at": instant(info.last_heartbeat_time),
        "next_try_at": instant(info.next_attempt_schedule_time),
        "expires_at": instant(info.expiration_time),
        **_last_failure(info.last_failure if info.HasField("last_failure") else None),
        "worker": clean(info.last_worker_identity) or None,
        "actor": clean(paused.manual.identity or paused.rule.identity) or None,
        "reason": cut(paused.manual.reason or paused.rule.reason)[0] or None,
    }


def _child(info: PendingChildExecutionInfo) -> Row:
    return {
        "kind": "child",
        "event_id": info.initiated_id or None,
        "reference": clean(info.run_id) or None,
        "name": clean(info.workflow_type_name),
        "state": "started" if info.run_id else "scheduled",
    }


def _nexus(info: PendingNexusOperationInfo) -> Row:
    scheduled_at, limit = instant(info.scheduled_time), micros(info.schedule_to_close_timeout)
    return {
        "kind": "nexus",
        "event_id": info.scheduled_event_id or None,
        "reference": clean(info.operation_token) or None,
        "name": clean(f"{info.service}/{info.operation}"),
        "state": words.word(words.NEXUS_STATES, info.state),
        "attempt": info.attempt,
        "scheduled_at": scheduled_at,
        "next_try_at": instant(info.next_attempt_schedule_time),
        "expires_at": scheduled_at + timedelta(microseconds=limit) if scheduled_at and limit else None,
        **_last_failure(info.last_attempt_failure if info.HasField("last_attempt_failure") else None),
        "reason": cut(info.blocked_reason)[0] or None,
    }


def _last_failure(failure: Failure | None) -> Row:
    return failure_columns(failure) if failure is not None else {}


def queue_row(queue: str, kind: str, answer: DescribeTaskQueueResponse, sampled_at: datetime) -> Row:
    """A row of TASK_QUEUES: pollers seen in the last 75 s, backlog, its age. An unknown queue has none of it."""
    polls = [poll for poller in answer.pollers if (poll := instant(poller.last_access_time))]
    age = answer.stats.approximate_backlog_age
    return {
        "sampled_at": sampled_at,
        "task_queue": queue,
        "kind": kind,
        "pollers": sum(sampled_at - poll <= timedelta(seconds=POLLER_SECONDS) for poll in polls),
        "last_poll_at": max(polls, default=None),
        "backlog": answer.stats.approximate_backlog_count if answer.HasField("stats") else None,
        "backlog_age_seconds": age.seconds + age.nanos / 1e9 if answer.HasField("stats") else None,
    }
