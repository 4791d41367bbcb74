"""The company's own small database: the same tables on PostgreSQL and on SQLite.

Every row says when it was last changed (`updated_at`), so that a reader with a cursor finds what is new. Text that
comes in with a request has no limit here: whatever somebody asks for must not stop the books.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
    create_engine,
    insert,
    make_url,
    select,
)

METADATA = MetaData()


def _stamp(name: str, nullable: bool = False) -> Column[datetime]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


CUSTOMERS = Table(
    "customers",
    METADATA,
    Column("id", String(20), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("region", String(20), nullable=False),
    _stamp("created_at"),
    _stamp("updated_at"),
)

USERS = Table(
    "users",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("role", String(30), nullable=False),
    Column("department", String(30), nullable=False),
    Column("regions", String(100), nullable=False, comment="Regions the person answers for, comma separated."),
    Column("approves_up_to", Numeric(12, 2), comment="EUR; NULL: no limit. Only managers and directors approve."),
    _stamp("created_at"),
    _stamp("updated_at"),
)

REQUESTS = Table(
    "requests",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("workflow_id", String, nullable=False, unique=True),
    Column("customer_id", String),
    Column("product", String),
    Column("amount", Numeric(12, 2), comment="The customer's budget until the vendor has named a price."),
    Column("currency", String, nullable=False),
    Column("status", String, nullable=False),
    Column("region", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("assignee", String),
    _stamp("reminded_at", nullable=True),
    _stamp("created_at"),
    _stamp("updated_at"),
)

CLAIMS = Table(
    "claims",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("workflow_id", String, nullable=False, unique=True),
    Column("customer_id", String),
    Column("cover", String, nullable=False),
    Column("region", String, nullable=False),
    Column("amount", Numeric(12, 2), comment="Claimed, then estimated, then assessed. NULL: nobody can say yet."),
    Column("currency", String, nullable=False),
    Column("recovered", Numeric(12, 2), nullable=False, comment="What another insurer has paid back so far."),
    Column("status", String, nullable=False, comment="open, then paid, declined, withdrawn or cancelled."),
    Column("assignee", String),
    _stamp("reminded_at", nullable=True),
    _stamp("checked_at", nullable=True),
    _stamp("created_at"),
    _stamp("updated_at"),
)

APPROVALS = Table(
    "approvals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("workflow_id", String, nullable=False),
    Column("number", Integer, nullable=False, comment="Counts the decisions on one case, from 1."),
    Column("decision", String, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("decided_at", DateTime(timezone=True), nullable=False),
    Column("amount", Numeric(12, 2)),
    Column("note", String, nullable=False),
    _stamp("updated_at"),
    UniqueConstraint("workflow_id", "number"),
)

LEDGER = Table(
    "ledger",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("workflow_id", String, nullable=False),
    Column("delivery", Integer, nullable=False, comment="Counts the deliveries (payouts) of one case, from 1."),
    Column("kind", String, nullable=False, comment="bill, reversal or payout"),
    Column("amount", Numeric(12, 2), nullable=False, comment="EUR; negative for a reversal and a payout."),
    _stamp("posted_at"),
    _stamp("settled_at", nullable=True),
    _stamp("updated_at"),
    UniqueConstraint("workflow_id", "delivery", "kind"),
)

TROUBLE = Table(
    "trouble",
    METADATA,
    Column("name", String(50), primary_key=True),
    Column("is_on", Boolean, nullable=False),
    Column("detail", String(200), nullable=False),
    Column(
        "changed_by",
        String(100),
        nullable=False,
        comment="cycle: by itself; anything else: a person, the cycle then leaves it.",
    ),
    _stamp("updated_at"),
)


def utc_now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def open_database(url: str) -> Engine:
    """An engine for the company's database; `postgresql://` means psycopg. Nothing is connected yet.

    Raises sqlalchemy.exc.ArgumentError when the text is no URL.
    """
    parsed = make_url(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        return create_engine(parsed, connect_args={"timeout": 30})
    return create_engine(parsed, pool_size=5, max_overflow=20, pool_pre_ping=True)


def euros(cents: int | None) -> Decimal | None:
    """Cents as they are written into a column. None stays unknown."""
    return None if cents is None else Decimal(cents) / 100


def insert_once(connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> bool:
    """Insert a row unless one with this key is there; True when it was inserted.

    Two at the same instant: the unique constraint lets one pass; the other raises, tries again and finds the row.
    """
    same_key = [table.c[name] == value for name, value in key.items()]
    if connection.execute(select(table).where(*same_key)).first() is not None:
        return False
    connection.execute(insert(table).values(**key, **values))
    return True
