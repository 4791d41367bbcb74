-- When each item closed: the end of its last run, or a done rule that held before.
CREATE OR REPLACE TEMP TABLE item_end AS
WITH done AS (
    SELECT stream, item_key, min(instant_at) AS done_at
    FROM match
    WHERE purpose = 'done'
    GROUP BY stream, item_key
),
closed AS (
    SELECT stream, item_key, ended_at, ended
    FROM run_end
    WHERE is_own AND is_last AND NOT goes_on
)
SELECT
    item_run.stream,
    item_run.item_key,
    CASE
        WHEN done.done_at IS NOT NULL AND (closed.ended_at IS NULL OR done.done_at <= closed.ended_at) THEN done.done_at
        ELSE closed.ended_at
    END AS closed_at,
    CASE
        WHEN done.done_at IS NOT NULL AND (closed.ended_at IS NULL OR done.done_at <= closed.ended_at) THEN 'done'
        ELSE closed.ended
    END AS ended,
    CASE WHEN closed.ended_at IS NULL AND done.done_at IS NULL THEN item_run.observed_until_at END AS observed_until_at
FROM item_run
LEFT JOIN done ON done.stream = item_run.stream AND done.item_key = item_run.item_key
LEFT JOIN closed ON closed.stream = item_run.stream AND closed.item_key = item_run.item_key
WHERE item_run.is_last;

-- Everything that may move an item, one row per event: the stages it may mean in file order, a return by reset,
-- or the time between a close and the reset that reopened the item.
CREATE OR REPLACE TEMP TABLE candidate AS
WITH entering AS (
    SELECT
        stream, item_key, instant_at, is_row, run_rank, event_id, run_key, turn_event_id,
        list({'after': after_stage, 'stage': target, 'kind': kind} ORDER BY rule_index) AS options
    FROM match
    WHERE purpose = 'enter'
    GROUP BY stream, item_key, instant_at, is_row, run_rank, event_id, run_key, turn_event_id
),
reopening AS (
    SELECT
        run_end.stream, run_end.item_key, run_end.ended_at, false, run_end.run_rank, run_end.event_id, run_end.run_key,
        NULL, [{'after': NULL, 'stage': '(closed)', 'kind': 'close'}]
    FROM run_end
    JOIN item_run AS later
        ON later.stream = run_end.stream
       AND later.item_key = run_end.item_key
       AND later.is_own
       AND later.fork_event_id IS NOT NULL
       AND later.run_rank = run_end.run_rank + 1
    WHERE run_end.is_own
      AND NOT run_end.goes_on
      AND coalesce(run_end.identity, '') <> 'history-resetter'
),
coming_back AS (
    SELECT
        live_event.stream, live_event.item_key, live_event.instant_at, false, live_event.run_rank, live_event.event_id,
        live_event.run_key, NULL, NULL
    FROM live_event
    WHERE live_event.is_fork AND live_event.is_own
),
together AS (
    SELECT * FROM entering
    UNION ALL SELECT * FROM reopening
    UNION ALL SELECT * FROM coming_back
)
SELECT
    together.*,
    row_number() OVER (
        PARTITION BY together.stream, together.item_key
        ORDER BY together.instant_at, together.is_row, together.run_rank, together.event_id
    ) AS position,
    CASE WHEN options[1].after IS NULL THEN options[1].stage END AS stage,
    CASE WHEN options[1].after IS NULL THEN options[1].kind END AS kind
FROM together
JOIN item_end ON item_end.stream = together.stream AND item_end.item_key = together.item_key
WHERE item_end.closed_at IS NULL OR together.instant_at <= item_end.closed_at;

-- Which earlier candidate tells the stage to which a reset returns: the last one the new run has copied.
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
root AS (
    SELECT lineage.stream, lineage.item_key, lineage.run_key, min(base.run_rank) AS root_rank
    FROM lineage
    JOIN item_run AS base ON base.stream = lineage.stream AND base.run_key = lineage.base_run_key
    GROUP BY lineage.stream, lineage.item_key, lineage.run_key
),
copied AS (
    SELECT lineage.stream, lineage.item_key, lineage.run_key, candidate.position
    FROM lineage
    JOIN candidate
        ON candidate.stream = lineage.stream
       AND candidate.run_key = lineage.base_run_key
       AND candidate.event_id < lineage.bound
    WHERE candidate.kind IS DISTINCT FROM 'close'
    UNION ALL
    SELECT root.stream, root.item_key, root.run_key, candidate.position
    FROM root
    JOIN candidate
        ON candidate.stream = root.stream AND candidate.item_key = root.item_key
       AND candidate.run_rank < root.root_rank AND NOT candidate.is_row
    WHERE candidate.kind IS DISTINCT FROM 'close'
)
SELECT candidate.stream, candidate.item_key, candidate.position, max(copied.position) AS return_position
FROM candidate
JOIN copied
    ON copied.stream = candidate.stream AND copied.item_key = candidate.item_key AND copied.run_key = candidate.run_key
WHERE candidate.options IS NULL AND copied.position < candidate.position
GROUP BY candidate.stream, candidate.item_key, candidate.position;
