"""Starting a claim, in the name of whoever tells of it; and the schedule that begins some every night."""

from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
)
from temporalio.common import SearchAttributePair, TypedSearchAttributes

from sample_data.claim.behaviour import Arrival
from sample_data.claim.messages import Terms
from sample_data.claim.nightly import NightlyReview
from sample_data.claim.workflow import Claim
from sample_data.queues import CLAIMS_QUEUE
from sample_data.search_attributes import REGION

NIGHTLY = "claims-nightly-review"
A_DAY_SECONDS = 24 * 60  # A minute stands for an hour.


async def start_claim(client: Client, workflow_id: str, arrival: Arrival, terms: Terms) -> None:
    """Start a claim; its id is the business key. Raises RPCError; WorkflowAlreadyStartedError for a known id."""
    notice = replace(arrival.notice, terms=terms)
    await client.start_workflow(
        Claim.run,
        notice,
        id=workflow_id,
        task_queue=CLAIMS_QUEUE,
        memo={"channel": arrival.channel},
        search_attributes=TypedSearchAttributes([SearchAttributePair(REGION, notice.region)]),
        static_summary=f"{notice.cover} claim of {notice.customer_id}",
        rpc_timeout=timedelta(seconds=10),
    )


async def schedule_nights(client: Client, speed: float, terms: Terms) -> None:
    """Have Temporal begin the regulator's reviews every night, and once now. One that is there already stays.

    Raises RPCError.
    """
    action = ScheduleActionStartWorkflow(
        NightlyReview.run,
        terms,
        id="nightly-review",
        task_queue=CLAIMS_QUEUE,
        static_summary="the regulator's nightly run",
    )
    spec = ScheduleSpec(intervals=[ScheduleIntervalSpec(every=timedelta(seconds=A_DAY_SECONDS / speed))])
    policy = SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP)
    try:
        await client.create_schedule(
            NIGHTLY, Schedule(action=action, spec=spec, policy=policy), trigger_immediately=True
        )
    except ScheduleAlreadyRunningError:
        return
