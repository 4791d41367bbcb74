-- How each item's last run closed.
CREATE OR REPLACE TEMP TABLE item_close AS
SELECT
    stream, item_key, ended_at, ended,
    {'i': ended_at, 'w': false, 'r': run_rank, 'e': event_id} AS end_order
FROM run_end
WHERE is_own AND is_last AND NOT goes_on;

-- Everything that may move an item, one row per event: the stages it may mean in file order, a return by reset,
-- or the time between a close and the reset that reopened the item.
CREATE OR REPLACE TEMP TABLE candidate AS
WITH entering AS (
    SELECT
        match.stream, match.item_key, match.instant_at, match.is_row, match.run_rank, match.event_id, match.run_key,
        match.turn_event_id,
        -- a run that stops does so behind its last command, which may itself enter a stage
        match.kind = 'waiting_for' AS is_last,
        -- sorted afterwards: most events mean one stage, and an ordered aggregate costs each of them a sort
        list_sort(
            list(
                {
                    'rule': match.rule_index,
                    'after': match.after_stage,
                    'stage': match.target,
                    'kind': match.kind,
                    'drawn': coalesce(rule_stage.stage_index, -1)
                }
            )
        ) AS options
    FROM match
    LEFT JOIN rule_stage ON rule_stage.stream = match.stream AND rule_stage.stage = match.target
    WHERE match.purpose = 'enter'
    GROUP BY match.stream, match.item_key, match.instant_at, match.is_row, match.run_rank, match.event_id,
        match.run_key, match.turn_event_id, is_last
),
-- behind the end stage that the close enters
reopening AS (
    SELECT
        stream, item_key, ended_at, false, run_rank, event_id, run_key,
        NULL, true, [{'rule': -1, 'after': NULL, 'stage': '(closed)', 'kind': 'close', 'drawn': -1}]
    FROM undone_end
),
coming_back AS (
    SELECT
        live_event.stream, live_event.item_key, live_event.instant_at, false, live_event.run_rank, live_event.event_id,
        live_event.run_key, NULL, false, NULL
    FROM live_event
    WHERE live_event.is_fork AND live_event.is_own
),
together AS (
    SELECT * FROM entering
    UNION ALL SELECT * FROM reopening
    UNION ALL SELECT * FROM coming_back
)
SELECT
    together.* EXCLUDE (is_last),
    {'i': together.instant_at, 'w': together.is_row, 'r': together.run_rank, 'e': together.event_id} AS place,
    row_number() OVER (
        PARTITION BY together.stream, together.item_key
        ORDER BY together.instant_at, together.is_row, together.run_rank, together.event_id, together.is_last
    ) AS position,
    CASE WHEN options[1].after IS NULL THEN options[1].stage END AS stage,
    CASE WHEN options[1].after IS NULL THEN options[1].kind END AS kind
FROM together
LEFT JOIN item_close ON item_close.stream = together.stream AND item_close.item_key = together.item_key
WHERE item_close.ended_at IS NULL
   OR {'i': together.instant_at, 'w': together.is_row, 'r': together.run_rank, 'e': together.event_id}
        <= item_close.end_order;

-- Which earlier candidate tells the stage to which a reset returns: the last one up to the newest event that the new
-- run has copied, as that event stands in the run it was copied from.
CREATE OR REPLACE TEMP TABLE reset_return AS
WITH RECURSIVE lineage(stream, item_key, run_key, base_run_key, bound) AS (
    SELECT stream, item_key, run_key, base_run_key, fork_event_id
    FROM item_run
    WHERE fork_event_id IS NOT NULL AND base_run_key IS NOT NULL AND is_own
    UNION ALL
    SELECT
        lineage.stream, lineage.item_key, lineage.run_key, base.base_run_key, least(lineage.bound, base.fork_event_id)
    FROM lineage
    JOIN item_run AS base
        ON base.stream = lineage.stream AND base.run_key = lineage.base_run_key
    WHERE base.base_run_key IS NOT NULL
),
copied AS (
    SELECT
        lineage.stream, lineage.item_key, lineage.run_key,
        max({'i': live_event.instant_at, 'w': false, 'r': live_event.run_rank, 'e': live_event.event_id}) AS place
    FROM lineage
    JOIN live_event
        ON live_event.stream = lineage.stream
       AND live_event.run_key = lineage.base_run_key
       AND live_event.event_id < lineage.bound
    GROUP BY lineage.stream, lineage.item_key, lineage.run_key
)
SELECT candidate.stream, candidate.item_key, candidate.position, max(earlier.position) AS return_position
FROM candidate
JOIN copied
    ON copied.stream = candidate.stream AND copied.item_key = candidate.item_key AND copied.run_key = candidate.run_key
JOIN candidate AS earlier
    ON earlier.stream = candidate.stream
   AND earlier.item_key = candidate.item_key
   AND earlier.position < candidate.position
   AND earlier.place <= copied.place
   AND earlier.stage IS DISTINCT FROM '(closed)'
WHERE candidate.options IS NULL
GROUP BY candidate.stream, candidate.item_key, candidate.position;
