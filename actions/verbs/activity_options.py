"""Change options of pending steps: time-outs, most attempts, the queue."""

from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.activity.v1 import ActivityOptions
from temporalio.api.common.v1 import RetryPolicy
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import UpdateActivityOptionsRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.verb import Action, Answer, Deed, Effect, Look
from actions.verbs.reset_activity import why_unable

# A path that the server does not know it leaves out without a word: only these are ever sent.
PATHS = {
    "start_to_close_seconds": "start_to_close_timeout",
    "schedule_to_close_seconds": "schedule_to_close_timeout",
    "heartbeat_seconds": "heartbeat_timeout",
    "attempts": "retry_policy.maximum_attempts",
    "queue": "task_queue.name",
}


async def expect(look: Look, order: Order) -> Effect:
    """Whatever activity is pending."""
    pending = look.seen.of_kind("activity", order.activity)
    if not pending:
        raise NotEligible(f"No activity {order.activity} is pending." if order.activity else "No activity is pending.")
    changes = ", ".join(_change(order, name) for name in _given(order))
    return Effect(tuple(f"{each.name} goes on with {changes}. Nothing is lost." for each in pending), pending)


async def act(deed: Deed) -> Answer:
    """Harmless when repeated: the options are what they were set to."""
    for each in deed.effect.hold:
        request = UpdateActivityOptionsRequest(
            namespace=deed.namespace,
            execution=deed.execution,
            identity=deed.identity,
            activity_options=_options(deed.order),
            update_mask=FieldMask(paths=[PATHS[name] for name in _given(deed.order)]),
            id=each.reference,
        )
        await deed.writer.ask(deed.writer.service.update_activity_options, request)
    return Answer(f"changed the options of {', '.join(each.name for each in deed.effect.hold)}")


def _given(order: Order) -> list[str]:
    return [name for name in PATHS if getattr(order, name) is not None]


def _options(order: Order) -> ActivityOptions:
    options = ActivityOptions(
        start_to_close_timeout=_duration(order.start_to_close_seconds),
        schedule_to_close_timeout=_duration(order.schedule_to_close_seconds),
        heartbeat_timeout=_duration(order.heartbeat_seconds),
    )
    if order.attempts is not None:
        options.retry_policy.CopyFrom(RetryPolicy(maximum_attempts=order.attempts))
    if order.queue is not None:
        options.task_queue.CopyFrom(TaskQueue(name=order.queue))
    return options


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    made = Duration()
    made.FromTimedelta(timedelta(seconds=seconds))
    return made


def _change(order: Order, name: str) -> str:
    value = getattr(order, name)
    if name == "attempts":
        return f"at most {value} attempts" if value else "attempts without limit"
    if name == "queue":
        return f"the task queue {value}"
    return f"a {name.removesuffix('_seconds').replace('_', '-')} time-out of {value:g} s"


ACTIVITY_OPTIONS = Action(
    "activity_options",
    "Change options of the pending step",
    "firm",
    "doing it twice is doing it once",
    expect,
    act,
    why_unable,
)
