-- One pass over the candidates: what an event means may depend on the stage the item is in. Candidates whose stage
-- is known are where the walk starts anew, so that only stretches between them are walked, all at once.
CREATE OR REPLACE TEMP TABLE walked AS
WITH RECURSIVE
stretch AS (
    SELECT
        stream, item_key, position, options, stage, kind,
        max(CASE WHEN stage IS NOT NULL THEN position END) OVER (
            PARTITION BY stream, item_key ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS anchor_position
    FROM candidate
),
walk(stream, item_key, position, stage, kind, is_entry) AS (
    SELECT stream, item_key, position, stage, kind, true
    FROM stretch
    WHERE position = anchor_position
    UNION ALL
    SELECT
        stretch.stream,
        stretch.item_key,
        stretch.position,
        coalesce(
            list_filter(stretch.options, lambda option: option.after IS NULL OR option.after = walk.stage)[1].stage,
            walk.stage
        ),
        list_filter(stretch.options, lambda option: option.after IS NULL OR option.after = walk.stage)[1].kind,
        len(list_filter(stretch.options, lambda option: option.after IS NULL OR option.after = walk.stage)) > 0
    FROM walk
    JOIN stretch
        ON stretch.stream = walk.stream
       AND stretch.item_key = walk.item_key
       AND stretch.position = walk.position + 1
       AND stretch.position > stretch.anchor_position
       AND stretch.options IS NOT NULL
)
SELECT stream, item_key, position, stage, kind, is_entry FROM walk;

-- A reset returns to the stage its last copied event had led to, once that is known.
CREATE OR REPLACE TEMP TABLE returned AS
SELECT reset_return.stream, reset_return.item_key, reset_return.position, walked.stage
FROM reset_return
JOIN walked
    ON walked.stream = reset_return.stream
   AND walked.item_key = reset_return.item_key
   AND walked.position = reset_return.return_position
JOIN candidate
    ON candidate.stream = reset_return.stream
   AND candidate.item_key = reset_return.item_key
   AND candidate.position = reset_return.position
WHERE candidate.stage IS NULL AND walked.stage IS NOT NULL;

UPDATE candidate
SET stage = returned.stage, kind = 'reset'
FROM returned
WHERE returned.stream = candidate.stream
  AND returned.item_key = candidate.item_key
  AND returned.position = candidate.position;
