"""Ask a run to end: its code hears it, tidies up and ends, or goes on."""

from temporalio.api.workflowservice.v1 import RequestCancelWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.pending_words import unfinished
from actions.verb import Action, Answer, Deed, Effect, Look


async def expect(look: Look, order: Order) -> Effect:
    """Any open run that was not asked yet."""
    if look.seen.is_cancel_requested:
        raise NotEligible("It was asked to end already, and is still open.")
    return Effect(("Is asked to end; its code may tidy up first, or go on.", *unfinished(look, "is cancelled with it")))


async def act(deed: Deed) -> Answer:
    """Idempotent: the server knows the request id."""
    request = RequestCancelWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        first_execution_run_id=deed.seen.first_run_id,
        identity=deed.identity,
        request_id=deed.request_id,
        reason=deed.reason,
    )
    await deed.writer.ask(deed.writer.service.request_cancel_workflow_execution, request)
    return Answer("was asked to end")


CANCEL = Action("cancel", "Ask it to end", "final", "the server knows the request id", expect, act)
