"""A release of the claims workflow with a bug in it: what the worker runs while that trouble is on."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from sample_data.claim.messages import Closing, Notice
    from sample_data.claim.workflow import Claim

BROKEN_COVER = "storm"
FLOOD_ZONES = {"coast": 3, "river": 2}


@workflow.defn(name="Claim")
class ClaimWithBug(Claim):
    """As Claim, but the fraud check wants to know a flood zone, and no region has one: no storm claim gets past it."""

    @workflow.init
    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)

    @workflow.run
    async def run(self, notice: Notice) -> Closing:
        """As Claim."""
        return await super().run(notice)

    async def _check_fraud(self) -> None:
        if self._notice.cover == BROKEN_COVER:
            self._zone = FLOOD_ZONES[self._notice.region]  # The bug: a KeyError, which fails the worker turn.
        await super()._check_fraud()
