"""What Temporal says of a run at one instant: what a plan is made on, and compared with again before the act."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionResponse

from connectors.temporal import words
from connectors.temporal.instants import instant
from connectors.temporal.samples import pending_rows


class Pending(BaseModel):
    """One thing that a run waits for."""

    model_config = ConfigDict(frozen=True)

    kind: str
    reference: str | None = None
    name: str | None = None
    state: str | None = None
    attempt: int | None = None
    maximum_attempts: int | None = None
    next_try_at: datetime | None = None
    last_started_at: datetime | None = None
    failure_message: str | None = None
    actor: str | None = None
    reason: str | None = None


class Seen(BaseModel):
    """A run as described: which one it is, whether it is open, how far it got, and what is pending."""

    model_config = ConfigDict(frozen=True)

    asked_at: datetime
    run_id: str
    first_run_id: str
    workflow_type: str
    status: str
    history_length: int
    closed_at: datetime | None = None
    is_cancel_requested: bool = False
    reset_run_id: str | None = None
    version: str | None = None
    versioning: str | None = None
    override: str | None = None
    pending: tuple[Pending, ...] = ()

    @property
    def is_open(self) -> bool:
        """It has not closed; a paused run is open."""
        return self.closed_at is None

    @property
    def is_paused(self) -> bool:
        """The run as a whole is paused."""
        return self.status == "paused"

    def of_kind(self, kind: str, name: str | None = None) -> tuple[Pending, ...]:
        """What is pending of one kind; with `name`, of that name alone."""
        return tuple(each for each in self.pending if each.kind == kind and name in (None, each.name))

    @property
    def wait(self) -> frozenset[tuple[str, str | None]]:
        """What it waits for, to compare: kinds and references, without how often it was tried."""
        return frozenset((each.kind, each.reference or each.name) for each in self.pending)


def seen_in(answer: DescribeWorkflowExecutionResponse, asked_at: datetime) -> Seen:
    """What a Describe says. Pure."""
    info, extended = answer.workflow_execution_info, answer.workflow_extended_info
    versioning = info.versioning_info
    override = versioning.versioning_override
    rows = pending_rows(info.execution.run_id, answer, asked_at)
    return Seen(
        asked_at=asked_at,
        run_id=info.execution.run_id,
        first_run_id=info.first_run_id or info.execution.run_id,
        workflow_type=info.type.name,
        status=words.word(words.STATUSES, info.status) or "unknown",
        history_length=info.history_length,
        closed_at=instant(info.close_time) if info.HasField("close_time") else None,
        is_cancel_requested=extended.cancel_requested,
        reset_run_id=extended.reset_run_id or None,
        version=versioning.deployment_version.build_id or None,
        versioning={1: "pinned", 2: "auto-upgrade"}.get(versioning.behavior),
        override=override.WhichOneof("override"),
        pending=tuple(
            Pending.model_validate({key: row[key] for key in row if key in Pending.model_fields})
            for row in rows
            if row["kind"] != "none"
        ),
    )


def closed_words(seen: Seen) -> str:
    """How a run ended, in words."""
    return seen.status.replace("_", " ")
