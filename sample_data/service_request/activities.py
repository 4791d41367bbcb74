"""What the company's and the vendor's systems do for a request.

Every activity may run twice and then changes nothing the second time: rows have a business key, writes set, never add.
"""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, Engine, select, update
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from sample_data.service_request import messages
from sample_data.service_request.messages import Request, Stage
from sample_data.tables import APPROVALS, LEDGER, REQUESTS, USERS, euros, insert_once, utc_now
from sample_data.trouble import OFFLINE_REGIONS, VENDOR_OUTAGE, is_on

# A failure that is part of the business: retried like any other, but no error in the worker's log.
EXPECTED = ApplicationErrorCategory.BENIGN


class Desk:
    """The company's CRM: requests, who works on them, and the decisions about them."""

    def __init__(self, database: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn
    def save_status(self, request: Request, stage: Stage, assignee: str) -> None:
        """Write where the request is and on whose desk; the first time also the request itself."""
        now = self._clock()
        with self._database.begin() as connection:
            key = {"workflow_id": activity.info().workflow_id}
            insert_once(connection, REQUESTS, key, _new_row(request, now))
            _change_request(connection, now, status=str(stage), assignee=assignee or None)

    @activity.defn
    def save_quote(self, quote: messages.Quote) -> None:
        """Write the vendor's price over the customer's budget."""
        with self._database.begin() as connection:
            _change_request(connection, self._clock(), amount=euros(quote.amount_cents), currency=quote.currency)

    @activity.defn
    def assign_approver(self) -> messages.Approvers:
        """Who may decide: the region's manager up to his limit, and every director. On the first one's desk."""
        with self._database.begin() as connection:
            names = _approvers(connection)
            if not names:
                raise ApplicationError(
                    "Nobody in `users` may decide on this request: add a director.", type="NoApprover"
                )
            _change_request(connection, self._clock(), assignee=names[0])
        return messages.Approvers(assignee=names[0], names=tuple(names))

    @activity.defn
    def escalate(self) -> str:
        """Put the request on the desk of a director and return the name."""
        with self._database.begin() as connection:
            directors = _directors(connection)
            if not directors:
                raise ApplicationError("There is no director in `users` to escalate to.", type="NoApprover")
            _change_request(connection, self._clock(), assignee=directors[0])
        return directors[0]

    @activity.defn
    def record_decision(self, decision: messages.Decision, number: int) -> None:
        """Keep the decision and the amount it was about."""
        now = self._clock()
        with self._database.begin() as connection:
            row = {"decision": decision.outcome, "decided_by": decision.by, "decided_at": now, "note": decision.note}
            key = {"workflow_id": activity.info().workflow_id, "number": number}
            insert_once(connection, APPROVALS, key, row | {"amount": _amount(connection), "updated_at": now})

    @activity.defn
    def send_reminder(self, message: str) -> None:
        """Remind whoever has to send the message; here that means to note when it was done."""
        now = self._clock()
        activity.logger.info("Reminder: %s", message)
        with self._database.begin() as connection:
            _change_request(connection, now, reminded_at=now)


class Books:
    """The company's ledger."""

    def __init__(self, database: Engine, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._clock = clock

    @activity.defn
    def post_bill(self, delivery: int) -> None:
        """Bill a delivery, once."""
        self._post(delivery, "bill", 1)

    @activity.defn
    def reverse_bill(self, delivery: int) -> None:
        """Take the bill of a returned delivery back: an entry of its own, nothing in a ledger is deleted."""
        self._post(delivery, "reversal", -1)

    @activity.defn
    def confirm_settlement(self, delivery: int) -> None:
        """Mark the bill of a delivery as paid; the first time counts."""
        now = self._clock()
        with self._database.begin() as connection:
            bill = (LEDGER.c.delivery == delivery) & (LEDGER.c.kind == "bill") & LEDGER.c.settled_at.is_(None)
            mine = LEDGER.c.workflow_id == activity.info().workflow_id
            connection.execute(update(LEDGER).where(mine, bill).values(settled_at=now, updated_at=now))

    def _post(self, delivery: int, kind: str, sign: int) -> None:
        now = self._clock()
        with self._database.begin() as connection:
            key = {"workflow_id": activity.info().workflow_id, "delivery": delivery, "kind": kind}
            amount = sign * (_amount(connection) or Decimal(0))
            insert_once(connection, LEDGER, key, {"amount": amount, "posted_at": now, "updated_at": now})


class VendorSystem:
    """The vendor's ordering system, as far as we see it: it answers, or it is offline."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    @activity.defn
    def place_quote(self, product: str) -> str:
        """Ask for a price; the vendor answers later. Returns the vendor's reference, the same for each try."""
        return f"Q-{activity.info().workflow_id}"

    @activity.defn
    def place_order(self, order: messages.Order) -> str:
        """Order the goods. Returns the vendor's reference, the same each time. Raises while the site is offline."""
        self._require_online(order.region, "place the order")
        return f"O-{activity.info().workflow_id}-{order.number}"

    @activity.defn
    def confirm_delivery(self, order: messages.Order) -> None:
        """Tell the vendor that the goods are here. Raises while the site is offline."""
        self._require_online(order.region, "confirm the delivery")

    def _require_online(self, region: str, what: str) -> None:
        if region in OFFLINE_REGIONS and is_on(self._database, VENDOR_OUTAGE):
            problem = f"Cannot {what}: the vendor's site for {region} answers 503."
            raise ApplicationError(problem, type="VendorOffline", category=EXPECTED)


def _new_row(request: Request, now: datetime) -> dict[str, object]:
    return {
        "customer_id": request.customer_id or None,
        "product": request.product,
        "amount": euros(request.budget_cents),
        "currency": "EUR",
        "status": str(Stage.REQUEST),
        "region": request.region,
        "priority": request.priority,
        "created_at": now,
        "updated_at": now,
    }


def _change_request(connection: Connection, now: datetime, **values: object) -> None:
    mine = REQUESTS.c.workflow_id == activity.info().workflow_id
    connection.execute(update(REQUESTS).where(mine).values(**values, updated_at=now))


def _amount(connection: Connection) -> Decimal | None:
    mine = REQUESTS.c.workflow_id == activity.info().workflow_id
    amount: Decimal | None = connection.execute(select(REQUESTS.c.amount).where(mine)).scalar_one()
    return amount


def _approvers(connection: Connection) -> list[str]:
    mine = REQUESTS.c.workflow_id == activity.info().workflow_id
    amount, region = connection.execute(select(REQUESTS.c.amount, REQUESTS.c.region).where(mine)).one()
    managers = connection.execute(
        select(USERS).where(USERS.c.role == "manager", USERS.c.approves_up_to >= (amount or 0))
    )
    responsible = [manager.name for manager in managers if region in manager.regions.split(",")]
    return [*responsible, *_directors(connection)]


def _directors(connection: Connection) -> list[str]:
    names = select(USERS.c.name).where(USERS.c.role == "director").order_by(USERS.c.id)
    return list(connection.execute(names).scalars())
