"""Map what a list or a Describe says of a run to a row of RUNS. Pure."""

from temporalio.api.workflow.v1 import WorkflowExecutionInfo

from connectors.temporal.histories import History, Row
from connectors.temporal.instants import EPOCH, instant
from connectors.temporal.payloads import clean
from connectors.temporal.words import STATUSES

# The Started event of a reset run is its base's, and says when the base began.
SAID_BY_LIST = frozenset({"workflow_id", "started_at", "execution_at"})


def is_open(info: WorkflowExecutionInfo) -> bool:
    """Whether a run has no close time: running and paused ones, whatever statuses will be invented."""
    return instant(info.close_time) is None


def new_run_row(info: WorkflowExecutionInfo) -> Row:
    """The row of a run of which no event was read yet. It is open here until its closing event was read."""
    started_at = instant(info.start_time) or EPOCH
    return {
        "workflow_id": clean(info.execution.workflow_id),
        "run_id": info.execution.run_id,
        "first_run_id": clean(info.first_run_id) or info.execution.run_id,
        "parent_workflow_id": clean(info.parent_execution.workflow_id) or None,
        "parent_run_id": clean(info.parent_execution.run_id) or None,
        "workflow_type": clean(info.type.name),
        "task_queue": clean(info.task_queue),
        "status": "running",
        "started_at": started_at,
        "execution_at": instant(info.execution_time) or started_at,
        "attempt": 1,
        "next_event_id": 1,
        "is_complete": False,
    }


def read_run_row(row: Row, history: History, info: WorkflowExecutionInfo, token: bytes, *, is_at_end: bool) -> Row:
    """The row of a run after some of its history was read.

    It says of the run what the events read so far say; only where the whole history was read and lacks a closing event
    does Temporal's own word for the close count. So rows and events always agree.
    """
    facts = {column: value for column, value in history.facts.items() if column not in SAID_BY_LIST}
    changed = {
        **row,
        **facts,
        **counters(info),
        "next_event_id": history.next_event_id,
        "tail_token": token or None,
        "observed_until_at": None,
    }
    changed["is_complete"] = history.is_closed or (is_at_end and not is_open(info))
    if is_at_end and not history.is_closed:
        changed["status"] = STATUSES.get(info.status, "running")
        changed["closed_at"] = instant(info.close_time)
    return changed


def counters(info: WorkflowExecutionInfo) -> Row:
    """Temporal's counters of a run; None where it does not say, as in lists of open runs."""
    return {
        "history_length": info.history_length or None,
        "state_transition_count": info.state_transition_count or None,
        "history_size_bytes": info.history_size_bytes or None,
    }
