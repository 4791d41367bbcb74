-- The runs of the items in hand, in the order of their lives. Reads item_in_hand (stream, item_key).
-- Tables rather than common table expressions: these are read several times, and a plan needs to know how small they are.
CREATE OR REPLACE TEMP TABLE mine AS
SELECT
    run_item.stream, run_item.item_key, run_item.chain_key, run_item.is_own,
    item_chain.ended_at AS chain_ended_at, item_chain.is_lost AS is_chain_lost,
    run.run_key, run.source_key, run.workflow_id, run.run_id, run.first_run_id, run.continued_run_id, run.base_run_id,
    run.initiator, run.workflow_type, run.cron_schedule, run.execution_at, run.observed_until_at, run.started_at
FROM run_item
JOIN item_in_hand ON item_in_hand.stream = run_item.stream AND item_in_hand.item_key = run_item.item_key
JOIN run ON run.run_key = run_item.run_key
LEFT JOIN item_chain ON item_chain.stream = run_item.stream AND item_chain.chain_key = run_item.chain_key;

-- A reset copies the base run's events: everything up to the last WorkflowTaskFailed that names this run is a copy.
-- Where the base run was never seen the copy is all there is, and counts.
CREATE OR REPLACE TEMP TABLE reset_mark AS
SELECT run_key, event_id, time_at, new_run_id, base_run_id
FROM event
WHERE type = 9 AND cause = 'reset workflow' AND run_key IN (SELECT run_key FROM mine);

CREATE OR REPLACE TEMP TABLE fork AS
SELECT
    mine.stream,
    mine.run_key,
    max(reset_mark.event_id) AS fork_event_id,
    arg_max(reset_mark.time_at, reset_mark.event_id) AS forked_at,
    arg_max(reset_mark.base_run_id, reset_mark.event_id) AS base_run_id
FROM reset_mark
JOIN mine ON mine.run_key = reset_mark.run_key AND mine.run_id = reset_mark.new_run_id
JOIN run AS base ON base.source_key = mine.source_key AND base.run_id = reset_mark.base_run_id
GROUP BY mine.stream, mine.run_key;

CREATE OR REPLACE TEMP TABLE begun AS
SELECT
    mine.* EXCLUDE (base_run_id, started_at),
    coalesce(mine.base_run_id, mine.continued_run_id) AS previous_run_id,
    fork.fork_event_id,
    fork.base_run_id,
    CASE WHEN fork.forked_at > mine.started_at THEN fork.forked_at ELSE mine.started_at END AS began_at
FROM mine
LEFT JOIN fork ON fork.stream = mine.stream AND fork.run_key = mine.run_key;

CREATE OR REPLACE TEMP TABLE item_run AS
WITH RECURSIVE
-- Runs that began at one instant follow each other as they continue each other.
together AS (
    SELECT stream, item_key, run_key, run_id, previous_run_id, began_at
    FROM begun
    QUALIFY count(*) OVER (PARTITION BY stream, item_key, is_own, began_at) > 1
),
tied(stream, item_key, run_key, run_id, began_at, place) AS (
    SELECT together.stream, together.item_key, together.run_key, together.run_id, together.began_at, 0
    FROM together
    LEFT JOIN together AS previous
        ON previous.stream = together.stream AND previous.item_key = together.item_key
       AND previous.run_id = together.previous_run_id AND previous.began_at = together.began_at
    WHERE previous.run_key IS NULL
    UNION ALL
    SELECT together.stream, together.item_key, together.run_key, together.run_id, together.began_at, tied.place + 1
    FROM tied
    JOIN together
        ON together.stream = tied.stream AND together.item_key = tied.item_key
       AND together.previous_run_id = tied.run_id AND together.began_at = tied.began_at
),
followed AS (
    SELECT DISTINCT begun.stream, begun.item_key, previous.run_key
    FROM begun
    JOIN begun AS previous
        ON previous.stream = begun.stream AND previous.item_key = begun.item_key
       AND previous.run_id = begun.previous_run_id
)
SELECT
    begun.* EXCLUDE (base_run_id, chain_ended_at, is_chain_lost, observed_until_at),
    -- what a tied chain that went on did is seen yet
    CASE
        WHEN begun.observed_until_at < max(begun.chain_ended_at) OVER one_item
        THEN max(begun.chain_ended_at) OVER one_item
        ELSE begun.observed_until_at
    END AS observed_until_at,
    base.run_key AS base_run_key,
    row_number() OVER (
        PARTITION BY begun.stream, begun.item_key
        ORDER BY CASE WHEN begun.is_own THEN 0 ELSE 1 END, begun.began_at, coalesce(tied.place, 0), begun.run_id
    ) AS run_rank,
    row_number() OVER (
        PARTITION BY begun.stream, begun.item_key, begun.chain_key
        ORDER BY begun.began_at, coalesce(tied.place, 0), begun.run_id
    ) AS chain_rank,
    -- Where several chains are tied: one that is open, else one that was lost from sight, else the one that ended last.
    begun.is_own AND row_number() OVER (
        PARTITION BY begun.stream, begun.item_key, begun.is_own
        ORDER BY followed.run_key IS NOT NULL, begun.chain_ended_at IS NOT NULL, NOT begun.is_chain_lost,
            begun.chain_ended_at DESC, begun.began_at DESC, coalesce(tied.place, 0) DESC, begun.run_id DESC
    ) = 1 AS is_last
FROM begun
LEFT JOIN tied
    ON tied.stream = begun.stream AND tied.item_key = begun.item_key AND tied.run_key = begun.run_key
LEFT JOIN followed
    ON followed.stream = begun.stream AND followed.item_key = begun.item_key AND followed.run_key = begun.run_key
LEFT JOIN begun AS base
    ON base.stream = begun.stream AND base.item_key = begun.item_key AND base.run_id = begun.base_run_id
WINDOW one_item AS (PARTITION BY begun.stream, begun.item_key, begun.is_own);
