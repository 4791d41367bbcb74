"""What is pending in the open runs of open items, in which condition: what the rules of stuck work stand on.

History says what is pending. Samples say in which condition it is: the newest of a run at or before the as-of instant,
no older than SAMPLE_LIFE before the instant up to which the item's source has been read. Common tables over open_item;
parameters as_of, sample_life_micros, and sampled_from_at, which only keeps the scan short.
"""

OPEN_RUN = """
open_run AS (
    SELECT
        open_item.stream,
        open_item.item_key,
        open_item.source_key,
        open_item.until_at,
        run.run_key,
        run.workflow_id,
        run.run_id,
        run.workflow_type,
        run.task_queue,
        run.history_length,
        run.history_size_bytes,
        run_item.is_own
    FROM open_item
    JOIN run_item ON run_item.stream = open_item.stream AND run_item.item_key = open_item.item_key
    JOIN run ON run.run_key = run_item.run_key
    WHERE run.started_at <= open_item.until_at
      AND (run.closed_at IS NULL OR run.closed_at > open_item.until_at)
      AND (run.observed_until_at IS NULL OR run.observed_until_at > open_item.until_at)
)"""

HELD_WORK = """
held_work AS (
    SELECT
        open_run.item_key,
        open_run.source_key,
        open_run.until_at,
        open_run.run_key,
        open_run.task_queue AS run_queue,
        pending_work.event_id,
        pending_work.kind,
        pending_work.name,
        pending_work.reference,
        pending_work.task_queue,
        pending_work.opened_at,
        pending_work.due_at
    FROM open_run
    JOIN pending_work
        ON pending_work.stream = open_run.stream
       AND pending_work.item_key = open_run.item_key
       AND pending_work.run_key = open_run.run_key
       AND pending_work.opened_at <= open_run.until_at
       AND (pending_work.settled_at IS NULL OR pending_work.settled_at > open_run.until_at)
)"""

SAMPLES = """
run_sample AS (
    SELECT
        pending.run_key,
        -- what a thinned sample says holds up to its last instant
        least(pending.sampled_until_at, CAST($as_of AS TIMESTAMPTZ)) AS sampled_at,
        pending.kind,
        pending.event_id,
        pending.reference,
        pending.state,
        pending.attempt,
        pending.maximum_attempts,
        pending.last_started_at,
        pending.last_ended_at,
        pending.last_heartbeat_at,
        pending.next_try_at,
        pending.failure_message,
        pending.failure_type,
        pending.worker,
        pending.actor,
        pending.reason,
        pending.task_queue,
        pending.version,
        pending.paused_at,
        pending.failing_since_at
    FROM pending
    JOIN (SELECT DISTINCT run_key, until_at FROM open_run) AS wanted ON wanted.run_key = pending.run_key
    WHERE pending.sampled_at <= CAST($as_of AS TIMESTAMPTZ)
      AND pending.sampled_until_at > CAST($sampled_from_at AS TIMESTAMPTZ)
      AND pending.sampled_until_at > wanted.until_at - to_microseconds($sample_life_micros)
    QUALIFY pending.sampled_at = max(pending.sampled_at) OVER (PARTITION BY pending.run_key)
),
queue_sample AS (
    SELECT
        task_queue.source_key,
        task_queue.task_queue,
        task_queue.kind,
        task_queue.sampled_at,
        task_queue.pollers,
        task_queue.last_poll_at,
        task_queue.backlog,
        task_queue.versions
    FROM task_queue
    JOIN (SELECT DISTINCT source_key, until_at FROM open_item) AS wanted ON wanted.source_key = task_queue.source_key
    WHERE task_queue.sampled_at <= CAST($as_of AS TIMESTAMPTZ)
      AND task_queue.sampled_at > CAST($sampled_from_at AS TIMESTAMPTZ)
      AND task_queue.sampled_at > wanted.until_at - to_microseconds($sample_life_micros)
    QUALIFY row_number() OVER (
        PARTITION BY task_queue.source_key, task_queue.task_queue, task_queue.kind
        ORDER BY task_queue.sampled_at DESC
    ) = 1
)"""

# One row per pending thing, with its condition and its queue's.
CONDITION = """
condition AS (
    SELECT
        held_work.item_key,
        held_work.source_key,
        held_work.run_key,
        held_work.until_at,
        held_work.event_id,
        held_work.kind,
        held_work.name,
        CASE held_work.kind WHEN 'nexus' THEN run_sample.reference ELSE held_work.reference END AS reference,
        held_work.opened_at,
        held_work.due_at,
        run_sample.sampled_at,
        run_sample.state,
        run_sample.attempt,
        run_sample.maximum_attempts,
        run_sample.last_started_at,
        run_sample.last_ended_at,
        run_sample.last_heartbeat_at,
        run_sample.next_try_at,
        run_sample.failure_message,
        run_sample.failure_type,
        run_sample.worker,
        run_sample.actor,
        run_sample.reason,
        run_sample.version,
        run_sample.paused_at,
        run_sample.failing_since_at,
        CASE
            WHEN held_work.kind = 'activity' THEN coalesce(run_sample.task_queue, held_work.task_queue)
            ELSE held_work.run_queue
        END AS task_queue,
        queue_sample.sampled_at AS queue_sampled_at,
        queue_sample.pollers,
        queue_sample.last_poll_at,
        queue_sample.backlog,
        queue_sample.versions
    FROM held_work
    LEFT JOIN run_sample
        ON run_sample.run_key = held_work.run_key
       AND run_sample.kind = CASE held_work.kind WHEN 'worker turn failing' THEN 'worker turn' ELSE held_work.kind END
       AND CASE held_work.kind
            WHEN 'activity' THEN run_sample.reference = held_work.reference
            WHEN 'nexus' THEN run_sample.event_id = held_work.event_id
            WHEN 'child' THEN run_sample.event_id = held_work.event_id
            ELSE true
        END
    LEFT JOIN queue_sample
        ON queue_sample.source_key = held_work.source_key
       AND queue_sample.kind = CASE held_work.kind WHEN 'activity' THEN 'activity' ELSE 'workflow' END
       AND queue_sample.task_queue = CASE held_work.kind
            WHEN 'activity' THEN coalesce(run_sample.task_queue, held_work.task_queue)
            ELSE held_work.run_queue
        END
)"""

FACTS = ",".join((OPEN_RUN, HELD_WORK, SAMPLES, CONDITION))
