"""Hold a run: it takes no worker turn until it is let go on."""

from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.verb import Action, Answer, Deed, Effect, Look
from actions.verbs.unpause import of_run, why_unable


async def expect(look: Look, order: Order) -> Effect:
    """Any open run that is not paused."""
    if look.seen.is_paused:
        raise NotEligible("It is paused already.")
    return Effect(
        (
            "Takes no worker turn until it is let go on. Signals wait for it, updates and queries are refused.",
            "Timers and deadlines of the workflow run on meanwhile.",
        )
    )


async def act(deed: Deed) -> Answer:
    """Idempotent: the server knows the request id."""
    request = of_run(PauseWorkflowExecutionRequest, deed)
    await deed.writer.ask(deed.writer.service.pause_workflow_execution, request)
    return Answer("is paused")


PAUSE = Action("pause", "Hold the run", "firm", "the server knows the request id", expect, act, why_unable)
