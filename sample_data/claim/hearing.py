"""What people and other systems may say to a claim, and ask of it: its messages, and who may send them when."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from sample_data.claim import messages
    from sample_data.claim.activities import ClaimDesk
    from sample_data.claim.answers import Answers
    from sample_data.claim.messages import Notice, Progress, Stage
    from sample_data.steps import at_company
    from sample_data.waiting import Waiting

# From here on money is on its way, or the answer is out: it is too late to withdraw.
TOO_LATE = frozenset({Stage.PAYOUT, Stage.FOLLOW_UP, Stage.REFUSAL, Stage.CLOSING})


class Hearing:
    """The listening half of the workflow Claim: a message changes the answers, never the course; that is the run's."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice
        self._progress = notice.progress or Progress(amount_cents=notice.claimed_cents)
        self._stage = Stage.INTAKE
        self._assignee = ""
        self._answers = Answers()
        self._waiting = Waiting(lambda: self._answers.withdrawal is not None, self._progress.waits)

    @workflow.query
    def status(self) -> messages.Status:
        """Where the claim is and what it waits for."""
        signatures = self._answers.signatures
        return messages.Status(
            stage=self._stage,
            waiting_for=self._waiting.message,
            wait=self._waiting.count,
            notice=self._notice,
            amount_cents=self._progress.amount_cents,
            assignee=self._assignee,
            deciders=self._answers.deciders,
            signed_by=signatures[0].by if signatures else "",
            decisions=self._progress.decisions,
            may_withdraw=self._stage not in TOO_LATE,
        )

    @workflow.signal
    def documents_received(self, documents: messages.Documents) -> None:
        """The customer's documents are in."""
        self._answers.documents = documents

    @workflow.update
    def triage(self, routing: messages.Routing) -> str:
        """A clerk says which way the claim goes."""
        self._answers.routing = routing
        return routing.outcome

    @triage.validator
    def _check_routing(self, routing: messages.Routing) -> None:
        self._require(Stage.TRIAGE)
        self._answers.check_routing(routing)

    @workflow.signal
    def estimate_received(self, estimate: messages.Estimate) -> None:
        """The garage says what the repair will cost."""
        self._answers.estimate = estimate

    @workflow.update
    def take_on(self, taking: messages.Taking) -> str:
        """An assessor takes the claim from the pile."""
        self._answers.taken_by = taking.by
        return taking.by

    @take_on.validator
    def _check_taking(self, taking: messages.Taking) -> None:
        self._require(Stage.PILE)
        self._answers.check_taking(taking)

    @workflow.update
    def assess(self, assessment: messages.Assessment) -> str:
        """The assessor who took the claim says what is owed, or what is missing."""
        self._answers.assessment = assessment
        return assessment.outcome

    @assess.validator
    def _check_assessment(self, assessment: messages.Assessment) -> None:
        self._require(Stage.ASSESSMENT)
        self._answers.check_assessment(assessment, self._notice.cover)

    @workflow.update
    def decide(self, decision: messages.Decision) -> str:
        """One who may decide alone approves, declines, or asks again."""
        self._answers.decision = decision
        return decision.outcome

    @decide.validator
    def _check_decision(self, decision: messages.Decision) -> None:
        self._require(Stage.DECISION)
        self._answers.check_decision(decision)

    @workflow.update
    def sign(self, signature: messages.Decision) -> str:
        """One of two signs; the second, senior person's word counts."""
        self._answers.signatures.append(signature)
        return signature.outcome

    @sign.validator
    def _check_signature(self, signature: messages.Decision) -> None:
        self._require(Stage.FOUR_EYES)
        self._answers.check_signature(signature)

    @workflow.signal
    def recovered(self, recovery: messages.Recovery) -> None:
        """Another insurer pays back a part."""
        self._answers.recoveries.append(recovery)

    @workflow.update
    def contest(self, objection: messages.Objection) -> str:
        """The customer does not agree; the claim is assessed and decided anew."""
        self._answers.objection = objection
        return objection.reason

    @contest.validator
    def _check_objection(self, objection: messages.Objection) -> None:
        self._require(Stage.REFUSAL, Stage.FOLLOW_UP)
        self._answers.check_objection(objection)

    @workflow.update
    def withdraw(self, withdrawal: messages.Withdrawal) -> str:
        """The customer withdraws the claim."""
        self._answers.withdrawal = withdrawal
        return withdrawal.reason

    @withdraw.validator
    def _check_withdrawal(self, withdrawal: messages.Withdrawal) -> None:
        if self._stage in TOO_LATE:
            raise ValueError(f"The claim is in {self._stage}: too late to withdraw it.")
        self._answers.check_withdrawal(withdrawal)

    @workflow.signal
    async def remind(self) -> None:
        """Remind whoever it waits for. The company's own timers do this too."""
        what = self._waiting.message or "nothing"
        await at_company(ClaimDesk.remind_of_claim, f"remind {self._assignee or 'all'}", what)

    def _require(self, *stages: Stage) -> None:
        if self._stage not in stages:
            raise ValueError(f"The claim is in {self._stage}, not in {' or '.join(stages)}.")
