"""Planted trouble: switches in the company's database that anybody may turn while everything runs.

A switch that a person has turned stays as it is; the others come and go on their own cycle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update

from sample_data.tables import TROUBLE, insert_once, utc_now

VENDOR_OUTAGE = "vendor-outage"
ABSENT_APPROVER = "absent-approver"
NO_AUTHORITY = "no-authority"
REVERSED_DECISION = "reversed-decision"
UNDRAWN_MOVE = "undrawn-move"
SKIPPED_STAGE = "skipped-stage"
CYCLE = "cycle"
OFFLINE_REGIONS = ("north", "east")
UNGUARDED_REGION = "east"


@dataclass(frozen=True)
class Switch:
    """One kind of trouble. It starts on, and stays on for `on_seconds` of every `every_seconds` at speed 1."""

    name: str
    detail: str
    on_seconds: float
    every_seconds: float

    def is_due(self, elapsed_seconds: float) -> bool:
        """Whether the cycle has it on, so long after the start (seconds at speed 1)."""
        return elapsed_seconds % self.every_seconds < self.on_seconds


SWITCHES = (
    Switch(VENDOR_OUTAGE, "The vendor's site for north and east answers 503 to orders and confirmations.", 180, 720),
    Switch(
        ABSENT_APPROVER, "Hanna Brandt is away; nobody else decides for her regions until it is escalated.", 420, 1080
    ),
)


def create_switches(database: Engine, clock: Callable[[], datetime] = utc_now) -> None:
    """Add the switches that are not there yet, all off, left to the cycle."""
    with database.begin() as connection:
        for switch in SWITCHES:
            row = {"is_on": False, "detail": switch.detail, "changed_by": CYCLE, "updated_at": clock()}
            insert_once(connection, TROUBLE, {"name": switch.name}, row)


def is_on(database: Engine, name: str) -> bool:
    """Whether this trouble is on; one that does not exist is off."""
    with database.connect() as connection:
        return bool(connection.execute(select(TROUBLE.c.is_on).where(TROUBLE.c.name == name)).scalar())


def turn(database: Engine, name: str, on: bool, by: str, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn a switch by hand; `by="cycle"` hands it back to the cycle. Raises LookupError when there is none such."""
    with database.begin() as connection:
        changed = update(TROUBLE).where(TROUBLE.c.name == name).values(is_on=on, changed_by=by, updated_at=clock())
        if connection.execute(changed).rowcount == 0:
            names = ", ".join(switch.name for switch in SWITCHES)
            raise LookupError(f"No trouble is called {name!r}. One of: {names}.")


def follow_cycle(database: Engine, elapsed_seconds: float, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn the switches that no person has touched to where their cycle has them."""
    with database.begin() as connection:
        for switch in SWITCHES:
            due = switch.is_due(elapsed_seconds)
            stale = (TROUBLE.c.name == switch.name) & (TROUBLE.c.changed_by == CYCLE) & (TROUBLE.c.is_on != due)
            connection.execute(update(TROUBLE).where(stale).values(is_on=due, updated_at=clock()))
