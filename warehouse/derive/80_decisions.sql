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

-- An ask while a question is open asks nothing new: only one that follows an answer, or another stay, does.
CREATE OR REPLACE TEMP TABLE asking AS
WITH heard AS (
    SELECT
        ask.*,
        lag(ask.stay_index) OVER by_decision AS previous_stay,
        lag(ask.ask_order) OVER by_decision AS previous_order
    FROM ask
    WINDOW by_decision AS (PARTITION BY stream, item_key, decision ORDER BY ask_order)
),
opening AS (
    SELECT heard.*
    FROM heard
    WHERE heard.previous_stay IS DISTINCT FROM heard.stay_index
       OR EXISTS (
            SELECT 1 FROM answer
            WHERE answer.stream = heard.stream AND answer.item_key = heard.item_key
              AND answer.decision = heard.decision AND answer.is_option
              AND answer.answer_order > heard.previous_order AND answer.answer_order <= heard.ask_order
       )
)
SELECT
    stream, item_key, decision, ask_order, stay_index, left_at,
    -- until the stay ends, or the next asking begins
    CASE
        WHEN left_order IS NULL THEN lead(ask_order) OVER by_decision
        WHEN lead(ask_order) OVER by_decision IS NULL THEN left_order
        ELSE least(left_order, lead(ask_order) OVER by_decision)
    END AS end_order,
    row_number() OVER by_decision AS asking_index
FROM opening
WINDOW by_decision AS (PARTITION BY stream, item_key, decision ORDER BY ask_order);

-- Each answer in its asking: the one during which it came, the event that ended the stay included (an answer may move
-- the item); else, for a row, the one before (rows are written late: they confirm or conflict, but close nothing); else
-- the next one (an early answer).
CREATE OR REPLACE TEMP TABLE given AS
WITH placed AS (
    SELECT
        answer.*,
        max(asking.asking_index) FILTER (
            asking.ask_order < answer.answer_order
            AND (asking.end_order IS NULL OR answer.answer_order <= asking.end_order)
        ) AS during,
        max(asking.asking_index) FILTER (asking.ask_order < answer.answer_order) AS before,
        min(asking.asking_index) FILTER (asking.ask_order >= answer.answer_order) AS after
    FROM answer
    JOIN asking
        ON asking.stream = answer.stream AND asking.item_key = answer.item_key AND asking.decision = answer.decision
    GROUP BY ALL
),
chosen AS (
    SELECT
        placed.* EXCLUDE (during, before, after),
        CASE
            WHEN during IS NOT NULL THEN during
            WHEN is_row AND before IS NOT NULL THEN before
            ELSE after
        END AS asking_index,
        during IS NULL AND NOT (is_row AND before IS NOT NULL) AS is_early,
        during IS NULL AND is_row AND before IS NOT NULL AS is_late
    FROM placed
),
counted AS (
    SELECT
        chosen.*,
        coalesce(sum(CASE WHEN is_again THEN 1 ELSE 0 END) OVER (
            PARTITION BY stream, item_key, decision, asking_index ORDER BY answer_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS round_index
    FROM chosen
    WHERE is_option AND asking_index IS NOT NULL
),
signed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY stream, item_key, decision, asking_index, round_index, actor ORDER BY answer_order
        ) = 1 AS is_new_actor
    FROM counted
)
SELECT
    signed.*,
    sum(CASE WHEN is_new_actor THEN 1 ELSE 0 END) OVER by_question AS actors,
    rule_decision.needs
FROM signed
JOIN rule_decision ON rule_decision.stream = signed.stream AND rule_decision.decision = signed.decision
WINDOW by_question AS (
    PARTITION BY signed.stream, signed.item_key, signed.decision, asking_index, round_index ORDER BY answer_order
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
);

CREATE OR REPLACE TEMP TABLE found_decision AS
WITH closing AS (
    SELECT *
    FROM given
    WHERE (actors >= needs OR is_again) AND NOT is_late
    QUALIFY row_number() OVER (
        PARTITION BY stream, item_key, decision, asking_index, round_index ORDER BY answer_order
    ) = 1
),
question AS (
    SELECT stream, item_key, decision, asking_index, 0 AS round_index, ask_order.i AS asked_at
    FROM asking
    UNION ALL
    SELECT closing.stream, closing.item_key, closing.decision, closing.asking_index, closing.round_index + 1,
        closing.instant_at
    FROM closing
    WHERE closing.is_again
),
-- A question that nobody answered in time and whose deadline is an answer was answered by the deadline.
expired AS (
    SELECT
        question.*,
        expiry.outcome AS expiry_outcome,
        {'i': question.asked_at + to_microseconds(rule_decision.deadline_micros), 'w': false, 'r': 0, 'e': 0} AS place
    FROM question
    JOIN rule_decision ON rule_decision.stream = question.stream AND rule_decision.decision = question.decision
    JOIN rule_event AS expiry
        ON expiry.stream = question.stream AND expiry.purpose = 'answered' AND expiry.target = question.decision
       AND expiry.kind = 'deadline'
    JOIN asking
        ON asking.stream = question.stream AND asking.item_key = question.item_key
       AND asking.decision = question.decision AND asking.asking_index = question.asking_index
    LEFT JOIN closing
        ON closing.stream = question.stream AND closing.item_key = question.item_key
       AND closing.decision = question.decision AND closing.asking_index = question.asking_index
       AND closing.round_index = question.round_index
    WHERE question.asked_at + to_microseconds(rule_decision.deadline_micros)
        < coalesce(closing.instant_at, asking.left_at)
),
settled AS (
    SELECT
        question.*,
        expired.place IS NOT NULL AS is_expired,
        CASE WHEN expired.place IS NOT NULL THEN expired.place ELSE closing.answer_order END AS close_order,
        CASE
            WHEN expired.place IS NOT NULL THEN expired.place.i
            WHEN closing.instant_at < question.asked_at THEN question.asked_at
            ELSE closing.instant_at
        END AS decided_at,
        CASE WHEN expired.place IS NOT NULL THEN expired.expiry_outcome ELSE closing.outcome END AS outcome,
        CASE WHEN expired.place IS NULL THEN closing.is_early END AS is_early,
        CASE WHEN expired.place IS NULL THEN closing.actor END AS actor,
        CASE
            WHEN expired.place IS NOT NULL THEN 'timer'
            WHEN closing.outcome IS NULL THEN NULL
            WHEN closing.actor_kind IS NOT NULL AND (closing.actor_kind <> 'person' OR closing.actor IS NOT NULL)
            THEN closing.actor_kind
            WHEN closing.actor IS NULL THEN 'unknown'
            ELSE 'person'
        END AS actor_kind,
        CASE WHEN expired.place IS NULL THEN closing.evidence END AS evidence,
        CASE WHEN expired.place IS NOT NULL THEN 'deadline' ELSE closing.channel END AS channel,
        CASE WHEN expired.place IS NULL THEN closing.run_key END AS answer_run_key,
        CASE WHEN expired.place IS NULL THEN closing.event_id END AS answer_event_id
    FROM question
    LEFT JOIN closing
        ON closing.stream = question.stream AND closing.item_key = question.item_key
       AND closing.decision = question.decision AND closing.asking_index = question.asking_index
       AND closing.round_index = question.round_index
    LEFT JOIN expired
        ON expired.stream = question.stream AND expired.item_key = question.item_key
       AND expired.decision = question.decision AND expired.asking_index = question.asking_index
       AND expired.round_index = question.round_index
),
later AS (
    SELECT
        given.stream, given.item_key, given.decision, given.asking_index, given.round_index,
        count(*) FILTER (given.outcome = settled.outcome) AS confirms,
        count(*) FILTER (given.outcome <> settled.outcome) AS conflicts
    FROM given
    JOIN settled
        ON settled.stream = given.stream AND settled.item_key = given.item_key AND settled.decision = given.decision
       AND settled.asking_index = given.asking_index AND settled.round_index = given.round_index
       AND given.answer_order > settled.close_order
    GROUP BY ALL
),
off AS (
    SELECT asking.stream, asking.item_key, asking.decision, asking.asking_index,
        arg_min(answer.outcome, answer.answer_order) AS off_list
    FROM asking
    JOIN answer
        ON answer.stream = asking.stream AND answer.item_key = asking.item_key AND answer.decision = asking.decision
       AND NOT answer.is_option AND answer.answer_order > asking.ask_order
       AND (asking.end_order IS NULL OR answer.answer_order <= asking.end_order)
    GROUP BY ALL
)
SELECT
    settled.stream,
    settled.item_key,
    settled.decision,
    row_number() OVER (
        PARTITION BY settled.stream, settled.item_key, settled.decision
        ORDER BY settled.asking_index, settled.round_index
    ) - 1 AS question_index,
    asking.stay_index,
    settled.asked_at,
    settled.asked_at + to_microseconds(rule_decision.deadline_micros) AS deadline_at,
    settled.decided_at,
    CASE WHEN settled.decided_at IS NULL THEN asking.left_at END AS withdrawn_at,
    settled.outcome,
    coalesce(settled.is_early, false) AS is_early,
    settled.actor,
    settled.actor_kind,
    settled.evidence,
    settled.channel,
    settled.answer_run_key,
    settled.answer_event_id,
    coalesce(later.confirms, 0) AS confirms,
    coalesce(later.conflicts, 0) AS conflicts,
    CASE WHEN settled.round_index = 0 THEN off.off_list END AS off_list
FROM settled
JOIN asking
    ON asking.stream = settled.stream AND asking.item_key = settled.item_key
   AND asking.decision = settled.decision AND asking.asking_index = settled.asking_index
JOIN rule_decision ON rule_decision.stream = settled.stream AND rule_decision.decision = settled.decision
LEFT JOIN later
    ON later.stream = settled.stream AND later.item_key = settled.item_key
   AND later.decision = settled.decision AND later.asking_index = settled.asking_index
   AND later.round_index = settled.round_index
LEFT JOIN off
    ON off.stream = settled.stream AND off.item_key = settled.item_key
   AND off.decision = settled.decision AND off.asking_index = settled.asking_index;
