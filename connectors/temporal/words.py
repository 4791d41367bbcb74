"""Temporal's enums as lower-case words; a number that nobody knows yet stays a number."""

from typing import Any

from temporalio.api.enums.v1 import (
    CancelExternalWorkflowExecutionFailedCause,
    ParentClosePolicy,
    RetryState,
    SignalExternalWorkflowExecutionFailedCause,
    StartChildWorkflowExecutionFailedCause,
    TimeoutType,
    WorkflowExecutionStatus,
    WorkflowTaskFailedCause,
)


def _words(enum: Any, prefix: str, space: str = " ") -> dict[int, str]:
    names = {number: name.removeprefix(prefix).lower().replace("_", space) for name, number in enum.items()}
    return {number: name for number, name in names.items() if number}  # 0 always means unspecified


TURN_FAILURES = _words(WorkflowTaskFailedCause, "WORKFLOW_TASK_FAILED_CAUSE_")
TIMEOUTS = _words(TimeoutType, "TIMEOUT_TYPE_")
RETRY_STATES = _words(RetryState, "RETRY_STATE_")
PARENT_CLOSE_POLICIES = _words(ParentClosePolicy, "PARENT_CLOSE_POLICY_")
CHILD_START_FAILURES = _words(StartChildWorkflowExecutionFailedCause, "START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_")
CANCEL_FAILURES = _words(CancelExternalWorkflowExecutionFailedCause, "CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_")
SIGNAL_FAILURES = _words(SignalExternalWorkflowExecutionFailedCause, "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_")
STATUSES = _words(WorkflowExecutionStatus, "WORKFLOW_EXECUTION_STATUS_", space="_")
INITIATORS = {1: "workflow", 2: "retry", 3: "cron"}
ACTIVITY_STATES = {1: "scheduled", 2: "started", 3: "cancel requested", 4: "paused", 5: "paused"}
TURN_STATES = {1: "scheduled", 2: "started"}
NEXUS_STATES = {1: "scheduled", 2: "backing off", 3: "started", 4: "blocked"}


def word(words: dict[int, str], number: int) -> str | None:
    """The word for an enum's number; the number as text where there is none; None for 0, which means unspecified."""
    return words.get(number, str(number)) if number else None
