"""How events become rows. No server: events as a server sends them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from temporalio.api.common.v1 import (
    ActivityType,
    Principal,
    WorkflowExecution,
    WorkflowType,
)
from temporalio.api.enums.v1 import EventType
from temporalio.api.failure.v1 import ActivityFailureInfo, ApplicationFailureInfo, Failure, TimeoutFailureInfo
from temporalio.api.history import v1 as api
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.update.v1 import Input, Meta, Outcome, Request

from connectors.temporal.attributes import Declared
from connectors.temporal.histories import History, is_transient, own_run_id
from connectors.temporal.instants import instant
from tests.fixtures.history_events import NOON, event, plain, started

RUN = "run"


def columns(*events: api.HistoryEvent) -> dict[str, Any]:
    """What the last event fills beside its envelope."""
    row = History(RUN, Declared()).read(events).events[-1]
    envelope = {"run_id", "event_id", "type", "time_at", "task_id"}
    return {key: value for key, value in row.items() if key not in envelope and value is not None}


def test_the_envelope_is_kept_with_the_time_cut_to_microseconds() -> None:
    (row,) = History(RUN, Declared()).read([event(4, principal=Principal(type="jwt", name="ada"))]).events
    assert row == {
        "run_id": RUN,
        "event_id": 1,
        "type": 4,
        "time_at": NOON.replace(microsecond=123_456),
        "task_id": 7,
        "principal": "jwt/ada",
    }


def test_every_type_there_is_and_types_that_nobody_knows_yet_give_a_row() -> None:
    events = []
    for event_id, (name, number) in enumerate(EventType.items(), 1):
        field = name.removeprefix("EVENT_TYPE_").lower() + "_event_attributes"
        made = event(number, event_id=event_id)
        if field in api.HistoryEvent.DESCRIPTOR.fields_by_name:
            getattr(made, field).SetInParent()
        events.append(made)
    events.append(event(999, event_id=len(events) + 1))
    rows = History(RUN, Declared()).read(events).events
    assert [row["type"] for row in rows] == [*EventType.values(), 999]


def test_times_in_year_one_mean_none() -> None:
    assert instant(Timestamp(seconds=-62_135_596_800)) is None
    assert instant(Timestamp()) is None
    assert instant(Timestamp(seconds=253_402_300_800 - 1)) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "filled"),
    [
        (
            event(
                10,
                api.ActivityTaskScheduledEventAttributes(
                    activity_id="5",
                    activity_type=ActivityType(name="charge"),
                    task_queue=TaskQueue(name="vendor"),
                    start_to_close_timeout=Duration(seconds=9),
                    schedule_to_close_timeout=Duration(seconds=99),
                    workflow_task_completed_event_id=4,
                ),
            ),
            {"name": "charge", "reference": "5", "task_queue": "vendor", "due_micros": 9_000_000, "turn_event_id": 4},
        ),
        (
            event(
                11,
                api.ActivityTaskStartedEventAttributes(
                    scheduled_event_id=5, identity="w", attempt=3, last_failure=Failure(message="again")
                ),
            ),
            {"answers_event_id": 5, "identity": "w", "attempt": 3, "failure_message": "again"},
        ),
        (
            event(
                14,
                api.ActivityTaskTimedOutEventAttributes(
                    scheduled_event_id=5,
                    started_event_id=6,
                    retry_state=3,
                    failure=Failure(message="late", timeout_failure_info=TimeoutFailureInfo(timeout_type=1)),
                ),
            ),
            {
                "answers_event_id": 5,
                "cause": "start to close",
                "failure_message": "late",
                "failure_type": "timeout",
            },
        ),
        (
            event(
                17,
                api.TimerStartedEventAttributes(timer_id="8", start_to_fire_timeout=Duration(seconds=60)),
                user_metadata=UserMetadata(summary=plain("reminder")),
            ),
            {"name": "reminder", "reference": "8", "due_micros": 60_000_000},
        ),
        (
            event(18, api.TimerFiredEventAttributes(timer_id="8", started_event_id=3)),
            {"reference": "8", "answers_event_id": 3},
        ),
        (
            event(26, api.WorkflowExecutionSignaledEventAttributes(signal_name="go", identity="ada", request_id="r-1")),
            {"name": "go", "identity": "ada", "reference": "r-1"},
        ),
        (
            event(27, api.WorkflowExecutionTerminatedEventAttributes(reason="enough", identity="ada")),
            {"identity": "ada", "failure_message": "enough"},
        ),
        (
            event(
                29,
                api.StartChildWorkflowExecutionInitiatedEventAttributes(
                    workflow_id="c",
                    workflow_type=WorkflowType(name="Child"),
                    task_queue=TaskQueue(name="q"),
                    parent_close_policy=2,
                    workflow_task_completed_event_id=4,
                ),
            ),
            {"name": "Child", "reference": "c", "task_queue": "q", "cause": "abandon", "turn_event_id": 4},
        ),
        (
            event(
                31,
                api.ChildWorkflowExecutionStartedEventAttributes(
                    initiated_event_id=5,
                    workflow_execution=WorkflowExecution(workflow_id="c", run_id="c-run"),
                    workflow_type=WorkflowType(name="Child"),
                ),
            ),
            {"name": "Child", "reference": "c-run", "answers_event_id": 5},
        ),
        (
            event(
                48,
                api.NexusOperationScheduledEventAttributes(
                    service="billing", operation="invoice", workflow_task_completed_event_id=4
                ),
            ),
            {"name": "billing/invoice", "turn_event_id": 4},
        ),
        (
            event(5, api.WorkflowTaskScheduledEventAttributes(task_queue=TaskQueue(name="s", kind=2, normal_name="q"))),
            {"task_queue": "q"},
        ),
        (
            event(
                13,
                api.ActivityTaskFailedEventAttributes(
                    scheduled_event_id=5,
                    retry_state=4,
                    failure=Failure(message="no", application_failure_info=ApplicationFailureInfo(type="Refused")),
                ),
            ),
            {
                "answers_event_id": 5,
                "cause": "maximum attempts reached",
                "failure_message": "no",
                "failure_type": "Refused",
            },
        ),
        (
            event(8, api.WorkflowTaskTimedOutEventAttributes(scheduled_event_id=2, timeout_type=99)),
            {"answers_event_id": 2, "cause": "99"},
        ),
    ],
    ids=lambda value: str(value.event_type) if isinstance(value, api.HistoryEvent) else "",
)
def test_each_type_fills_its_columns(made: api.HistoryEvent, filled: dict[str, Any]) -> None:
    assert columns(made) == filled


def test_an_update_is_tied_to_the_worker_turn_that_took_it_and_its_answer_to_it() -> None:
    request = Request(meta=Meta(update_id="u-1", identity="ada"), input=Input(name="decide"))
    accepted = event(41, api.WorkflowExecutionUpdateAcceptedEventAttributes(accepted_request=request), 5)
    turn = event(7, api.WorkflowTaskCompletedEventAttributes(scheduled_event_id=2, started_event_id=3), 4)
    completed = event(
        43,
        api.WorkflowExecutionUpdateCompletedEventAttributes(
            accepted_event_id=5, meta=Meta(update_id="u-1"), outcome=Outcome(failure=Failure(message="too late"))
        ),
        6,
    )
    assert columns(turn, accepted) == {"name": "decide", "reference": "u-1", "identity": "ada", "turn_event_id": 4}
    assert columns(turn, accepted, completed) == {
        "reference": "u-1",
        "answers_event_id": 5,
        "turn_event_id": 4,
        "failure_message": "too late",
    }


def test_a_failure_that_only_reports_another_is_unwrapped() -> None:
    cause = Failure(message="card declined", application_failure_info=ApplicationFailureInfo(type="Declined"))
    wrapper = Failure(message="Activity task failed", activity_failure_info=ActivityFailureInfo(), cause=cause)
    filled = columns(event(3, api.WorkflowExecutionFailedEventAttributes(failure=wrapper)))
    assert filled == {"failure_message": "card declined", "failure_type": "Declined"}


def test_a_history_alone_gives_away_its_run_id() -> None:
    def reset(new_run_id: str, event_id: int) -> api.HistoryEvent:
        attributes = api.WorkflowTaskFailedEventAttributes(cause=20, new_run_id=new_run_id, base_run_id="b")
        return event(9, attributes, event_id)

    beginning = started(original_execution_run_id="first")
    assert own_run_id([beginning]) == "first"
    assert own_run_id([beginning, reset("second", 2), reset("third", 3)]) == "third"
    assert own_run_id([event(26)]) is None


def test_only_worker_turns_without_a_task_id_are_made_up() -> None:
    made_up = event(5)
    made_up.task_id = 0
    signal = event(26)
    signal.task_id = 0
    assert [is_transient(each) for each in (made_up, signal, event(5))] == [True, False, False]


def test_hostile_text_goes_through_as_text() -> None:
    hostile = "=1+1\x00<script>\u202e😀" * 1000
    filled = columns(event(26, api.WorkflowExecutionSignaledEventAttributes(signal_name=hostile)))
    assert filled["name"] == hostile.replace("\x00", "\ufffd")
