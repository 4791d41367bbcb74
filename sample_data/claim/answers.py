"""What people and other systems have said about one claim, and what they may say.

Workflow state without Temporal: every rule here is plain Python and is tested as such.
"""

from dataclasses import dataclass, field

from sample_data.claim.messages import (
    REVIEW,
    Assessment,
    Deciders,
    Decision,
    Documents,
    Estimate,
    Objection,
    Recovery,
    Routing,
    Taking,
    Withdrawal,
)
from sample_data.rules import require_name, require_one_of

ROUTES = ("assess", "goodwill")
FINDINGS = ("assessed", "send-back", "wrong-pile")
DECISIONS = ("approve", "decline", "ask-again")
SIGNATURES = ("approve", "decline")
NOBODY = Deciders(assignee="")


@dataclass
class Answers:
    """The newest answer to each question; None while it is open. Rework asks again, so it clears what it asks."""

    documents: Documents | None = None
    routing: Routing | None = None
    estimate: Estimate | None = None
    taken_by: str | None = None
    assessment: Assessment | None = None
    deciders: Deciders = NOBODY
    decision: Decision | None = None
    signatures: list[Decision] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    objection: Objection | None = None
    withdrawal: Withdrawal | None = None

    def ask_for_documents(self) -> None:
        """Expect documents; those of an earlier round were not enough."""
        self.documents = None

    def ask_for_routing(self) -> None:
        """Open the question "which way?" anew."""
        self.routing = None

    def ask_for_assessment(self) -> None:
        """Put the claim back on the assessors' pile."""
        self.taken_by = self.assessment = None

    def ask_for_decision(self) -> None:
        """Open the question "do we pay?" anew; nobody may answer before it is known who may decide."""
        self.decision, self.deciders, self.objection = None, NOBODY, None
        self.signatures.clear()

    def take_recovered_cents(self) -> int:
        """What came back since it was last asked."""
        cents = sum(recovery.amount_cents for recovery in self.recoveries)
        self.recoveries.clear()
        return cents

    @property
    def first_signature(self) -> Decision | None:
        """The first of two signatures."""
        return self.signatures[0] if self.signatures else None

    @property
    def signed(self) -> Decision | None:
        """The decision that two have signed: the second, senior person's word is the last."""
        return self.signatures[1] if len(self.signatures) == 2 else None

    def check_routing(self, routing: Routing) -> None:
        """Raise ValueError unless somebody gives one of the routes, once."""
        require_name(routing.by)
        require_one_of(routing.outcome, ROUTES)
        if self.routing is not None:
            raise ValueError(f"{self.routing.by} routed this claim already: {self.routing.outcome}.")

    def check_taking(self, taking: Taking) -> None:
        """Raise ValueError when somebody else has the claim already, or nobody says who takes it."""
        require_name(taking.by)
        if self.taken_by not in (None, taking.by):
            raise ValueError(f"{taking.by} cannot take this claim: {self.taken_by} has it.")

    def check_assessment(self, assessment: Assessment, cover: str) -> None:
        """Raise ValueError unless the assessor who took the claim gives a finding, once; an amount if one is owed."""
        require_one_of(assessment.outcome, FINDINGS)
        if self.taken_by != assessment.by:
            raise ValueError(f"{assessment.by} cannot assess: the claim is with {self.taken_by or 'nobody'}.")
        if self.assessment is not None:
            raise ValueError(f"{self.assessment.by} assessed this claim already.")
        if assessment.outcome == "assessed" and assessment.amount_cents is None and cover != REVIEW:
            raise ValueError("Say what is owed: `amount_cents` is missing.")

    def check_decision(self, decision: Decision) -> None:
        """Raise ValueError unless one who may decide gives one of the options, once."""
        self._check_decider(decision, DECISIONS)
        if self.decision is not None:
            raise ValueError(f"{self.decision.by} decided already: {self.decision.outcome}.")

    def check_signature(self, signature: Decision) -> None:
        """Raise ValueError unless one who may sign does; the second must be another person, and senior."""
        self._check_decider(signature, SIGNATURES)
        if self.signed is not None:
            raise ValueError("Two have signed already.")
        if not self.signatures:
            return
        if signature.by == self.signatures[0].by:
            raise ValueError(f"{signature.by} signed already: four eyes are two persons.")
        if signature.by not in self.deciders.seniors:
            raise ValueError(f"{signature.by} is not senior; who is: {', '.join(self.deciders.seniors) or 'nobody'}.")

    def check_objection(self, objection: Objection) -> None:
        """Raise ValueError when nobody says who objects, or somebody did already."""
        require_name(objection.by)
        if self.objection is not None:
            raise ValueError("There is an objection already.")

    def check_withdrawal(self, withdrawal: Withdrawal) -> None:
        """Raise ValueError when nobody says who withdraws, or somebody did already."""
        require_name(withdrawal.by)
        if self.withdrawal is not None:
            raise ValueError("The claim is withdrawn already.")

    def _check_decider(self, decision: Decision, options: tuple[str, ...]) -> None:
        require_name(decision.by)
        require_one_of(decision.outcome, options)
        if decision.by not in self.deciders.names:
            names = ", ".join(self.deciders.names) or "nobody"
            raise ValueError(f"{decision.by} may not decide on this claim; who may: {names}.")
