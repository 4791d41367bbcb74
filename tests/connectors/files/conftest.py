"""One small history, and a warehouse to import it into."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf import json_format
from temporalio.api.history.v1 import History

import warehouse
from connectors.files import FileFault, ImportBatch

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def events(run_id: str = "run-1", *, closed: bool = True) -> list[dict[str, Any]]:
    """Started with an argument, one worker turn that schedules an activity, a signal, and the end."""
    found: list[dict[str, Any]] = []

    def add(kind: str, **attributes: Any) -> None:
        number = len(found) + 1
        name = "".join(part.capitalize() for part in kind.split("_"))
        found.append(
            {
                "eventId": str(number),
                "eventTime": f"2026-01-05T12:00:{number:02d}.500000Z",
                "eventType": f"EVENT_TYPE_{kind}",
                "taskId": str(1000 + number),
                f"{name[0].lower()}{name[1:]}EventAttributes": attributes,
            }
        )

    payload = {"metadata": {"encoding": encoded("json/plain")}, "data": encoded(json.dumps({"amount": 12}))}
    add(
        "WORKFLOW_EXECUTION_STARTED",
        workflowType={"name": "Order"},
        taskQueue={"name": "orders", "kind": "TASK_QUEUE_KIND_NORMAL"},
        originalExecutionRunId=run_id,
        firstExecutionRunId=run_id,
        workflowId=f"order-{run_id}",
        input={"payloads": [payload]},
        attempt=1,
    )
    add("WORKFLOW_TASK_SCHEDULED", taskQueue={"name": "orders"}, startToCloseTimeout="10s")
    add("WORKFLOW_TASK_STARTED", scheduledEventId="2")
    add("WORKFLOW_TASK_COMPLETED", scheduledEventId="2", startedEventId="3")
    add("ACTIVITY_TASK_SCHEDULED", activityId="5", activityType={"name": "ship"}, workflowTaskCompletedEventId="4")
    add("WORKFLOW_EXECUTION_SIGNALED", signalName="hurry", identity="ann", requestId="r1")
    if closed:
        add("WORKFLOW_EXECUTION_TERMINATED", reason="enough", identity="ann")
    return found


def history(run_id: str = "run-1", *, closed: bool = True) -> History:
    return json_format.ParseDict({"events": events(run_id, closed=closed)}, History())


@pytest.fixture
def con() -> Iterator[Any]:
    opened = warehouse.open_warehouse(None)
    con = opened.cursor()
    warehouse.register_source(con, "files", "files")
    warehouse.register_source(con, "main/default", "temporal")
    yield con
    con.close()
    opened.close()


def write(con: Any, steps: Iterator[ImportBatch | FileFault]) -> list[FileFault]:
    """Write what was read; returns the faults."""
    faults = []
    for step in steps:
        if isinstance(step, FileFault):
            faults.append(step)
        else:
            warehouse.write_batch(con, step.source or "files", step.batch, NOON)
    return faults
