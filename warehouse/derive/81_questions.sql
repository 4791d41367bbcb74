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
-- A row that says again what the message before it said is the note of that answer, not the next one.
told AS (
    SELECT
        chosen.*,
        is_again AND is_row AND coalesce(NOT lag(is_row) OVER in_turn AND lag(outcome) OVER in_turn = outcome, false)
            AS is_echo
    FROM chosen
    WHERE is_option AND asking_index IS NOT NULL
    WINDOW in_turn AS (PARTITION BY stream, item_key, decision, asking_index ORDER BY answer_order)
),
counted AS (
    SELECT
        told.* EXCLUDE (is_echo),
        coalesce(sum(CASE WHEN is_again AND NOT is_echo THEN 1 ELSE 0 END) OVER (
            PARTITION BY stream, item_key, decision, asking_index ORDER BY answer_order
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) - CASE WHEN is_echo THEN 1 ELSE 0 END AS round_index
    FROM told
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
    -- not before the asking itself: what was said early is said when it is asked
    SELECT closing.stream, closing.item_key, closing.decision, closing.asking_index, closing.round_index + 1,
        greatest(closing.instant_at, asking.ask_order.i)
    FROM closing
    JOIN asking
        ON asking.stream = closing.stream AND asking.item_key = closing.item_key
       AND asking.decision = closing.decision AND asking.asking_index = closing.asking_index
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
