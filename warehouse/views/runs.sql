-- One row per Temporal run, whether it belongs to an item or not.
SELECT
    source.source AS source, -- Where it was read.
    run.workflow_id AS workflow_id, -- Temporal's workflow id.
    run.run_id AS run_id, -- Temporal's run id.
    run.workflow_type AS workflow_type, -- Workflow type.
    run.status AS status, -- running, paused, completed, failed, canceled, terminated, continued_as_new, timed_out.
    run.started_at AS started_at, -- UTC.
    run.closed_at AS closed_at, -- UTC; empty while open.
    (epoch_us(run.closed_at) - epoch_us(run.started_at)) / 1e6 AS duration_seconds, -- Seconds; empty while open.
    run.task_queue AS task_queue, -- Task queue of its worker turns.
    run.first_run_id AS first_run_id, -- First run of its chain.
    run.continued_run_id AS continued_run_id, -- The run it continues.
    run.base_run_id AS base_run_id, -- For a reset run: the run it was reset from.
    run.parent_workflow_id AS parent_workflow_id, -- Workflow id of the parent.
    run.parent_run_id AS parent_run_id, -- Run id of the parent.
    run.schedule_id AS schedule_id, -- The schedule that started it.
    run.attempt AS attempt, -- Attempt of a retried workflow, from 1.
    run.history_length AS history_length, -- Events in Temporal when last described.
    run.history_size_bytes AS history_size_bytes, -- History size when last described, bytes.
    run.seen_at AS seen_at, -- When we first learned of it, UTC.
    run.observed_until_at AS lost_at -- Lost from sight: when it was last seen, UTC.
FROM run
JOIN source ON source.source_key = run.source_key
ORDER BY source, started_at, run_id
