"""Let the newest version of the code run what is pinned to a version that nobody runs any more."""

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.verb import Action, Answer, Deed, Effect, Look, Server

SINCE = (1, 28)


def why_unable(server: Server) -> str | None:
    """Versioning overrides in this form came with Temporal 1.28."""
    if server.is_at_least(SINCE):
        return None
    return f"This server ({server.version}) cannot override the version of a run; 1.28 or newer can."


async def expect(look: Look, order: Order) -> Effect:
    """Only what is pinned, by itself or by an override."""
    seen = look.seen
    if seen.override == "auto_upgrade":
        raise NotEligible("The newest version runs it already: somebody said so before.")
    if seen.versioning != "pinned" and seen.override != "pinned":
        raise NotEligible("It is not pinned to a version.")
    return Effect(
        (
            f"Goes on with the current version of its code instead of {seen.version or 'the one it is pinned to'}.",
            "Code that does not fit its history fails its worker turns; then nothing moves, and nothing is lost.",
        )
    )


async def act(deed: Deed) -> Answer:
    """Harmless when repeated: the last write wins, and they are the same."""
    request = UpdateWorkflowExecutionOptionsRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        workflow_execution_options=WorkflowExecutionOptions(
            versioning_override=VersioningOverride(auto_upgrade=True),
        ),
        update_mask=FieldMask(paths=["versioning_override"]),
        identity=deed.identity,
    )
    await deed.writer.ask(deed.writer.service.update_workflow_execution_options, request)
    return Answer("goes on with the current version")


AUTO_UPGRADE = Action(
    "auto_upgrade",
    "Let the newest version run it",
    "firm",
    "doing it twice is doing it once",
    expect,
    act,
    why_unable,
)
