"""Start a run that ended again, with the same input: raw, as Temporal holds it, never decoded."""

from temporalio.api.enums.v1 import WorkflowIdReusePolicy
from temporalio.api.history.v1 import WorkflowExecutionStartedEventAttributes
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.reset_words import activity_types
from actions.verb import Action, Answer, Deed, Effect, Look

ENDED_BADLY = frozenset({"failed", "canceled", "terminated", "timed_out"})


async def expect(look: Look, order: Order) -> Effect:
    """Only what ended badly: the same work done twice is worse than none."""
    if look.seen.is_open:
        raise NotEligible("It is open: end it first, or reset it.")
    if look.seen.status not in ENDED_BADLY:
        raise NotEligible(
            f"It ended as {look.seen.status.replace('_', ' ')}: starting it again would do its work twice."
        )
    events = await look.events()
    if not events or not events[0].HasField("workflow_execution_started_event_attributes"):
        raise NotEligible("Its first event is not there any more, and with it its input.")
    calls = (f"{name} ({system})" for name in activity_types(events) if (system := look.outside(name)))
    outside = list(dict.fromkeys(calls))
    told = [f"Begins anew from its first step as {look.seen.workflow_type}, with the same input."]
    if outside:
        told.append(f"Calls outside again that it made before: {', '.join(outside)}.")
    told.append("Signals and updates that it had received are not sent again.")
    return Effect(tuple(told), events[0])


async def act(deed: Deed) -> Answer:
    """Idempotent: the same request id gives the same run, and the id is not used again once the new run ended well."""
    first = deed.effect.hold
    request = start_request(deed, first.workflow_execution_started_event_attributes)
    if first.HasField("user_metadata"):
        request.user_metadata.CopyFrom(first.user_metadata)
    answer = await deed.writer.ask(deed.writer.service.start_workflow_execution, request)
    return Answer(f"was started again as run {answer.run_id}", new_run_id=answer.run_id)


def start_request(deed: Deed, then: WorkflowExecutionStartedEventAttributes) -> StartWorkflowExecutionRequest:
    """The request that starts the same once more: payloads are copied as they are."""
    request = StartWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_id=deed.look.target.workflow_id,
        request_id=deed.request_id,
        identity=deed.identity,
        workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY,
        cron_schedule=then.cron_schedule,
    )
    there = {field.name for field, _ in then.ListFields()}
    for name in COPIED:
        if name in there:
            getattr(request, name).CopyFrom(getattr(then, name))
    return request


COPIED = (
    "workflow_type",
    "task_queue",
    "input",
    "workflow_execution_timeout",
    "workflow_run_timeout",
    "workflow_task_timeout",
    "retry_policy",
    "memo",
    "search_attributes",
    "header",
    "priority",
)
START_AGAIN = Action(
    "start_again",
    "Start it again with the same input",
    "firm",
    "the server knows the request id",
    expect,
    act,
    needs_open=False,
)
