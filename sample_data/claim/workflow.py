"""The claim as a workflow: no search attribute says where it is, the events that it leaves do.

* Each stage begins with something that happens anyway: an activity, a message, a timer, a child (see the stream file).
* A small claim is decided by one person; above a limit two must sign, the second of them senior.
* The payout is a child workflow: it has its own queue, its own trouble, and its own history.
* The follow-up may take long: it continues as new, and carries what it knows in `Progress`.
"""

import asyncio
from dataclasses import replace

from temporalio import workflow
from temporalio.exceptions import ActivityError, ChildWorkflowError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from sample_data.claim import messages
    from sample_data.claim.activities import ClaimDesk, FraudRules, Garage, Ledger
    from sample_data.claim.hearing import Hearing
    from sample_data.claim.messages import ADJUSTER_LIMIT_CENTS, Notice, Stage
    from sample_data.claim.payout import Payout
    from sample_data.steps import at_company, at_vendor
    from sample_data.waiting import GivenUp, Promise

WITH_ESTIMATE = "motor"
NEXT_CHECK = "until the next check of the claim"
CHECKS_IN_ONE_RUN = 2


@workflow.defn
class Claim(Hearing):
    """One claim, from the first notice until nobody owes anybody anything."""

    @workflow.init
    def __init__(self, notice: Notice) -> None:
        super().__init__(notice)
        self._is_underway = notice.progress is not None
        self._is_time_up = False
        self._fraud = messages.FraudScore("clear", 0)

    @workflow.run
    async def run(self, notice: Notice) -> messages.Closing:
        """Walk the stages. Withdrawn, it ends as such; cancelled, it tidies up first."""
        try:
            closing = await self._close(await self._walk())
        except GivenUp:
            closing = await self._close("withdrawn")
        except (asyncio.CancelledError, ActivityError, ChildWorkflowError) as error:
            if is_cancelled_exception(error):
                await self._close("cancelled")
            raise
        return closing

    async def _walk(self) -> str:
        outcome = "approve" if self._is_underway else await self._settle(await self._prepare(is_new=True))
        while await self._is_objected_to(outcome):
            outcome = await self._settle("assess")
        return "paid" if outcome == "approve" else "declined"

    async def _prepare(self, is_new: bool) -> str:
        """Register, have the documents, and find the way that the claim goes from here."""
        if is_new:
            await at_company(ClaimDesk.register_claim, "register the claim, ask for documents", self._notice)
        else:
            await at_company(ClaimDesk.ask_for_missing, "ask the customer for what is missing")
        await self._get_documents()
        return await self._triage()

    async def _settle(self, route: str) -> str:
        """Assess, check and decide, again and again until there is a decision: `approve` or `decline`."""
        while True:
            if route == "assess" and (finding := await self._assess()) != "assessed":
                route = await (self._triage() if finding == "wrong-pile" else self._prepare(is_new=False))
                continue
            if route != "goodwill":
                await self._check_fraud()
            outcome = await self._decide()
            if outcome != "ask-again":
                return outcome
            route = "assess"

    async def _is_objected_to(self, outcome: str) -> bool:
        """Act on the decision, and give the customer time to object to it."""
        if outcome == "decline":
            return await self._refuse()
        if not self._is_underway and self._progress.amount_cents:
            await self._pay()
        self._is_underway = False
        return bool(self._progress.amount_cents) and await self._follow_up()

    # The stages, in the order in which they are drawn.

    async def _get_documents(self) -> None:
        self._answers.ask_for_documents()
        self._enter(Stage.DOCUMENTS, self._notice.customer_id, "Waiting for the customer's documents.")
        seconds = self._notice.terms.documents_reminder_seconds
        await self._waiting.until(
            "documents_received",
            lambda: self._answers.documents,
            self._reminder(seconds, "ask the customer for the documents"),
        )

    async def _triage(self) -> str:
        self._answers.ask_for_routing()
        self._enter(Stage.TRIAGE, "", "Waiting for a clerk to say which way it goes.")
        routing = await self._waiting.until("triage", lambda: self._answers.routing)
        return routing.outcome

    async def _assess(self) -> str:
        self._answers.ask_for_assessment()
        if self._notice.cover == WITH_ESTIMATE and self._answers.estimate is None:
            await self._get_estimate()
        self._enter(Stage.PILE, "", "On the pile: waiting for an assessor to take it.")
        self._assignee = await self._waiting.until("take_on", lambda: self._answers.taken_by)
        self._enter(Stage.ASSESSMENT, self._assignee, f"With {self._assignee}, to be assessed.")
        await at_company(ClaimDesk.put_on_desk, f"put the claim on the desk of {self._assignee}", self._assignee)
        assessment = await self._waiting.until("assess", lambda: self._answers.assessment)
        if assessment.outcome == "assessed":
            self._progress = replace(self._progress, amount_cents=assessment.amount_cents)
            await at_company(ClaimDesk.save_assessment, "write what is owed into the claim", assessment)
        return assessment.outcome

    async def _get_estimate(self) -> None:
        self._enter(Stage.ESTIMATE, "garage", "Waiting for the garage's estimate.")
        await at_vendor(Garage.ask_estimate, "ask the garage what the repair will cost", self._notice)
        seconds = self._notice.terms.estimate_reminder_seconds
        estimate = await self._waiting.until(
            "estimate_received", lambda: self._answers.estimate, self._reminder(seconds, "ask the garage again")
        )
        await at_company(ClaimDesk.save_estimate, "write the estimate into the claim", estimate)

    async def _check_fraud(self) -> None:
        self._enter(Stage.FRAUD_CHECK, "rules", "The rules look for signs of fraud.")
        self._fraud = await at_company(
            FraudRules.score_fraud, "look for signs of fraud", self._notice, self._progress.amount_cents
        )

    async def _decide(self) -> str:
        """One person's decision, or two signatures where it is much money or looks odd."""
        self._answers.ask_for_decision()
        is_much = (self._progress.amount_cents or 0) > ADJUSTER_LIMIT_CENTS
        decision = await (
            self._have_signed() if is_much or self._fraud.outcome == "suspicious" else self._have_decided()
        )
        self._progress = replace(self._progress, decisions=self._progress.decisions + 1)
        number = self._progress.decisions
        await at_company(ClaimDesk.write_decision, f"write the decision: {decision.outcome}", decision, number)
        return decision.outcome

    async def _have_decided(self) -> messages.Decision:
        self._enter(Stage.DECISION, "", "Waiting for a decision to pay.")
        deciders = await at_company(ClaimDesk.find_deciders, "find who may decide on this amount")
        self._answers.deciders, self._assignee = deciders, deciders.assignee
        return await self._waiting.until("decide", lambda: self._answers.decision, *self._decision_promises())

    async def _have_signed(self) -> messages.Decision:
        self._enter(Stage.FOUR_EYES, "", "Waiting for two signatures, one of them senior.")
        deciders = await at_company(ClaimDesk.find_signatories, "find which two may sign")
        self._answers.deciders, self._assignee = deciders, deciders.assignee
        first = await self._waiting.until("sign", lambda: self._answers.first_signature, *self._decision_promises())
        self._assignee = next((name for name in deciders.seniors if name != first.by), self._assignee)
        workflow.set_current_details(f"{first.by} signed ({first.outcome}); waiting for a second, senior signature.")
        return await self._waiting.until("sign", lambda: self._answers.signed)

    async def _pay(self) -> None:
        self._progress = replace(self._progress, payouts=self._progress.payouts + 1)
        self._enter(Stage.PAYOUT, "finance", "The money is on its way.")
        claim_id, number = workflow.info().workflow_id, self._progress.payouts
        order = messages.PayoutOrder(
            claim_id,
            number,
            self._progress.amount_cents or 0,
            self._notice.region,
            self._notice.terms.value_date_seconds,
        )
        await workflow.execute_child_workflow(
            Payout.run, order, id=f"{claim_id}/payout-{number}", static_summary=f"payout {number} of {claim_id}"
        )

    async def _follow_up(self) -> bool:
        """Look at the claim now and then until all is settled; True as soon as the customer objects."""
        self._enter(Stage.FOLLOW_UP, "support", "Paid; looked at until all instalments are in.")
        while self._progress.checks <= self._notice.instalments:
            if await self._objects_within(self._notice.terms.check_seconds, NEXT_CHECK):
                return True
            await self._check()
        return False

    async def _check(self) -> None:
        recovered = self._progress.recovered_cents + self._answers.take_recovered_cents()
        self._progress = replace(self._progress, checks=self._progress.checks + 1, recovered_cents=recovered)
        await at_company(Ledger.book_recovered, "book what the other insurer has paid back", recovered)
        if self._progress.checks <= self._notice.instalments and self._progress.checks % CHECKS_IN_ONE_RUN == 0:
            await workflow.wait_condition(workflow.all_handlers_finished)
            self._progress = replace(self._progress, waits=self._waiting.count)
            workflow.continue_as_new(replace(self._notice, progress=self._progress))

    async def _refuse(self) -> bool:
        """Tell the customer why not; True when the customer objects in time."""
        self._enter(Stage.REFUSAL, "support", "Declined; the customer may object for a while.")
        await at_company(ClaimDesk.send_refusal, "write to the customer that the claim is declined")
        return await self._objects_within(self._notice.terms.objection_seconds, "until the decision is final")

    async def _close(self, outcome: str) -> messages.Closing:
        self._enter(Stage.CLOSING, "", f"Closed: {outcome}.")
        await at_company(ClaimDesk.close_claim, f"close the claim: {outcome}", outcome)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return messages.Closing(outcome, self._progress.amount_cents, self._progress.recovered_cents)

    # What several stages do.

    def _enter(self, stage: Stage, assignee: str, details: str) -> None:
        self._stage, self._assignee = stage, assignee
        workflow.set_current_details(details)

    async def _objects_within(self, seconds: float, summary: str) -> bool:
        self._is_time_up = False
        await self._waiting.until(
            "contest",
            lambda: self._answers.objection is not None or self._is_time_up or None,
            Promise(seconds, summary, self._let_time_be_up),
        )
        return self._answers.objection is not None

    async def _let_time_be_up(self) -> None:
        self._is_time_up = True

    def _reminder(self, after_seconds: float, what: str) -> Promise:
        return Promise(after_seconds, f"reminder: {what}", self.remind)

    def _decision_promises(self) -> tuple[Promise, Promise]:
        terms = self._notice.terms
        reminder = self._reminder(terms.decision_reminder_seconds, "ask for the decision")
        return reminder, Promise(terms.decision_deadline_seconds, "deadline: escalate the decision", self._escalate)

    async def _escalate(self) -> None:
        self._assignee = await at_company(ClaimDesk.escalate_claim, "put the decision on a senior adjuster's desk")
