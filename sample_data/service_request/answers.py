"""What people and other systems have said about one request, and what they may say.

Workflow state without Temporal: every rule here is plain Python and is tested as such.
"""

from dataclasses import dataclass

from sample_data.rules import require_name, require_one_of
from sample_data.service_request.messages import (
    Approvers,
    Claim,
    Classification,
    Decision,
    Delivery,
    FollowUp,
    Quote,
    Return,
    Settlement,
    Submission,
)

KINDS = ("standard", "special")
DECISIONS = ("approve", "reject", "ask-again")
NOBODY = Approvers(assignee="")


@dataclass
class Answers:
    """The newest answer to each question; None while it is open. Rework asks again, so it clears what it asks."""

    submission: Submission | None = None
    claimed_by: str | None = None
    classification: Classification | None = None
    quote: Quote | None = None
    approvers: Approvers = NOBODY
    decision: Decision | None = None
    delivery: Delivery | None = None
    returned: Return | None = None
    settlement: Settlement | None = None
    follow_up: FollowUp | None = None

    def ask_for_classification(self) -> None:
        """Put the request back on the common pile."""
        self.claimed_by = self.classification = None

    def ask_for_quote(self) -> None:
        """Expect a price; the price of an earlier round is history."""
        self.quote = None

    def ask_for_decision(self) -> None:
        """Open the question "may we spend this?" anew; nobody may answer before the approvers are known."""
        self.decision, self.approvers = None, NOBODY

    def ask_for_delivery(self) -> None:
        """Expect goods; an earlier delivery and its return are history."""
        self.delivery = self.returned = self.settlement = None

    def check_claim(self, claim: Claim) -> None:
        """Raise ValueError when somebody else has the request already, or nobody says who claims it."""
        require_name(claim.by)
        if self.claimed_by not in (None, claim.by):
            raise ValueError(f"{claim.by} cannot claim this request: {self.claimed_by} has it.")

    def check_classification(self, classification: Classification) -> None:
        """Raise ValueError unless the analyst who claimed the request gives one of the known kinds, once."""
        require_one_of(classification.outcome, KINDS)
        if self.claimed_by != classification.by:
            raise ValueError(f"{classification.by} cannot classify: the request is with {self.claimed_by or 'nobody'}.")
        if self.classification is not None:
            raise ValueError(f"{self.classification.by} classified this request already.")

    def check_decision(self, decision: Decision) -> None:
        """Raise ValueError unless one of the approvers gives one of the options, once."""
        require_name(decision.by)
        require_one_of(decision.outcome, DECISIONS)
        if decision.by not in self.approvers.names:
            names = ", ".join(self.approvers.names) or "nobody"
            raise ValueError(f"{decision.by} may not decide on this amount; who may: {names}.")
        if self.decision is not None:
            raise ValueError(f"{self.decision.by} decided already: {self.decision.outcome}.")

    def check_follow_up(self, follow_up: FollowUp) -> None:
        """Raise ValueError when nobody says who asked, or when the follow-up is over."""
        require_name(follow_up.by)
        if self.follow_up is not None:
            raise ValueError("The follow-up is over.")
