-- What done, asking and answering rules matched, in the stage they want the item to be in.
CREATE OR REPLACE TEMP TABLE held AS
WITH told AS (
    SELECT *, {'i': instant_at, 'w': is_row, 'r': run_rank, 'e': event_id} AS place FROM match WHERE purpose <> 'enter'
),
somewhere AS (
    SELECT
        told.stream, told.item_key, told.purpose, told.target, told.rule_index, told.place, told.after_stage,
        arg_max(walked.holds, walked.position) AS stage
    FROM told
    JOIN candidate
        ON candidate.stream = told.stream AND candidate.item_key = told.item_key AND candidate.place < told.place
    JOIN walked
        ON walked.stream = candidate.stream
       AND walked.item_key = candidate.item_key
       AND walked.position = candidate.position
    WHERE told.after_stage IS NOT NULL
    GROUP BY ALL
)
SELECT told.*
FROM told
WHERE told.after_stage IS NULL
UNION ALL
SELECT told.*
FROM told
JOIN somewhere
    ON somewhere.stream = told.stream
   AND somewhere.item_key = told.item_key
   AND somewhere.purpose = told.purpose
   AND somewhere.target = told.target
   AND somewhere.rule_index = told.rule_index
   AND somewhere.place = told.place
   AND somewhere.after_stage = told.after_stage
   AND somewhere.stage = told.after_stage;

-- When each item closed: the end of its last run, or a done rule that held before.
CREATE OR REPLACE TEMP TABLE item_end AS
WITH done AS (
    SELECT stream, item_key, min(place) AS place
    FROM held
    WHERE purpose = 'done'
    GROUP BY stream, item_key
)
SELECT
    item_run.stream,
    item_run.item_key,
    coalesce(done.place.i, item_close.ended_at) AS closed_at,
    CASE WHEN done.place IS NOT NULL THEN 'done' ELSE item_close.ended END AS ended,
    coalesce(done.place, item_close.end_order) AS end_order,
    CASE WHEN item_close.ended_at IS NULL AND done.place IS NULL THEN item_run.observed_until_at END
        AS observed_until_at
FROM item_run
LEFT JOIN item_close ON item_close.stream = item_run.stream AND item_close.item_key = item_run.item_key
LEFT JOIN done
    ON done.stream = item_run.stream
   AND done.item_key = item_run.item_key
   AND (item_close.end_order IS NULL OR done.place <= item_close.end_order)
WHERE item_run.is_last;

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
        coalesce(rule_stage.is_end, false) AS is_end,
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
    JOIN item_end
        ON item_end.stream = walked.stream
       AND item_end.item_key = walked.item_key
       AND (item_end.end_order IS NULL OR candidate.place <= item_end.end_order)
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
        ) - 1 AS stay_index,
        min(CASE WHEN is_winner THEN turn_position END) OVER (PARTITION BY stream, item_key, stage) AS first_position
    FROM entry
),
followed AS (
    SELECT
        numbered.*,
        lead(instant_at) OVER by_item AS next_at,
        lead(stage) OVER by_item AS next_stage,
        lead(kind) OVER by_item AS next_kind,
        lead(is_end) OVER by_item AS next_is_end,
        lead(run_key) OVER by_item AS next_run_key,
        lead(first_position) OVER by_item AS next_first_position,
        lead({'i': instant_at, 'w': is_row, 'r': run_rank, 'e': event_id}) OVER by_item AS next_order
    FROM numbered
    WHERE is_winner
    WINDOW by_item AS (PARTITION BY stream, item_key ORDER BY stay_index)
),
left_behind AS (
    SELECT
        followed.*,
        coalesce(
            followed.next_at,
            item_end.closed_at,
            CASE
                WHEN item_end.observed_until_at < followed.instant_at THEN followed.instant_at
                ELSE item_end.observed_until_at
            END
        ) AS left_at,
        coalesce(followed.next_order, item_end.end_order) AS left_order,
        undone.ended AS undone_end,
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
    LEFT JOIN run_end AS undone
        ON undone.stream = followed.stream
       AND undone.run_key = followed.next_run_key
       AND followed.next_stage = '(closed)'
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
        WHEN next_stage = '(closed)' THEN undone_end
        -- to end again is no rework: what a reset undid was another end
        WHEN next_stage IS NOT NULL AND (is_drawn_rework OR (next_first_position <= turn_position AND NOT next_is_end))
        THEN 'rework'
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

-- The stay in which each event happened; of those that began together the last. What a closing run did last it did
-- before it was closed.
CREATE OR REPLACE TEMP TABLE event_stay AS
WITH moment AS (
    SELECT stream, item_key, entered_at AS moment_at, CASE WHEN stage = '(closed)' THEN 2 ELSE 0 END AS turn,
        stay_index, CAST(NULL AS BIGINT) AS run_key, CAST(NULL AS BIGINT) AS event_id
    FROM found_stay
    WHERE NOT is_overlapped
    UNION ALL
    SELECT stream, item_key, instant_at, 1, NULL, run_key, event_id
    FROM live_event
),
placed AS (
    SELECT
        stream, item_key, run_key, event_id,
        max(stay_index) OVER (
            PARTITION BY stream, item_key ORDER BY moment_at, turn, stay_index
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stay_index
    FROM moment
)
SELECT stream, item_key, run_key, event_id, stay_index FROM placed WHERE event_id IS NOT NULL;
