"""Map what Describe says of pending work and of task queues to rows. Pure."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from temporalio.api.deployment.v1 import WorkerDeploymentVersion
from temporalio.api.enums.v1 import VersioningBehavior, WorkerVersioningMode
from temporalio.api.failure.v1 import Failure
from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflow.v1 import (
    PendingActivityInfo,
    PendingChildExecutionInfo,
    PendingNexusOperationInfo,
    PendingWorkflowTaskInfo,
    WorkflowExecutionPauseInfo,
    WorkflowExecutionVersioningInfo,
)
from temporalio.api.workflowservice.v1 import DescribeTaskQueueResponse, DescribeWorkflowExecutionResponse

from connectors.temporal import words
from connectors.temporal.failures import failure_columns
from connectors.temporal.histories import Row
from connectors.temporal.instants import instant, micros
from connectors.temporal.payloads import clean, cut

VERSIONED = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
POLLER_SECONDS = 75  # A worker that died stays listed for minutes; one that lives asks every minute.


def pending_rows(run_id: str, answer: DescribeWorkflowExecutionResponse, sampled_at: datetime) -> list[Row]:
    """Rows of PENDING for one run at one instant; a single row of kind none when nothing is pending.

    A row of kind paused carries who paused the run, why, and since when (scheduled_at).
    """
    rows = list(_pending(answer)) or [{"kind": "none"}]
    version = _pinned_version(answer.workflow_execution_info.versioning_info)
    return [{"run_id": run_id, "sampled_at": sampled_at, "version": version, **row} for row in rows]


def _pinned_version(info: WorkflowExecutionVersioningInfo) -> str | None:
    """The version whose workers alone may run it; an override by an operator counts before the run's own."""
    if info.HasField("versioning_override"):
        override = info.versioning_override
        return _version(override.pinned.version) if override.HasField("pinned") else None
    if info.behavior == VersioningBehavior.VERSIONING_BEHAVIOR_PINNED:
        return _version(info.deployment_version)
    return None


def _version(version: WorkerDeploymentVersion) -> str | None:
    return clean(f"{version.deployment_name}:{version.build_id}") if version.build_id else None


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
        "task_queue": clean(info.activity_options.task_queue.name) or None,
        "last_ended_at": instant(info.last_attempt_complete_time),
        "paused_at": instant(paused.pause_time),
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
    """A row of TASK_QUEUES: pollers seen in the last 75 s, their versions, backlog. An unknown queue has none of it."""
    polls = [(poll, poller) for poller in answer.pollers if (poll := instant(poller.last_access_time))]
    live = [poller for poll, poller in polls if sampled_at - poll <= timedelta(seconds=POLLER_SECONDS)]
    age = answer.stats.approximate_backlog_age
    return {
        "sampled_at": sampled_at,
        "task_queue": queue,
        "kind": kind,
        "pollers": len(live),
        "last_poll_at": max((poll for poll, _ in polls), default=None),
        "backlog": answer.stats.approximate_backlog_count if answer.HasField("stats") else None,
        "backlog_age_seconds": age.seconds + age.nanos / 1e9 if answer.HasField("stats") else None,
        "versions": _versions(live),
    }


def _versions(live: Iterable[PollerInfo]) -> str | None:
    """The versions of these pollers as a JSON array; None where none has one."""
    named = {
        _version(WorkerDeploymentVersion(deployment_name=options.deployment_name, build_id=options.build_id))
        for poller in live
        if (options := poller.deployment_options).worker_versioning_mode == VERSIONED
    }
    return json.dumps(sorted(version for version in named if version)) if named else None
