-- A run stops: no step open after a worker turn. Timers do not count as open (deadlines and reminders are timers).
-- Only of interest where a rule asks what a run waits for.
CREATE OR REPLACE TEMP TABLE idle AS
WITH change AS (
    SELECT
        live_event.stream, live_event.item_key, live_event.run_key, live_event.run_rank, live_event.is_own,
        live_event.workflow_type, live_event.event_id, live_event.type, live_event.name, live_event.instant_at,
        live_event.turn_event_id AS last_turn,
        CASE
            WHEN live_event.type IN (10, 29, 48) THEN 1
            WHEN live_event.type IN (12, 13, 14, 16, 30, 32, 33, 34, 35, 36, 50, 51, 52, 53) THEN -1
            ELSE 0
        END AS opened,
        live_event.type IN (12, 13, 14, 16, 18, 20, 26, 30, 32, 33, 34, 35, 36, 41, 50, 51, 52, 53) AS is_wake
    FROM live_event
    WHERE live_event.stream IN (SELECT stream FROM rule_event WHERE kind = 'waiting_for')
),
counted AS (
    SELECT
        *,
        sum(opened) OVER before AS open_steps,
        min(CASE WHEN is_wake THEN event_id END) OVER (
            PARTITION BY stream, run_key ORDER BY event_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        ) AS wake_event_id
    FROM change
    WINDOW before AS (
        PARTITION BY stream, run_key ORDER BY event_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
),
-- the commands of a turn follow it: what counts is what is open behind the last of them
settled AS (
    SELECT
        stream, item_key, run_key, run_rank, is_own, workflow_type, last_turn AS event_id,
        arg_max(open_steps, event_id) AS open_steps,
        -- none behind the last command counts as none: what the turn itself accepted did not end its wait
        arg_max_null(wake_event_id, event_id) AS wake_event_id,
        max(event_id) AS stop_event_id,
        max(instant_at) FILTER (type = 7) AS stopped_at,
        bool_or(type IN (2, 3, 4, 20, 21, 27, 28)) AS is_closing
    FROM counted
    WHERE last_turn IS NOT NULL
      AND (type = 7 OR type IN (2, 3, 10, 17, 19, 21, 22, 25, 28, 29, 37, 40, 41, 43, 46, 48))
    GROUP BY stream, item_key, run_key, run_rank, is_own, workflow_type, last_turn
)
SELECT
    settled.stream,
    settled.item_key,
    settled.run_key,
    settled.run_rank,
    settled.is_own,
    settled.workflow_type,
    settled.event_id,
    settled.stop_event_id,
    settled.stopped_at,
    wake.type AS wake_type,
    wake.name AS wake_name,
    lag(CASE WHEN wake.type IN (26, 41) THEN wake.name END) OVER (
        PARTITION BY settled.stream, settled.run_key ORDER BY settled.event_id
    ) AS previous_wake_name
FROM settled
LEFT JOIN change AS wake
    ON wake.stream = settled.stream AND wake.run_key = settled.run_key AND wake.event_id = settled.wake_event_id
WHERE settled.open_steps = 0 AND NOT settled.is_closing;
