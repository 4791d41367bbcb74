-- Attributes of the items in hand, by the event that carries them (copied prefixes left out).
CREATE OR REPLACE TEMP TABLE live_attribute AS
SELECT
    live_event.stream,
    live_event.item_key,
    live_event.run_key,
    live_event.event_id,
    live_event.run_rank,
    live_event.is_own,
    live_event.type,
    live_event.instant_at,
    attribute.path,
    attribute.value
FROM live_event
JOIN attribute ON attribute.run_key = live_event.run_key AND attribute.event_id = live_event.event_id;

-- The business key: workflow id, or what was found where chains are tied.
CREATE OR REPLACE TEMP TABLE key_of_item AS
SELECT
    item_run.stream,
    item_run.item_key,
    CASE WHEN rule_stream.key_path = 'workflow_id' THEN item_run.workflow_id ELSE item_chain.business_key END
        AS business_key
FROM item_run
JOIN rule_stream ON rule_stream.stream = item_run.stream
LEFT JOIN item_chain ON item_chain.stream = item_run.stream AND item_chain.chain_key = item_run.chain_key
WHERE item_run.is_last;

-- Row versions of the items in hand, in order. What a row held when the item opened counts from the opening; what it
-- had held before that does not count.
CREATE OR REPLACE TEMP TABLE live_row AS
WITH opened AS (
    SELECT stream, item_key, min(instant_at) AS opened_at FROM live_event WHERE is_own GROUP BY stream, item_key
),
version AS (
    SELECT
        key_of_item.stream,
        key_of_item.item_key,
        row_fact.table_path,
        row_fact.row_id,
        row_fact.valid_from_at,
        row_fact.seen_at,
        row_fact.content,
        opened.opened_at,
        lead(row_fact.valid_from_at) OVER (
            PARTITION BY key_of_item.stream, key_of_item.item_key, row_fact.table_path, row_fact.row_id
            ORDER BY row_fact.valid_from_at, row_fact.seen_at
        ) AS next_from_at
    FROM key_of_item
    JOIN opened ON opened.stream = key_of_item.stream AND opened.item_key = key_of_item.item_key
    JOIN row_fact ON row_fact.stream = key_of_item.stream AND row_fact.item_text = key_of_item.business_key
)
SELECT
    stream,
    item_key,
    table_path,
    row_id,
    greatest(valid_from_at, opened_at) AS instant_at,
    valid_from_at < opened_at AS is_before,
    row_number() OVER (
        PARTITION BY stream, item_key ORDER BY valid_from_at, seen_at, table_path, row_id
    ) AS row_order,
    content
FROM version
WHERE valid_from_at > opened_at OR next_from_at IS NULL OR next_from_at > opened_at;

-- How each run closed, and whether that ends the chain. A close that names a successor goes on, unless the
-- successor is the next firing of a cron.
CREATE OR REPLACE TEMP TABLE run_end AS
SELECT
    live_event.stream,
    live_event.item_key,
    live_event.run_key,
    live_event.run_rank,
    live_event.is_own,
    live_event.is_last,
    live_event.event_id,
    live_event.type,
    live_event.instant_at AS ended_at,
    live_event.identity,
    CASE live_event.type
        WHEN 2 THEN 'completed'
        WHEN 3 THEN 'failed'
        WHEN 4 THEN 'timed out'
        WHEN 21 THEN 'canceled'
        WHEN 27 THEN 'terminated'
        ELSE 'continued as new'
    END AS ended,
    live_event.new_run_id IS NOT NULL
        AND (live_event.type = 28 OR item_run.cron_schedule IS NULL OR coalesce(live_event.cause, '') = 'in progress') AS goes_on
FROM live_event
JOIN item_run ON item_run.stream = live_event.stream AND item_run.run_key = live_event.run_key
WHERE live_event.type IN (2, 3, 4, 21, 27, 28);

-- Ends that a reset undid later: until then the item was closed.
CREATE OR REPLACE TEMP TABLE undone_end AS
SELECT run_end.stream, run_end.item_key, run_end.run_key, run_end.run_rank, run_end.event_id, run_end.ended_at
FROM run_end
JOIN item_run ON item_run.stream = run_end.stream AND item_run.run_key = run_end.run_key
JOIN item_run AS later
    ON later.stream = item_run.stream
   AND later.item_key = item_run.item_key
   AND later.chain_key = item_run.chain_key
   AND later.fork_event_id IS NOT NULL
   AND later.chain_rank = item_run.chain_rank + 1
   AND later.began_at >= run_end.ended_at
-- a chain that is tied to it may have been open all the while
LEFT JOIN (
    SELECT DISTINCT item_run.stream, item_run.item_key, item_chain.chain_key, item_chain.opened_at,
        item_chain.ended_at
    FROM item_run
    JOIN item_chain ON item_chain.stream = item_run.stream AND item_chain.chain_key = item_run.chain_key
    WHERE item_run.is_own
) AS other
    ON other.stream = item_run.stream
   AND other.item_key = item_run.item_key
   AND other.chain_key <> item_run.chain_key
   AND other.opened_at <= run_end.ended_at
   AND (other.ended_at IS NULL OR other.ended_at > run_end.ended_at)
WHERE run_end.is_own
  AND NOT run_end.goes_on
  AND other.chain_key IS NULL
  AND coalesce(run_end.identity, '') <> 'history-resetter';
