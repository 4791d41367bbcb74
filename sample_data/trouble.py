"""Planted trouble: switches in the company's database that anybody may turn while everything runs.

A switch that a person has turned stays as it is; the others come and go on their own cycle. What each does is done
where it would happen: in an activity, in the worker, by people, or by an operator with Temporal's own tools.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select, update

from sample_data.tables import TROUBLE, insert_once, utc_now

VENDOR_OUTAGE = "vendor-outage"
NO_WORKER = "no-worker"
BAD_RELEASE = "bad-release"
ABSENT_APPROVER = "absent-approver"
SILENT_VENDOR = "silent-vendor"
NO_AUTHORITY = "no-authority"
REVERSED_DECISION = "reversed-decision"
RECORD_CLOSED = "record-closed"
RUN_RESET = "run-reset"
RUN_TERMINATED = "run-terminated"
STEP_PAUSED = "step-paused"
UNDRAWN_MOVE = "undrawn-move"
SKIPPED_STAGE = "skipped-stage"
CYCLE = "cycle"
OFFLINE_REGIONS = ("north", "east")
UNGUARDED_REGION = "east"
LIMITED_REGION = "south"


@dataclass(frozen=True)
class Switch:
    """One kind of trouble. It starts on, and stays on for `on_seconds` of every `every_seconds` at speed 1.

    `plant` and `heal` are what turning it on and off is called; `temporal` and `streamgauge` say where it is seen.
    """

    name: str
    title: str
    detail: str
    plant: str
    heal: str
    temporal: str
    streamgauge: str
    on_seconds: float
    every_seconds: float

    def is_due(self, elapsed_seconds: float) -> bool:
        """Whether the cycle has it on, so long after the start (seconds at speed 1)."""
        return elapsed_seconds % self.every_seconds < self.on_seconds


SWITCHES = (
    Switch(
        VENDOR_OUTAGE,
        "The vendor is offline",
        "The vendor's site for north and east answers 503 to orders, confirmations and requests for an estimate.",
        "Take the vendor offline",
        "Heal the vendor",
        "Pending activities place_order, confirm_delivery, ask_estimate: attempts rise, last failure VendorOffline.",
        "Stuck: step retrying, one cause for all. Live flow: Delivery and Garage's estimate pile up.",
        240,
        900,
    ),
    Switch(
        NO_WORKER,
        "A queue that nobody polls",
        "The worker of the task queue payments-abroad is not running, so payouts in the region west stand still.",
        "Stop the worker",
        "Start the worker",
        "Child Payout: transfer_money is pending, scheduled, attempt 1; the queue payments-abroad has no poller.",
        "Stuck: child stuck, its root cause no worker. Live flow: Payout piles up.",
        300,
        1020,
    ),
    Switch(
        BAD_RELEASE,
        "A release with a bug",
        "The claims worker runs code that breaks on storm claims when they reach the fraud check.",
        "Release the bug",
        "Roll back the bug",
        "WorkflowTaskFailed: KeyError with the region's name; after some tries TemporalReportedProblems is set.",
        "Stuck: worker turn failing, since when, with the failure's first line.",
        210,
        1200,
    ),
    Switch(
        ABSENT_APPROVER,
        "An approver is away",
        "Hanna Brandt is away; nobody else decides for her regions until it is escalated.",
        "Send the approver away",
        "Bring the approver back",
        "Service requests with Stage approval that wait for nothing but a message; timers deadline: escalate.",
        "Stuck: decision past its deadline. Decisions: overdue, escalated.",
        420,
        1080,
    ),
    Switch(
        SILENT_VENDOR,
        "A vendor that never calls back",
        "Garage Petrov (north and west) answers no request for an estimate.",
        "Silence the garage",
        "Let the garage call back",
        "Claims with ask_estimate completed and no signal estimate_received; reminders fire in vain.",
        "Stuck: stage past its deadline in Garage's estimate.",
        420,
        1140,
    ),
    Switch(
        NO_AUTHORITY,
        "An approver without authority",
        "The table of who may decide is wrong: claims of the region east come to the trainee Jonas Weil.",
        "Break the authority table",
        "Mend the authority table",
        "Update decide, accepted, with by = Jonas Weil.",
        "Decisions: authority not respected, trainee where an adjuster must decide.",
        360,
        900,
    ),
    Switch(
        REVERSED_DECISION,
        "Decisions are reversed",
        "Whoever is refused objects, and the second decision is the opposite of the first.",
        "Have refusals contested",
        "Stop contesting refusals",
        "Update contest after send_refusal, then a second decide with the outcome approve.",
        "Decisions: reversed. Flow: rework from Refusal.",
        300,
        900,
    ),
    Switch(
        RECORD_CLOSED,
        "A record closed while its workflow runs",
        "Somebody sets claims to paid in the database by hand; nobody sees them on the list any more.",
        "Close records by hand",
        "Open the records again",
        "Claims still Running in decide; nothing there says that the row is closed.",
        "Stuck: database disagrees.",
        420,
        960,
    ),
    Switch(
        RUN_RESET,
        "An operator resets a run",
        "Now and then a claim is reset to its triage.",
        "Reset runs",
        "Stop resetting runs",
        "The base run is Terminated by a reset; the new run has WorkflowTaskFailed with cause ResetWorkflow.",
        "The claim stays one item: a move of kind reset, counted as rework.",
        120,
        900,
    ),
    Switch(
        RUN_TERMINATED,
        "An operator terminates a run",
        "Now and then a claim is terminated by hand.",
        "Terminate runs",
        "Stop terminating runs",
        "Status Terminated, with the operator's name and reason.",
        "Ended badly; exits of the stage: terminated.",
        90,
        900,
    ),
    Switch(
        STEP_PAUSED,
        "A step is paused",
        "The garages of the region south answer 429, and an engineer pauses the step that asks them.",
        "Pause the step",
        "Let the step go on",
        "Pending activity ask_estimate: paused, by whom and why; TemporalPauseInfo is set.",
        "Stuck: paused, by whom.",
        360,
        1080,
    ),
    Switch(
        UNDRAWN_MOVE,
        "A move that is not drawn",
        "Assessors send claims straight back to triage, which the stream does not draw.",
        "Send claims to the wrong pile",
        "Keep to what is drawn",
        "Update assess with the outcome wrong-pile, then update triage once more.",
        "Drift: Assessment to Triage, seen but not drawn.",
        180,
        900,
    ),
    Switch(
        SKIPPED_STAGE,
        "A validating stage is skipped",
        "Clerks call every claim a goodwill case: it is paid without an assessment and without a fraud check.",
        "Wave claims through",
        "Check every claim",
        "Histories without score_fraud and without take_on.",
        "Validation coverage: claims that ended without Assessment and Fraud check.",
        120,
        900,
    ),
)
NAMES = tuple(switch.name for switch in SWITCHES)


@dataclass(frozen=True)
class State:
    """How a switch stands, and who has turned it (`cycle`: itself)."""

    switch: Switch
    is_on: bool
    changed_by: str


def create_switches(database: Engine, clock: Callable[[], datetime] = utc_now, kept_off: Collection[str] = ()) -> None:
    """Add the switches that are not there yet, all off, left to the cycle; those of `kept_off` stay off."""
    with database.begin() as connection:
        for switch in SWITCHES:
            by = "the start" if switch.name in kept_off else CYCLE
            row = {"is_on": False, "detail": switch.detail, "changed_by": by, "updated_at": clock()}
            insert_once(connection, TROUBLE, {"name": switch.name}, row)


def is_on(database: Engine, name: str) -> bool:
    """Whether this trouble is on; one that does not exist is off."""
    return name in all_on(database)


def all_on(database: Engine) -> frozenset[str]:
    """The names of all trouble that is on."""
    with database.connect() as connection:
        return frozenset(connection.execute(select(TROUBLE.c.name).where(TROUBLE.c.is_on)).scalars())


def states(database: Engine) -> list[State]:
    """How every switch stands, in the order of SWITCHES."""
    with database.connect() as connection:
        rows = {row.name: row for row in connection.execute(select(TROUBLE))}
    known = [(switch, rows[switch.name]) for switch in SWITCHES if switch.name in rows]
    return [State(switch, row.is_on, row.changed_by) for switch, row in known]


def turn(database: Engine, name: str, on: bool, by: str, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn a switch by hand; `by="cycle"` hands it back to the cycle. Raises LookupError when there is none such."""
    with database.begin() as connection:
        changed = update(TROUBLE).where(TROUBLE.c.name == name).values(is_on=on, changed_by=by, updated_at=clock())
        if connection.execute(changed).rowcount == 0:
            raise LookupError(f"No trouble is called {name!r}. One of: {', '.join(NAMES)}.")


def follow_cycle(database: Engine, elapsed_seconds: float, clock: Callable[[], datetime] = utc_now) -> None:
    """Turn the switches that no person has touched to where their cycle has them."""
    with database.begin() as connection:
        for switch in SWITCHES:
            due = switch.is_due(elapsed_seconds)
            stale = (TROUBLE.c.name == switch.name) & (TROUBLE.c.changed_by == CYCLE) & (TROUBLE.c.is_on != due)
            connection.execute(update(TROUBLE).where(stale).values(is_on=due, updated_at=clock()))
