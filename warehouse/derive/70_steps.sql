-- What opens work and what ends it. Work that a reset run has copied unfinished begins there anew.
CREATE OR REPLACE TEMP TABLE opener AS
SELECT
    live_event.stream, live_event.item_key, live_event.run_key, live_event.event_id, live_event.type, live_event.name,
    live_event.reference, live_event.task_queue, live_event.due_micros, live_event.time_at, live_event.instant_at
FROM live_event
WHERE live_event.type IN (10, 17, 29, 48)
UNION ALL
SELECT
    item_run.stream, item_run.item_key, event.run_key, event.event_id, event.type, event.name,
    event.reference, event.task_queue, event.due_micros, mark.time_at, mark.instant_at
FROM item_run
JOIN event ON event.run_key = item_run.run_key AND event.event_id < item_run.fork_event_id
JOIN live_event AS mark
    ON mark.stream = item_run.stream AND mark.run_key = item_run.run_key AND mark.is_fork
LEFT JOIN event AS answer
    ON answer.run_key = event.run_key
   AND answer.answers_event_id = event.event_id
   AND answer.event_id < item_run.fork_event_id
   AND answer.type IN (12, 13, 14, 16, 18, 19, 30, 32, 33, 34, 35, 36, 50, 51, 52, 53)
WHERE event.type IN (10, 17, 29, 48) AND answer.event_id IS NULL;

CREATE OR REPLACE TEMP TABLE found_step AS
WITH answered AS (
    SELECT
        stream, run_key, answers_event_id,
        max(time_at) FILTER (type IN (11, 31, 49)) AS started_at,
        max(attempt) AS attempts,
        arg_max(reference, event_id) FILTER (type = 31) AS child_run_id,
        max(time_at) FILTER (type NOT IN (11, 31, 49, 15, 54)) AS ended_at,
        max(instant_at) FILTER (type NOT IN (11, 31, 49, 15, 54)) AS settled_at,
        arg_max(type, event_id) FILTER (type NOT IN (11, 31, 49, 15, 54)) AS end_type,
        arg_max(failure_message, event_id) FILTER (failure_message IS NOT NULL) AS failure_message,
        arg_max(failure_type, event_id) FILTER (failure_type IS NOT NULL) AS failure_type
    FROM live_event
    WHERE answers_event_id IS NOT NULL
      AND type IN (11, 12, 13, 14, 16, 18, 19, 30, 31, 32, 33, 34, 35, 36, 49, 50, 51, 52, 53)
    GROUP BY stream, run_key, answers_event_id
)
SELECT
    opener.stream,
    opener.item_key,
    opener.run_key,
    opener.event_id,
    CASE opener.type WHEN 10 THEN 'activity' WHEN 17 THEN 'timer' WHEN 29 THEN 'child' ELSE 'nexus' END AS kind,
    opener.name,
    coalesce(answered.child_run_id, opener.reference) AS reference,
    opener.task_queue,
    opener.time_at AS scheduled_at,
    opener.instant_at AS opened_at,
    answered.started_at,
    coalesce(answered.ended_at, run_end.ended_at) AS ended_at,
    least(coalesce(answered.settled_at, run_end.ended_at), coalesce(run_end.ended_at, answered.settled_at)) AS settled_at,
    opener.time_at + to_microseconds(opener.due_micros) AS due_at,
    answered.attempts,
    CASE
        WHEN answered.end_type IN (12, 32, 50) THEN 'completed'
        WHEN answered.end_type IN (13, 30, 33, 51) THEN 'failed'
        WHEN answered.end_type IN (14, 35, 53) THEN 'timed out'
        WHEN answered.end_type IN (16, 19, 34, 52) THEN 'canceled'
        WHEN answered.end_type = 36 THEN 'terminated'
        WHEN answered.end_type = 18 THEN 'fired'
        WHEN run_end.ended_at IS NOT NULL THEN 'abandoned'
    END AS ended,
    answered.failure_message,
    answered.failure_type
FROM opener
LEFT JOIN answered
    ON answered.stream = opener.stream
   AND answered.run_key = opener.run_key
   AND answered.answers_event_id = opener.event_id
LEFT JOIN run_end ON run_end.stream = opener.stream AND run_end.run_key = opener.run_key;

CREATE OR REPLACE TEMP TABLE found_pending AS
-- A failed or timed-out turn goes on failing until a turn completes: later attempts are not in the history. A turn that
-- no worker took from its sticky queue, or that ended because something new had come, is only scheduled again.
WITH turn_end AS (
    SELECT
        stream, item_key, run_key, event_id, type, instant_at, failure_message, cause,
        lag(type) OVER (PARTITION BY stream, run_key ORDER BY event_id) AS previous_type,
        min(CASE WHEN type = 7 THEN instant_at END) OVER (
            PARTITION BY stream, run_key ORDER BY event_id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS completed_at
    FROM live_event
    WHERE type IN (7, 8, 9)
      AND NOT is_fork
      AND coalesce(cause, '') NOT IN (
        'schedule to start', 'unhandled command', 'reset sticky task queue', 'force close command',
        'failover close command', 'workflow pause requested before task started'
      )
),
handed AS (
    SELECT stream, run_key, event_id, answers_event_id
    FROM live_event
    WHERE type = 8 AND cause = 'schedule to start'
),
pause AS (
    SELECT
        stream, item_key, run_key, event_id, type, instant_at, identity,
        lead(instant_at) OVER (PARTITION BY stream, run_key ORDER BY event_id) AS next_at
    FROM live_event
    WHERE type IN (58, 59)
),
delay AS (
    SELECT
        live_event.stream, live_event.item_key, live_event.run_key, live_event.event_id, live_event.instant_at,
        item_run.execution_at
    FROM live_event
    JOIN item_run ON item_run.stream = live_event.stream AND item_run.run_key = live_event.run_key
    WHERE live_event.type = 1 AND item_run.execution_at > live_event.time_at + INTERVAL 1 SECOND
),
work AS (
    SELECT
        stream, item_key, run_key, event_id, kind, name, reference, opened_at, settled_at, due_at, task_queue
    FROM found_step
    UNION ALL
    SELECT
        turn.stream, turn.item_key, turn.run_key, turn.event_id, 'worker turn', NULL, NULL,
        turn.instant_at, min(answer.instant_at), NULL, turn.task_queue
    FROM live_event AS turn
    LEFT JOIN live_event AS answer
        ON answer.stream = turn.stream
       AND answer.run_key = turn.run_key
       AND answer.type IN (7, 8, 9)
       AND answer.answers_event_id = turn.event_id
    WHERE turn.type = 5
      AND NOT EXISTS (
        SELECT 1 FROM handed
        WHERE handed.stream = turn.stream AND handed.run_key = turn.run_key
          AND handed.answers_event_id = turn.event_id
      )
    GROUP BY turn.stream, turn.item_key, turn.run_key, turn.event_id, turn.instant_at, turn.task_queue
    UNION ALL
    -- a turn that no worker took from its sticky queue waits on in the queue of all, under another event
    SELECT
        turn.stream, turn.item_key, turn.run_key, turn.event_id, 'worker turn', NULL, NULL,
        turn.instant_at, min(answer.instant_at), NULL, turn.task_queue
    FROM handed
    JOIN live_event AS turn
        ON turn.stream = handed.stream
       AND turn.run_key = handed.run_key
       AND turn.event_id = handed.answers_event_id
    LEFT JOIN turn_end AS answer
        ON answer.stream = handed.stream AND answer.run_key = handed.run_key AND answer.event_id > handed.event_id
    GROUP BY turn.stream, turn.item_key, turn.run_key, turn.event_id, turn.instant_at, turn.task_queue
    UNION ALL
    SELECT
        stream, item_key, run_key, event_id, 'worker turn failing', failure_message, cause,
        instant_at, completed_at, NULL, NULL
    FROM turn_end
    WHERE type IN (8, 9) AND coalesce(previous_type, 7) = 7
    UNION ALL
    SELECT stream, item_key, run_key, event_id, 'paused', identity, NULL, instant_at, next_at, NULL, NULL
    FROM pause
    WHERE type = 58
    UNION ALL
    SELECT
        delay.stream, delay.item_key, delay.run_key, delay.event_id, 'delayed start', NULL, NULL,
        delay.instant_at,
        (
            SELECT min(first.instant_at) FROM live_event AS first
            WHERE first.stream = delay.stream AND first.run_key = delay.run_key AND first.type = 5
        ),
        delay.execution_at, NULL
    FROM delay
)
SELECT
    work.stream, work.item_key, work.run_key, work.event_id, work.kind, work.name, work.reference,
    work.opened_at,
    least(coalesce(work.settled_at, run_end.ended_at), coalesce(run_end.ended_at, work.settled_at)) AS settled_at,
    work.due_at, work.task_queue
FROM work
LEFT JOIN run_end ON run_end.stream = work.stream AND run_end.run_key = work.run_key;
