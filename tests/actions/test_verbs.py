"""Every verb, really done: the journal, and what Temporal says afterwards, compared."""

import json

import pytest

from actions.order import Order, order_of
from tests.actions.conftest import ANNA, STREAM, attempts, particulars

pytestmark = pytest.mark.server


def test_a_signal_arrives_once_with_its_sender_and_arguments(in_yard):
    async def story(yard):
        name = await yard.start("waits", [["wait", "go"]])
        await yard.is_idle(name)
        plan = await yard.plan(Order(verb="signal", name="tell", arguments=({"word": "go"},)), name)

        (sent,) = await yard.send(plan, reason="the bank is back")

        assert plan.lines[0].does == ("Receives the signal tell with 1 argument. Nothing is lost.",)
        assert sent.outcome == "accepted"
        (event,) = await yard.events(name, 26)
        told = event.workflow_execution_signaled_event_attributes
        planned, requested, accepted = yard.records()[:3]
        assert (told.signal_name, told.identity) == ("tell", "streamgauge:anna")
        assert json.loads(told.input.payloads[0].data) == {"word": "go"}
        assert told.request_id == requested.request_id
        assert (planned.state, requested.state, accepted.state) == ("planned", "requested", "accepted")
        assert (accepted.actor, accepted.role, accepted.reason) == ("anna", "operator", "the bank is back")
        assert particulars(accepted)["name"] == "tell"
        assert await yard.client.get_workflow_handle(name).result() == "the end"

    in_yard(story)


def test_a_step_that_failed_begins_again_at_attempt_one(in_yard):
    async def story(yard):
        name = await yard.start("refused", [["refuse", "anna"]])
        await yard.waits_for(name, attempts(5))
        plan = await yard.plan(order_of(STREAM, "retry-now"), name)
        before = plan.lines[0].seen.pending[0].attempt

        (sent,) = await yard.send(plan)

        assert sent.outcome == "accepted"
        assert plan.title == "Retry now"
        assert "calls Fate again" in plan.lines[0].does[0]
        (pending,) = (await yard.describe(name)).pending_activities
        assert pending.attempt < before
        assert yard.states() == ["planned", "requested", "accepted"]
        assert yard.records()[1].nudge == "retry-now"

    in_yard(story)


def test_a_step_that_waits_for_its_first_worker_gains_nothing(in_yard):
    async def story(yard):
        name = await yard.start("lonely", [["lonely", f"{yard.queue}-nobody"]])
        await yard.waits_for(name, lambda told: told.pending_activities)
        plan = await yard.plan(Order(verb="reset_activity"), name)

        assert plan.lines[0].why_not == "greet has not failed; its first attempt waits for a worker."
        assert await yard.send(plan) and yard.states() == ["skipped"]
        assert ANNA.identity == "streamgauge:anna"

    in_yard(story)
