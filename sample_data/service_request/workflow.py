"""The service request as a workflow: durable, readable from top to bottom, and telling its own story.

* The stage is in the search attribute `Stage`: a list of all requests by stage is one query.
* People decide by update with a validator: a wrong answer is refused at once and leaves no trace.
* The world outside answers by signal; each wait for it has a timer that says what happens when it fires.
* Every message says by whom it is; every activity and timer has a summary that a stranger understands.
"""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from sample_data.search_attributes import PRIORITY, REGION, STAGE
    from sample_data.service_request import messages
    from sample_data.service_request.activities import Books, Desk, VendorSystem
    from sample_data.service_request.answers import Answers
    from sample_data.service_request.messages import Request, Stage
    from sample_data.steps import at_company, at_vendor
    from sample_data.waiting import Promise, Waiting


@workflow.defn
class ServiceRequest:
    """One request of one customer, from the first word to the follow-up."""

    @workflow.init
    def __init__(self, request: Request) -> None:
        self._request = request
        self._stage = Stage.REQUEST
        self._assignee = ""
        self._waiting = Waiting()
        self._answers = Answers()
        self._is_escalated = False
        self._decisions = 0
        self._deliveries = 0

    @workflow.run
    async def run(self, request: Request) -> messages.Closing:
        """Walk the stages; when the customer cancels, tidy up and end as cancelled."""
        try:
            closing = await self._close(await self._walk())
        except (asyncio.CancelledError, ActivityError) as error:
            if is_cancelled_exception(error):
                await self._close(Stage.CANCELLED)
            raise
        return closing

    async def _walk(self) -> Stage:
        await self._take()
        outcome = "ask-again"
        while outcome == "ask-again":
            await self._classify()
            await self._get_quote()
            outcome = await self._decide()
        if outcome == "reject":
            return Stage.REJECTED
        is_paid = False
        while not is_paid:
            await self._deliver()
            is_paid = await self._bill()
        await self._support()
        return Stage.DONE

    # The stages, in the order in which they are drawn.

    async def _take(self) -> None:
        workflow.upsert_search_attributes(
            [REGION.value_set(self._request.region), PRIORITY.value_set(self._request.priority)]
        )
        await self._enter(Stage.REQUEST, self._request.customer_id, "Waiting for the customer to complete the request.")
        await self._waiting.until(
            "submit",
            lambda: self._answers.submission,
            self._reminder(self._request.terms.submit_reminder_seconds, "ask the customer to complete the request"),
        )

    async def _classify(self) -> None:
        self._answers.ask_for_classification()
        await self._enter(Stage.CLASSIFICATION, "", "Waiting for an analyst.")
        self._assignee = await self._waiting.until("claim", lambda: self._answers.claimed_by)
        workflow.set_current_details(f"With {self._assignee}, to be classified.")
        await self._waiting.until("classify", lambda: self._answers.classification)

    async def _get_quote(self) -> None:
        self._answers.ask_for_quote()
        product = self._request.product
        await self._enter(Stage.QUOTE, "vendor", "Waiting for the vendor's price.")
        await at_vendor(VendorSystem.place_quote, f"ask for a price: {product}", product)
        quote = await self._waiting.until(
            "quote_received",
            lambda: self._answers.quote,
            self._reminder(self._request.terms.quote_reminder_seconds, "ask the vendor for the price again"),
        )
        await at_company(Desk.save_quote, "write the price into the request", quote)

    async def _decide(self) -> str:
        self._answers.ask_for_decision()
        self._is_escalated = False
        await self._enter(Stage.APPROVAL, "", "Waiting for a decision to spend.")
        approvers = await at_company(Desk.assign_approver, "find who may decide on this amount")
        self._answers.approvers, self._assignee = approvers, approvers.assignee
        terms = self._request.terms
        decision = await self._waiting.until(
            "decide",
            lambda: self._answers.decision,
            self._reminder(terms.approval_reminder_seconds, "ask the approver to decide"),
            Promise(terms.approval_deadline_seconds, "deadline: escalate to a director", self._escalate),
        )
        self._decisions += 1
        await at_company(Desk.record_decision, f"write the decision: {decision.outcome}", decision, self._decisions)
        return decision.outcome

    async def _deliver(self) -> None:
        self._answers.ask_for_delivery()
        self._deliveries += 1
        await self._enter(Stage.DELIVERY, "vendor", "Waiting for the vendor to deliver.")
        order = messages.Order(self._deliveries, self._request.product, self._request.region)
        await at_vendor(VendorSystem.place_order, f"order: {order.product}", order)
        await self._waiting.until(
            "delivered",
            lambda: self._answers.delivery,
            self._reminder(self._request.terms.delivery_reminder_seconds, "ask the vendor where the goods are"),
        )
        await at_vendor(VendorSystem.confirm_delivery, "confirm the delivery to the vendor", order)

    async def _bill(self) -> bool:
        """Bill the delivery; False when the customer sent the goods back instead of paying."""
        await self._enter(Stage.BILLING, "finance", "Waiting for the money.")
        await at_company(Books.post_bill, "post the bill to the ledger", self._deliveries)
        answer = await self._waiting.until(
            "settled",
            lambda: self._answers.settlement or self._answers.returned,
            self._reminder(self._request.terms.settlement_reminder_seconds, "ask finance to look for the money"),
        )
        if isinstance(answer, messages.Return):
            await at_company(Books.reverse_bill, "take the bill back: the goods were returned", self._deliveries)
            return False
        await at_company(Books.confirm_settlement, "confirm the settlement", self._deliveries)
        return True

    async def _support(self) -> None:
        await self._enter(Stage.SUPPORT, "support", "Waiting for support to ask the customer how it went.")
        seconds = self._request.terms.follow_up_deadline_seconds
        await self._waiting.until(
            "follow_up",
            lambda: self._answers.follow_up,
            Promise(seconds, "deadline: close without an answer", self._give_up_follow_up),
        )

    async def _close(self, stage: Stage) -> messages.Closing:
        await self._enter(stage, "", "Closed.")
        await workflow.wait_condition(workflow.all_handlers_finished)
        quote = self._answers.quote
        return messages.Closing(stage, quote.amount_cents if quote else None)

    # What several stages do.

    async def _enter(self, stage: Stage, assignee: str, details: str) -> None:
        self._stage, self._assignee = stage, assignee
        workflow.upsert_search_attributes([STAGE.value_set(stage)])
        workflow.set_current_details(details)
        await at_company(Desk.save_status, f"write the status: {stage}", self._request, stage, assignee)

    def _reminder(self, after_seconds: float, what: str) -> Promise:
        return Promise(after_seconds, f"reminder: {what}", self.remind)

    async def _escalate(self) -> None:
        self._assignee = await at_company(Desk.escalate, "put the decision on a director's desk")
        self._is_escalated = True

    async def _give_up_follow_up(self) -> None:
        self._answers.follow_up = messages.FollowUp(by="", outcome="no-answer")

    # What people and other systems may say, and ask.

    @workflow.query
    def status(self) -> messages.Status:
        """Where the request is and what it waits for."""
        quote = self._answers.quote
        return messages.Status(
            stage=self._stage,
            waiting_for=self._waiting.message,
            wait=self._waiting.count,
            request=self._request,
            amount_cents=quote.amount_cents if quote else self._request.budget_cents,
            assignee=self._assignee,
            approvers=self._answers.approvers,
            is_escalated=self._is_escalated,
        )

    @workflow.signal
    def submit(self, submission: messages.Submission) -> None:
        """The customer says that the request is complete."""
        self._answers.submission = submission

    @workflow.update
    def claim(self, claim: messages.Claim) -> str:
        """An analyst takes the request from the common pile."""
        self._answers.claimed_by = claim.by
        return claim.by

    @claim.validator
    def _check_claim(self, claim: messages.Claim) -> None:
        self._require(Stage.CLASSIFICATION)
        self._answers.check_claim(claim)

    @workflow.update
    def classify(self, classification: messages.Classification) -> str:
        """The analyst who claimed the request says what kind of work it is."""
        self._answers.classification = classification
        return classification.outcome

    @classify.validator
    def _check_classification(self, classification: messages.Classification) -> None:
        self._require(Stage.CLASSIFICATION)
        self._answers.check_classification(classification)

    @workflow.signal
    def quote_received(self, quote: messages.Quote) -> None:
        """The vendor names a price."""
        self._answers.quote = quote

    @workflow.update
    def decide(self, decision: messages.Decision) -> str:
        """One who has the authority approves, rejects, or asks again."""
        self._answers.decision = decision
        return decision.outcome

    @decide.validator
    def _check_decision(self, decision: messages.Decision) -> None:
        self._require(Stage.APPROVAL)
        self._answers.check_decision(decision)

    @workflow.signal
    def delivered(self, delivery: messages.Delivery) -> None:
        """The vendor says that the goods are with the customer."""
        self._answers.delivery = delivery

    @workflow.signal
    def sent_back(self, returned: messages.Return) -> None:
        """The customer sends the goods back before the bill is settled."""
        self._answers.returned = returned

    @workflow.signal
    def settled(self, settlement: messages.Settlement) -> None:
        """Finance sees the money."""
        self._answers.settlement = settlement

    @workflow.update
    def follow_up(self, follow_up: messages.FollowUp) -> str:
        """Support asked the customer how it went."""
        self._answers.follow_up = follow_up
        return follow_up.outcome

    @follow_up.validator
    def _check_follow_up(self, follow_up: messages.FollowUp) -> None:
        self._require(Stage.SUPPORT)
        self._answers.check_follow_up(follow_up)

    @workflow.signal
    async def remind(self) -> None:
        """Remind whoever it waits for. The company's own timers do this too."""
        await at_company(Desk.send_reminder, f"remind {self._assignee or 'all'}", self._waiting.message or "nothing")

    def _require(self, stage: Stage) -> None:
        if self._stage is not stage:
            raise ValueError(f"The request is in {self._stage}, not in {stage}.")
