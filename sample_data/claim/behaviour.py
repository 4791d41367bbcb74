"""What people do about a claim, and after how long. No clock and no Temporal: seconds at speed 1, and dice.

The same plans drive the live company and a recorded past; equal seeds give equal plans. `habits` are planted: what
people do while some trouble is on (see sample_data/trouble.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from sample_data.acts import Act
from sample_data.claim.messages import (
    REVIEW,
    Assessment,
    Decision,
    Documents,
    Estimate,
    Notice,
    Objection,
    Recovery,
    Routing,
    Stage,
    Status,
    Taking,
    Withdrawal,
)
from sample_data.habits import cents_around, customer_called, person_called, takes
from sample_data.roster import ASSESSORS, CLERKS, CUSTOMERS, GARAGES, STAFF, Person
from sample_data.trouble import REVERSED_DECISION, SKIPPED_STAGE, UNDRAWN_MOVE

# What is usually claimed for it (EUR); how often it happens.
COVERS = {"motor": (2400, 35), "water": (1800, 30), "storm": (3600, 20), "theft": (900, 15)}
CHANNELS = ("customer", "internal", "regulator")
UNKNOWN_SHARE, RECOVERY_SHARE, WITHDRAWN_SHARE = 0.15, 0.2, 0.015
SENT_BACK_SHARE, DECLINED_SHARE, ASKED_AGAIN_SHARE, OBJECTION_SHARE = 0.1, 0.12, 0.06, 0.15
GOODWILL_LIMIT_CENTS = 30_000
OTHER_INSURER = "Baltic Mutual"
FRONT_DESK = "Rosa Delgado"
AUTHORITY = "the regulator"

Planner = Callable[[Status, Random, frozenset[str]], list[Act]]


@dataclass(frozen=True)
class Arrival:
    """A new claim and how it comes in: the channel goes into the memo, the name is who starts it."""

    notice: Notice
    channel: str
    by: str


def arrival(dice: Random) -> Arrival:
    """The next claim. Some cannot say yet what it will cost; another insurer owes a part of some."""
    customer = dice.choice(CUSTOMERS)
    cover = dice.choices(list(COVERS), weights=[often for _, often in COVERS.values()])[0]
    channel = dice.choices(CHANNELS, weights=(78, 16, 6))[0]
    if channel == "regulator":
        cover = REVIEW
    claimed = None if cover == REVIEW or dice.random() < UNKNOWN_SHARE else cents_around(dice, COVERS[cover][0])
    instalments = dice.randint(2, 5) if cover != REVIEW and dice.random() < RECOVERY_SHARE else 0
    by = {"customer": customer.name, "internal": FRONT_DESK, "regulator": AUTHORITY}[channel]
    return Arrival(Notice(customer.id, cover, customer.region, claimed, instalments), channel, by)


def plan(status: Status, dice: Random, habits: frozenset[str] = frozenset()) -> tuple[Act, ...]:
    """What will be done about a claim in its present wait, soonest first. Empty when nobody will do anything."""
    planner = PLANNERS.get(status.waiting_for or "")
    if planner is None:
        return ()
    acts = planner(status, dice, habits)
    if acts and status.may_withdraw and dice.random() < WITHDRAWN_SHARE:
        by = customer_called(status.notice.customer_id)
        after = dice.random() * acts[-1].after_seconds
        acts = [*acts, Act(after, by, "update", "withdraw", Withdrawal(by, "settled it otherwise"), once=True)]
    return tuple(sorted(acts, key=lambda act: act.after_seconds))


def straight_answer(status: Status) -> Act | None:
    """The act that moves a claim on at once, without mishap. None when it waits for nobody, or only for time."""
    if status.waiting_for == "decide":
        return _decision(0, "decide", status.assignee, "approve")
    if status.waiting_for == "assess":
        return _assessment(status, 0, "assessed", _owed(status, Random(0)))
    if status.waiting_for in ("contest", None):
        return None
    acts = PLANNERS[status.waiting_for or ""](status, Random(0), frozenset())
    return acts[-1] if acts else None


def _send_documents(status: Status, dice: Random, _: frozenset[str]) -> list[Act]:
    by = FRONT_DESK if status.notice.cover == REVIEW else customer_called(status.notice.customer_id)
    return [Act(takes(dice, 45, 0.6), by, "signal", "documents_received", Documents(by, dice.randint(1, 12)))]


def _triage(status: Status, dice: Random, habits: frozenset[str]) -> list[Act]:
    clerk = dice.choice(CLERKS)
    is_small = 0 < (status.amount_cents or 0) < GOODWILL_LIMIT_CENTS
    is_skipped = SKIPPED_STAGE in habits and status.notice.cover != REVIEW and status.amount_cents is not None
    outcome = "goodwill" if is_skipped or (is_small and dice.random() < 0.02) else "assess"
    return [Act(takes(dice, 30, 0.5, clerk.pace), clerk.name, "update", "triage", Routing(clerk.name, outcome))]


def _estimate(status: Status, dice: Random, _: frozenset[str]) -> list[Act]:
    garage = garage_of(status.notice.region)
    usual = (status.notice.claimed_cents or COVERS["motor"][0] * 100) / 100
    estimate = Estimate(garage.name, cents_around(dice, usual))
    return [Act(takes(dice, 70, 0.5, garage.pace), garage.name, "signal", "estimate_received", estimate)]


def _take_on(_: Status, dice: Random, __: frozenset[str]) -> list[Act]:
    assessor = dice.choice(ASSESSORS)
    return [Act(takes(dice, 50, 0.6, assessor.pace), assessor.name, "update", "take_on", Taking(assessor.name))]


def _assess(status: Status, dice: Random, habits: frozenset[str]) -> list[Act]:
    after = takes(dice, 60, 0.5, person_called(status.assignee, ASSESSORS[0]).pace)
    owed, throw = _owed(status, dice), dice.random()
    if UNDRAWN_MOVE in habits and dice.random() < 0.5:
        return [_assessment(status, after, "wrong-pile", None, "not mine")]
    if throw < SENT_BACK_SHARE and status.decisions == 0:
        return [_assessment(status, after, "send-back", None, "the invoice is missing")]
    return [_assessment(status, after, "assessed", owed)]


def _decide(status: Status, dice: Random, _: frozenset[str]) -> list[Act]:
    after = takes(dice, 60, 0.5, person_called(status.assignee, STAFF[0]).pace)
    throw = dice.random()
    outcome = "approve"
    if status.decisions == 0 and status.notice.cover != REVIEW:
        outcome = "decline" if throw < DECLINED_SHARE else outcome
        outcome = "ask-again" if throw > 1 - ASKED_AGAIN_SHARE else outcome
    return [_decision(after, "decide", status.assignee, outcome)]


def _sign(status: Status, dice: Random, _: frozenset[str]) -> list[Act]:
    after = takes(dice, 50, 0.5, person_called(status.assignee, STAFF[0]).pace)
    is_declined = status.decisions == 0 and status.signed_by and dice.random() < DECLINED_SHARE
    return [_decision(after, "sign", status.assignee, "decline" if is_declined else "approve")]


def _contest(status: Status, dice: Random, habits: frozenset[str]) -> list[Act]:
    """The customer may object to a refusal, once; another insurer pays a part now and then."""
    if status.stage is Stage.FOLLOW_UP:
        return _recover(status, dice)
    by = customer_called(status.notice.customer_id)
    objects = status.decisions == 1 and (REVERSED_DECISION in habits or dice.random() < OBJECTION_SHARE)
    letter = Act(takes(dice, 15, 0.3), by, "update", "contest", Objection(by, "see my letter"), once=True)
    return [letter] if objects else []


def _recover(status: Status, dice: Random) -> list[Act]:
    if not status.notice.instalments:
        return []
    part = Recovery(OTHER_INSURER, (status.amount_cents or 0) // (2 * status.notice.instalments))
    return [Act(dice.uniform(5, 30), OTHER_INSURER, "signal", "recovered", part, once=True)]


def garage_of(region: str) -> Person:
    """The garage that repairs in this region."""
    return next(garage for garage in GARAGES if region in garage.regions)


def _owed(status: Status, dice: Random) -> int | None:
    if status.notice.cover == REVIEW:
        return None
    return status.amount_cents or cents_around(dice, COVERS[status.notice.cover][0])


def _assessment(status: Status, after: float, outcome: str, cents: int | None, note: str = "") -> Act:
    return Act(after, status.assignee, "update", "assess", Assessment(status.assignee, outcome, cents, note))


def _decision(after: float, message: str, by: str, outcome: str) -> Act:
    return Act(after, by, "update", message, Decision(by, outcome))


PLANNERS: dict[str, Planner] = {
    "documents_received": _send_documents,
    "triage": _triage,
    "estimate_received": _estimate,
    "take_on": _take_on,
    "assess": _assess,
    "decide": _decide,
    "sign": _sign,
    "contest": _contest,
}
