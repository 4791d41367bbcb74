"""Where a reset goes back to: always the end of a worker turn, which is then taken anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from temporalio.api.history.v1 import HistoryEvent

from actions.errors import NotEligible
from actions.order import Order
from connectors.temporal.instants import instant

TURN_COMPLETED, ACTIVITY_SCHEDULED = 7, 10


@dataclass(frozen=True)
class Point:
    """The end of the worker turn that is taken anew; what comes from that event on is undone."""

    event_id: int


def point_of(events: Sequence[HistoryEvent], order: Order) -> Point:
    """The point that the order means in this history. Raises NotEligible where there is none.

    first_task and last_task: the first or the last worker turn that ended. before_activity: the turn that scheduled
    the newest activity of that type. at: the first turn that ended at or after the instant, so that what was done
    before it stays.
    """
    turns = [event for event in events if event.event_type == TURN_COMPLETED]
    if not turns:
        raise NotEligible("It never had a worker turn to go back to.")
    if order.point == "first_task":
        return Point(turns[0].event_id)
    if order.point == "last_task":
        return Point(turns[-1].event_id)
    if order.point == "before_activity":
        return _before_activity(events, order)
    return _at(turns, order)


def _before_activity(events: Sequence[HistoryEvent], order: Order) -> Point:
    for event in reversed(events):
        scheduled = event.activity_task_scheduled_event_attributes
        if event.event_type == ACTIVITY_SCHEDULED and scheduled.activity_type.name == order.activity:
            return Point(scheduled.workflow_task_completed_event_id)
    raise NotEligible(f"It never came to an activity {order.activity}.")


def _at(turns: Sequence[HistoryEvent], order: Order) -> Point:
    assert order.at is not None
    for turn in turns:
        time = instant(turn.event_time)
        if time is not None and time >= order.at:
            return Point(turn.event_id)
    raise NotEligible("Nothing has happened in it since that instant.")
