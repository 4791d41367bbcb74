-- One row per step: activity, child run, Nexus operation or timer.
SELECT
    step.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    run.run_id AS run_id, -- The run that scheduled it.
    step.event_id AS event_id, -- The scheduling event.
    step.stay_index AS stay_index, -- The stay in which it was scheduled.
    step.kind AS kind, -- activity, child, nexus or timer.
    step.name AS name, -- Activity type, child type, Nexus service/operation, timer summary.
    step.task_queue AS task_queue, -- Queue, for activities and children.
    step.scheduled_at AS scheduled_at, -- UTC.
    step.started_at AS started_at, -- Start of the last attempt, UTC.
    step.ended_at AS ended_at, -- UTC; empty while pending.
    step.due_at AS due_at, -- When the timer fires, or the activity times out, UTC.
    (epoch_us(step.started_at) - epoch_us(step.scheduled_at)) / 1e6 AS before_start_seconds, -- From scheduled to the last attempt's start: queue and retries, seconds.
    (epoch_us(step.ended_at) - epoch_us(step.started_at)) / 1e6 AS run_seconds, -- Length of the last attempt, seconds.
    step.attempts AS attempts, -- Attempts as far as known.
    step.ended AS ended, -- completed, failed, timed out, canceled, terminated, fired; empty while pending.
    step.failure_type AS failure_type, -- Type of the last failure.
    step.failure_message AS failure_message -- Last failure.
FROM step
JOIN item ON item.stream = step.stream AND item.item_key = step.item_key
JOIN run ON run.run_key = step.run_key
ORDER BY stream, workflow_id, scheduled_at, run_id, event_id
