"""What a connector hands over: Arrow tables in the shape of the source tables, keyed by Temporal's own run ids."""

from dataclasses import dataclass, field
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc

INSTANT = pa.timestamp("us", tz="UTC")


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(columns)


RUNS = _schema(
    workflow_id=pa.string(),
    run_id=pa.string(),
    first_run_id=pa.string(),
    continued_run_id=pa.string(),
    base_run_id=pa.string(),
    initiator=pa.string(),
    next_run_id=pa.string(),
    parent_workflow_id=pa.string(),
    parent_run_id=pa.string(),
    parent_event_id=pa.int64(),
    workflow_type=pa.string(),
    task_queue=pa.string(),
    status=pa.string(),
    started_at=INSTANT,
    execution_at=INSTANT,
    closed_at=INSTANT,
    attempt=pa.int32(),
    cron_schedule=pa.string(),
    schedule_id=pa.string(),
    history_length=pa.int64(),
    state_transition_count=pa.int64(),
    history_size_bytes=pa.int64(),
    next_event_id=pa.int64(),
    tail_token=pa.binary(),
    is_complete=pa.bool_(),
    observed_until_at=INSTANT,
)
EVENTS = _schema(
    run_id=pa.string(),
    event_id=pa.int64(),
    type=pa.int16(),
    time_at=INSTANT,
    name=pa.string(),
    answers_event_id=pa.int64(),
    turn_event_id=pa.int64(),
    reference=pa.string(),
    attempt=pa.int32(),
    task_queue=pa.string(),
    due_micros=pa.int64(),
    cause=pa.string(),
    identity=pa.string(),
    principal=pa.string(),
    failure_message=pa.string(),
    failure_type=pa.string(),
    new_run_id=pa.string(),
    base_run_id=pa.string(),
    task_id=pa.int64(),
)
ATTRIBUTES = _schema(
    run_id=pa.string(),
    event_id=pa.int64(),
    path=pa.string(),
    value=pa.string(),
    is_cut=pa.bool_(),
    note=pa.string(),
)
PENDING = _schema(
    run_id=pa.string(),
    sampled_at=INSTANT,
    kind=pa.string(),
    event_id=pa.int64(),
    reference=pa.string(),
    name=pa.string(),
    state=pa.string(),
    attempt=pa.int32(),
    maximum_attempts=pa.int32(),
    scheduled_at=INSTANT,
    last_started_at=INSTANT,
    last_heartbeat_at=INSTANT,
    next_try_at=INSTANT,
    expires_at=INSTANT,
    failure_message=pa.string(),
    failure_type=pa.string(),
    worker=pa.string(),
    actor=pa.string(),
    reason=pa.string(),
    task_queue=pa.string(),
    version=pa.string(),
    last_ended_at=INSTANT,
    paused_at=INSTANT,
)
TASK_QUEUES = _schema(
    sampled_at=INSTANT,
    task_queue=pa.string(),
    kind=pa.string(),
    pollers=pa.int32(),
    last_poll_at=INSTANT,
    backlog=pa.int64(),
    backlog_age_seconds=pa.float64(),
    versions=pa.string(),
)
ROW_VERSIONS = _schema(
    table_name=pa.string(),
    row_id=pa.string(),
    seen_at=INSTANT,
    content=pa.string(),
    is_deleted=pa.bool_(),
)


@dataclass(frozen=True)
class Batch:
    """Rows of one source that belong together; written in one transaction.

    Each table has the schema of the constant of the same name. Columns mean what the comments in
    schema/0001_source_tables.sql say; `run_id` stands for `run_key`. A run row replaces what was known of the run,
    so that a batch always carries the whole row.
    """

    runs: pa.Table = field(default_factory=RUNS.empty_table)
    events: pa.Table = field(default_factory=EVENTS.empty_table)
    attributes: pa.Table = field(default_factory=ATTRIBUTES.empty_table)
    pending: pa.Table = field(default_factory=PENDING.empty_table)
    task_queues: pa.Table = field(default_factory=TASK_QUEUES.empty_table)
    row_versions: pa.Table = field(default_factory=ROW_VERSIONS.empty_table)


def moved(batch: Batch, by: timedelta) -> Batch:
    """The batch with all its instants moved, those in texts (attributes, contents of rows) left as they are."""
    if not by:
        return batch
    return Batch(**{name: _moved(table, by) for name, table in vars(batch).items()})


def _moved(table: pa.Table, by: timedelta) -> pa.Table:
    offset = pa.scalar(by, pa.duration("us"))
    for index, column in enumerate(table.schema):
        if column.type == INSTANT:
            table = table.set_column(index, column, pc.add(table.column(index), offset).cast(INSTANT))
    return table
