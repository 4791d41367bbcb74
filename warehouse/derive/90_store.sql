-- What was known of each item, and when: from attributes of its own chain, and from database rows.
CREATE OR REPLACE TEMP TABLE found_attribute AS
WITH wanted AS (
    SELECT DISTINCT stream, path FROM rule_path
),
told AS (
    SELECT
        live_attribute.stream, live_attribute.item_key, live_attribute.path, live_attribute.value,
        live_attribute.instant_at, 0 AS is_row, live_attribute.run_rank, live_attribute.event_id AS ordinal
    FROM live_attribute
    WHERE live_attribute.is_own
      AND (
        starts_with(live_attribute.path, 'search_attribute.')
        OR (live_attribute.stream, live_attribute.path) IN (SELECT (stream, path) FROM wanted)
      )
      -- a path into a payload belongs to the item where it began; messages have their own
      AND (live_attribute.type IN (1, 40, 46))
    UNION ALL
    SELECT
        live_row.stream, live_row.item_key, wanted.path,
        json_extract_string(live_row.content, '$."' || substr(wanted.path, length(live_row.table_path) + 2) || '"'),
        live_row.instant_at, 1, 0, live_row.row_order
    FROM live_row
    JOIN wanted ON wanted.stream = live_row.stream AND starts_with(wanted.path, live_row.table_path || '.')
),
changed AS (
    SELECT
        *,
        lag(value) OVER by_path AS old_value,
        row_number() OVER by_path = 1 AS is_first
    FROM told
    WINDOW by_path AS (PARTITION BY stream, item_key, path ORDER BY instant_at, is_row, run_rank, ordinal)
),
kept AS (
    SELECT * FROM changed WHERE is_first OR value IS DISTINCT FROM old_value
),
opened AS (
    SELECT stream, item_key, min(instant_at) AS opened_at FROM live_event WHERE is_own GROUP BY stream, item_key
)
SELECT
    kept.stream,
    kept.item_key,
    kept.path,
    -- what a row first says holds from the opening, or every earlier as-of would have no value
    CASE WHEN kept.is_first AND kept.is_row = 1 THEN least(opened.opened_at, kept.instant_at) ELSE kept.instant_at END
        AS valid_from_at,
    lead(kept.instant_at) OVER (
        PARTITION BY kept.stream, kept.item_key, kept.path ORDER BY kept.instant_at, is_row, run_rank, ordinal
    ) AS valid_to_at,
    kept.value,
    CASE WHEN isfinite(try_cast(kept.value AS DOUBLE)) THEN try_cast(kept.value AS DOUBLE) END AS number
FROM kept
JOIN opened ON opened.stream = kept.stream AND opened.item_key = kept.item_key;

-- The two clocks: the last first-occurrence of progress within a stay, and the last anything.
CREATE OR REPLACE TEMP TABLE item_clock AS
WITH counted AS (
    SELECT
        live_event.stream,
        live_event.item_key,
        live_event.instant_at,
        live_event.type IN (12, 13, 14, 16, 18, 26, 32, 33, 34, 35, 36, 41, 50, 51, 52, 53)
            AND row_number() OVER (
                PARTITION BY live_event.stream, live_event.item_key, found_stay.stay_index, live_event.type,
                    live_event.name
                ORDER BY live_event.instant_at, live_event.run_rank, live_event.event_id
            ) = 1 AS is_progress
    FROM live_event
    LEFT JOIN event_stay AS found_stay
        ON found_stay.stream = live_event.stream
       AND found_stay.run_key = live_event.run_key
       AND found_stay.event_id = live_event.event_id
),
entered AS (
    SELECT stream, item_key, max(entered_at) AS entered_at FROM found_stay GROUP BY stream, item_key
)
SELECT
    counted.stream,
    counted.item_key,
    greatest(max(counted.instant_at) FILTER (counted.is_progress), max(entered.entered_at)) AS progress_at,
    greatest(max(counted.instant_at), max(entered.entered_at)) AS activity_at,
    min(counted.instant_at) AS first_at,
    count(*) AS events
FROM counted
LEFT JOIN entered ON entered.stream = counted.stream AND entered.item_key = counted.item_key
GROUP BY counted.stream, counted.item_key;

CREATE OR REPLACE TEMP TABLE found_item AS
WITH family AS (
    SELECT
        item_run.stream,
        item_run.item_key,
        arg_min(item_run.workflow_type, item_run.run_rank) AS workflow_type,
        arg_min(item_run.source_key, item_run.run_rank) AS source_key,
        count(*) AS runs,
        bool_or(item_run.fork_event_id IS NOT NULL AND item_run.is_own) AS has_reset,
        arg_min(
            item_run.run_id <> item_run.first_run_id AND coalesce(item_run.initiator, '') <> 'cron', item_run.run_rank
        ) FILTER (item_run.is_own) AS is_headless
    FROM item_run
    GROUP BY item_run.stream, item_run.item_key
),
opened AS (
    SELECT stream, item_key, min(instant_at) AS opened_at FROM live_event WHERE is_own GROUP BY stream, item_key
),
ended_stage AS (
    SELECT found_stay.stream, found_stay.item_key, arg_max(found_stay.stage, found_stay.stay_index) AS stage,
        arg_max(rule_stage.is_end, found_stay.stay_index) AS is_end,
        arg_max(rule_stage.is_bad, found_stay.stay_index) AS is_bad
    FROM found_stay
    JOIN rule_stage ON rule_stage.stream = found_stay.stream AND rule_stage.stage = found_stay.stage
    WHERE NOT found_stay.is_overlapped
    GROUP BY found_stay.stream, found_stay.item_key
),
bad_option AS (
    SELECT found_decision.stream, found_decision.item_key, bool_or(rule_option.is_bad) AS is_bad
    FROM found_decision
    JOIN rule_option
        ON rule_option.stream = found_decision.stream
       AND rule_option.decision = found_decision.decision
       AND rule_option.outcome = found_decision.outcome
    GROUP BY found_decision.stream, found_decision.item_key
)
SELECT
    last_run.stream,
    last_run.item_key,
    family.source_key,
    last_run.workflow_id,
    last_run.run_id,
    family.workflow_type,
    key_of_item.business_key,
    opened.opened_at,
    item_end.closed_at,
    item_end.ended,
    CASE
        WHEN item_end.closed_at IS NULL THEN NULL
        WHEN ended_stage.is_end OR item_end.ended IN ('completed', 'done') THEN ended_stage.stage
        ELSE item_end.ended
    END AS outcome,
    CASE
        WHEN item_end.closed_at IS NULL THEN NULL
        ELSE item_end.ended IN ('failed', 'timed out', 'terminated')
            OR coalesce(ended_stage.is_bad, false)
            OR coalesce(bad_option.is_bad, false)
    END AS is_bad,
    rule_stream.is_standing,
    family.has_reset AND EXISTS (
        SELECT 1 FROM found_stay
        WHERE found_stay.stream = last_run.stream AND found_stay.item_key = last_run.item_key
          AND found_stay.stage = '(closed)'
    ) AS is_reopened,
    coalesce(family.is_headless, false) AS is_headless,
    item_end.observed_until_at,
    coalesce(item_clock.progress_at, opened.opened_at) AS progress_at,
    item_clock.activity_at,
    family.runs,
    item_clock.events
FROM item_run AS last_run
JOIN family ON family.stream = last_run.stream AND family.item_key = last_run.item_key
JOIN rule_stream ON rule_stream.stream = last_run.stream
JOIN opened ON opened.stream = last_run.stream AND opened.item_key = last_run.item_key
JOIN item_end ON item_end.stream = last_run.stream AND item_end.item_key = last_run.item_key
JOIN item_clock ON item_clock.stream = last_run.stream AND item_clock.item_key = last_run.item_key
LEFT JOIN key_of_item ON key_of_item.stream = last_run.stream AND key_of_item.item_key = last_run.item_key
LEFT JOIN ended_stage ON ended_stage.stream = last_run.stream AND ended_stage.item_key = last_run.item_key
LEFT JOIN bad_option ON bad_option.stream = last_run.stream AND bad_option.item_key = last_run.item_key
WHERE last_run.is_last;

INSERT INTO item BY NAME SELECT * FROM found_item ORDER BY stream, item_key;

INSERT INTO stay BY NAME
SELECT * EXCLUDE (entry_order, left_order) FROM found_stay ORDER BY stream, item_key, stay_index;

INSERT INTO step BY NAME
SELECT
    found_step.stream, found_step.item_key, coalesce(found_stay.stay_index, 0) AS stay_index, found_step.run_key,
    found_step.event_id, found_step.kind, found_step.name, found_step.task_queue, found_step.scheduled_at,
    found_step.started_at, found_step.ended_at, found_step.due_at, found_step.attempts, found_step.ended,
    found_step.failure_message, found_step.failure_type
FROM found_step
-- a step that a reset has copied unfinished goes on from the reset
LEFT JOIN item_run ON item_run.stream = found_step.stream AND item_run.run_key = found_step.run_key
LEFT JOIN event_stay AS found_stay
    ON found_stay.stream = found_step.stream
   AND found_stay.run_key = found_step.run_key
   AND found_stay.event_id = CASE
        WHEN found_step.event_id < item_run.fork_event_id THEN item_run.fork_event_id ELSE found_step.event_id
    END
ORDER BY found_step.stream, found_step.item_key, found_step.run_key, found_step.event_id;

INSERT INTO pending_work BY NAME
SELECT * FROM found_pending ORDER BY stream, item_key, run_key, event_id;

INSERT INTO decision BY NAME
SELECT * FROM found_decision ORDER BY stream, item_key, decision, question_index;

INSERT INTO item_attribute BY NAME
SELECT * FROM found_attribute ORDER BY stream, item_key, path, valid_from_at;
