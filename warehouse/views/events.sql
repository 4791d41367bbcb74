-- One row per history event.
SELECT
    source.source AS source, -- Where it was read.
    run.workflow_id AS workflow_id, -- Temporal's workflow id.
    run.run_id AS run_id, -- Temporal's run id.
    event.event_id AS event_id, -- Order within the run.
    event.type AS type, -- Temporal's event type number.
    event.time_at AS time_at, -- Temporal's event time, UTC; it may go back from one event to the next.
    event.name AS name, -- Activity type, signal or update name, child type, timer summary.
    event.answers_event_id AS answers_event_id, -- The event it answers.
    event.attempt AS attempt, -- Attempt of the step that started or ended.
    event.task_queue AS task_queue, -- Queue of a scheduled step.
    event.cause AS cause, -- Failure cause, time-out type, parent close policy.
    event.identity AS identity, -- Who caused it, as the caller said: a hint, not proof.
    event.principal AS principal, -- Who caused it, as the server authenticated.
    event.failure_type AS failure_type, -- Type of the failure.
    event.failure_message AS failure_message, -- Message of the failure, at most 1 kB.
    event.learned_at AS learned_at -- When we read it, UTC.
FROM event
JOIN run ON run.run_key = event.run_key
JOIN source ON source.source_key = run.source_key
ORDER BY source, run_id, event_id
