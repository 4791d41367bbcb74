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

-- Every run whose chain must be known: those runs and all above them.
CREATE OR REPLACE TEMP TABLE kin AS
WITH RECURSIVE above(run_key) AS (
    SELECT run_key FROM relink
    UNION
    SELECT parent.run_key
    FROM above
    JOIN run AS here ON here.run_key = above.run_key
    JOIN run AS parent ON parent.source_key = here.source_key AND parent.run_id = here.parent_run_id
)
SELECT run.run_key, run.source_key, run.first_run_id, run.run_id, run.workflow_type, run.initiator, run.started_at,
    coalesce(run.base_run_id, run.continued_run_id) AS previous_run_id,
    run.initiator = 'cron' AND run.base_run_id IS NULL AS is_firing
FROM run
JOIN (
    SELECT DISTINCT mine.source_key, mine.first_run_id FROM above JOIN run AS mine ON mine.run_key = above.run_key
) AS wanted ON wanted.source_key = run.source_key AND wanted.first_run_id = run.first_run_id;

-- In a cron's chain each firing stands alone, with what continues it or was reset from it. Every other chain is whole.
CREATE OR REPLACE TEMP TABLE firing AS
WITH RECURSIVE
fired AS (
    SELECT DISTINCT source_key, first_run_id FROM kin WHERE is_firing
),
belongs(source_key, first_run_id, run_id, run_key, firing_key) AS (
    SELECT kin.source_key, kin.first_run_id, kin.run_id, kin.run_key, kin.run_key
    FROM kin
    JOIN fired ON fired.source_key = kin.source_key AND fired.first_run_id = kin.first_run_id
    WHERE kin.is_firing
    UNION
    SELECT kin.source_key, kin.first_run_id, kin.run_id, kin.run_key, belongs.firing_key
    FROM belongs
    JOIN kin
        ON kin.source_key = belongs.source_key
       AND kin.first_run_id = belongs.first_run_id
       AND kin.previous_run_id = belongs.run_id
       AND NOT kin.is_firing
)
SELECT run_key, firing_key FROM belongs;

-- Chains. A chain's number is the lowest run_key in it, its type that of its first run.
CREATE OR REPLACE TEMP TABLE chain AS
SELECT
    kin.run_key,
    min(kin.run_key) OVER one_chain AS chain_key,
    first_value(kin.workflow_type) OVER (one_chain ORDER BY kin.started_at, kin.run_key) AS workflow_type
FROM kin
LEFT JOIN firing ON firing.run_key = kin.run_key
WINDOW one_chain AS (PARTITION BY kin.source_key, kin.first_run_id, firing.firing_key);

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
climb(run_key, here_key, depth) AS (
    SELECT run_key, run_key, 0 FROM relink
    UNION ALL
    SELECT climb.run_key, parent.run_key, climb.depth + 1
    FROM climb
    JOIN run AS here ON here.run_key = climb.here_key
    JOIN chain ON chain.run_key = climb.here_key
    JOIN run AS parent ON parent.source_key = here.source_key AND parent.run_id = here.parent_run_id
    LEFT JOIN event AS birth
        ON birth.run_key = parent.run_key AND birth.event_id = here.parent_event_id AND birth.type = 29
    WHERE coalesce(birth.cause, '') <> 'abandon'
      AND NOT EXISTS (
            SELECT 1 FROM claim
            WHERE claim.workflow_type = chain.workflow_type AND claim.source_key = here.source_key
      )
)
SELECT claim.stream, climb.run_key, climb.here_key AS anchor_key
FROM climb
JOIN run AS here ON here.run_key = climb.here_key
JOIN chain ON chain.run_key = climb.here_key
JOIN claim ON claim.workflow_type = chain.workflow_type AND claim.source_key = here.source_key
QUALIFY row_number() OVER (PARTITION BY claim.stream, climb.run_key ORDER BY climb.depth) = 1;

-- Items under the old and the new mapping.
CREATE OR REPLACE TEMP TABLE touched_run AS
SELECT run_key FROM relink UNION SELECT run_key FROM changed_run;

CREATE OR REPLACE TEMP TABLE old_home AS
SELECT DISTINCT stream, item_key, home_key FROM run_item WHERE run_key IN (SELECT run_key FROM touched_run);

INSERT INTO affected_item
SELECT stream, item_key FROM old_home;

DELETE FROM run_item WHERE run_key IN (SELECT run_key FROM relink);

INSERT INTO run_item BY NAME
SELECT
    anchor.stream,
    anchor.run_key,
    home.chain_key AS item_key,
    home.chain_key AS home_key,
    own.chain_key,
    own.chain_key = home.chain_key AS is_own
FROM anchor
JOIN chain AS home ON home.run_key = anchor.anchor_key
JOIN chain AS own ON own.run_key = anchor.run_key
ORDER BY anchor.stream, anchor.run_key;

INSERT INTO affected_item
SELECT DISTINCT run_item.stream, run_item.item_key
FROM run_item
WHERE run_item.run_key IN (SELECT run_key FROM touched_run);
