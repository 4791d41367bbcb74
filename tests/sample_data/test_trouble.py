"""Every planted trouble on a real Temporal server: it is there in Temporal as what it is, and it heals."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client
from temporalio.worker import Replayer

from sample_data import trouble
from sample_data.claim.bad_release import ClaimWithBug
from sample_data.claim.messages import Decision, Stage
from sample_data.claim.workflow import Claim
from sample_data.on_call import OPERATOR, OnCall
from sample_data.opening import walk_until
from sample_data.queues import ABROAD_QUEUE, CLAIMS_QUEUE
from sample_data.shift import Shift
from sample_data.tables import APPROVALS, CLAIMS
from sample_data.worker import hire
from tests.sample_data.conftest import Claims, Company, eventually

pytestmark = pytest.mark.server


async def described(claims: Claims, workflow_id: str) -> DescribeWorkflowExecutionResponse:
    """What Temporal says of the newest run, in its own words: the SDK has none for what is paused."""
    execution = WorkflowExecution(workflow_id=workflow_id)
    request = DescribeWorkflowExecutionRequest(namespace=claims.client.namespace, execution=execution)
    return await claims.client.workflow_service.describe_workflow_execution(request)


def on_call(company: Company) -> OnCall:
    """The operator, who thinks that time flies: acts at every look."""
    ticks = iter(range(0, 10**9, 1000))
    return OnCall(company.client, company.database, 1.0, lambda: float(next(ticks)), company.prefix)


def test_a_run_is_terminated_by_the_operator_with_a_reason(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1")
        await claims.until("c-1", "triage")

        await on_call(company).look_after(frozenset({trouble.RUN_TERMINATED}))

        history = await claims.run("c-1").fetch_history()
        ended = history.events[-1].workflow_execution_terminated_event_attributes
        assert (ended.identity, ended.reason) == (OPERATOR, "opened twice, says the front desk")

    in_company(story)


def test_a_run_is_reset_to_triage_and_nothing_is_answered_again(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1")
        await claims.until("c-1", "assess")

        await on_call(company).look_after(frozenset({trouble.RUN_RESET}))

        again = await claims.until("c-1", "triage")
        assert again.stage is Stage.TRIAGE
        history = await claims.run("c-1").fetch_history()
        causes = [e.workflow_task_failed_event_attributes.cause for e in history.events if e.event_type == _TURN_FAILED]
        assert len(causes) == 1
        await claims.until("c-1", "decide")

    in_company(story)


def test_a_record_is_closed_while_its_run_goes_on_and_is_opened_again(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        await claims.tell("c-1")
        await claims.until("c-1", "decide")
        operator = on_call(company)
        await operator.look_after(frozenset({trouble.RECORD_CLOSED}))

        assert claims.rows(CLAIMS, "c-1")[0]["status"] == "paid"
        assert (await claims.look("c-1")).waiting_for == "decide"
        await operator.look_after(frozenset())
        assert claims.rows(CLAIMS, "c-1")[0]["status"] == "open"

    in_company(story)


def test_a_step_is_paused_by_the_operator_and_goes_on_when_it_is_over(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        trouble.turn(company.database, trouble.STEP_PAUSED, True, by="a test")
        await claims.tell("c-1", cover="motor", region=trouble.LIMITED_REGION)
        contact, answer = claims.contact, claims.straight_answer
        await walk_until(contact, answer, claims.id("c-1"), lambda status: status.stage is Stage.ESTIMATE)
        operator = on_call(company)

        async def is_paused() -> bool:
            await operator.look_after(frozenset({trouble.STEP_PAUSED}))
            pending = (await described(claims, claims.id("c-1"))).pending_activities
            return any(step.state == PendingActivityState.PENDING_ACTIVITY_STATE_PAUSED for step in pending)

        await eventually(is_paused)
        step = (await described(claims, claims.id("c-1"))).pending_activities[0]
        assert step.activity_type.name == "ask_estimate"
        assert step.pause_info.manual.identity == OPERATOR
        trouble.turn(company.database, trouble.STEP_PAUSED, False, by="a test")
        await operator.look_after(frozenset())
        await claims.until("c-1", "take_on")

    in_company(story)


def test_the_trainee_decides_while_the_authority_table_is_broken(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        trouble.turn(company.database, trouble.NO_AUTHORITY, True, by="a test")
        await claims.tell("c-1", region=trouble.UNGUARDED_REGION)
        asked = await claims.until("c-1", "decide")
        trouble.turn(company.database, trouble.NO_AUTHORITY, False, by="a test")

        assert asked.assignee == "Jonas Weil"
        await claims.act("c-1", "Jonas Weil", "update", "decide", Decision("Jonas Weil", "approve"))
        await eventually(lambda: [row["decided_by"] for row in claims.rows(APPROVALS, "c-1")] == ["Jonas Weil"])

    in_company(story)


def test_the_bug_breaks_storm_claims_only_and_rolled_back_they_go_on(in_company):
    async def story(company: Company) -> None:
        claims = company.claims
        for cover in ("storm", "water"):
            await claims.tell(cover, cover=cover)
            await claims.until(cover, "decide")
        storm, water = [await claims.run(cover).fetch_history() for cover in ("storm", "water")]
        broken, mended = Replayer(workflows=[ClaimWithBug]), Replayer(workflows=[Claim])

        failure = (await broken.replay_workflow(storm, raise_on_replay_failure=False)).replay_failure
        assert "east" in str(failure)
        assert (await broken.replay_workflow(water)).replay_failure is None
        assert (await mended.replay_workflow(storm)).replay_failure is None

    in_company(story)


def test_a_worker_goes_home_and_comes_back_and_a_bad_release_is_rolled_back(in_company):
    """On queues of its own company, whose other workers are not touched: what runs is what the switches say."""

    async def story(company: Company) -> None:
        client = await Client.connect(company.client.service_client.config.target_host)
        with ThreadPoolExecutor(10) as threads:
            stop = asyncio.Event()
            shift = Shift(
                company.database,
                (CLAIMS_QUEUE, ABROAD_QUEUE),
                lambda queue, release: hire(client, company.database, threads, queue, release),
            )
            await shift.begin()
            working = asyncio.create_task(shift.work(stop))
            for name in (trouble.BAD_RELEASE, trouble.NO_WORKER):
                trouble.turn(company.database, name, True, by="a test")
            await eventually(lambda: shift.at_work == {CLAIMS_QUEUE: "broken"})
            for name in (trouble.BAD_RELEASE, trouble.NO_WORKER):
                trouble.turn(company.database, name, False, by="a test")
            await eventually(lambda: shift.at_work == {CLAIMS_QUEUE: "usual", ABROAD_QUEUE: "usual"})
            stop.set()
            await working
            assert shift.at_work == {}

    in_company(story)


_TURN_FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
