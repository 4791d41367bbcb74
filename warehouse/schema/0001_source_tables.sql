-- What was read, as read. Written by connectors through warehouse.rounds; never by hand, never dropped:
-- Temporal forgets closed histories after its retention, so these rows may be the only copy.

-- One row per place we read from: a Temporal namespace, a database, a set of files.
CREATE TABLE source (
    source_key INTEGER NOT NULL, -- Number of the source in this warehouse.
    source VARCHAR NOT NULL, -- Name: cluster/namespace for Temporal ('main/default'), the configured name for a database ('crm').
    kind VARCHAR NOT NULL, -- temporal | database | files.
    as_of_at TIMESTAMPTZ, -- UTC instant up to which the source has been read completely; NULL before the first complete round.
    watermark VARCHAR, -- Where the next round goes on; its meaning belongs to the connector. JSON text.
    retention_seconds BIGINT -- How long Temporal keeps closed histories, seconds; NULL when unknown or without limit.
);

-- One row per Temporal run.
CREATE TABLE run (
    run_key BIGINT NOT NULL, -- Number of the run in this warehouse, given at first sight, in order of arrival.
    source_key INTEGER NOT NULL, -- The source it was read from.
    workflow_id VARCHAR NOT NULL, -- Temporal's workflow id; reused by later executions, so no key.
    run_id VARCHAR NOT NULL, -- Temporal's run id.
    first_run_id VARCHAR NOT NULL, -- First run id of its chain (Started.first_execution_run_id); its own run id where that is unknown.
    continued_run_id VARCHAR, -- The run it continues (continue-as-new, retry, cron).
    base_run_id VARCHAR, -- For a reset run: the run it was reset from.
    initiator VARCHAR, -- workflow | retry | cron: how a continuing run began; NULL for a first run or a reset.
    next_run_id VARCHAR, -- The run that its closing event names as successor.
    parent_workflow_id VARCHAR, -- Workflow id of the parent; NULL for a root.
    parent_run_id VARCHAR, -- Run id of the parent; NULL for a root.
    parent_event_id BIGINT, -- Event id in the parent that initiated this child.
    workflow_type VARCHAR NOT NULL, -- Workflow type.
    task_queue VARCHAR NOT NULL, -- Task queue of its worker turns.
    status VARCHAR NOT NULL, -- running | paused | completed | failed | canceled | terminated | continued_as_new | timed_out.
    started_at TIMESTAMPTZ NOT NULL, -- Start of the run, UTC. Temporal: start_time.
    execution_at TIMESTAMPTZ, -- When its first worker turn may begin (start delay, cron, back-off), UTC.
    closed_at TIMESTAMPTZ, -- Close of the run, UTC; NULL while open. Temporal: close_time.
    attempt INTEGER NOT NULL, -- Attempt of a retried workflow, from 1.
    cron_schedule VARCHAR, -- Cron expression; NULL without one.
    schedule_id VARCHAR, -- The schedule that started it; NULL without one.
    history_length BIGINT, -- Events in Temporal when last described.
    state_transition_count BIGINT, -- Temporal's counter of changes when last described; grows with retries and heartbeats too.
    history_size_bytes BIGINT, -- History size when last described, bytes.
    next_event_id BIGINT NOT NULL, -- First event id not read yet.
    tail_token BLOB, -- Temporal's page token that goes on where reading stopped.
    is_complete BOOLEAN NOT NULL, -- Closed, and every event read.
    seen_at TIMESTAMPTZ NOT NULL, -- When we first learned of the run, UTC.
    observed_until_at TIMESTAMPTZ -- For a run lost from sight while open: when it was last seen, UTC.
);

-- One row per history event.
CREATE TABLE event (
    run_key BIGINT NOT NULL, -- The run.
    event_id BIGINT NOT NULL, -- Temporal's event id: the order within the run.
    type SMALLINT NOT NULL, -- Temporal's event type number.
    time_at TIMESTAMPTZ NOT NULL, -- Temporal's event time, UTC; not monotonic, see event_instant in docs.
    name VARCHAR, -- Activity type, signal or update name, child workflow type, Nexus service/operation, marker name, timer summary.
    answers_event_id BIGINT, -- The event it answers: scheduled, initiated, started or accepted event id.
    turn_event_id BIGINT, -- The WorkflowTaskCompleted event that commanded it.
    reference VARCHAR, -- Activity id, timer id, update id, signal request id, child run id.
    attempt INTEGER, -- Attempt of the step that started or ended.
    task_queue VARCHAR, -- Queue of a scheduled step.
    due_micros BIGINT, -- Timer length or, for a scheduled activity, start-to-close (else schedule-to-close) time-out, microseconds.
    cause VARCHAR, -- Failure cause, parent close policy, time-out type, time-out retry state: lower case words.
    identity VARCHAR, -- Who caused it, as the caller said: a hint, not proof.
    principal VARCHAR, -- Who caused it, as the server authenticated: type/name.
    failure_message VARCHAR, -- Message of the failure, at most 1 kB.
    failure_type VARCHAR, -- Type of the failure.
    new_run_id VARCHAR, -- Successor named by a closing event, or the run a reset made.
    base_run_id VARCHAR, -- For a reset's WorkflowTaskFailed: the run that was reset.
    task_id BIGINT, -- Temporal's task id; 0 or NULL in files of some servers.
    learned_at TIMESTAMPTZ NOT NULL -- When we read it, UTC.
);

-- One row per declared path, search attribute or memo field that an event carries.
CREATE TABLE attribute (
    run_key BIGINT NOT NULL, -- The run.
    event_id BIGINT NOT NULL, -- The event that carries it.
    path VARCHAR NOT NULL, -- search_attribute.K, memo.k, input.a, input.1.b, result.a, header.k.
    value VARCHAR, -- Scalar as text; anything else as JSON text; NULL where the value was unset.
    is_cut BOOLEAN NOT NULL -- The value was longer than 1 kB and was cut.
);

-- Samples of Describe: what histories never hold (attempts, last failures, next tries).
CREATE TABLE pending (
    run_key BIGINT NOT NULL, -- The run.
    sampled_at TIMESTAMPTZ NOT NULL, -- When Temporal said so, UTC.
    kind VARCHAR NOT NULL, -- none | worker turn | activity | child | nexus | paused: none says that nothing was pending.
    event_id BIGINT, -- The event that opened it, where Temporal says.
    reference VARCHAR, -- Activity id, child run id, Nexus operation token.
    name VARCHAR, -- Activity type, child type, Nexus service/operation.
    state VARCHAR, -- scheduled | started | cancel requested | paused | backing off | blocked.
    attempt INTEGER, -- Present attempt, from 1.
    maximum_attempts INTEGER, -- Attempts allowed; NULL without limit.
    scheduled_at TIMESTAMPTZ, -- When it was (last) scheduled, UTC.
    last_started_at TIMESTAMPTZ, -- When its last attempt started, UTC.
    last_heartbeat_at TIMESTAMPTZ, -- Last heartbeat, UTC.
    next_try_at TIMESTAMPTZ, -- When the next attempt may begin, UTC.
    expires_at TIMESTAMPTZ, -- When the step times out for good, UTC.
    failure_message VARCHAR, -- Message of the last failure, at most 1 kB.
    failure_type VARCHAR, -- Type of the last failure.
    worker VARCHAR, -- Identity of the last worker.
    actor VARCHAR, -- Who paused it.
    reason VARCHAR -- Why it was paused, or is blocked.
);

-- Samples of task queues.
CREATE TABLE task_queue (
    source_key INTEGER NOT NULL, -- The source.
    sampled_at TIMESTAMPTZ NOT NULL, -- When Temporal said so, UTC.
    task_queue VARCHAR NOT NULL, -- Queue name.
    kind VARCHAR NOT NULL, -- workflow | activity.
    pollers INTEGER NOT NULL, -- Pollers whose last access is at most 75 s old.
    last_poll_at TIMESTAMPTZ, -- Last access of any poller, UTC.
    backlog BIGINT, -- Tasks waiting, about.
    backlog_age_seconds DOUBLE -- Age of the oldest waiting task, seconds.
);

-- Every version of every database row that was seen.
CREATE TABLE row_version (
    source_key INTEGER NOT NULL, -- The database.
    table_name VARCHAR NOT NULL, -- Configured name of the table or query.
    row_id VARCHAR NOT NULL, -- The row's key columns as a JSON array.
    seen_at TIMESTAMPTZ NOT NULL, -- When this version was first seen, UTC.
    content VARCHAR, -- The row as a JSON object: instants as ISO 8601 UTC, decimals as text; NULL when the row was deleted.
    is_deleted BOOLEAN NOT NULL -- The row is gone.
);

-- One row per round per source.
CREATE TABLE sync_round (
    round_id BIGINT NOT NULL, -- Number of the round, rising.
    source_key INTEGER NOT NULL, -- The source.
    started_at TIMESTAMPTZ NOT NULL, -- UTC.
    ended_at TIMESTAMPTZ NOT NULL, -- UTC.
    is_complete BOOLEAN NOT NULL, -- It read all it set out to read.
    requests BIGINT NOT NULL, -- Requests made to the source.
    throttled BIGINT NOT NULL, -- Requests the source refused for its limits (RESOURCE_EXHAUSTED).
    runs_changed BIGINT NOT NULL, -- Runs (or rows, for a database) that were new or changed.
    events_added BIGINT NOT NULL, -- Events (or row versions) added.
    open_there BIGINT, -- Open runs by the source's own count; NULL for a database.
    open_here BIGINT, -- Open runs in this warehouse right after the round; NULL for a database.
    error VARCHAR -- What went wrong, in one sentence; NULL when nothing did.
);
