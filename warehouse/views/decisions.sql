-- One row per question asked. The metric of the same name adds authority, reversals and deadlines met.
SELECT
    decision.stream AS stream, -- The stream.
    coalesce(item.business_key, item.workflow_id) AS item, -- Business key; the workflow id where it has none.
    item.workflow_id AS workflow_id, -- Workflow id of its chain.
    decision.decision AS decision, -- Name of the decision.
    decision.question_index AS question_index, -- Order of the question within item and decision, from 0.
    decision.stay_index AS stay_index, -- The stay it was asked in.
    decision.asked_at AS asked_at, -- UTC.
    decision.deadline_at AS deadline_at, -- UTC; empty without a deadline.
    decision.decided_at AS decided_at, -- UTC; empty while open or withdrawn.
    (epoch_us(decision.decided_at) - epoch_us(decision.asked_at)) / 1e6 AS latency_seconds, -- From asked to decided, seconds.
    decision.withdrawn_at AS withdrawn_at, -- The stage ended first, UTC.
    decision.outcome AS outcome, -- The outcome; empty while open or withdrawn.
    decision.is_early AS is_early, -- The answer came before the question.
    decision.actor AS actor, -- Who decided; empty when not known.
    decision.actor_kind AS actor_kind, -- person, rule, timer or unknown.
    decision.evidence AS evidence, -- The path the actor was found at.
    decision.channel AS channel, -- Kind and name of the answer.
    decision.confirms AS confirms, -- Later answers of the same asking with the same outcome.
    decision.conflicts AS conflicts, -- Later answers of the same asking with another outcome.
    decision.off_list AS off_list -- An answer whose outcome is no option.
FROM decision
JOIN item ON item.stream = decision.stream AND item.item_key = decision.item_key
ORDER BY stream, asked_at, workflow_id, decision, question_index
