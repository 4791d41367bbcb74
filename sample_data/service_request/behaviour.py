"""What people do about a service request, and after how long. No clock and no Temporal: seconds at speed 1, and dice.

The same plans drive the live company and a recorded past; equal seeds give equal plans.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sample_data.acts import Act
from sample_data.habits import cents_around, customer_called, person_called, takes
from sample_data.roster import ANALYSTS, CUSTOMERS, FINANCE, PRODUCTS, STAFF, SUPPORT, VENDORS, Person
from sample_data.service_request.messages import (
    Claim,
    Classification,
    Decision,
    Delivery,
    FollowUp,
    Quote,
    Request,
    Return,
    Settlement,
    Stage,
    Status,
    Submission,
)

CHANNELS = ("customer", "internal", "schedule")
CANCELLED_SHARE, REJECTED_SHARE, ASKED_AGAIN_SHARE, RETURNED_SHARE = 0.01, 0.08, 0.09, 0.05
PAID_STAGES = (Stage.BILLING, Stage.SUPPORT)  # Too late to cancel: what was delivered is sent back instead.
PRIORITY_PACE = {1: 0.7, 2: 0.85, 3: 1.0, 4: 1.15, 5: 1.3}


@dataclass(frozen=True)
class Arrival:
    """A new request and how it comes in: the channel goes into the memo, the name is who starts it."""

    request: Request
    channel: str
    by: str


def arrival(dice: Random) -> Arrival:
    """The next request that somebody asks for. One in ten customers does not know what it may cost."""
    customer, product = dice.choice(CUSTOMERS), dice.choice(PRODUCTS)
    channel = dice.choices(CHANNELS, weights=(80, 15, 5))[0]
    budget = None if dice.random() < 0.1 else cents_around(dice, product.usual_price)
    priority = dice.choices(range(1, 6), weights=(5, 15, 50, 20, 10))[0]
    request = Request(customer.id, product.name, customer.region, priority, budget)
    by = {"customer": customer.name, "internal": "Rosa Delgado", "schedule": "contract renewals"}[channel]
    return Arrival(request, channel, by)


def plan(status: Status, dice: Random) -> tuple[Act, ...]:
    """What will be done about a request in its present wait, soonest first. Empty when it waits for nobody."""
    planner = PLANNERS.get(status.waiting_for or "")
    if planner is None:
        return ()
    acts = planner(status, dice)
    if status.stage not in PAID_STAGES and dice.random() < CANCELLED_SHARE:
        customer = customer_called(status.request.customer_id)
        acts = [*acts, Act(dice.random() * acts[-1].after_seconds, customer, "cancel", "cancel", once=True)]
    return tuple(sorted(acts, key=lambda act: act.after_seconds))


def straight_answer(status: Status) -> Act | None:
    """The act that moves a request on at once, without mishap. None when it waits for nobody."""
    dice = Random(0)
    if status.waiting_for == "decide":
        return _decision(status, 0, "approve", "")
    if status.waiting_for == "settled":
        return _settlement(status, dice)
    planner = PLANNERS.get(status.waiting_for or "")
    return planner(status, dice)[-1] if planner else None


def _submit(status: Status, dice: Random) -> list[Act]:
    by = customer_called(status.request.customer_id)
    return [Act(_delay(dice, 25, 0.5), by, "signal", "submit", Submission(by, "everything is attached"))]


def _claim(status: Status, dice: Random) -> list[Act]:
    analyst = dice.choice(ANALYSTS)
    return [Act(_delay(dice, 45, 0.6, status, analyst), analyst.name, "update", "claim", Claim(analyst.name))]


def _classify(status: Status, dice: Random) -> list[Act]:
    analyst = person_called(status.assignee, ANALYSTS[0])
    kind = "special" if dice.random() < 0.25 else "standard"
    after = _delay(dice, 55 if kind == "special" else 30, 0.5, None, analyst)
    return [Act(after, status.assignee, "update", "classify", Classification(status.assignee, kind))]


def _quote(status: Status, dice: Random) -> list[Act]:
    vendor = dice.choice(VENDORS)
    usual = {product.name: product.usual_price for product in PRODUCTS}.get(status.request.product, 400)
    quote = Quote(vendor.name, cents_around(dice, usual))
    return [Act(_delay(dice, 75, 0.5, None, vendor), vendor.name, "signal", "quote_received", quote)]


def _decide(status: Status, dice: Random) -> list[Act]:
    after = _delay(dice, 70, 0.5, status, person_called(status.assignee, STAFF[0]))
    throw = dice.random()
    if throw < REJECTED_SHARE:
        return [_decision(status, after, "reject", "not in this year's budget")]
    if throw < REJECTED_SHARE + ASKED_AGAIN_SHARE:
        return [_decision(status, after, "ask-again", "is this really needed?")]
    return [_decision(status, after, "approve", "")]


def _decision(status: Status, after: float, outcome: str, note: str) -> Act:
    return Act(after, status.assignee, "update", "decide", Decision(status.assignee, outcome, note))


def _deliver(status: Status, dice: Random) -> list[Act]:
    vendor = dice.choice(VENDORS)
    delivery = Delivery(vendor.name, f"parcel {dice.randrange(10_000):04}")
    return [Act(_delay(dice, 130, 0.45, status, vendor), vendor.name, "signal", "delivered", delivery)]


def _settle(status: Status, dice: Random) -> list[Act]:
    settlement = _settlement(status, dice)
    if dice.random() >= RETURNED_SHARE:
        return [settlement]
    by = customer_called(status.request.customer_id)
    after = settlement.after_seconds * dice.uniform(0.2, 0.8)
    return [Act(after, by, "signal", "sent_back", Return(by, "damaged in transport"))]


def _settlement(status: Status, dice: Random) -> Act:
    accountant = dice.choice(FINANCE)
    settlement = Settlement(accountant.name, f"transfer {dice.randrange(10_000):04}")
    return Act(_delay(dice, 55, 0.5, None, accountant), accountant.name, "signal", "settled", settlement)


def _follow_up(status: Status, dice: Random) -> list[Act]:
    agent = dice.choice(SUPPORT)
    outcome = "satisfied" if dice.random() < 0.85 else "unhappy"
    return [
        Act(_delay(dice, 40, 0.6, None, agent), agent.name, "update", "follow_up", FollowUp(agent.name, outcome)),
    ]


PLANNERS: dict[str, Callable[[Status, Random], list[Act]]] = {
    "submit": _submit,
    "claim": _claim,
    "classify": _classify,
    "quote_received": _quote,
    "decide": _decide,
    "delivered": _deliver,
    "settled": _settle,
    "follow_up": _follow_up,
}


def _delay(
    dice: Random, median: float, spread: float, status: Status | None = None, person: Person | None = None
) -> float:
    urgency = PRIORITY_PACE.get(status.request.priority, 1.0) if status else 1.0
    return takes(dice, median, spread, urgency * (person.pace if person else 1.0))
