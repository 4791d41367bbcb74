-- Every event or row that satisfies a rule, in the order in which it counts:
-- (instant_at, is_row, run_rank, event_id). Database rows come after events of the same instant.

CREATE OR REPLACE TEMP TABLE match AS
WITH event_kind(kind, type) AS (
    VALUES ('activity', 10), ('activity_done', 12), ('child', 29), ('nexus', 48), ('timer', 17), ('signal', 26),
        ('update', 41)
),
attribute_kind(kind, prefix) AS (
    VALUES ('search_attribute', 'search_attribute.'), ('memo', 'memo.')
),
opening AS (
    SELECT stream, item_key, min((instant_at, run_rank, event_id)) AS position
    FROM live_event
    WHERE is_own AND type = 1
    GROUP BY stream, item_key
),
by_event AS (
    SELECT
        live_event.stream, live_event.item_key, rule.purpose, rule.target, rule.rule_index, rule.kind,
        rule.after_stage, rule.outcome, rule.outcome_path, rule.actor_kind,
        live_event.instant_at, false AS is_row, live_event.run_rank, live_event.event_id, live_event.run_key,
        CASE WHEN live_event.type IN (10, 17, 29, 41, 48) THEN live_event.turn_event_id END AS turn_event_id,
        live_event.name, live_event.identity, live_event.principal, live_event.is_own, live_event.workflow_type,
        rule.workflow_type AS wanted_type
    FROM live_event
    JOIN event_kind ON event_kind.type = live_event.type
    JOIN rule_event AS rule
        ON rule.stream = live_event.stream
       AND rule.kind = event_kind.kind
       AND (rule.name IS NULL OR rule.name = live_event.name)
       AND (rule.seconds_micros IS NULL OR rule.seconds_micros = live_event.due_micros)
),
by_start AS (
    SELECT
        live_event.stream, live_event.item_key, rule.purpose, rule.target, rule.rule_index, rule.kind,
        -- an item that opens is in no stage yet
        NULL, rule.outcome, rule.outcome_path, rule.actor_kind,
        live_event.instant_at, false, live_event.run_rank, live_event.event_id, live_event.run_key,
        NULL, live_event.name, live_event.identity, live_event.principal, true, live_event.workflow_type,
        NULL
    FROM live_event
    JOIN opening
        ON opening.stream = live_event.stream
       AND opening.item_key = live_event.item_key
       AND opening.position = (live_event.instant_at, live_event.run_rank, live_event.event_id)
    JOIN rule_event AS rule ON rule.stream = live_event.stream AND rule.kind = 'start'
),
by_attribute AS (
    SELECT
        live_event.stream, live_event.item_key, rule.purpose, rule.target, rule.rule_index, rule.kind,
        rule.after_stage, rule.outcome, rule.outcome_path, rule.actor_kind,
        live_event.instant_at, false, live_event.run_rank, live_event.event_id, live_event.run_key,
        CASE WHEN live_event.type IN (40, 46) THEN live_event.turn_event_id END,
        rule.name, live_event.identity, live_event.principal, live_event.is_own, live_event.workflow_type,
        rule.workflow_type
    FROM live_attribute
    JOIN live_event
        ON live_event.stream = live_attribute.stream
       AND live_event.run_key = live_attribute.run_key
       AND live_event.event_id = live_attribute.event_id
       AND live_event.type IN (1, 40, 46)
    JOIN rule_event AS rule ON rule.stream = live_attribute.stream
    JOIN attribute_kind
        ON attribute_kind.kind = rule.kind AND live_attribute.path = attribute_kind.prefix || rule.name
    WHERE rule.value IS NULL OR rule.value = live_attribute.value
),
by_close AS (
    SELECT
        run_end.stream, run_end.item_key, rule.purpose, rule.target, rule.rule_index, rule.kind,
        rule.after_stage, rule.outcome, rule.outcome_path, rule.actor_kind,
        run_end.ended_at, false, run_end.run_rank, run_end.event_id, run_end.run_key,
        NULL, run_end.ended, run_end.identity, NULL, run_end.is_own, NULL, NULL
    FROM run_end
    JOIN rule_event AS rule
        ON rule.stream = run_end.stream
       AND rule.kind = 'close'
       AND (rule.value IS NULL OR replace(rule.value, '_', ' ') = run_end.ended)
    LEFT JOIN undone_end
        ON undone_end.stream = run_end.stream
       AND undone_end.run_key = run_end.run_key
       AND undone_end.event_id = run_end.event_id
    WHERE run_end.is_own AND NOT run_end.goes_on AND (run_end.is_last OR undone_end.stream IS NOT NULL)
),
by_ended_wait AS (
    SELECT idle.*, rule.rule_index, rule.purpose, rule.target, rule.after_stage
    FROM idle
    JOIN rule_event AS rule
        ON rule.stream = idle.stream
       AND rule.kind = 'waiting_for'
       AND idle.wake_type IN (26, 41)
       AND rule.name = idle.wake_name
),
-- Nothing ended the wait yet: it is for the stage that the drawing expects next, or for the present one again,
-- unless the present one has just got its message. Whether the present one still waits for its own is seen below.
by_open_wait AS (
    SELECT DISTINCT
        idle.*, rule.rule_index, rule.purpose, rule.target, coalesce(rule.after_stage, expected.from_stage) AS after_stage
    FROM idle
    JOIN rule_event AS rule ON rule.stream = idle.stream AND rule.kind = 'waiting_for'
    JOIN (
        SELECT stream, from_stage, to_stage FROM rule_move
        UNION
        SELECT stream, stage, stage FROM rule_stage
    ) AS expected
        ON expected.stream = rule.stream
       AND (expected.to_stage = rule.target OR rule.purpose <> 'enter')
       AND (rule.after_stage IS NULL OR rule.after_stage = expected.from_stage)
    WHERE idle.wake_type IS NULL
      AND NOT (
            rule.purpose = 'enter'
            AND rule.after_stage IS NULL
            AND expected.from_stage = rule.target
            AND EXISTS (
                SELECT 1 FROM rule_event AS same
                WHERE same.stream = rule.stream AND same.purpose = 'enter' AND same.kind = 'waiting_for'
                  AND same.target = rule.target AND same.name = idle.previous_wake_name
            )
      )
),
by_wait AS (
    SELECT DISTINCT
        told.stream, told.item_key, told.purpose, told.target, told.rule_index, 'waiting_for' AS kind,
        told.after_stage, rule.outcome, rule.outcome_path, rule.actor_kind,
        -- behind all that the turn did: what it accepted was said before it stopped
        told.stopped_at, false, told.run_rank, told.stop_event_id, told.run_key,
        told.event_id AS turn_event_id, NULL, NULL, NULL, told.is_own, told.workflow_type,
        rule.workflow_type,
        CASE WHEN told.is_open AND rule.purpose = 'enter' AND told.after_stage <> rule.target THEN told.after_stage END
            AS left_stage,
        rule.after_stage IS NOT NULL AS is_after_declared
    FROM (
        SELECT *, false AS is_open FROM by_ended_wait
        UNION ALL
        SELECT *, true FROM by_open_wait
    ) AS told
    JOIN rule_event AS rule
        ON rule.stream = told.stream AND rule.purpose = told.purpose AND rule.rule_index = told.rule_index
       AND rule.target = told.target
),
row_value AS (
    SELECT
        live_row.stream, live_row.item_key, live_row.table_path, live_row.row_id, live_row.instant_at,
        live_row.row_order, live_row.is_before, rule.purpose, rule.rule_index, rule.name,
        -- an answer without a column of its own is told by the one that holds the outcome
        coalesce(rule.column_name, regexp_extract(rule.outcome_path, '[^.]+$')) AS column_name
    FROM live_row
    JOIN rule_event AS rule
        ON rule.stream = live_row.stream AND rule.kind = 'row' AND 'db.' || rule.name = live_row.table_path
),
row_read AS (
    SELECT
        row_value.*,
        json_extract_string(live_row.content, '$."' || row_value.column_name || '"') AS value
    FROM row_value
    JOIN live_row
        ON live_row.stream = row_value.stream
       AND live_row.item_key = row_value.item_key
       AND live_row.row_order = row_value.row_order
),
row_change AS (
    SELECT
        *,
        lag(value) OVER (
            PARTITION BY stream, item_key, row_id, purpose, rule_index, name ORDER BY row_order
        ) AS old_value,
        row_number() OVER (
            PARTITION BY stream, item_key, row_id, purpose, rule_index, name ORDER BY row_order
        ) = 1 AS is_first
    FROM row_read
),
by_row AS (
    SELECT
        row_change.stream, row_change.item_key, rule.purpose, rule.target, rule.rule_index, rule.kind,
        rule.after_stage, rule.outcome, rule.outcome_path, rule.actor_kind,
        row_change.instant_at, true, 0, row_change.row_order, NULL,
        NULL, row_change.table_path, NULL, NULL, true, NULL, NULL
    FROM row_change
    JOIN rule_event AS rule
        ON rule.stream = row_change.stream
       AND rule.purpose = row_change.purpose
       AND rule.rule_index = row_change.rule_index
       AND rule.name = row_change.name
    -- what a row held before the item opened tells where the item is, but asks and answers nothing
    WHERE (rule.purpose = 'enter' OR NOT row_change.is_before)
      AND CASE
            WHEN row_change.column_name IS NULL THEN row_change.is_first
            ELSE (row_change.is_first OR row_change.value IS DISTINCT FROM row_change.old_value)
                AND CASE WHEN rule.value IS NULL THEN row_change.value IS NOT NULL ELSE row_change.value = rule.value END
        END
),
found AS MATERIALIZED (
    SELECT *, NULL AS left_stage, false AS is_after_declared FROM by_event
    UNION ALL SELECT *, NULL, false FROM by_start
    UNION ALL SELECT *, NULL, false FROM by_attribute
    UNION ALL SELECT *, NULL, false FROM by_close
    UNION ALL SELECT * FROM by_wait
    UNION ALL SELECT *, NULL, false FROM by_row
),
-- Stages that a wait nobody has ended yet would leave, and when the item was last seen to enter them.
leaving AS (
    SELECT
        leaving.stream, leaving.item_key, leaving.left_stage, leaving.is_after_declared,
        max({'i': entry.instant_at, 'w': entry.is_row, 'r': entry.run_rank, 'e': entry.event_id}) AS entry_order
    FROM (
        SELECT DISTINCT stream, item_key, left_stage, is_after_declared FROM found WHERE left_stage IS NOT NULL
    ) AS leaving
    LEFT JOIN found AS entry
        ON entry.stream = leaving.stream
       AND entry.item_key = leaving.item_key
       AND entry.purpose = 'enter'
       AND entry.target = leaving.left_stage
       AND entry.kind <> 'waiting_for'
    GROUP BY ALL
),
heard AS (
    SELECT leaving.stream, leaving.item_key, leaving.left_stage, leaving.is_after_declared
    FROM leaving
    JOIN rule_message AS rule ON rule.stream = leaving.stream AND rule.stage = leaving.left_stage
    JOIN live_event AS message
        ON message.stream = leaving.stream
       AND message.item_key = leaving.item_key
       AND message.is_own
       AND message.type IN (26, 41)
       AND CASE
            WHEN rule.name IS NULL
            THEN message.name NOT IN (SELECT nudge.name FROM rule_nudge AS nudge WHERE nudge.stream = leaving.stream)
            ELSE message.name = rule.name
        END
       AND (
            leaving.entry_order IS NULL
            OR {'i': message.instant_at, 'w': false, 'r': message.run_rank, 'e': message.event_id}
                > leaving.entry_order
       )
    -- an update that completes with failure moves nothing
    LEFT JOIN live_event AS result
        ON result.stream = message.stream AND result.run_key = message.run_key
       AND result.type = 43 AND result.answers_event_id = message.event_id AND result.failure_message IS NOT NULL
    WHERE result.event_id IS NULL
    GROUP BY ALL
    HAVING count(DISTINCT (message.run_rank, message.event_id)) >= min(rule.needs)
),
-- The present stage waits for a message of its own, which has not come: this is the wait, and not the next stage's.
waiting AS (
    SELECT DISTINCT leaving.stream, leaving.item_key, leaving.left_stage, leaving.is_after_declared
    FROM leaving
    JOIN rule_message AS rule ON rule.stream = leaving.stream AND rule.stage = leaving.left_stage
    -- after = "stage" is more than a guess, but less than a message that the file names
    WHERE rule.name IS NOT NULL OR NOT leaving.is_after_declared
    EXCEPT
    SELECT * FROM heard
)
SELECT found.* EXCLUDE (left_stage, is_after_declared)
FROM found
LEFT JOIN waiting
    ON waiting.stream = found.stream
   AND waiting.item_key = found.item_key
   AND waiting.left_stage = found.left_stage
   AND waiting.is_after_declared = found.is_after_declared
WHERE waiting.stream IS NULL
  -- Only the item's own chain counts, unless a rule names another type.
  AND CASE WHEN found.wanted_type IS NULL THEN found.is_own ELSE found.wanted_type = found.workflow_type END;
