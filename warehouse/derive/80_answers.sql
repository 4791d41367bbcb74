-- Questions and their answers (docs/definitions.md, Decision).
CREATE OR REPLACE TEMP TABLE ask AS
WITH by_stage AS (
    SELECT
        found_stay.stream, found_stay.item_key, rule_decision.decision, found_stay.entry_order AS ask_order
    FROM found_stay
    JOIN rule_decision ON rule_decision.stream = found_stay.stream AND rule_decision.stage = found_stay.stage
    JOIN rule_event
        ON rule_event.stream = found_stay.stream
       AND rule_event.purpose = 'asked'
       AND rule_event.target = rule_decision.decision
       AND rule_event.kind = 'stage_entered'
    WHERE NOT found_stay.is_overlapped
),
by_event AS (
    SELECT
        held.stream, held.item_key, held.target AS decision, held.place AS ask_order
    FROM held
    WHERE held.purpose = 'asked'
),
asked AS (
    SELECT DISTINCT * FROM (SELECT * FROM by_stage UNION ALL SELECT * FROM by_event)
)
SELECT
    asked.stream, asked.item_key, asked.decision, asked.ask_order, found_stay.stay_index, found_stay.left_order,
    found_stay.left_at
FROM asked
JOIN found_stay
    ON found_stay.stream = asked.stream
   AND found_stay.item_key = asked.item_key
   AND NOT found_stay.is_overlapped
   AND found_stay.entry_order <= asked.ask_order
QUALIFY row_number() OVER (
    PARTITION BY asked.stream, asked.item_key, asked.decision, asked.ask_order ORDER BY found_stay.stay_index DESC
) = 1;

CREATE OR REPLACE TEMP TABLE answer AS
WITH told AS (
    SELECT
        held.*,
        held.place AS answer_order,
        CASE
            WHEN held.outcome IS NOT NULL THEN held.outcome
            WHEN held.is_row
            THEN json_extract_string(live_row.content, '$."' || regexp_extract(held.outcome_path, '[^.]+$') || '"')
            ELSE live_attribute.value
        END AS said,
        live_row.content
    FROM held
    LEFT JOIN live_attribute
        ON live_attribute.stream = held.stream
       AND live_attribute.run_key = held.run_key
       AND live_attribute.event_id = held.event_id
       AND live_attribute.path = held.outcome_path
       AND NOT held.is_row
    LEFT JOIN live_row
        ON live_row.stream = held.stream
       AND live_row.item_key = held.item_key
       AND live_row.row_order = held.event_id
       AND held.is_row
    WHERE held.purpose = 'answered'
    QUALIFY row_number() OVER (
        PARTITION BY held.stream, held.item_key, held.target, held.is_row, held.run_key, held.event_id
        ORDER BY held.rule_index
    ) = 1
),
meant AS (
    SELECT told.*, coalesce(rule_outcome.outcome, told.said) AS means
    FROM told
    LEFT JOIN rule_outcome
        ON rule_outcome.stream = told.stream
       AND rule_outcome.rule_index = told.rule_index
       AND rule_outcome.value = told.said
    -- an update that completes with failure is no answer
    WHERE NOT EXISTS (
        SELECT 1 FROM live_event AS result
        WHERE told.kind = 'update'
          AND result.stream = told.stream AND result.run_key = told.run_key
          AND result.type = 43 AND result.answers_event_id = told.event_id AND result.failure_message IS NOT NULL
    )
),
evidence AS (
    SELECT
        meant.stream, meant.item_key, meant.target, meant.answer_order, rule_actor.actor_index, rule_actor.path,
        CASE
            WHEN rule_actor.path = 'principal' THEN meant.principal
            WHEN rule_actor.path = 'identity' THEN meant.identity
            WHEN meant.is_row THEN json_extract_string(
                meant.content, '$."' || regexp_extract(rule_actor.path, '[^.]+$') || '"'
            )
            ELSE live_attribute.value
        END AS actor
    FROM meant
    JOIN rule_actor ON rule_actor.stream = meant.stream AND rule_actor.decision = meant.target
    LEFT JOIN live_attribute
        ON live_attribute.stream = meant.stream
       AND live_attribute.run_key = meant.run_key
       AND live_attribute.event_id = meant.event_id
       AND live_attribute.path = rule_actor.path
),
strongest AS (
    SELECT *
    FROM evidence
    WHERE actor IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY stream, item_key, target, answer_order ORDER BY actor_index
    ) = 1
)
SELECT
    meant.stream,
    meant.item_key,
    meant.target AS decision,
    meant.answer_order,
    meant.instant_at,
    meant.is_row,
    meant.run_key,
    CASE WHEN meant.is_row THEN NULL ELSE meant.event_id END AS event_id,
    meant.kind || coalesce(' ' || meant.name, '') AS channel,
    meant.means AS outcome,
    strongest.actor,
    strongest.path AS evidence,
    meant.actor_kind,
    rule_option.outcome IS NOT NULL AS is_option,
    coalesce(rule_option.is_again, false) AS is_again
FROM meant
LEFT JOIN strongest
    ON strongest.stream = meant.stream
   AND strongest.item_key = meant.item_key
   AND strongest.target = meant.target
   AND strongest.answer_order = meant.answer_order
LEFT JOIN rule_option
    ON rule_option.stream = meant.stream
   AND rule_option.decision = meant.target
   AND rule_option.outcome = meant.means;
