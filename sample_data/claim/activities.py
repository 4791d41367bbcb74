"""What the company's, the garage's and the bank's systems do for a claim.

Every activity may run twice and then changes nothing the second time: rows have a business key, writes set, never add.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Engine, select, update
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from sample_data import trouble
from sample_data.claim import messages
from sample_data.claim.messages import REVIEW, Notice, PayoutOrder
from sample_data.tables import APPROVALS, CLAIMS, CUSTOMERS, LEDGER, USERS, euros, insert_once, utc_now

ADJUSTER, SENIOR = "adjuster", "senior adjuster"
REVIEWS_PER_NIGHT = 4
SUSPICIOUS_SCORE = 70
# A failure that is part of the business: retried like any other, but no error in the worker's log.
EXPECTED = ApplicationErrorCategory.BENIGN


class ClaimDesk:
    """The company's claims system: claims, who works on them, and the decisions about them."""

    def __init__(self, database: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn
    def register_claim(self, notice: Notice) -> None:
        """Open the claim's row and tell the customer which documents are wanted."""
        with self._database.begin() as connection:
            insert_once(connection, CLAIMS, {"workflow_id": _claim_id()}, _new_row(notice, self._clock()))

    @activity.defn
    def ask_for_missing(self) -> None:
        """Ask the customer for what is missing; here that means to note when it was done."""
        self._change(assignee=None, reminded_at=self._clock())

    @activity.defn
    def put_on_desk(self, assignee: str) -> None:
        """Write on whose desk the claim is."""
        self._change(assignee=assignee)

    @activity.defn
    def save_estimate(self, estimate: messages.Estimate) -> None:
        """Write the garage's estimate as the amount, until it is assessed."""
        self._change(amount=euros(estimate.amount_cents))

    @activity.defn
    def save_assessment(self, assessment: messages.Assessment) -> None:
        """Write what is owed."""
        self._change(amount=euros(assessment.amount_cents))

    @activity.defn
    def find_deciders(self) -> messages.Deciders:
        """Who may decide alone: the region's adjuster. With the authority table broken, anybody: the trainee."""
        with self._database.begin() as connection:
            adjusters = _adjusters(connection)
            if _region(connection) == trouble.UNGUARDED_REGION and trouble.is_on(self._database, trouble.NO_AUTHORITY):
                adjusters = [*_called(connection, "trainee"), *adjusters]
            seniors = _called(connection, SENIOR)
            names = tuple(_some(adjusters + seniors))
            _change_claim(connection, self._clock(), assignee=names[0])
        return messages.Deciders(names[0], names, tuple(seniors))

    @activity.defn
    def find_signatories(self) -> messages.Deciders:
        """Who may sign: the region's adjuster and every senior one. The adjuster's desk is the first."""
        with self._database.begin() as connection:
            seniors = _called(connection, SENIOR)
            names = tuple(_some(_adjusters(connection) + seniors))
            _change_claim(connection, self._clock(), assignee=names[0])
        return messages.Deciders(names[0], names, tuple(seniors))

    @activity.defn
    def escalate_claim(self) -> str:
        """Put the claim on the desk of a senior adjuster and return the name."""
        with self._database.begin() as connection:
            senior = _some(_called(connection, SENIOR))[0]
            _change_claim(connection, self._clock(), assignee=senior)
        return senior

    @activity.defn
    def write_decision(self, decision: messages.Decision, number: int) -> None:
        """Keep the decision and the amount it was about."""
        now = self._clock()
        with self._database.begin() as connection:
            amount = connection.execute(select(CLAIMS.c.amount).where(_mine())).scalar_one()
            row = {"decision": decision.outcome, "decided_by": decision.by, "decided_at": now, "note": decision.note}
            key = {"workflow_id": _claim_id(), "number": number}
            insert_once(connection, APPROVALS, key, row | {"amount": amount, "updated_at": now})

    @activity.defn
    def send_refusal(self) -> None:
        """Write to the customer; here that means to note that the claim was declined."""
        self._change(status="declined", assignee=None)

    @activity.defn
    def close_claim(self, outcome: str) -> None:
        """Close the claim's row: paid, declined, withdrawn or cancelled."""
        self._change(status=outcome, assignee=None)

    @activity.defn
    def remind_of_claim(self, message: str) -> None:
        """Remind whoever has to send the message; here that means to note when it was done."""
        activity.logger.info("Reminder: %s", message)
        self._change(reminded_at=self._clock())

    @activity.defn
    def pick_for_review(self, day: int) -> list[Notice]:
        """The customers whose cases the regulator wants to see on this day: others each day, the same at each try."""
        with self._database.connect() as connection:
            customers = list(connection.execute(select(CUSTOMERS).order_by(CUSTOMERS.c.id)))
        chosen = [customers[(day * REVIEWS_PER_NIGHT + number) % len(customers)] for number in range(REVIEWS_PER_NIGHT)]
        return [Notice(customer.id, REVIEW, customer.region) for customer in chosen]

    def _change(self, **values: object) -> None:
        with self._database.begin() as connection:
            _change_claim(connection, self._clock(), **values)


class FraudRules:
    """The rule-based fraud check: no person, a few rules over the claim and the customer's other claims."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    @activity.defn
    def score_fraud(self, notice: Notice, amount_cents: int | None) -> messages.FraudScore:
        """The highest score of any rule, and which rule it was."""
        with self._database.connect() as connection:
            same = (CLAIMS.c.customer_id == notice.customer_id) & (CLAIMS.c.status == "open")
            others = len(connection.execute(select(CLAIMS.c.id).where(same, CLAIMS.c.workflow_id != _claim_id())).all())
        scores = {
            "stolen, with no idea of the value": 80 if notice.cover == "theft" and notice.claimed_cents is None else 0,
            "far more than first claimed": 75 if (amount_cents or 0) > 2 * (notice.claimed_cents or 10**12) else 0,
            "other claims of the same customer are open": min(60, 10 * others),
        }
        rule, score = max(scores.items(), key=lambda found: found[1])
        outcome = "suspicious" if score >= SUSPICIOUS_SCORE else "clear"
        return messages.FraudScore(outcome, score, rule if score else "")


class Garage:
    """The garages' interface, as far as we see it: it answers, it limits us, or the vendor behind it is offline."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    @activity.defn
    def ask_estimate(self, notice: Notice) -> str:
        """Ask for an estimate; the garage answers later. Returns the garage's reference, the same for each try."""
        on = trouble.all_on(self._database)
        if notice.region in trouble.OFFLINE_REGIONS and trouble.VENDOR_OUTAGE in on:
            problem = f"Cannot ask for an estimate: the vendor's site for {notice.region} answers 503."
            raise ApplicationError(problem, type="VendorOffline", category=EXPECTED)
        if notice.region == trouble.LIMITED_REGION and trouble.STEP_PAUSED in on:
            problem = f"Cannot ask for an estimate: the garages of the {notice.region} answer 429, too many requests."
            raise ApplicationError(problem, type="TooManyRequests", category=EXPECTED)
        return f"E-{_claim_id()}"


class Ledger:
    """The company's ledger, as far as claims are booked in it."""

    def __init__(self, database: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn
    def reserve_funds(self, order: PayoutOrder) -> None:
        """Set the money aside, once."""
        now = self._clock()
        with self._database.begin() as connection:
            key = {"workflow_id": order.claim_id, "delivery": order.number, "kind": "payout"}
            amount = euros(-order.amount_cents)
            insert_once(connection, LEDGER, key, {"amount": amount, "posted_at": now, "updated_at": now})

    @activity.defn
    def book_payout(self, order: PayoutOrder) -> None:
        """Mark the payout as done; the first time counts."""
        now = self._clock()
        with self._database.begin() as connection:
            payout = (LEDGER.c.delivery == order.number) & (LEDGER.c.kind == "payout") & LEDGER.c.settled_at.is_(None)
            mine = LEDGER.c.workflow_id == order.claim_id
            connection.execute(update(LEDGER).where(mine, payout).values(settled_at=now, updated_at=now))

    @activity.defn
    def book_recovered(self, recovered_cents: int) -> None:
        """Write how much another insurer has paid back so far, and when that was looked at."""
        with self._database.begin() as connection:
            now = self._clock()
            _change_claim(connection, now, recovered=euros(recovered_cents), checked_at=now)


class Bank:
    """The bank: takes orders to transfer money."""

    @activity.defn
    def transfer_money(self, order: PayoutOrder) -> str:
        """Order the transfer. Returns the bank's reference, the same for each try."""
        return f"T-{order.claim_id}-{order.number}"


def _claim_id() -> str:
    return str(activity.info().workflow_id)


def _new_row(notice: Notice, now: datetime) -> dict[str, object]:
    return {
        "customer_id": notice.customer_id or None,
        "cover": notice.cover,
        "region": notice.region,
        "amount": euros(notice.claimed_cents),
        "currency": "EUR",
        "recovered": Decimal(0),
        "status": "open",
        "created_at": now,
        "updated_at": now,
    }


def _mine() -> ColumnElement[bool]:
    return CLAIMS.c.workflow_id == _claim_id()


def _change_claim(connection: Connection, now: datetime, **values: object) -> None:
    connection.execute(update(CLAIMS).where(_mine()).values(**values, updated_at=now))


def _region(connection: Connection) -> str:
    return str(connection.execute(select(CLAIMS.c.region).where(_mine())).scalar_one())


def _adjusters(connection: Connection) -> list[str]:
    region = _region(connection)
    adjusters = connection.execute(select(USERS).where(USERS.c.role == ADJUSTER).order_by(USERS.c.id))
    return [person.name for person in adjusters if region in person.regions.split(",")]


def _called(connection: Connection, role: str) -> list[str]:
    names = select(USERS.c.name).where(USERS.c.role == role).order_by(USERS.c.id)
    return list(connection.execute(names).scalars())


def _some(names: list[str]) -> list[str]:
    if not names:
        raise ApplicationError("Nobody in `users` may decide on this claim: add a senior adjuster.", type="NoDecider")
    return names
