"""Let a paused run go on."""

from typing import TypeVar

from temporalio.api.workflowservice.v1 import PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.verb import Action, Answer, Deed, Effect, Look, Server

Request = TypeVar("Request", PauseWorkflowExecutionRequest, UnpauseWorkflowExecutionRequest)


def why_unable(server: Server) -> str | None:
    """The namespace says whether its runs can be paused."""
    if "workflow_pause" in server.capabilities:
        return None
    return "This server does not pause runs here: it is too old, or frontend.WorkflowPauseEnabled is off."


def of_run(kind: type[Request], deed: Deed) -> Request:
    """The request that pauses the run of a deed, or lets it go on."""
    return kind(
        namespace=deed.namespace,
        workflow_id=deed.look.target.workflow_id,
        run_id=deed.seen.run_id,
        identity=deed.identity,
        reason=deed.reason,
        request_id=deed.request_id,
    )


async def expect(look: Look, order: Order) -> Effect:
    """Only what is paused as a whole."""
    if not look.seen.is_paused:
        raise NotEligible("It is not paused.")
    (pause,) = look.seen.of_kind("paused") or (None,)
    by = f", which {pause.actor} paused" if pause is not None and pause.actor else ""
    why = f" ({pause.reason})" if pause is not None and pause.reason else ""
    return Effect((f"The run{by}{why} goes on, and hears what was sent to it meanwhile. Nothing is lost.",))


async def act(deed: Deed) -> Answer:
    """Idempotent: the server knows the request id."""
    request = of_run(UnpauseWorkflowExecutionRequest, deed)
    await deed.writer.ask(deed.writer.service.unpause_workflow_execution, request)
    return Answer("goes on")


UNPAUSE = Action(
    "unpause", "Let a paused run go on", "gentle", "the server knows the request id", expect, act, why_unable
)
