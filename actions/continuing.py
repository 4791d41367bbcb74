"""A plan as the journal holds it: to go on with what an interruption left."""

from actions.errors import ActionError
from actions.order import Order
from actions.plan import Line, Plan
from actions.recent import Recent
from actions.seen import Seen
from actions.target import Target
from warehouse.nudge_record import NudgeRecord


def plan_in(recent: Recent, plan: str) -> tuple[Plan, str]:
    """The plan of that id and the reason given for it. Raises ActionError unless the journal holds all of it."""
    records = [record for record in recent.of_plan(plan) if record.line is not None]
    first = {record.line: record for record in reversed(records)}
    if not records:
        raise ActionError(f"No plan {plan!r} in the journal. `streamgauge journal` lists those there are.")
    if len(first) != records[0].lines:
        raise ActionError(f"Only {len(first)} of {records[0].lines} lines of plan {plan} were recorded: plan again.")
    lines = tuple(_line(first[number]) for number in sorted(number for number in first if number is not None))
    told = records[0]
    order = Order.model_validate_json(told.particulars)
    made = Plan(
        plan=plan, made_at=told.recorded_at, stream=told.stream, title=told.nudge or told.verb, order=order, lines=lines
    )
    return made, told.reason


def _line(record: NudgeRecord) -> Line:
    target = Target(
        source=record.source or "",
        workflow_id=record.workflow_id or "",
        run_id=record.run_id or "",
        item=record.item or "",
        stage=record.stage,
        wait=record.wait,
        cause=record.cause,
    )
    seen = Seen.model_validate_json(record.seen) if record.seen else None
    return Line(
        number=record.line or 0,
        target=target,
        seen=seen,
        why_not=None if record.state == "planned" else record.answer or "Left out when it was planned.",
    )
