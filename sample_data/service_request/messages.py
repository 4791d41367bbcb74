"""What goes in and out of a service request. Plain data, shared by the workflow, its activities and its callers.

Money is integer cents: exact, and the same in every language. Every message says `by` whom it is.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sample_data.patience import Patience


class Stage(StrEnum):
    """Where a request is. The workflow keeps it in the search attribute `Stage`."""

    REQUEST = "request"
    CLASSIFICATION = "classification"
    QUOTE = "quote"
    APPROVAL = "approval"
    DELIVERY = "delivery"
    BILLING = "billing"
    SUPPORT = "support"
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Terms(Patience):
    """How long the company waits before it reminds, escalates or gives up: part of the request, so of its history."""

    submit_reminder_seconds: float = 90
    quote_reminder_seconds: float = 150
    approval_reminder_seconds: float = 90
    approval_deadline_seconds: float = 180
    delivery_reminder_seconds: float = 240
    settlement_reminder_seconds: float = 150
    follow_up_deadline_seconds: float = 150


@dataclass(frozen=True)
class Request:
    """What a customer asks for: the input of the workflow. `budget_cents` is None when the customer does not know."""

    customer_id: str = ""
    product: str = "advice"
    region: str = "north"
    priority: int = 3
    budget_cents: int | None = None
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class Submission:
    """The customer says that the request is complete."""

    by: str
    details: str = ""


@dataclass(frozen=True)
class Claim:
    """An analyst takes the request from the common pile."""

    by: str


@dataclass(frozen=True)
class Classification:
    """What kind of work it is: `standard` or `special`."""

    by: str
    outcome: str
    note: str = ""


@dataclass(frozen=True)
class Quote:
    """The vendor's price."""

    by: str
    amount_cents: int
    currency: str = "EUR"


@dataclass(frozen=True)
class Decision:
    """A person's answer to "may we spend this?": `approve`, `reject` or `ask-again` (back to classification)."""

    by: str
    outcome: str
    note: str = ""


@dataclass(frozen=True)
class Order:
    """What the vendor is asked to deliver. `number` counts the orders of one request: a return is ordered again."""

    number: int
    product: str
    region: str


@dataclass(frozen=True)
class Delivery:
    """The vendor says that the goods are with the customer."""

    by: str
    reference: str = ""


@dataclass(frozen=True)
class Return:
    """The customer sends the goods back before the bill is settled; the vendor has to deliver again."""

    by: str
    reason: str = ""


@dataclass(frozen=True)
class Settlement:
    """Finance sees the money on the account."""

    by: str
    reference: str = ""


@dataclass(frozen=True)
class FollowUp:
    """Support asked the customer how it went."""

    by: str
    outcome: str
    note: str = ""


@dataclass(frozen=True)
class Approvers:
    """Who may decide on an amount, and whose desk it is on."""

    assignee: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """The answer to the query `status`: where the request is and what it waits for.

    `waiting_for` is the name of the message that would move it, None while the company's own systems work.
    `wait` counts the waits so far: two equal numbers mean that nothing has moved in between.
    """

    stage: Stage
    waiting_for: str | None
    wait: int
    request: Request
    amount_cents: int | None
    assignee: str
    approvers: Approvers
    is_escalated: bool


@dataclass(frozen=True)
class Closing:
    """How the request ended: the workflow's result."""

    stage: Stage
    amount_cents: int | None
