"""Every verb, really done: the journal, and what Temporal says afterwards, compared."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import PauseActivityRequest

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


def test_an_update_is_answered_once_and_a_refusal_is_said(in_yard):
    async def story(yard):
        name = await yard.start("waits", [["wait", "go"]])
        await yard.is_idle(name)
        ask = Order(verb="update", name="decide", arguments=({"word": "no"},))
        (answered,) = await yard.do(ask, name)
        (refused,) = await yard.do(Order(verb="update", name="nonsense"), name)

        (event,) = await yard.events(name, 41)
        told = event.workflow_execution_update_accepted_event_attributes.accepted_request
        assert answered.outcome == "accepted"
        assert (told.meta.identity, told.input.name) == ("streamgauge:anna", "decide")
        assert told.meta.update_id == next(each.request_id for each in yard.records() if each.state == "requested")
        assert refused.outcome == "refused" and "nonsense" in refused.words

    in_yard(story)


def test_a_run_is_held_let_go_on_asked_to_end_and_ended(in_yard):
    async def story(yard):
        held, other = await yard.start("held", [["wait", "go"]]), await yard.start("other", [["wait", "go"]])
        await yard.is_idle(held, other)
        (paused,) = await yard.do(Order(verb="pause"), held)
        told = await yard.plan(Order(verb="unpause"), held, other)
        states = [(await yard.describe(held)).workflow_execution_info.status]
        let_go = await yard.send(told)
        await yard.is_idle(held, other)  # What is let go takes a turn, and while it does it is not what was planned.
        (asked,) = await yard.do(Order(verb="cancel"), held)
        (ended,) = await yard.do(Order(verb="terminate"), other)

        assert paused.outcome == asked.outcome == ended.outcome == "accepted"
        assert states == [8]
        assert [line.why_not for line in told.lines] == [None, "It is not paused."]
        assert "anna" in told.lines[0].does[0] and "a test" in told.lines[0].does[0]
        assert sorted(sent.outcome for sent in let_go) == ["accepted", "skipped"]
        for kind, field in ((58, "paused"), (59, "unpaused"), (20, "cancel_requested")):
            (event,) = await yard.events(held, kind)
            assert getattr(event, f"workflow_execution_{field}_event_attributes").identity == "streamgauge:anna"
        (event,) = await yard.events(other, 27)
        assert event.workflow_execution_terminated_event_attributes.reason == "a test"

    in_yard(story)


def test_a_paused_step_goes_on_and_takes_new_options(in_yard):
    async def story(yard):
        name = await yard.start("lonely", [["lonely", f"{yard.queue}-nobody"]])
        await yard.waits_for(name, lambda told: told.pending_activities)
        await yard.client.workflow_service.pause_activity(
            PauseActivityRequest(namespace="default", execution=execution(name), identity="bob", type="greet")
        )
        plan = await yard.plan(Order(verb="unpause_activity"), name)
        (let_go,) = await yard.send(plan)
        (after_pause,) = (await yard.describe(name)).pending_activities
        change = Order(verb="activity_options", queue=yard.queue, attempts=4, start_to_close_seconds=33)
        (changed,) = await yard.do(change, name)

        assert plan.lines[0].does == ("greet, which bob paused goes on. Nothing is lost.",)
        assert let_go.outcome == changed.outcome == "accepted"
        assert not after_pause.paused
        # The queue that it was moved to has a worker.
        assert await yard.client.get_workflow_handle(name).result() == "the end"
        assert yard.records()[-1].state == "ended"

    in_yard(story)


def test_a_reset_goes_back_and_says_what_is_called_and_applied_again(in_yard):
    async def story(yard):
        name = await yard.start("reset", [["greet", "ada"], ["wait", "one"], ["greet", "bob"], ["wait", "two"]])
        await yard.waits_for(name, lambda told: told.workflow_execution_info.history_length >= 10)
        await yard.is_idle(name)
        await yard.client.get_workflow_handle(name).signal("tell", {"word": "one"})
        await yard.waits_for(name, lambda told: told.workflow_execution_info.history_length >= 20)
        await yard.is_idle(name)
        plan = await yard.plan(Order(verb="reset", point="before_activity", activity="greet"), name)
        first = await yard.plan(Order(verb="reset", point="first_task", leave_out=("signals",)), name)
        (sent,) = await yard.send(plan)
        (again,) = await yard.send(plan)
        (late,) = await yard.send(first)

        told = await yard.describe(name)
        assert sent.outcome == "accepted"
        assert sent.new_run_id == told.workflow_execution_info.execution.run_id
        assert "May do again: greet." in plan.lines[0].does
        assert "Forgets the signals received since: tell." in first.lines[0].does
        assert "May do again: greet 2 times." in first.lines[0].does
        assert again.words == "This plan has settled it already: accepted."
        assert late.words == "anna did this to it since the plan was made."
        assert yard.records()[2].new_run_id == sent.new_run_id
        # One reset, not two: the run before the newest is the one that the plan was made on.
        base = (await yard.events(name, 9))[-1].workflow_task_failed_event_attributes.base_run_id
        assert base == yard.started[name]

    in_yard(story)


def test_what_ended_badly_is_started_again_with_its_input_untouched(in_yard):
    async def story(yard):
        name = await yard.start("failed", [["fail", "no money"]], memo={"channel": "web"})
        await yard.waits_for(name, lambda told: told.workflow_execution_info.HasField("close_time"))
        then = (await yard.events(name))[0].workflow_execution_started_event_attributes
        plan = await yard.plan(Order(verb="start_again"), name)
        (sent,) = await yard.send(plan)
        await yard.waits_for(name, lambda told: told.workflow_execution_info.execution.run_id == sent.new_run_id)

        now = (await yard.events(name, run_id=sent.new_run_id))[0].workflow_execution_started_event_attributes
        assert now.input == then.input
        assert now.memo == then.memo
        assert now.identity == "streamgauge:anna"
        assert yard.states() == ["planned", "requested", "accepted"]

    in_yard(story)


def test_a_verb_that_cannot_help_says_why(in_yard):
    async def story(yard):
        name = await yard.start("waits", [["wait", "go"]])
        await yard.is_idle(name)
        said = {}
        for order in (
            Order(verb="reset_activity"),
            Order(verb="unpause_activity", activity="pay"),
            Order(verb="activity_options", attempts=1),
            Order(verb="auto_upgrade"),
            Order(verb="start_again"),
            Order(verb="reset", point="before_activity", activity="pay"),
            Order(verb="reset", point="at", at=datetime.now(UTC) + timedelta(hours=1)),
        ):
            said[order.verb, order.point] = (await yard.plan(order, name)).lines[0].why_not

        assert list(said.values()) == [
            "No activity is pending.",
            "No activity pay is paused.",
            "No activity is pending.",
            "It is not pinned to a version.",
            "It is open: end it first, or reset it.",
            "It never came to an activity pay.",
            "Nothing has happened in it since that instant.",
        ]

    in_yard(story)


def execution(workflow_id):
    return WorkflowExecution(workflow_id=workflow_id)
