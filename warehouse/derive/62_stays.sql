-- Entries in order. Of several in one worker turn the stage drawn later wins.
CREATE OR REPLACE TEMP TABLE entry AS
WITH placed AS (
    SELECT
        candidate.stream, candidate.item_key, candidate.instant_at, candidate.is_row, candidate.run_rank,
        candidate.event_id, candidate.run_key, candidate.turn_event_id, candidate.position,
        walked.stage,
        walked.kind,
        coalesce(rule_stage.stage_index, -1) AS stage_index,
        coalesce(rule_stage.lane, '') AS lane,
        CASE
            WHEN candidate.turn_event_id IS NULL THEN candidate.position
            ELSE min(candidate.position) OVER (
                PARTITION BY candidate.stream, candidate.item_key, candidate.run_key, candidate.turn_event_id
            )
        END AS turn_position
    FROM walked
    JOIN candidate
        ON candidate.stream = walked.stream
       AND candidate.item_key = walked.item_key
       AND candidate.position = walked.position
    LEFT JOIN rule_stage ON rule_stage.stream = walked.stream AND rule_stage.stage = walked.stage
    WHERE walked.is_entry AND walked.stage IS NOT NULL
),
ranked AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY stream, item_key, turn_position ORDER BY stage_index DESC, position DESC
        ) = 1 AS is_winner
    FROM placed
),
won AS (
    SELECT
        *,
        lag(stage) OVER (PARTITION BY stream, item_key ORDER BY turn_position) AS previous_stage
    FROM ranked
    WHERE is_winner
),
moved AS (
    SELECT won.*
    FROM won
    LEFT JOIN rule_move AS loop
        ON loop.stream = won.stream AND loop.from_stage = won.stage AND loop.to_stage = won.stage
    WHERE won.previous_stage IS DISTINCT FROM won.stage
       OR (loop.stream IS NOT NULL AND won.kind <> 'reset')
),
-- what lost in a worker turn that moved the item stays as a stay of no length
lost AS (
    SELECT
        ranked.*,
        moved.previous_stage
    FROM ranked
    JOIN moved
        ON moved.stream = ranked.stream
       AND moved.item_key = ranked.item_key
       AND moved.turn_position = ranked.turn_position
    WHERE NOT ranked.is_winner
      AND ranked.stage <> moved.stage
      AND ranked.stage IS DISTINCT FROM moved.previous_stage
    QUALIFY row_number() OVER (
        PARTITION BY ranked.stream, ranked.item_key, ranked.turn_position, ranked.stage ORDER BY ranked.position
    ) = 1
)
SELECT * FROM moved
UNION ALL BY NAME
SELECT * FROM lost;

CREATE OR REPLACE TEMP TABLE found_stay AS
WITH numbered AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY stream, item_key
            ORDER BY turn_position, CASE WHEN is_winner THEN 1 ELSE 0 END, stage_index, position
        ) - 1 AS stay_index
    FROM entry
),
followed AS (
    SELECT
        numbered.*,
        lead(instant_at) OVER by_item AS next_at,
        lead(stage) OVER by_item AS next_stage,
        lead(kind) OVER by_item AS next_kind,
        lead({'i': instant_at, 'w': is_row, 'r': run_rank, 'e': event_id}) OVER by_item AS left_order,
        list(stage) OVER (
            PARTITION BY stream, item_key ORDER BY stay_index ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS visited
    FROM numbered
    WHERE is_winner
    WINDOW by_item AS (PARTITION BY stream, item_key ORDER BY stay_index)
),
left_behind AS (
    SELECT
        followed.*,
        coalesce(followed.next_at, item_end.closed_at, item_end.observed_until_at) AS left_at,
        item_end.ended,
        item_end.closed_at,
        rule_move.stream IS NOT NULL AS is_drawn,
        coalesce(rule_move.is_rework, false) AS is_drawn_rework
    FROM followed
    JOIN item_end ON item_end.stream = followed.stream AND item_end.item_key = followed.item_key
    LEFT JOIN rule_move
        ON rule_move.stream = followed.stream
       AND rule_move.from_stage = followed.stage
       AND rule_move.to_stage = followed.next_stage
)
SELECT
    stream,
    item_key,
    stay_index,
    stage,
    stage_index,
    lane,
    instant_at AS entered_at,
    left_at,
    epoch_us(left_at) - epoch_us(instant_at) AS duration_micros,
    kind AS entry_kind,
    coalesce(run_key, -1) AS entry_run_key,
    CASE WHEN is_row THEN 0 ELSE event_id END AS entry_event_id,
    next_stage,
    CASE
        WHEN next_kind = 'reset' THEN 'reset'
        WHEN next_stage = '(closed)' THEN (
            SELECT run_end.ended FROM run_end
            WHERE run_end.stream = left_behind.stream AND run_end.item_key = left_behind.item_key
              AND run_end.is_own AND run_end.ended_at = left_behind.next_at
            ORDER BY run_end.run_rank LIMIT 1
        )
        WHEN next_stage IS NOT NULL AND (is_drawn_rework OR list_contains(visited, next_stage)) THEN 'rework'
        WHEN next_stage IS NOT NULL AND is_drawn THEN 'advanced'
        WHEN next_stage IS NOT NULL THEN 'undrawn'
        WHEN closed_at IS NOT NULL THEN ended
        WHEN left_at IS NOT NULL THEN 'lost'
    END AS exit_kind,
    CASE WHEN next_stage IS NOT NULL AND next_stage <> '(closed)' AND stage <> '(closed)' THEN is_drawn END AS is_drawn,
    false AS is_overlapped,
    {'i': instant_at, 'w': is_row, 'r': run_rank, 'e': event_id} AS entry_order,
    left_order
FROM left_behind
UNION ALL BY NAME
SELECT
    stream, item_key, stay_index, stage, stage_index, lane,
    instant_at AS entered_at,
    instant_at AS left_at,
    0 AS duration_micros,
    kind AS entry_kind,
    coalesce(run_key, -1) AS entry_run_key,
    CASE WHEN is_row THEN 0 ELSE event_id END AS entry_event_id,
    true AS is_overlapped,
    {'i': instant_at, 'w': is_row, 'r': run_rank, 'e': event_id} AS entry_order
FROM numbered
WHERE NOT is_winner;

-- The stay that holds from each instant on: of those that began together the last.
CREATE OR REPLACE TEMP TABLE stay_begun AS
SELECT stream, item_key, stay_index, stage, entered_at
FROM found_stay
WHERE NOT is_overlapped
QUALIFY row_number() OVER (PARTITION BY stream, item_key, entered_at ORDER BY stay_index DESC) = 1;
