"""What a reset would undo, do again and apply again, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence

from temporalio.api.history.v1 import HistoryEvent

from actions.order import Order
from actions.reset_point import Point
from actions.verb import Look

ACTIVITY, TIMER, SIGNALED, CHILD, UPDATED = 10, 17, 26, 29, 41


def told(look: Look, order: Order, events: Sequence[HistoryEvent], point: Point) -> tuple[str, ...]:
    """Most important first: where it goes back to, what is called again outside, what is applied again."""
    undone = [event for event in events if event.event_id >= point.event_id]
    steps = activity_types(undone)
    return (
        f"Goes back to event {point.event_id} of {look.seen.history_length}; "
        + (
            "this run ends, and a new one goes on from there." if look.seen.is_open else "a new run goes on from there."
        ),
        *_outside(look, steps),
        *_again(look, steps),
        *_others(undone),
        *_messages(undone, order),
    )


def activity_types(events: Iterable[HistoryEvent]) -> list[str]:
    """The type of each activity that these events schedule."""
    return [
        each.activity_task_scheduled_event_attributes.activity_type.name
        for each in events
        if each.event_type == ACTIVITY
    ]


def _outside(look: Look, steps: Iterable[str]) -> list[str]:
    called = Counter(f"{name} ({system})" for name in steps if (system := look.outside(name)))
    return [f"May call outside again: {_counted(called)}."] if called else []


def _again(look: Look, steps: Iterable[str]) -> list[str]:
    inside = Counter(name for name in steps if look.outside(name) is None)
    return [f"May do again: {_counted(inside)}."] if inside else []


def _others(undone: Sequence[HistoryEvent]) -> list[str]:
    said = []
    if children := sum(event.event_type == CHILD for event in undone):
        said.append(f"Lets go of {children} child run{'s' if children > 1 else ''} begun since; new ones may be begun.")
    if timers := sum(event.event_type == TIMER for event in undone):
        said.append(f"{timers} timer{'s' if timers > 1 else ''} set since may be set again, at full length.")
    return said


def _messages(undone: Sequence[HistoryEvent], order: Order) -> list[str]:
    signals = Counter(
        each.workflow_execution_signaled_event_attributes.signal_name for each in undone if each.event_type == SIGNALED
    )
    updates = Counter(
        each.workflow_execution_update_accepted_event_attributes.accepted_request.input.name
        for each in undone
        if each.event_type == UPDATED
    )
    said = []
    for kind, names in (("signals", signals), ("updates", updates)):
        if names:
            fate = "Forgets" if kind in order.leave_out else "Applies again"
            said.append(f"{fate} the {kind} received since: {_counted(names)}.")
    return said


def _counted(names: Counter[str]) -> str:
    return ", ".join(f"{name} {count} times" if count > 1 else name for name, count in names.items())
