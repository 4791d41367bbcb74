"""Let paused steps go on."""

from temporalio.api.workflowservice.v1 import UnpauseActivityRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.seen import Pending
from actions.verb import Action, Answer, Deed, Effect, Look
from actions.verbs.reset_activity import why_unable


async def expect(look: Look, order: Order) -> Effect:
    """Only what is paused."""
    paused = [each for each in look.seen.of_kind("activity", order.activity) if each.state == "paused"]
    if not paused:
        raise NotEligible(f"No activity {order.activity} is paused." if order.activity else "No activity is paused.")
    return Effect(tuple(_told(look, each) for each in paused), paused)


async def act(deed: Deed) -> Answer:
    """Harmless when repeated: what goes on goes on."""
    for each in deed.effect.hold:
        request = UnpauseActivityRequest(
            namespace=deed.namespace, execution=deed.execution, identity=deed.identity, id=each.reference
        )
        await deed.writer.ask(deed.writer.service.unpause_activity, request)
    return Answer(f"lets {', '.join(each.name for each in deed.effect.hold)} go on")


def _told(look: Look, each: Pending) -> str:
    by = f", which {each.actor} paused" if each.actor else ""
    why = f" ({each.reason})" if each.reason else ""
    system = look.outside(each.name or "")
    return f"{each.name}{by}{why} goes on{f' and calls {system}' if system else ''}. Nothing is lost."


UNPAUSE_ACTIVITY = Action(
    "unpause_activity",
    "Let a paused step go on",
    "gentle",
    "doing it twice is doing it once",
    expect,
    act,
    why_unable,
)
