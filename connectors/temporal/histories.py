"""Map a history, event after event, to rows: EVENTS, ATTRIBUTES and what it says about its run. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import HistoryEvent

from connectors.temporal.attributes import CARRYING, Declared, payloads_of, values_of
from connectors.temporal.events import (
    ACTIVITY_COMPLETED,
    ACTIVITY_SCHEDULED,
    CLOSED_TYPES,
    PAUSED,
    RESET_WORKFLOW,
    STARTED,
    TURN_COMPLETED,
    TURN_FAILED,
    UNPAUSED,
    UPDATE_ACCEPTED,
    UPDATE_COMPLETED,
    event_columns,
    event_time,
    queue_name,
)
from connectors.temporal.payloads import clean, search_attribute
from connectors.temporal.words import INITIATORS

Row = dict[str, Any]

TELLING = frozenset({STARTED, TURN_FAILED, PAUSED, UNPAUSED, *CLOSED_TYPES})  # Something of their run.
NAMED_LATER = frozenset({ACTIVITY_SCHEDULED, UPDATE_ACCEPTED})  # Whose answers are declared by a name they do not bear.


@dataclass
class Rows:
    """Rows for a batch, as dictionaries of their columns; a column left out is null."""

    events: list[Row] = field(default_factory=list)
    attributes: list[Row] = field(default_factory=list)


class History:
    """The history of one run, read in order from event 1 or from where it was left.

    It remembers what later events do not repeat: which activity or update an answer belongs to, and the last completed
    worker turn. `facts` are columns of RUNS that the events read so far tell.
    """

    def __init__(self, run_id: str, declared: Declared, *, next_event_id: int = 1) -> None:
        self.run_id = run_id
        self.next_event_id = next_event_id
        self.facts: Row = {}
        self.is_closed = False
        self.declared = declared
        self._names: dict[int, str] = {}
        self._turn_event_id: int | None = None

    def read(self, events: Iterable[HistoryEvent]) -> Rows:
        """The rows of the events that are new.

        Those before `next_event_id` were read already: they give no rows, only what later events need of them.
        """
        rows = Rows()
        for event in events:
            if event.event_id >= self.next_event_id:
                self._read_one(event, rows)
                self.next_event_id = event.event_id + 1
            elif self.declared.needs_earlier_names:
                self._remember(event, event_columns(event).get("name"))
        return rows

    def payloads(self, events: Iterable[HistoryEvent]) -> list[Payload]:
        """The payloads of these events that `read` will look into: open them before, where they are encoded."""
        found: list[Payload] = []
        names = dict(self._names)
        for event in events:
            columns = event_columns(event)
            name = columns.get("name")
            if event.event_type == STARTED:
                name = event.workflow_execution_started_event_attributes.workflow_type.name
            elif event.event_type in (ACTIVITY_COMPLETED, UPDATE_COMPLETED):
                name = names.get(columns["answers_event_id"] or 0)
            elif name and event.event_type in NAMED_LATER:
                names[event.event_id] = name
            if event.event_id >= self.next_event_id:
                found += payloads_of(event, self.declared, name)
        return found

    def _read_one(self, event: HistoryEvent, rows: Rows) -> None:
        columns = event_columns(event, turn_event_id=self._turn_event_id)
        columns["run_id"] = self.run_id
        rows.events.append(columns)
        if event.event_type in CARRYING:
            for kept in values_of(event, self.declared, self._about(event, columns)):
                rows.attributes.append({"run_id": self.run_id, "event_id": event.event_id, **vars(kept)})
        self._remember(event, columns.get("name"))
        if event.event_type in TELLING:
            self.facts.update(run_facts(event, self.run_id, columns))
            self.is_closed = self.is_closed or event.event_type in CLOSED_TYPES

    def _about(self, event: HistoryEvent, columns: Row) -> str | None:
        if event.event_type == STARTED:
            return event.workflow_execution_started_event_attributes.workflow_type.name
        if event.event_type in (ACTIVITY_COMPLETED, UPDATE_COMPLETED):
            return self._names.pop(columns["answers_event_id"] or 0, None)
        return columns.get("name")

    def _remember(self, event: HistoryEvent, name: str | None) -> None:
        if event.event_type == TURN_COMPLETED:
            self._turn_event_id = event.event_id
        elif name and event.event_type in NAMED_LATER and self.declared.needs_earlier_names:
            self._names[event.event_id] = name


def run_facts(event: HistoryEvent, run_id: str, columns: Row) -> Row:
    """The columns of RUNS that one event tells about its run; nothing for most events."""
    if event.event_type == STARTED:
        return _started_facts(event, run_id)
    if event.event_type == TURN_FAILED:
        failed = event.workflow_task_failed_event_attributes
        if failed.cause == RESET_WORKFLOW and failed.new_run_id == run_id:
            # A reset run copies the Started event of its base: that event says how the base began, not this run.
            return {"base_run_id": columns["base_run_id"], "continued_run_id": None, "initiator": None}
    if event.event_type in CLOSED_TYPES:
        return {
            "status": CLOSED_TYPES[event.event_type],
            "closed_at": columns["time_at"],
            "next_run_id": columns.get("new_run_id"),
        }
    if event.event_type in (PAUSED, UNPAUSED):
        return {"status": "paused" if event.event_type == PAUSED else "running"}
    return {}


def _started_facts(event: HistoryEvent, run_id: str) -> Row:
    started = event.workflow_execution_started_event_attributes
    parent = started.parent_workflow_execution
    scheduled_by = started.search_attributes.indexed_fields.get("TemporalScheduledById")
    backoff = started.first_workflow_task_backoff
    return {
        **({"workflow_id": clean(started.workflow_id)} if started.workflow_id else {}),
        "first_run_id": clean(started.first_execution_run_id) or run_id,
        "continued_run_id": clean(started.continued_execution_run_id) or None,
        "initiator": INITIATORS.get(started.initiator),
        "parent_workflow_id": clean(parent.workflow_id) or None,
        "parent_run_id": clean(parent.run_id) or None,
        "parent_event_id": started.parent_initiated_event_id or None,
        "workflow_type": clean(started.workflow_type.name),
        "task_queue": queue_name(started.task_queue) or "",
        "started_at": event_time(event),
        "execution_at": event_time(event) + timedelta(seconds=backoff.seconds, microseconds=backoff.nanos // 1000),
        "attempt": max(started.attempt, 1),
        "cron_schedule": clean(started.cron_schedule) or None,
        "schedule_id": clean(search_attribute(scheduled_by) or "") or None if scheduled_by else None,
    }


def own_run_id(events: Iterable[HistoryEvent]) -> str | None:
    """The run id that a history alone gives away; None when it does not.

    That is the new run of the last reset it holds, else the run id its Started event was first written for.
    """
    found: str | None = None
    for event in events:
        if event.event_type == STARTED:
            found = event.workflow_execution_started_event_attributes.original_execution_run_id or found
        elif event.event_type == TURN_FAILED:
            failed = event.workflow_task_failed_event_attributes
            if failed.cause == RESET_WORKFLOW and failed.new_run_id:
                found = failed.new_run_id
    return found


def is_transient(event: HistoryEvent) -> bool:
    """Whether a live read made the event up: a retried worker turn, not written yet, whose id will be used again."""
    return event.event_type in (5, 6) and event.task_id == 0
