"""Send a signal: the workflow hears a message and does with it what its code says."""

from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest

from actions.order import Order
from actions.payloads import payloads
from actions.verb import Action, Answer, Deed, Effect, Look


async def expect(look: Look, order: Order) -> Effect:
    """Any open run takes signals; a paused one keeps them until it goes on."""
    told = f"Receives the signal {order.name}{_with(order)}. Nothing is lost."
    if look.seen.is_paused:
        return Effect((told, "It is paused: it hears the signal when it goes on."))
    if look.seen.of_kind("worker turn"):
        return Effect((told, "Its worker has a turn waiting: it hears the signal when that turn is taken."))
    return Effect((told,))


async def act(deed: Deed) -> Answer:
    """Idempotent: the server knows the request id."""
    request = SignalWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        signal_name=deed.order.name or "",
        input=payloads(deed.order.arguments),
        identity=deed.identity,
        request_id=deed.request_id,
    )
    await deed.writer.ask(deed.writer.service.signal_workflow_execution, request)
    return Answer(f"took the signal {deed.order.name}")


def _with(order: Order) -> str:
    count = len(order.arguments)
    return f" with {count} argument{'s' if count > 1 else ''}" if count else ""


SIGNAL = Action("signal", "Send a signal", "gentle", "the server knows the request id", expect, act)
