-- What tells that a question was taken by somebody, or escalated.
CREATE OR REPLACE TEMP TABLE found_mark AS
WITH mark AS (
    SELECT stream, item_key, target AS decision, purpose, place, is_row, run_key, event_id, identity, principal
    FROM held
    WHERE purpose IN ('claimed', 'escalated')
    QUALIFY row_number() OVER (
        PARTITION BY stream, item_key, target, purpose, is_row, run_key, event_id ORDER BY rule_index
    ) = 1
),
named AS (
    SELECT
        mark.stream, mark.item_key, mark.decision, mark.purpose, mark.place,
        CASE
            WHEN rule_actor.path = 'principal' THEN mark.principal
            WHEN rule_actor.path = 'identity' THEN mark.identity
            WHEN mark.is_row THEN json_extract_string(
                live_row.content, '$."' || regexp_extract(rule_actor.path, '[^.]+$') || '"'
            )
            ELSE live_attribute.value
        END AS actor,
        rule_actor.actor_index
    FROM mark
    LEFT JOIN rule_actor ON rule_actor.stream = mark.stream AND rule_actor.decision = mark.decision
    LEFT JOIN live_attribute
        ON live_attribute.stream = mark.stream
       AND live_attribute.run_key = mark.run_key
       AND live_attribute.event_id = mark.event_id
       AND live_attribute.path = rule_actor.path
       AND NOT mark.is_row
    LEFT JOIN live_row
        ON live_row.stream = mark.stream
       AND live_row.item_key = mark.item_key
       AND live_row.row_order = mark.event_id
       AND mark.is_row
)
SELECT
    stream, item_key, decision, purpose,
    place.i AS marked_at,
    arg_min(actor, actor_index) FILTER (actor IS NOT NULL) AS actor
FROM named
GROUP BY stream, item_key, decision, purpose, place;

INSERT INTO decision_mark BY NAME
SELECT * FROM found_mark ORDER BY stream, item_key, decision, purpose, marked_at, actor;
