"""Whether somebody may do something: asked when a plan is made, and again for every line before it is acted on."""

from actions.actor import Actor
from actions.config import ActionsConfig
from actions.errors import NotAllowed
from actions.order import Order, declared_nudge
from value_stream import Stream


def why_not_allowed(actions: ActionsConfig, actor: Actor, order: Order, stream: Stream) -> str | None:
    """One sentence on why this actor may not give this order on this stream; None when they may."""
    is_declared = declared_nudge(stream, order) is not None
    return actions.why_not(actor, order.verb, stream.stream, is_declared=is_declared)


def require(actions: ActionsConfig, actor: Actor, order: Order, stream: Stream) -> None:
    """Raises NotAllowed."""
    if (problem := why_not_allowed(actions, actor, order, stream)) is not None:
        raise NotAllowed(problem)
