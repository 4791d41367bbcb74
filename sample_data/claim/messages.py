"""What goes in and out of a claim. Plain data, shared by the workflows, their activities and their callers.

Money is integer cents: exact, and the same in every language. Every message says `by` whom it is.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sample_data.patience import Patience

REVIEW = "review"  # What the regulator's run begins: a look at how a case was handled. Nothing is owed, so no value.
ADJUSTER_LIMIT_CENTS = 500_000  # Above it, and for whatever looks odd, a second, senior person must sign, too.


class Stage(StrEnum):
    """Where a claim is, for people and validators. It is in no search attribute: Streamgauge tells it from events."""

    INTAKE = "intake"
    DOCUMENTS = "documents"
    TRIAGE = "triage"
    ESTIMATE = "estimate"
    PILE = "pile"
    ASSESSMENT = "assessment"
    FRAUD_CHECK = "fraud-check"
    DECISION = "decision"
    FOUR_EYES = "four-eyes"
    PAYOUT = "payout"
    FOLLOW_UP = "follow-up"
    REFUSAL = "refusal"
    CLOSING = "closing"


@dataclass(frozen=True)
class Terms(Patience):
    """How long the company waits before it reminds, escalates or looks again: part of the claim, so of its history."""

    documents_reminder_seconds: float = 90
    estimate_reminder_seconds: float = 150
    decision_reminder_seconds: float = 90
    decision_deadline_seconds: float = 180
    value_date_seconds: float = 15
    check_seconds: float = 40
    objection_seconds: float = 45


@dataclass(frozen=True)
class Progress:
    """What a follow-up carries from run to run when it continues as new. It has nothing yet in the first run."""

    amount_cents: int | None = None
    waits: int = 0
    decisions: int = 0
    payouts: int = 0
    checks: int = 0
    recovered_cents: int = 0


@dataclass(frozen=True)
class Notice:
    """What happened, as first told: the input of the workflow.

    `claimed_cents` is None when nobody can say yet, or when nothing is owed (a review). Another insurer pays back its
    part in `instalments`: the claim is followed up for as long. A run that continues another one has its `progress`.
    One input with everything in it: fields may be added later without breaking the runs that are open.
    """

    customer_id: str = ""
    cover: str = "water"
    region: str = "north"
    claimed_cents: int | None = None
    instalments: int = 0
    terms: Terms = field(default_factory=Terms)
    progress: Progress | None = None


@dataclass(frozen=True)
class Documents:
    """What the customer sends in."""

    by: str
    pages: int = 1


@dataclass(frozen=True)
class Routing:
    """The clerk's answer to "which way?": `assess`, or `goodwill` (small, paid without an assessment)."""

    by: str
    outcome: str


@dataclass(frozen=True)
class Estimate:
    """What the garage says that the repair will cost."""

    by: str
    amount_cents: int


@dataclass(frozen=True)
class Taking:
    """An assessor takes the claim from the pile."""

    by: str


@dataclass(frozen=True)
class Assessment:
    """The assessor's finding: `assessed` with the amount owed, `send-back` or `wrong-pile`."""

    by: str
    outcome: str
    amount_cents: int | None = None
    note: str = ""


@dataclass(frozen=True)
class FraudScore:
    """The rules' finding: `clear` or `suspicious`, and which rule said so."""

    outcome: str
    score: int
    rule: str = ""


@dataclass(frozen=True)
class Decision:
    """A person's answer to "do we pay?": `approve`, `decline`, or, where one alone decides, `ask-again`."""

    by: str
    outcome: str
    note: str = ""


@dataclass(frozen=True)
class Deciders:
    """Who may decide, on whose desk it is, and who of them is senior."""

    assignee: str
    names: tuple[str, ...] = ()
    seniors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recovery:
    """The other insurer pays back a part."""

    by: str
    amount_cents: int


@dataclass(frozen=True)
class Objection:
    """The customer does not agree: the claim is assessed and decided anew."""

    by: str
    reason: str = ""


@dataclass(frozen=True)
class Withdrawal:
    """The customer withdraws the claim."""

    by: str
    reason: str = ""


@dataclass(frozen=True)
class PayoutOrder:
    """What the child workflow Payout is asked to do. `number` counts the payouts of one claim."""

    claim_id: str
    number: int
    amount_cents: int
    region: str
    value_date_seconds: float


@dataclass(frozen=True)
class Status:
    """The answer to the query `status`: where the claim is and what it waits for.

    `waiting_for` is the name of the message that would move it, None while systems work. `wait` counts the waits so
    far. `signed_by` is who signed already where two must; `decisions` counts what was decided.
    """

    stage: Stage
    waiting_for: str | None
    wait: int
    notice: Notice
    amount_cents: int | None
    assignee: str
    deciders: Deciders
    signed_by: str
    decisions: int
    may_withdraw: bool


@dataclass(frozen=True)
class Closing:
    """How the claim ended: the workflow's result. `outcome` is paid, declined or withdrawn."""

    outcome: str
    amount_cents: int | None
    recovered_cents: int = 0
