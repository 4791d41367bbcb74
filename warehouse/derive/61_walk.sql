-- One pass over the candidates: what an event means may depend on the stage the item is in. Candidates whose stage
-- is known are where the walk starts anew, so that only stretches between them are walked, all at once. What one
-- worker turn enters is walked together: within it each entry follows the one before, after it the winner holds.
CREATE OR REPLACE TEMP TABLE walked AS
WITH RECURSIVE
turn AS (
    SELECT
        stream, item_key, position, options, stage, kind,
        CASE
            WHEN turn_event_id IS NULL THEN position
            ELSE min(position) OVER (PARTITION BY stream, item_key, run_key, turn_event_id)
        END AS turn_position
    FROM candidate
),
stretch AS (
    SELECT
        *,
        max(CASE WHEN stage IS NOT NULL AND position = turn_position THEN position END) OVER (
            PARTITION BY stream, item_key ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS anchor_position
    FROM turn
),
-- stage: where this candidate led. holds: the stage that holds after it, the winner of the turn so far.
walk(stream, item_key, position, turn_position, stage, kind, is_entry, holds, drawn) AS (
    SELECT
        stream, item_key, position, turn_position, stage, kind, true, stage,
        CASE WHEN options IS NULL THEN -1 ELSE options[1].drawn END
    FROM stretch
    WHERE position = anchor_position
    UNION ALL
    SELECT
        stream,
        item_key,
        position,
        turn_position,
        coalesce(chosen.stage, here),
        chosen.kind,
        chosen.stage IS NOT NULL,
        CASE WHEN chosen.stage IS NOT NULL AND chosen.drawn >= drawn THEN chosen.stage ELSE holds END,
        CASE WHEN chosen.stage IS NOT NULL AND chosen.drawn >= drawn THEN chosen.drawn ELSE drawn END
    FROM (
        SELECT
            stretch.stream,
            stretch.item_key,
            stretch.position,
            stretch.turn_position,
            CASE WHEN stretch.turn_position = walk.turn_position THEN walk.stage ELSE walk.holds END AS here,
            walk.holds,
            CASE WHEN stretch.turn_position = walk.turn_position THEN walk.drawn ELSE -2 END AS drawn,
            list_filter(
                stretch.options,
                lambda option: option.after IS NULL OR option.after
                    = CASE WHEN stretch.turn_position = walk.turn_position THEN walk.stage ELSE walk.holds END
            )[1] AS chosen
        FROM walk
        JOIN stretch
            ON stretch.stream = walk.stream
           AND stretch.item_key = walk.item_key
           AND stretch.position = walk.position + 1
           AND stretch.position > stretch.anchor_position
           AND stretch.options IS NOT NULL
    ) AS next_step
)
SELECT stream, item_key, position, stage, kind, is_entry, holds FROM walk;

-- A reset returns to the stage its last copied event had led to, once that is known.
CREATE OR REPLACE TEMP TABLE returned AS
SELECT reset_return.stream, reset_return.item_key, reset_return.position, walked.holds AS stage
FROM reset_return
JOIN walked
    ON walked.stream = reset_return.stream
   AND walked.item_key = reset_return.item_key
   AND walked.position = reset_return.return_position
JOIN candidate
    ON candidate.stream = reset_return.stream
   AND candidate.item_key = reset_return.item_key
   AND candidate.position = reset_return.position
WHERE candidate.stage IS NULL AND walked.holds IS NOT NULL;

UPDATE candidate
SET stage = returned.stage, kind = 'reset'
FROM returned
WHERE returned.stream = candidate.stream
  AND returned.item_key = candidate.item_key
  AND returned.position = candidate.position;
