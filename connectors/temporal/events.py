"""Map one history event to the columns that are kept of it. Pure: needs no server, and imports use it too."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from google.protobuf.message import Message
from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.taskqueue.v1 import TaskQueue

from connectors.temporal import words
from connectors.temporal.failures import failure_columns, timeout_word
from connectors.temporal.instants import EPOCH, instant, micros
from connectors.temporal.payloads import clean, cut, summary

Columns = dict[str, Any]

STARTED, CLOSED_TYPES = (
    1,
    {2: "completed", 3: "failed", 4: "timed_out", 21: "canceled", 27: "terminated", 28: "continued_as_new"},
)
TURN_SCHEDULED, TURN_STARTED, TURN_COMPLETED, TURN_FAILED = 5, 6, 7, 9
ACTIVITY_SCHEDULED, ACTIVITY_COMPLETED = 10, 12
UPDATE_ACCEPTED, UPDATE_COMPLETED = 41, 43
PAUSED, UNPAUSED = 58, 59
RESET_WORKFLOW = 20
COMMANDED_BY_UPDATE = frozenset({UPDATE_ACCEPTED, UPDATE_COMPLETED})

# Which field says what the event answers, most telling first.
ANSWERS = ("scheduled_event_id", "initiated_event_id", "accepted_event_id", "started_event_id")


def event_columns(event: HistoryEvent, *, turn_event_id: int | None = None) -> Columns:
    """The columns of EVENTS that an event fills, all but `run_id`; columns left out are null.

    `turn_event_id` is the last completed worker turn before the event: it commanded accepted and completed updates,
    which do not say so themselves. An event type that is not known keeps its number and its envelope. Free text
    (reason of a termination, a pause, a cancel request) stands in failure_message.
    """
    columns: Columns = {
        "event_id": event.event_id,
        "type": event.event_type,
        "time_at": event_time(event),
        "task_id": event.task_id,
    }
    if event.HasField("principal"):
        columns["principal"] = clean(f"{event.principal.type}/{event.principal.name}")
    field = event.WhichOneof("attributes")
    if field is not None:
        attributes = getattr(event, field)
        columns.update(_shared(attributes, event.event_type))
        if event.event_type in OWN:
            columns.update(OWN[event.event_type](attributes))
    if event.event_type in COMMANDED_BY_UPDATE:
        columns["turn_event_id"] = turn_event_id
    if event.event_type == 17 and event.HasField("user_metadata"):
        columns["name"] = summary(event.user_metadata.summary)
    return columns


def event_time(event: HistoryEvent) -> datetime:
    """Temporal's time of an event; 1970 for one that has none (a column that is never null)."""
    return instant(event.event_time) or EPOCH


def queue_name(queue: TaskQueue) -> str | None:
    """The queue's own name, for a worker's sticky queue the queue it stands in for; None where there is none."""
    sticky = queue.kind == TaskQueueKind.TASK_QUEUE_KIND_STICKY
    return clean((queue.normal_name if sticky else "") or queue.name) or None


@dataclass(frozen=True)
class _Spelling:
    """Which of the fields that many types spell alike one type of attributes has."""

    plain: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    answers: tuple[str, ...]
    others: frozenset[str]


@cache
def _spelling(attributes: Hashable) -> _Spelling:  # a message class; mypy calls no class hashable
    has = cast(Message, attributes).DESCRIPTOR.fields_by_name
    return _Spelling(
        plain=tuple((field, column) for field, column in PLAIN.items() if field in has),
        texts=tuple((field, column) for field, column in TEXTS.items() if field in has),
        answers=tuple(field for field in ANSWERS if field in has),
        others=frozenset({"task_queue", "retry_state", "failure", "workflow_type"} & set(has)),
    )


def _shared(attributes: Any, event_type: int) -> Columns:
    """What attributes of many types spell alike."""
    spelling = _spelling(cast(Hashable, type(attributes)))
    columns: Columns = {}
    for field, column in spelling.plain:
        columns[column] = getattr(attributes, field) or None
    for field, column in spelling.texts:
        columns[column] = clean(getattr(attributes, field)) or None
    if event_type != STARTED and spelling.answers:
        columns["answers_event_id"] = next(
            (answered for field in spelling.answers if (answered := getattr(attributes, field))), None
        )
    if spelling.others:
        _share_others(attributes, event_type, spelling.others, columns)
    return columns


def _share_others(attributes: Any, event_type: int, has: frozenset[str], columns: Columns) -> None:
    if "task_queue" in has:
        columns["task_queue"] = queue_name(attributes.task_queue)
    if "retry_state" in has:
        columns["cause"] = words.word(words.RETRY_STATES, attributes.retry_state)
    if "failure" in has and attributes.HasField("failure"):
        columns.update(failure_columns(attributes.failure))
    if "workflow_type" in has and event_type != STARTED:
        columns["name"] = clean(attributes.workflow_type.name) or None


PLAIN = {"workflow_task_completed_event_id": "turn_event_id", "attempt": "attempt"}
TEXTS = {
    "identity": "identity",
    "timer_id": "reference",
    "activity_id": "reference",
    "signal_name": "name",
    "marker_name": "name",
    "new_execution_run_id": "new_run_id",
    "new_run_id": "new_run_id",
    "base_run_id": "base_run_id",
    "operation_token": "reference",
}


def _reason(attributes: Any) -> Columns:
    return {"failure_message": cut(attributes.reason)[0] or None}


def _pause(attributes: Any) -> Columns:
    return {**_reason(attributes), "reference": clean(attributes.request_id) or None}


def _turn_failed(attributes: Any) -> Columns:
    return {"cause": words.word(words.TURN_FAILURES, attributes.cause)}


def _turn_timed_out(attributes: Any) -> Columns:
    return {"cause": words.word(words.TIMEOUTS, attributes.timeout_type)}


def _step_timed_out(attributes: Any) -> Columns:
    return {"cause": timeout_word(attributes.failure)}


def _activity_started(attributes: Any) -> Columns:
    # Earlier attempts leave no event of their own; what the last of them said stands here.
    return failure_columns(attributes.last_failure) if attributes.HasField("last_failure") else {}


def _activity_scheduled(attributes: Any) -> Columns:
    due = micros(attributes.start_to_close_timeout) or micros(attributes.schedule_to_close_timeout)
    return {"name": clean(attributes.activity_type.name), "due_micros": due}


def _timer_started(attributes: Any) -> Columns:
    return {"due_micros": micros(attributes.start_to_fire_timeout)}


def _cancel_requested(attributes: Any) -> Columns:
    return {"failure_message": cut(attributes.cause)[0] or None}


def _signaled(attributes: Any) -> Columns:
    return {"reference": clean(attributes.request_id) or None}


def _child_initiated(attributes: Any) -> Columns:
    policy = words.word(words.PARENT_CLOSE_POLICIES, attributes.parent_close_policy)
    return {"reference": clean(attributes.workflow_id), "cause": policy}


def _child_start_failed(attributes: Any) -> Columns:
    cause = words.word(words.CHILD_START_FAILURES, attributes.cause)
    return {"reference": clean(attributes.workflow_id), "cause": cause}


def _child(attributes: Any) -> Columns:
    return {"reference": clean(attributes.workflow_execution.run_id) or None}


def _external(attributes: Any) -> Columns:
    return {"reference": clean(attributes.workflow_execution.workflow_id) or None}


def _external_cancel_failed(attributes: Any) -> Columns:
    return {**_external(attributes), "cause": words.word(words.CANCEL_FAILURES, attributes.cause)}


def _external_signal_failed(attributes: Any) -> Columns:
    return {**_external(attributes), "cause": words.word(words.SIGNAL_FAILURES, attributes.cause)}


def _update(request: Any) -> Columns:
    return {
        "name": clean(request.input.name) or None,
        "reference": clean(request.meta.update_id) or None,
        "identity": clean(request.meta.identity) or None,
    }


def _update_completed(attributes: Any) -> Columns:
    failed = attributes.outcome.HasField("failure")
    return {
        "reference": clean(attributes.meta.update_id) or None,
        "identity": clean(attributes.meta.identity) or None,
        **(failure_columns(attributes.outcome.failure) if failed else {}),
    }


def _nexus_scheduled(attributes: Any) -> Columns:
    return {"name": clean(f"{attributes.service}/{attributes.operation}")}


OWN: dict[int, Callable[[Any], Columns]] = {
    8: _turn_timed_out,
    TURN_FAILED: _turn_failed,
    ACTIVITY_SCHEDULED: _activity_scheduled,
    11: _activity_started,
    14: _step_timed_out,
    17: _timer_started,
    20: _cancel_requested,
    22: lambda a: {**_external(a), **_reason(a)},
    23: _external_cancel_failed,
    24: _external,
    26: _signaled,
    27: _reason,
    29: _child_initiated,
    30: _child_start_failed,
    **dict.fromkeys((31, 32, 33, 34, 35, 36), _child),
    37: _external,
    38: _external_signal_failed,
    39: _external,
    UPDATE_ACCEPTED: lambda a: _update(a.accepted_request),
    42: lambda a: _update(a.rejected_request),
    UPDATE_COMPLETED: _update_completed,
    47: lambda a: _update(a.request),
    48: _nexus_scheduled,
    53: _step_timed_out,
    PAUSED: _pause,
    UNPAUSED: _pause,
}
