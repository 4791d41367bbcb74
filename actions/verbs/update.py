"""Send an update: the workflow is asked something and answers, or refuses."""

from datetime import timedelta

from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.payloads import payloads
from actions.verb import Action, Answer, Deed, Effect, Look

# An update needs its worker: so long it may take to answer.
PATIENCE = timedelta(seconds=20)
COMPLETED = UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED


async def expect(look: Look, order: Order) -> Effect:
    """A paused run refuses updates, and one whose worker turns fail never answers."""
    if look.seen.is_paused:
        raise NotEligible("It is paused, and a paused run refuses updates: let it go on first.")
    if any((each.attempt or 1) > 1 for each in look.seen.of_kind("worker turn")):
        raise NotEligible("Its worker turns fail, so it would never answer.")
    return Effect((f"Is asked the update {order.name}, and may refuse it. Nothing is lost.",))


async def act(deed: Deed) -> Answer:
    """Idempotent: the server knows the update id, and answers a second time what it answered first."""
    request = UpdateWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        first_execution_run_id=deed.seen.first_run_id,
        wait_policy=WaitPolicy(lifecycle_stage=COMPLETED),
        request=Request(
            meta=Meta(update_id=deed.request_id, identity=deed.identity),
            input=Input(name=deed.order.name or "", args=payloads(deed.order.arguments)),
        ),
    )
    answer = await deed.writer.ask(deed.writer.service.update_workflow_execution, request, patience=PATIENCE)
    if answer.outcome.HasField("failure"):
        return Answer(
            f"the workflow refused: {' '.join(answer.outcome.failure.message.split())[:500]}", is_refused=True
        )
    if answer.stage == COMPLETED:
        return Answer(f"answered the update {deed.order.name}")
    return Answer(f"took the update {deed.order.name} and has not answered yet")


UPDATE = Action("update", "Send an update", "gentle", "the server knows the update id", expect, act)
