"""End a run at once: its code hears nothing and tidies nothing up."""

from temporalio.api.workflowservice.v1 import TerminateWorkflowExecutionRequest

from actions.order import Order
from actions.pending_words import unfinished
from actions.verb import Action, Answer, Deed, Effect, Look


async def expect(look: Look, order: Order) -> Effect:
    """Any open run."""
    lost = unfinished(look, "is left undone: whoever runs it hears of it at its next heartbeat, or never")
    return Effect(("Ends at once. Its code does not hear of it and tidies nothing up; that cannot be undone.", *lost))


async def act(deed: Deed) -> Answer:
    """Harmless when repeated: a run ends once, and the request names the run."""
    request = TerminateWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        first_execution_run_id=deed.seen.first_run_id,
        identity=deed.identity,
        reason=deed.reason,
    )
    await deed.writer.ask(deed.writer.service.terminate_workflow_execution, request)
    return Answer("was ended")


TERMINATE = Action("terminate", "End it at once", "final", "a run ends once", expect, act)
