"""Nudging through a running service; apart from its other calls, which need nothing of Temporal."""

from collections.abc import Iterator

from actions.plan import Plan
from actions.send import Sent
from app.api_client import ServiceClient
from app.nudge_ask import NudgeAsk

LEFT = "`streamgauge journal` says what was done; `streamgauge nudge --continue` goes on."


def plan_nudge(service: ServiceClient, ask: NudgeAsk) -> Plan:
    """What would happen to which items. Raises AskError when the service says what is wrong with it."""
    told = service.request("POST", "/api/nudge/plan", content=ask.model_dump_json(), timeout=None).json()
    told.pop("hash")
    return Plan.model_validate(told)


def send_nudge(service: ServiceClient, plan: Plan, reason: str) -> Iterator[Sent]:
    """Send a plan that the service made; how each line went, as it goes."""
    body = {"plan": plan.plan, "hash": plan.hash, "reason": reason}
    for step in service.steps("/api/nudge/send", body, LEFT):
        yield Sent(**step)


def continue_nudge(service: ServiceClient, plan: str, reason: str) -> tuple[Plan, Iterator[Sent]]:
    """Send what an interruption left of a plan: the plan, and how each line goes."""
    steps = service.steps("/api/nudge/continue", {"plan": plan, "reason": reason}, LEFT)
    told = next(steps)
    told.pop("hash")
    return Plan.model_validate(told), (Sent(**step) for step in steps)
