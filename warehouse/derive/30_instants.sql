-- The events that count, each at the instant at which it counts (docs/definitions.md, Time).
CREATE OR REPLACE TEMP TABLE live_event AS
WITH counted AS (
    SELECT
        item_run.stream,
        item_run.item_key,
        item_run.is_own,
        item_run.is_last,
        item_run.run_rank,
        item_run.workflow_type,
        item_run.continued_run_id,
        event.run_key,
        event.event_id,
        event.type,
        event.time_at,
        coalesce(event.name, opener.name) AS name,
        event.answers_event_id,
        event.reference,
        event.attempt,
        event.task_queue,
        event.due_micros,
        event.cause,
        event.identity,
        event.principal,
        event.failure_message,
        event.failure_type,
        event.new_run_id,
        item_run.fork_event_id IS NOT NULL AND event.event_id = item_run.fork_event_id AS is_fork
    FROM item_run
    JOIN event ON event.run_key = item_run.run_key AND event.event_id >= coalesce(item_run.fork_event_id, 0)
    LEFT JOIN event AS opener ON opener.run_key = event.run_key AND opener.event_id = event.answers_event_id
    -- A reset applies signals and updates again, under new event ids: each counts once, at its first time.
    QUALIFY event.type NOT IN (26, 41)
         OR event.reference IS NULL
         OR row_number() OVER (
                PARTITION BY item_run.stream, item_run.item_key, item_run.chain_key, event.type, event.reference
                ORDER BY item_run.run_rank, event.event_id
            ) = 1
),
clocked AS (
    SELECT
        *,
        max(CASE WHEN type <> 11 THEN time_at END) OVER by_run AS clock_at,
        max(CASE WHEN type = 7 THEN event_id END) OVER by_run AS turn_event_id
    FROM counted
    WINDOW by_run AS (
        PARTITION BY stream, run_key ORDER BY event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
turned AS (
    SELECT
        *,
        CASE
            WHEN type IN (2, 3, 10, 17, 19, 21, 22, 25, 28, 29, 37, 40, 41, 43, 46, 48)
            THEN coalesce(
                max(CASE WHEN type = 7 THEN clock_at END) OVER (
                    PARTITION BY stream, run_key ORDER BY event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
                ),
                clock_at
            )
            ELSE clock_at
        END AS turn_at
    FROM clocked
),
caused AS (
    SELECT
        *,
        CASE
            WHEN type = 5
             AND lag(type) OVER by_run NOT IN (7, 8, 9)
             AND epoch_us(turn_at) - epoch_us(lag(turn_at) OVER by_run) <= 50000
            THEN lag(turn_at) OVER by_run
            ELSE turn_at
        END AS cause_at
    FROM turned
    WINDOW by_run AS (PARTITION BY stream, run_key ORDER BY event_id)
),
ended AS (
    SELECT stream, run_key, max(cause_at) AS end_at FROM caused GROUP BY stream, run_key
)
SELECT
    caused.* EXCLUDE (clock_at, turn_at, cause_at, continued_run_id),
    -- The end of one run of a chain is the start of the next.
    CASE WHEN caused.type = 1 AND ended.end_at < caused.cause_at THEN ended.end_at ELSE caused.cause_at END AS instant_at
FROM caused
LEFT JOIN item_run AS previous
    ON previous.stream = caused.stream
   AND previous.item_key = caused.item_key
   AND previous.run_id = caused.continued_run_id
LEFT JOIN ended ON ended.stream = previous.stream AND ended.run_key = previous.run_key;
