"""Go back to an earlier point: a new run takes the history up to there and goes on from it."""

from temporalio.api.enums.v1 import ResetReapplyExcludeType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from actions.errors import NotEligible
from actions.order import Order
from actions.reset_point import Point, point_of
from actions.reset_words import told
from actions.seen import Seen
from actions.verb import Action, Answer, Deed, Effect, Look

LEFT_OUT = {
    "signals": ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL,
    "updates": ResetReapplyExcludeType.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE,
}


async def expect(look: Look, order: Order) -> Effect:
    """Any run with a worker turn to go back to, but for those that are paused."""
    if look.seen.is_paused:
        raise NotEligible("It is paused: let it go on first.")
    events = await look.events()
    point = point_of(events, order)
    return Effect(told(look, order, events, point), point)


async def act(deed: Deed) -> Answer:
    """Not idempotent on the server. Ours: one sender at a time, the newest run and no other, asked for just before."""
    point: Point = deed.effect.hold
    request = ResetWorkflowExecutionRequest(
        namespace=deed.namespace,
        workflow_execution=deed.execution,
        workflow_task_finish_event_id=point.event_id,
        reason=deed.reason,
        request_id=deed.request_id,
        reset_reapply_exclude_types=[LEFT_OUT[each] for each in deed.order.leave_out],
        identity=deed.identity,
    )
    answer = await deed.writer.ask(deed.writer.service.reset_workflow_execution, request, again=False)
    return Answer(f"went back to event {point.event_id} as run {answer.run_id}", new_run_id=answer.run_id)


async def was_done(planned: Seen) -> Answer | None:
    """Whether the run was reset before we were interrupted: a run that was says which run took its place."""
    if planned.reset_run_id is None:
        return None
    made = planned.reset_run_id
    return Answer(f"had gone back as run {made} before the interruption", new_run_id=made)


RESET = Action(
    "reset",
    "Go back to an earlier point",
    "firm",
    "only the newest run is reset, by one sender at a time",
    expect,
    act,
    was_done=was_done,
    needs_open=False,
    is_repeatable=False,
)
