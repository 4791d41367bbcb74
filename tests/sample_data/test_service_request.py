"""A service request on a real Temporal server: what moves it, what cannot, and what is written down."""

from datetime import datetime
from decimal import Decimal

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.worker import Replayer

from sample_data import trouble
from sample_data.service_request.messages import (
    Decision,
    FollowUp,
    Quote,
    Return,
    Stage,
    Status,
    Terms,
)
from sample_data.service_request.workflow import ServiceRequest
from sample_data.tables import APPROVALS, LEDGER, REQUESTS
from tests.sample_data.conftest import Company, eventually

pytestmark = pytest.mark.server

MANAGER, DIRECTOR = "Chidi Okafor", "Ingrid Solberg"


def test_a_request_goes_all_the_way_and_the_books_agree(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1", budget_cents=90_000)
        await company.until("r-1", "quote_received")
        await company.act("r-1", "Mei Lin", "signal", "quote_received", Quote("Mei Lin", 123_456))
        await company.until("r-1", "follow_up")
        await company.act("r-1", "Rosa Delgado", "update", "follow_up", FollowUp("Rosa Delgado", "satisfied"))

        assert await company.result("r-1") == {"stage": "done", "amount_cents": 123_456}
        [request] = company.rows(REQUESTS, "r-1")
        assert (request["status"], request["amount"], request["region"]) == ("done", Decimal("1234.56"), "east")
        [approval] = company.rows(APPROVALS, "r-1")
        assert (approval["decision"], approval["decided_by"]) == ("approve", MANAGER)
        [bill] = company.rows(LEDGER, "r-1")
        assert (bill["kind"], bill["amount"]) == ("bill", Decimal("1234.56"))
        assert isinstance(bill["settled_at"], datetime)

    in_company(story)


def test_the_stage_and_who_asked_are_on_the_run(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "decide")

        run = await company.run("r-1").describe()

        attributes = {pair.key.name: pair.value for pair in run.typed_search_attributes}
        assert (attributes["Stage"], attributes["Region"], attributes["Priority"]) == ("approval", "east", 3)
        assert await run.memo_value("channel") == "customer"
        assert await run.static_summary() == "laptop for C-001"
        history = await company.run("r-1").fetch_history()
        assert history.events[0].workflow_execution_started_event_attributes.identity == "Abel Moreno"

    in_company(story)


def test_asked_again_it_goes_back_to_classification_and_is_decided_anew(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "decide")
        await company.act("r-1", MANAGER, "update", "decide", Decision(MANAGER, "ask-again", "how many?"))

        back = await company.until("r-1", "claim")
        assert back.stage is Stage.CLASSIFICATION
        await company.until("r-1", "delivered")
        decisions = [(row["number"], row["decision"], row["note"]) for row in company.rows(APPROVALS, "r-1")]
        assert decisions == [(1, "ask-again", "how many?"), (2, "approve", "")]

    in_company(story)


def test_rejected_it_ends_there(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "decide")
        await company.act("r-1", MANAGER, "update", "decide", Decision(MANAGER, "reject"))

        assert (await company.result("r-1"))["stage"] == "rejected"
        assert company.rows(REQUESTS, "r-1")[0]["status"] == "rejected"
        assert company.rows(LEDGER, "r-1") == []

    in_company(story)


def test_goods_sent_back_are_ordered_and_billed_again(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "settled")
        await company.act("r-1", "Abel Moreno", "signal", "sent_back", Return("Abel Moreno", "scratched"))

        again = await company.until("r-1", "delivered")
        assert again.stage is Stage.DELIVERY
        await company.until("r-1", "follow_up")
        bills = company.rows(LEDGER, "r-1")
        assert [(row["delivery"], row["kind"]) for row in bills] == [(1, "bill"), (1, "reversal"), (2, "bill")]
        assert sum(row["amount"] for row in bills) == bills[2]["amount"]
        assert [row["settled_at"] is None for row in bills] == [True, True, False]

    in_company(story)


@pytest.mark.parametrize(
    ("by", "outcome", "answer"),
    [
        (MANAGER, "approve", f"{MANAGER} may not decide on this amount; who may: {DIRECTOR}."),
        ("", "approve", "Say who you are: `by` is empty."),
        (DIRECTOR, "perhaps", "Unknown outcome 'perhaps'. One of: approve, reject, ask-again."),
    ],
)
def test_who_may_not_decide_is_refused_and_leaves_no_trace(in_company, by, outcome, answer):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "quote_received")
        await company.act("r-1", "Mei Lin", "signal", "quote_received", Quote("Mei Lin", 200_001))
        await company.until("r-1", "decide")
        handle = company.run("r-1")
        events = len((await handle.fetch_history()).events)

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await handle.execute_update(ServiceRequest.decide, Decision(by, outcome))

        assert refused.value.cause.message == answer
        assert len((await handle.fetch_history()).events) == events

    in_company(story)


def test_a_decision_out_of_turn_is_refused(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "claim")

        with pytest.raises(WorkflowUpdateFailedError) as refused:
            handle = company.run("r-1")
            await handle.execute_update(ServiceRequest.decide, Decision(MANAGER, "approve"))

        assert refused.value.cause.message == "The request is in classification, not in approval."

    in_company(story)


def test_nobody_decides_in_time_so_it_is_escalated_to_a_director(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1", Terms(approval_reminder_seconds=0.2, approval_deadline_seconds=0.4))
        asked = await company.until("r-1", "decide")
        assert asked.assignee == MANAGER
        seen: list[Status] = []

        async def is_escalated() -> bool:
            seen.append(await company.look("r-1"))
            return seen[-1].is_escalated

        await eventually(is_escalated)
        assert (seen[-1].stage, seen[-1].assignee) == (Stage.APPROVAL, DIRECTOR)
        [request] = company.rows(REQUESTS, "r-1")
        assert request["assignee"] == DIRECTOR
        assert request["reminded_at"] is not None
        summaries = await _timer_summaries(company, "r-1")
        assert summaries[-2:] == ["reminder: ask the approver to decide", "deadline: escalate to a director"]

    in_company(story)


def test_nobody_follows_up_so_it_closes_by_itself(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1", Terms(follow_up_deadline_seconds=0.1))
        await company.until("r-1", "settled")
        await company.act("r-1", "Tomasz Nowak", "signal", "settled", {"by": "Tomasz Nowak", "reference": ""})

        assert (await company.result("r-1"))["stage"] == "done"

    in_company(story)


def test_a_customer_cancels_in_mid_stream(in_company):
    async def story(company: Company) -> None:
        await company.ask("r-1")
        await company.until("r-1", "delivered")
        await company.act("r-1", "Abel Moreno", "cancel", "cancel")

        async def is_cancelled() -> bool:
            run = await company.run("r-1").describe()
            return run.status is not None and run.status.name == "CANCELED"

        await eventually(is_cancelled)
        assert company.rows(REQUESTS, "r-1")[0]["status"] == "cancelled"

    in_company(story)


def test_an_outage_of_the_vendor_is_retried_and_heals(in_company):
    async def story(company: Company) -> None:
        trouble.turn(company.database, trouble.VENDOR_OUTAGE, True, by="a test")
        await company.ask("r-1")
        await company.until("r-1", "decide")
        await company.act("r-1", MANAGER, "update", "decide", Decision(MANAGER, "approve"))
        handle = company.run("r-1")

        async def is_retried() -> bool:
            pending = (await handle.describe()).raw_description.pending_activities
            return any(step.activity_type.name == "place_order" and step.attempt > 1 for step in pending)

        await eventually(is_retried)
        trouble.turn(company.database, trouble.VENDOR_OUTAGE, False, by="a test")
        assert (await company.until("r-1", "delivered")).stage is Stage.DELIVERY

    in_company(story)


def test_histories_replay_on_the_code_that_made_them(in_company):
    async def story(company: Company) -> None:
        await company.ask("long", Terms(approval_reminder_seconds=0.1, approval_deadline_seconds=0.2))
        await company.until("long", "decide")
        await company.act("long", DIRECTOR, "update", "decide", Decision(DIRECTOR, "ask-again"))
        await company.until("long", "settled")
        await company.act("long", "Abel Moreno", "signal", "sent_back", Return("Abel Moreno"))
        await company.until("long", "follow_up")
        await company.act("long", "Abel Moreno", "cancel", "cancel")
        history = await company.run("long").fetch_history()

        replayed = await Replayer(workflows=[ServiceRequest]).replay_workflow(history)

        assert replayed.replay_failure is None

    in_company(story)


async def _timer_summaries(company: Company, workflow_id: str) -> list[str]:
    history = await company.run(workflow_id).fetch_history()
    converter = company.client.data_converter.payload_converter
    timers = [event for event in history.events if event.HasField("timer_started_event_attributes")]
    return [converter.from_payload(timer.user_metadata.summary) for timer in timers]
