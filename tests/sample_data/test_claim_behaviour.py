"""What simulated people do about claims: repeatable, within what they may, and about as long as the company says."""

from collections import Counter
from random import Random
from statistics import median

import pytest

from sample_data import trouble
from sample_data.claim.behaviour import PLANNERS, arrival, garage_of, plan, straight_answer
from sample_data.claim.messages import REVIEW, Deciders, Notice, Stage, Status
from sample_data.roster import REGIONS, SILENT, STAFF

ANSWERED = sorted(set(PLANNERS) - {"contest"})


def waiting_for(message: str | None, **what: object) -> Status:
    """A claim that waits for this message, on the desk of somebody who can send it."""
    notice = what.pop("notice", Notice("C-001", "motor", "east", 100_000, 3))
    assignee = "Nora Eriksen" if message == "assess" else "Dev Anand"
    defaults = {"stage": Stage.DECISION, "wait": 1, "amount_cents": 100_000, "assignee": assignee, "signed_by": ""}
    whole = {**defaults, "deciders": Deciders(assignee, (assignee,)), "decisions": 0, "may_withdraw": True, **what}
    return Status(waiting_for=message, notice=notice, **whole)


@pytest.mark.parametrize("message", ANSWERED)
def test_equal_dice_give_equal_plans_that_take_minutes(message):
    status = waiting_for(message)
    lasts = [plan(status, Random(seed))[-1].after_seconds for seed in range(500)]

    assert plan(status, Random("7/c-1/3")) == plan(status, Random("7/c-1/3"))
    assert plan(status, Random("7/c-1/3")) != plan(status, Random("8/c-1/3"))
    assert 15 < median(lasts) < 180
    assert max(lasts) < 900


@pytest.mark.parametrize("message", ANSWERED)
def test_the_straight_answer_sends_the_message_that_is_waited_for(message):
    act = straight_answer(waiting_for(message))

    assert act is not None
    assert act.name == message
    assert act.argument.by == act.by


def test_nobody_answers_while_systems_work_or_time_must_pass():
    assert straight_answer(waiting_for(None)) is straight_answer(waiting_for("contest")) is None
    assert plan(waiting_for(None), Random(1)) == ()
    assert plan(waiting_for("contest", notice=Notice(), stage=Stage.FOLLOW_UP), Random(1)) == ()


def outcomes(message: str, habits: frozenset[str] = frozenset(), **what: object) -> Counter[str]:
    """How two thousand plans for this wait come out."""
    status = waiting_for(message, **what)
    acts = [act for seed in range(2000) for act in plan(status, Random(seed), habits) if act.name == message]
    return Counter(getattr(act.argument, "outcome", act.name) for act in acts)


def test_most_are_approved_some_declined_some_sent_back():
    decided, assessed = outcomes("decide"), outcomes("assess")

    assert decided["decline"] == pytest.approx(240, rel=0.3)
    assert decided["ask-again"] == pytest.approx(120, rel=0.4)
    assert assessed["send-back"] == pytest.approx(200, rel=0.3)
    assert outcomes("decide", decisions=1) == {"approve": 2000}


def test_a_review_is_never_paid_by_goodwill_nor_declined():
    review = Notice("C-001", REVIEW, "east")

    assert outcomes("decide", notice=review, amount_cents=None) == {"approve": 2000}
    assert outcomes("triage", notice=review, amount_cents=None) == {"assess": 2000}
    assert outcomes("triage", frozenset({trouble.SKIPPED_STAGE}), notice=review, amount_cents=None) == {"assess": 2000}


def test_trouble_changes_what_people_do():
    assert outcomes("triage")["goodwill"] == 0
    assert outcomes("triage", frozenset({trouble.SKIPPED_STAGE})) == {"goodwill": 2000}
    assert outcomes("assess")["wrong-pile"] == 0
    assert outcomes("assess", frozenset({trouble.UNDRAWN_MOVE}))["wrong-pile"] == pytest.approx(1000, rel=0.1)
    refused = {"stage": Stage.REFUSAL, "decisions": 1, "may_withdraw": False}
    assert outcomes("contest", **refused)["contest"] == pytest.approx(300, rel=0.2)
    assert outcomes("contest", frozenset({trouble.REVERSED_DECISION}), **refused) == {"contest": 2000}


def test_who_begins_a_claim_and_what_it_is_worth():
    arrivals = [arrival(Random(seed)) for seed in range(2000)]
    channels = Counter(arriving.channel for arriving in arrivals)

    assert channels["customer"] > channels["internal"] > channels["regulator"] > 60
    assert {a.notice.cover for a in arrivals if a.channel == "regulator"} == {REVIEW}
    unknown = [a for a in arrivals if a.notice.claimed_cents is None and a.notice.cover != REVIEW]
    assert len(unknown) == pytest.approx(0.15 * 1880, rel=0.25)
    followed_up = [a.notice.instalments for a in arrivals if a.notice.instalments]
    assert (min(followed_up), max(followed_up)) == (2, 5)


def test_every_region_has_a_garage_that_answers_or_is_silent():
    assert {garage_of(region).name for region in REGIONS} <= {person.name for person in STAFF}
    assert SILENT.name in {garage_of(region).name for region in REGIONS}
