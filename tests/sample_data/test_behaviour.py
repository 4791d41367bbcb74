"""What simulated people do: repeatable, within their authority, and about as long as the company says it takes."""

from collections import Counter
from random import Random
from statistics import median

import pytest

from sample_data.roster import STAFF
from sample_data.service_request.behaviour import PLANNERS, arrival, plan, straight_answer
from sample_data.service_request.messages import Approvers, Request, Stage, Status

MESSAGES = sorted(PLANNERS)


def waiting_for(message: str | None, **what: object) -> Status:
    """A request that waits for this message, on the desk of somebody who can send it."""
    request = Request(customer_id="C-001", product="laptop", region="east", budget_cents=100_000)
    assignee = "Aiko Tanaka" if message == "classify" else "Chidi Okafor"
    defaults = {"assignee": assignee, "approvers": Approvers(assignee, (assignee,)), "amount_cents": 100_000}
    whole = {"stage": Stage.APPROVAL, "wait": 1, "request": request, "is_escalated": False, **defaults, **what}
    return Status(waiting_for=message, **whole)


@pytest.mark.parametrize("message", MESSAGES)
def test_equal_dice_give_equal_plans(message):
    status = waiting_for(message)

    assert plan(status, Random("7/r-1/3")) == plan(status, Random("7/r-1/3"))
    assert plan(status, Random("7/r-1/3")) != plan(status, Random("8/r-1/3"))


@pytest.mark.parametrize("message", MESSAGES)
def test_every_wait_is_answered_within_the_minutes_of_this_company(message):
    status = waiting_for(message)

    lasts = [plan(status, Random(seed))[-1].after_seconds for seed in range(500)]

    assert 15 < median(lasts) < 180
    assert max(lasts) < 900


@pytest.mark.parametrize("message", MESSAGES)
def test_the_straight_answer_sends_the_message_that_is_waited_for(message):
    act = straight_answer(waiting_for(message))

    assert act is not None
    assert act.name == message


def test_nothing_is_planned_while_systems_work():
    assert plan(waiting_for(None), Random(1)) == ()
    assert straight_answer(waiting_for(None)) is None


def test_some_are_rejected_some_asked_again_most_approved():
    status = waiting_for("decide")
    outcomes = Counter(
        act.argument.outcome for seed in range(2000) for act in plan(status, Random(seed)) if act.name == "decide"
    )

    assert outcomes["approve"] > 0.75 * outcomes.total()
    assert outcomes["reject"] == pytest.approx(0.08 * outcomes.total(), rel=0.3)
    assert outcomes["ask-again"] == pytest.approx(0.09 * outcomes.total(), rel=0.3)


def test_whoever_acts_says_so_in_the_message():
    names = {person.name for person in STAFF} | {"Abel Moreno"}
    for message in MESSAGES:
        [act] = plan(waiting_for(message), Random(5))
        assert act.by in names
        assert act.argument.by == act.by


def test_urgent_requests_are_answered_sooner():
    def typical(priority: int) -> float:
        status = waiting_for("claim", request=Request(priority=priority))
        return median(plan(status, Random(seed))[-1].after_seconds for seed in range(300))

    assert typical(1) < typical(3) < typical(5)


def test_some_customers_do_not_know_what_it_may_cost():
    budgets = [arrival(Random(seed)).request.budget_cents for seed in range(1000)]

    assert 0.05 < sum(budget is None for budget in budgets) / len(budgets) < 0.15
