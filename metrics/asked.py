"""The questions that were open or answered in a window, each with all that is known of its answer.

What the ledger and its summary stand on. Roles come from the rows of a database table named `users`, whose key is the
person's name and whose column `role` is the role: the version that was known when the question was answered. Without
such a row the role is not known, and whether authority was respected is not said.
"""

from metrics.observed import HORIZON
from value_stream import Stream

ASKED = """
{horizon},
authority(decision, up_to, role) AS (
    VALUES {authority}
),
expiring AS (
    SELECT rule_event.target AS decision, min(rule_event.outcome) AS outcome
    FROM rule_event
    WHERE rule_event.stream = $stream AND rule_event.purpose = 'answered' AND rule_event.kind = 'deadline'
    GROUP BY rule_event.target
),
-- a deadline that is an answer has answered once it has passed, whether or not the item has moved since
ended AS (
    SELECT
        decision.* EXCLUDE (decided_at, outcome, actor_kind, channel),
        horizon.source,
        horizon.last_at,
        horizon.until_at,
        CASE
            WHEN decision.decided_at <= horizon.last_at THEN decision.decided_at
            WHEN expiring.decision IS NOT NULL
             AND decision.deadline_at <= horizon.last_at
             AND coalesce(decision.deadline_at < coalesce(decision.decided_at, decision.withdrawn_at), true)
            THEN decision.deadline_at
        END AS decided_at,
        decision.decided_at IS NULL OR decision.decided_at > horizon.last_at AS is_expired,
        decision.outcome AS said,
        decision.actor_kind AS said_kind,
        decision.channel AS said_channel,
        expiring.outcome AS expiry_outcome
    FROM decision
    JOIN item ON item.stream = $stream AND item.item_key = decision.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    LEFT JOIN expiring ON expiring.decision = decision.decision
    WHERE decision.stream = $stream AND decision.asked_at <= horizon.last_at AND horizon.until_at > $from_at
),
asked AS (
    SELECT
        ended.* EXCLUDE (withdrawn_at, actor, evidence, is_expired, said, said_kind, said_channel, expiry_outcome),
        CASE
            WHEN ended.decided_at IS NULL AND ended.withdrawn_at <= ended.last_at THEN ended.withdrawn_at
        END AS withdrawn_at,
        CASE
            WHEN ended.decided_at IS NULL THEN NULL
            WHEN ended.is_expired THEN ended.expiry_outcome
            ELSE ended.said
        END AS outcome,
        CASE WHEN ended.decided_at IS NOT NULL AND NOT ended.is_expired THEN ended.actor END AS actor,
        CASE WHEN ended.decided_at IS NOT NULL AND NOT ended.is_expired THEN ended.evidence END AS evidence,
        CASE
            WHEN ended.decided_at IS NULL THEN NULL
            WHEN ended.is_expired THEN 'timer'
            ELSE ended.said_kind
        END AS answer_kind,
        CASE
            WHEN ended.decided_at IS NULL THEN NULL
            WHEN ended.is_expired THEN 'deadline'
            ELSE ended.said_channel
        END AS channel
    FROM ended
    WHERE coalesce(ended.decided_at, ended.withdrawn_at) IS NULL
       OR coalesce(ended.decided_at, ended.withdrawn_at) >= $from_at
),
-- who the person was when answering: of the versions of the row the last one before, else the first
person AS (
    SELECT
        asked.item_key,
        asked.decision,
        asked.question_index,
        json_extract_string(row_version.content, '$.role') AS role
    FROM asked
    JOIN row_version
        ON row_version.table_name = 'users'
       AND row_version.content IS NOT NULL
       AND json_extract_string(row_version.row_id, '$[0]') = asked.actor
    QUALIFY row_number() OVER (
        PARTITION BY asked.item_key, asked.decision, asked.question_index
        ORDER BY
            row_version.seen_at > asked.decided_at,
            abs(epoch_us(row_version.seen_at) - epoch_us(asked.decided_at)),
            row_version.content
    ) = 1
),
-- an outcome that only asks again is no verdict
verdict AS (
    SELECT asked.item_key, asked.decision, asked.question_index, asked.outcome, asked.decided_at
    FROM asked
    LEFT JOIN rule_option
        ON rule_option.stream = $stream
       AND rule_option.decision = asked.decision
       AND rule_option.outcome = asked.outcome
    WHERE asked.decided_at IS NOT NULL AND NOT coalesce(rule_option.is_again, false)
),
reversal AS (
    SELECT
        verdict.item_key,
        verdict.decision,
        verdict.question_index,
        arg_min(later.outcome, later.question_index) AS reversed_by,
        arg_min(later.decided_at, later.question_index) AS reversed_at
    FROM verdict
    JOIN verdict AS later
        ON later.item_key = verdict.item_key
       AND later.decision = verdict.decision
       AND later.question_index > verdict.question_index
       AND later.outcome <> verdict.outcome
    GROUP BY verdict.item_key, verdict.decision, verdict.question_index
),
worth AS (
    SELECT asked.item_key, asked.decision, asked.question_index, item_attribute.number AS value
    FROM asked
    JOIN rule_path ON rule_path.stream = $stream AND rule_path.purpose = 'value'
    JOIN item_attribute
        ON item_attribute.stream = $stream
       AND item_attribute.item_key = asked.item_key
       AND item_attribute.path = rule_path.path
       AND item_attribute.valid_from_at <= coalesce(asked.decided_at, asked.last_at)
       AND (
            item_attribute.valid_to_at IS NULL
            OR item_attribute.valid_to_at > coalesce(asked.decided_at, asked.last_at)
       )
),
escalation AS (
    SELECT asked.item_key, asked.decision, asked.question_index, min(decision_mark.marked_at) AS escalated_at
    FROM asked
    JOIN decision_mark
        ON decision_mark.stream = $stream
       AND decision_mark.item_key = asked.item_key
       AND decision_mark.decision = asked.decision
       AND decision_mark.purpose = 'escalated'
       AND decision_mark.marked_at >= asked.asked_at
       AND decision_mark.marked_at <= coalesce(asked.decided_at, asked.withdrawn_at, asked.last_at)
    GROUP BY asked.item_key, asked.decision, asked.question_index
),
-- what levels of authority cover the item's value; one without a limit covers every value, a missing one too
covered AS (
    SELECT
        asked.item_key,
        asked.decision,
        asked.question_index,
        string_agg(DISTINCT authority.role, ', ' ORDER BY authority.role) AS roles,
        bool_or(authority.role = person.role) AS is_covered
    FROM asked
    JOIN authority ON authority.decision = asked.decision
    LEFT JOIN worth
        ON worth.item_key = asked.item_key AND worth.decision = asked.decision
       AND worth.question_index = asked.question_index
    LEFT JOIN person
        ON person.item_key = asked.item_key AND person.decision = asked.decision
       AND person.question_index = asked.question_index
    WHERE authority.up_to IS NULL OR authority.up_to >= worth.value
    GROUP BY asked.item_key, asked.decision, asked.question_index
),
question AS (
    SELECT
        asked.stream,
        asked.item_key,
        asked.question_index,
        asked.decision,
        coalesce(item.business_key, item.workflow_id) AS item,
        item.workflow_id,
        item.run_id,
        item.workflow_type,
        asked.source,
        asked.last_at,
        asked.until_at,
        rule_decision.stage,
        rule_decision.needs,
        asked.asked_at,
        asked.decided_at,
        asked.withdrawn_at,
        CASE
            WHEN asked.decided_at IS NOT NULL THEN 'decided'
            WHEN asked.withdrawn_at IS NOT NULL THEN 'withdrawn'
            ELSE 'open'
        END AS state,
        asked.outcome,
        asked.actor,
        -- an identity is the name of a process, unless somebody is known by it
        CASE
            WHEN asked.answer_kind = 'person' AND asked.evidence = 'identity' AND person.item_key IS NULL
            THEN 'unknown'
            ELSE asked.answer_kind
        END AS actor_kind,
        asked.evidence,
        CASE
            WHEN asked.evidence = 'principal' THEN 'authenticated'
            WHEN starts_with(asked.evidence, 'db.') THEN 'row'
            WHEN asked.evidence = 'identity' THEN 'hint'
            WHEN asked.evidence IS NOT NULL THEN 'declared'
        END AS strength,
        asked.channel,
        epoch_us(asked.decided_at) - epoch_us(asked.asked_at) AS latency_micros,
        asked.deadline_at,
        CASE
            WHEN asked.deadline_at IS NULL THEN NULL
            WHEN asked.answer_kind = 'timer' THEN false
            WHEN coalesce(asked.decided_at, asked.withdrawn_at, asked.until_at) > asked.deadline_at THEN false
            WHEN asked.decided_at IS NOT NULL THEN true
        END AS kept,
        worth.value,
        person.role,
        covered.roles AS required_roles,
        CASE
            WHEN asked.answer_kind IS DISTINCT FROM 'person' OR person.role IS NULL THEN NULL
            WHEN asked.decision NOT IN (SELECT decision FROM authority) THEN NULL
            WHEN covered.is_covered THEN true
            WHEN worth.value IS NULL THEN NULL
            ELSE false
        END AS authority_respected,
        CASE
            WHEN asked.answer_kind IS NULL OR asked.answer_kind IN ('rule', 'timer') THEN NULL
            WHEN asked.decision NOT IN (SELECT decision FROM authority) THEN 'no authority is declared'
            WHEN asked.actor IS NULL THEN 'the actor is not known'
            WHEN person.role IS NULL THEN 'the role of the actor is not known'
            WHEN worth.value IS NULL AND NOT coalesce(covered.is_covered, false) THEN 'the item has no value'
        END AS authority_unknown,
        escalation.escalated_at,
        reversal.reversed_by,
        reversal.reversed_at,
        asked.confirms,
        asked.conflicts,
        asked.off_list,
        asked.is_early,
        -- the work went on though fewer people answered than must
        rule_decision.needs > 1 AND asked.withdrawn_at IS NOT NULL
            AND coalesce(stay.exit_kind IN ('advanced', 'undrawn'), false) AS is_four_eyes_breach
    FROM asked
    JOIN item ON item.stream = $stream AND item.item_key = asked.item_key
    JOIN rule_decision ON rule_decision.stream = $stream AND rule_decision.decision = asked.decision
    LEFT JOIN stay
        ON stay.stream = $stream AND stay.item_key = asked.item_key AND stay.stay_index = asked.stay_index
    LEFT JOIN person
        ON person.item_key = asked.item_key AND person.decision = asked.decision
       AND person.question_index = asked.question_index
    LEFT JOIN worth
        ON worth.item_key = asked.item_key AND worth.decision = asked.decision
       AND worth.question_index = asked.question_index
    LEFT JOIN covered
        ON covered.item_key = asked.item_key AND covered.decision = asked.decision
       AND covered.question_index = asked.question_index
    LEFT JOIN escalation
        ON escalation.item_key = asked.item_key AND escalation.decision = asked.decision
       AND escalation.question_index = asked.question_index
    LEFT JOIN reversal
        ON reversal.item_key = asked.item_key AND reversal.decision = asked.decision
       AND reversal.question_index = asked.question_index
)"""


def questions(stream: Stream) -> tuple[str, dict[str, object]]:
    """Common tables, `question` the last, and the parameters of the declared authority."""
    params: dict[str, object] = {}
    levels: list[str] = []
    for decision in stream.decisions:
        for level in decision.authority:
            for role in level.roles:
                number = len(levels)
                params |= {f"d{number}": decision.name, f"u{number}": level.up_to, f"r{number}": role}
                levels.append(f"($d{number}, CAST($u{number} AS DOUBLE), $r{number})")
    none = "(NULL, CAST(NULL AS DOUBLE), NULL)"
    return ASKED.format(horizon=HORIZON.strip(), authority=", ".join(levels) or none).strip(), params
