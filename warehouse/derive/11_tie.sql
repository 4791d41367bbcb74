-- Chains of one business key whose open times overlap are one item. Run only where a stream names a key of its own;
-- reads what 10_link.sql left: touched_run and old_home. What changes of a chain may tie it to others of its old and of
-- its new key, or cut it from them.
CREATE OR REPLACE TEMP TABLE touched_chain AS
SELECT touched.stream, touched.chain_key, rule_stream.key_path
FROM (
    SELECT stream, home_key AS chain_key FROM old_home
    UNION
    SELECT stream, home_key FROM run_item WHERE run_key IN (SELECT run_key FROM touched_run)
) AS touched
JOIN rule_stream ON rule_stream.stream = touched.stream AND rule_stream.key_path <> 'workflow_id';

CREATE OR REPLACE TEMP TABLE tied_run AS
SELECT
    touched_chain.stream, touched_chain.chain_key, touched_chain.key_path,
    run.run_key, run.source_key, run.run_id, run.started_at, run.observed_until_at, run.cron_schedule,
    coalesce(run.base_run_id, run.continued_run_id) AS previous_run_id
FROM touched_chain
JOIN run_item
    ON run_item.stream = touched_chain.stream AND run_item.home_key = touched_chain.chain_key AND run_item.is_own
JOIN run ON run.run_key = run_item.run_key;

-- The keys that these chains had.
CREATE OR REPLACE TEMP TABLE renewed_key AS
SELECT DISTINCT item_chain.stream, item_chain.source_key, item_chain.business_key
FROM item_chain
JOIN touched_chain
    ON touched_chain.stream = item_chain.stream AND touched_chain.chain_key = item_chain.chain_key
WHERE item_chain.business_key IS NOT NULL;

DELETE FROM item_chain WHERE (stream, chain_key) IN (SELECT (stream, chain_key) FROM touched_chain);

INSERT INTO item_chain BY NAME
WITH
-- When each run ended, at the instant at which its close counts.
turned AS (
    SELECT run_key, max(event_id) AS turn_event_id
    FROM event
    WHERE type = 7 AND run_key IN (SELECT run_key FROM tied_run)
    GROUP BY run_key
),
closed AS (
    SELECT run_key, type, cause, new_run_id
    FROM event
    WHERE type IN (2, 3, 4, 21, 27, 28) AND run_key IN (SELECT run_key FROM tied_run)
),
clocked AS (
    SELECT
        event.run_key,
        max(event.time_at) FILTER (event.type <> 11) AS clock_at,
        max(event.time_at) FILTER (event.type <> 11 AND event.event_id <= turned.turn_event_id) AS turn_at,
        min(event.time_at) FILTER (event.type = 1) AS begun_at
    FROM event
    LEFT JOIN turned ON turned.run_key = event.run_key
    WHERE event.run_key IN (SELECT run_key FROM tied_run)
    GROUP BY event.run_key
),
-- NULL where it is open, also where it names a successor that was not read yet: then it is not the last run.
lived AS (
    SELECT
        tied_run.*,
        least(tied_run.started_at, coalesce(clocked.begun_at, tied_run.started_at)) AS opened_at,
        CASE
            WHEN closed.run_key IS NULL THEN NULL
            WHEN closed.new_run_id IS NOT NULL AND (
                closed.type = 28 OR tied_run.cron_schedule IS NULL OR coalesce(closed.cause, '') = 'in progress'
            ) THEN NULL
            WHEN closed.type IN (2, 3, 21) THEN coalesce(clocked.turn_at, clocked.clock_at)
            ELSE clocked.clock_at
        END AS closed_at,
        EXISTS (
            SELECT 1 FROM tied_run AS later
            WHERE later.stream = tied_run.stream AND later.chain_key = tied_run.chain_key
              AND later.previous_run_id = tied_run.run_id
        ) AS is_followed
    FROM tied_run
    LEFT JOIN closed ON closed.run_key = tied_run.run_key
    LEFT JOIN clocked ON clocked.run_key = tied_run.run_key
),
span AS (
    SELECT
        stream, chain_key,
        any_value(source_key) AS source_key,
        min(opened_at) AS opened_at,
        arg_max({'at': coalesce(closed_at, observed_until_at)}, {'s': started_at, 'r': run_id})
            FILTER (NOT is_followed).at AS ended_at,
        arg_max(closed_at IS NULL AND observed_until_at IS NOT NULL, {'s': started_at, 'r': run_id})
            FILTER (NOT is_followed) AS is_lost
    FROM lived
    GROUP BY stream, chain_key
),
-- What a reset has copied was told by the run that it was reset from, where that was seen.
copied AS (
    SELECT tied_run.run_key, max(event.event_id) AS event_id
    FROM tied_run
    JOIN event ON event.run_key = tied_run.run_key AND event.type = 9 AND event.cause = 'reset workflow'
        AND event.new_run_id = tied_run.run_id
    JOIN run AS origin ON origin.source_key = tied_run.source_key AND origin.run_id = event.base_run_id
    GROUP BY tied_run.run_key
),
-- The latest value of what the runs were started with, or set themselves: messages and steps have paths of their own.
named AS (
    SELECT
        tied_run.stream, tied_run.chain_key,
        arg_max(
            attribute.value,
            {
                'start': tied_run.started_at,
                'follows': coalesce(previous.started_at = tied_run.started_at, false),
                'run': tied_run.run_id,
                'event': event.event_id
            }
        ) AS business_key
    FROM tied_run
    JOIN attribute ON attribute.run_key = tied_run.run_key AND attribute.path = tied_run.key_path
    JOIN event
        ON event.run_key = attribute.run_key AND event.event_id = attribute.event_id AND event.type IN (1, 40, 46)
    LEFT JOIN copied ON copied.run_key = tied_run.run_key
    LEFT JOIN tied_run AS previous
        ON previous.stream = tied_run.stream AND previous.chain_key = tied_run.chain_key
       AND previous.run_id = tied_run.previous_run_id
    WHERE attribute.value <> '' AND event.event_id > coalesce(copied.event_id, 0)
    GROUP BY tied_run.stream, tied_run.chain_key
)
SELECT span.stream, span.chain_key, span.source_key, named.business_key, span.opened_at, span.ended_at, span.is_lost
FROM span
LEFT JOIN named ON named.stream = span.stream AND named.chain_key = span.chain_key
ORDER BY span.stream, span.chain_key;

-- Each chain of those keys with the item that it belongs to now. A chain without a key stands alone.
CREATE OR REPLACE TEMP TABLE regrouped AS
WITH key_in_hand AS (
    SELECT stream, source_key, business_key FROM renewed_key
    UNION
    SELECT item_chain.stream, item_chain.source_key, item_chain.business_key
    FROM item_chain
    JOIN touched_chain
        ON touched_chain.stream = item_chain.stream AND touched_chain.chain_key = item_chain.chain_key
    WHERE item_chain.business_key IS NOT NULL
),
before AS (
    SELECT
        item_chain.*,
        max(item_chain.ended_at) OVER so_far AS until_at,
        coalesce(bool_or(item_chain.ended_at IS NULL) OVER so_far, false) AS is_open_yet
    FROM item_chain
    JOIN key_in_hand
        ON key_in_hand.stream = item_chain.stream
       AND key_in_hand.source_key = item_chain.source_key
       AND key_in_hand.business_key = item_chain.business_key
    WINDOW so_far AS (
        PARTITION BY item_chain.stream, item_chain.source_key, item_chain.business_key
        ORDER BY item_chain.opened_at, item_chain.ended_at NULLS LAST, item_chain.chain_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
counted AS (
    SELECT
        *,
        sum(CASE WHEN is_open_yet OR opened_at < until_at THEN 0 ELSE 1 END) OVER (
            PARTITION BY stream, source_key, business_key ORDER BY opened_at, ended_at NULLS LAST, chain_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS knot
    FROM before
)
SELECT
    stream, chain_key, min(chain_key) OVER (PARTITION BY stream, source_key, business_key, knot) AS item_key
FROM counted
UNION ALL
SELECT item_chain.stream, item_chain.chain_key, item_chain.chain_key
FROM item_chain
JOIN touched_chain ON touched_chain.stream = item_chain.stream AND touched_chain.chain_key = item_chain.chain_key
WHERE item_chain.business_key IS NULL;

CREATE OR REPLACE TEMP TABLE moved_chain AS
SELECT DISTINCT regrouped.stream, regrouped.chain_key, run_item.item_key AS old_key, regrouped.item_key
FROM regrouped
JOIN run_item
    ON run_item.stream = regrouped.stream
   AND run_item.home_key = regrouped.chain_key
   AND run_item.item_key <> regrouped.item_key;

INSERT INTO affected_item
SELECT stream, old_key FROM moved_chain
UNION
SELECT stream, item_key FROM moved_chain;

UPDATE run_item
SET item_key = moved_chain.item_key
FROM moved_chain
WHERE moved_chain.stream = run_item.stream AND moved_chain.chain_key = run_item.home_key;
