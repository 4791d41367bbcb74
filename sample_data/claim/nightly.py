"""The regulator's nightly run: picks customers whose cases must be looked at, and begins a review for each."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from sample_data.claim.activities import ClaimDesk
    from sample_data.claim.messages import Notice, Terms
    from sample_data.claim.workflow import Claim
    from sample_data.search_attributes import REGION


@workflow.defn
class NightlyReview:
    """One night. A schedule starts it; what it begins are claims of their own, which outlive it."""

    @workflow.run
    async def run(self, terms: Terms) -> int:
        """Begin the reviews. Returns how many."""
        notices = await workflow.execute_activity_method(
            ClaimDesk.pick_for_review,
            workflow.info().start_time.toordinal(),
            summary="pick the customers whose cases the regulator wants to see",
            start_to_close_timeout=timedelta(seconds=10),
        )
        for number, notice in enumerate(notices):
            await self._begin(number, notice, terms)
        return len(notices)

    async def _begin(self, number: int, notice: Notice, terms: Terms) -> None:
        await workflow.start_child_workflow(
            Claim.run,
            Notice(notice.customer_id, notice.cover, notice.region, terms=terms),
            id=f"{workflow.info().workflow_id}/review-{number}",
            parent_close_policy=workflow.ParentClosePolicy.ABANDON,
            memo={"channel": "regulator"},
            search_attributes=TypedSearchAttributes([SearchAttributePair(REGION, notice.region)]),
            static_summary=f"review of {notice.customer_id}, asked for by the regulator",
        )
