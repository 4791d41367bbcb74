"""Try a pending step again now: its attempts begin at one again, and it does not wait for its next try."""

from temporalio.api.workflowservice.v1 import ResetActivityRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.seen import Pending
from actions.verb import Action, Answer, Deed, Effect, Look, Server

SINCE = (1, 28)


def why_unable(server: Server) -> str | None:
    """Activities can be acted on since Temporal 1.28."""
    if server.is_at_least(SINCE):
        return None
    return f"This server ({server.version}) cannot act on activities; 1.28 or newer can."


async def expect(look: Look, order: Order) -> Effect:
    """Only what has failed before: an attempt that waits for a worker, or runs for the first time, gains nothing."""
    failed = [each for each in look.seen.of_kind("activity", order.activity) if _has_failed(each)]
    if not failed:
        raise NotEligible(_why_not(look, order))
    return Effect(tuple(_told(look, each) for each in failed), failed)


async def act(deed: Deed) -> Answer:
    """Harmless when repeated: the attempts are at one already."""
    names = []
    for each in deed.effect.hold:
        request = ResetActivityRequest(
            namespace=deed.namespace, execution=deed.execution, identity=deed.identity, id=each.reference
        )
        await deed.writer.ask(deed.writer.service.reset_activity, request)
        names.append(each.name)
    return Answer(f"begins {', '.join(names)} again at attempt 1")


def _has_failed(each: Pending) -> bool:
    return each.state != "paused" and (each.attempt or 1) > 1


def _why_not(look: Look, order: Order) -> str:
    pending = look.seen.of_kind("activity", order.activity)
    if not pending:
        return f"No activity {order.activity} is pending." if order.activity else "No activity is pending."
    first = pending[0]
    if first.state == "paused":
        return f"{first.name} is paused: let it go on instead."
    if first.state == "scheduled":
        return f"{first.name} has not failed; its first attempt waits for a worker."
    return f"{first.name} has not failed; its first attempt is running."


def _told(look: Look, each: Pending) -> str:
    system = look.outside(each.name or "")
    calls = f" and calls {system} again" if system else ""
    now = "once the attempt that is running has failed" if each.state == "started" else "now"
    return f"{each.name} is tried again {now}{calls}: attempt 1 instead of {(each.attempt or 0)}."


RESET_ACTIVITY = Action(
    "reset_activity",
    "Try the pending step again now",
    "gentle",
    "doing it twice is doing it once",
    expect,
    act,
    why_unable,
)
