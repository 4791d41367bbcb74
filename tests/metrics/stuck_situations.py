"""Ways to be stuck and to be well, and what is to be said of each."""

from dataclasses import dataclass, field
from typing import Any

from tests.fixtures.streams import a_stream, by_attribute, stage
from value_stream import Stream


def the_stream() -> Stream:
    decision = {
        "title": "Approve the claim",
        "answered": [{"signal": "approve", "outcome": "yes"}, {"row": "db.crm.claims", "outcome": "answer"}],
        "options": ["yes"],
    }
    stages = [*by_attribute("work", "asked", "listening", "promised"), stage("paid", {"close": "completed"})]
    stages[0]["enter"].insert(0, {"start": True})
    stages[3]["deadline"] = "5s"
    return a_stream(
        stages,
        decisions=[
            {**decision, "name": "approve", "stage": "asked", "deadline": "5s"},
            {**decision, "name": "consent", "stage": "listening"},
        ],
        rows=[{"table": "db.crm.claims", "key": "workflow_id", "at": "at"}],
        item={"workflow_types": ["Claim", "Mystery"]},
    )


AUDITS = a_stream(by_attribute("audit"), stream="audit", item={"workflow_types": ["Audit", "Transfer"]})


@dataclass(frozen=True)
class Stuck:
    """What is to be said of a situation: the rule, since when (seconds after it was made), when it can be known."""

    rule: str
    known_after: float
    says: str = ""
    cause: str = ""
    since: float = 0
    root: str = ""
    steps: list[list[Any]] = field(default_factory=list)


def step(name: str, argument: Any = "x", **more: Any) -> list[Any]:
    return ["step", name, argument, more]


# Since: when the fault began, in seconds after the workflow was started or the thing was done to it.
STUCK: dict[str, Stuck] = {
    "retrying": Stuck(
        "step retrying", 3, "refused by 10.0.0.7:443", "pay fails: order x refused by <address>", steps=[step("pay")]
    ),
    "no-heartbeat": Stuck(
        "heartbeat lost",
        9,
        "lost its heartbeat",
        "report loses its heartbeat",
        since=2.5,
        steps=[step("report", 1, heartbeat=2, pause=600, limit=3600)],
    ),
    "over-time": Stuck(
        "step over time",
        22,
        "95 of 100 took at most",
        "quick runs far longer than usual",
        since=20,
        steps=[step("quick", "hang", limit=3600)],
    ),
    "no-step-worker": Stuck(
        "no worker",
        22,
        "none was ever seen",
        "No worker polls queue {}-ghost for steps",
        steps=[step("quick", task_queue="{}-ghost")],
    ),
    "no-worker": Stuck(
        "no worker", 22, "the next worker turn has waited", "No worker polls queue {}-no-worker for worker turns"
    ),
    "worker-gone": Stuck(
        "no worker", 25, "", "No worker polls queue {}-worker-gone for worker turns", steps=[["wait", "go"]]
    ),
    "unknown-type": Stuck("worker turn failing", 4, "is not registered", "Mystery fails in its code"),
    "raising": Stuck(
        "worker turn failing", 4, "no column", "Claim fails in its code: no column <value>", steps=[["raise"]]
    ),
    "blocking": Stuck("worker turn failing", 8, "deadlock", "Claim fails in its code", since=2, steps=[["block"]]),
    "changed-code": Stuck(
        "worker turn failing", 6, "ondeterminis", "Claim fails in its code", steps=[["change"], ["wait", "go"]]
    ),
    "child-retrying": Stuck(
        "step retrying",
        4,
        "refused",
        "pay fails: order x refused by <address>",
        root="child-retrying-child",
        steps=[["child", "Check", "{}-child-retrying-child", [step("pay")]]],
    ),
    "other-child": Stuck(
        "child stuck",
        4,
        "Waits for child Audit",
        "pay fails: order x refused by <address>",
        root="other-child-audit",
        steps=[["child", "Audit", "{}-other-child-audit", [step("pay")]]],
    ),
    "nexus-nobody": Stuck(
        "Nexus stuck", 25, "", "Nexus operation Bank/transfer does not start", steps=[["nexus", "nobody", "x"]]
    ),
    "nexus-retrying": Stuck(
        "Nexus stuck",
        8,
        "Waits for Nexus operation Bank/transfer",
        "pay fails",
        root="nexus-retrying-transfer",
        steps=[["nexus", "bank", "{}-nexus-retrying-transfer"]],
    ),
    "paused": Stuck("paused", 3, "paused by ada", "Claim paused by ada: a holiday", steps=[["wait", "go"]]),
    "paused-step": Stuck(
        "paused",
        5,
        "paused by bob",
        "pay_at_last paused by bob: wait for the bank",
        steps=[step("pay_at_last", pause=600)],
    ),
    "pinned": Stuck("version without worker", 24, "pinned to version", "No worker of version", steps=[["wait", "go"]]),
    "cancel-ignored": Stuck(
        "cancel ignored",
        22,
        "Cancellation was asked for",
        "Claim does not end when cancelled",
        steps=[["ignore_cancel"]],
    ),
    "overdue": Stuck(
        "decision overdue",
        6,
        "should have been decided",
        "Approve the claim past its deadline",
        since=5,
        steps=[["stage", "asked"], ["wait", "approve"]],
    ),
    "late": Stuck(
        "stage overdue",
        6,
        "5s were promised",
        "Promised past its deadline",
        since=5,
        steps=[["stage", "promised"], ["timer", 3600]],
    ),
    "unheard": Stuck(
        "unheard answer",
        22,
        "came before the run waited",
        "answered before the run listened",
        steps=[["wait", "approve"], ["stage", "listening"], ["wait_anew", "approve"]],
    ),
    "only-in-rows": Stuck(
        "database disagrees",
        22,
        "the run still waits",
        "answered only in the database",
        steps=[["stage", "listening"], ["wait", "approve"]],
    ),
}
HEALTHY: dict[str, list[list[Any]]] = {
    "timer": [["timer", 86_400]],
    "start-delay": [],
    "cron": [],
    "one-slow-turn": [["slow_turn"], ["timer", 3600]],
    "slow-worker": [["timer", 3600]],
    "retried-once": [step("pay_at_last"), ["timer", 3600]],
    "beating": [step("report", -1, heartbeat=20, limit=3600)],
    "child-well": [["child", "Check", "{}-child-well-child", [["timer", 3600]]]],
    "other-child-well": [["child", "Audit", "{}-other-child-well-audit", [["timer", 3600]]]],
    "asked-in-time": [["stage", "listening"], ["wait", "approve"]],
    "heard": [["stage", "listening"], ["wait", "approve"], ["timer", 3600]],
    "handed-over": [["wait", "go"], ["timer", 3600]],
    "undoing": [["undo_on_cancel"]],
}
OWN_QUEUE = {"blocking", "no-worker", "worker-gone", "changed-code", "pinned", "slow-worker", "handed-over"}
