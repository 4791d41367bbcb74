-- Which item each run belongs to. Reads linked_run (run_key): runs that are new or whose links changed.
-- A link can change for every run of the same chain and for every descendant, so those are found again too.
CREATE OR REPLACE TEMP TABLE relink AS
WITH RECURSIVE closure(run_key) AS (
    SELECT run_key FROM linked_run
    UNION
    SELECT run_key
    FROM (
        SELECT mate.run_key
        FROM closure
        JOIN run AS mine ON mine.run_key = closure.run_key
        JOIN run AS mate ON mate.source_key = mine.source_key AND mate.first_run_id = mine.first_run_id
        UNION ALL
        SELECT child.run_key
        FROM closure
        JOIN run AS mine ON mine.run_key = closure.run_key
        JOIN run AS child ON child.source_key = mine.source_key AND child.parent_run_id = mine.run_id
    )
)
SELECT run_key FROM closure;

-- The nearest ancestor-or-self whose type a stream names. A type that any stream names ends the climb:
-- there it is an item, here a step. An abandoned child stands alone.
CREATE OR REPLACE TEMP TABLE anchor AS
WITH RECURSIVE
claim AS (
    SELECT rule_type.stream, rule_type.workflow_type, source.source_key
    FROM rule_type
    CROSS JOIN source
    WHERE NOT EXISTS (SELECT 1 FROM rule_source WHERE rule_source.stream = rule_type.stream)
       OR EXISTS (
            SELECT 1 FROM rule_source
            WHERE rule_source.stream = rule_type.stream AND rule_source.source = source.source
       )
),
climb(stream, run_key, here_key, depth) AS (
    SELECT rule_stream.stream, relink.run_key, relink.run_key, 0
    FROM relink
    CROSS JOIN rule_stream
    UNION ALL
    SELECT climb.stream, climb.run_key, parent.run_key, climb.depth + 1
    FROM climb
    JOIN run AS here ON here.run_key = climb.here_key
    JOIN run AS parent ON parent.source_key = here.source_key AND parent.run_id = here.parent_run_id
    LEFT JOIN event AS birth
        ON birth.run_key = parent.run_key AND birth.event_id = here.parent_event_id AND birth.type = 29
    WHERE coalesce(birth.cause, '') <> 'abandon'
      AND NOT EXISTS (
            SELECT 1 FROM claim
            WHERE claim.workflow_type = here.workflow_type AND claim.source_key = here.source_key
      )
)
SELECT climb.stream, climb.run_key, climb.here_key AS anchor_key
FROM climb
JOIN run AS here ON here.run_key = climb.here_key
JOIN claim
    ON claim.stream = climb.stream
   AND claim.workflow_type = here.workflow_type
   AND claim.source_key = here.source_key
QUALIFY row_number() OVER (PARTITION BY climb.stream, climb.run_key ORDER BY climb.depth) = 1;

-- Chains, cut at cron firings. The chain's number is the lowest run_key in it.
CREATE OR REPLACE TEMP TABLE chain AS
WITH named AS (
    SELECT DISTINCT run.source_key, run.first_run_id
    FROM run
    JOIN (SELECT run_key FROM relink UNION SELECT anchor_key FROM anchor) AS wanted ON wanted.run_key = run.run_key
),
firing AS (
    SELECT
        run.run_key,
        run.source_key,
        run.first_run_id,
        sum(CASE WHEN run.initiator = 'cron' THEN 1 ELSE 0 END)
            OVER (PARTITION BY run.source_key, run.first_run_id ORDER BY run.started_at, run.run_key) AS firing
    FROM run
    JOIN named ON named.source_key = run.source_key AND named.first_run_id = run.first_run_id
)
SELECT
    run_key,
    min(run_key) OVER (PARTITION BY source_key, first_run_id, firing) AS chain_key
FROM firing;

-- Items under the old and the new mapping.
INSERT INTO affected_item
SELECT DISTINCT run_item.stream, run_item.item_key
FROM run_item
WHERE run_item.run_key IN (SELECT run_key FROM relink UNION SELECT run_key FROM changed_run);

DELETE FROM run_item WHERE run_key IN (SELECT run_key FROM relink);

INSERT INTO run_item BY NAME
SELECT
    anchor.stream,
    anchor.run_key,
    home.chain_key AS item_key,
    own.chain_key,
    own.chain_key = home.chain_key AS is_own
FROM anchor
JOIN chain AS home ON home.run_key = anchor.anchor_key
JOIN chain AS own ON own.run_key = anchor.run_key
ORDER BY anchor.stream, anchor.run_key;

INSERT INTO affected_item
SELECT DISTINCT run_item.stream, run_item.item_key
FROM run_item
WHERE run_item.run_key IN (SELECT run_key FROM relink UNION SELECT run_key FROM changed_run);
