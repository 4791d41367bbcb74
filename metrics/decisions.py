"""Who decided what, and how."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, FLAG, INSTANT, NUMBER, TEXT, Kinds, typed, unit_of
from metrics.asked import questions
from metrics.asked_by import split_questions
from metrics.metric import metric
from metrics.observed import stretch
from metrics.question import MetricError, Question
from value_stream import Stream
from warehouse import query

HIDDEN = "(hidden)"
KINDS: Kinds = {
    "item": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "decision": TEXT,
    "title": TEXT,
    "stage": TEXT,
    "state": TEXT,
    "outcome": TEXT,
    "actor": TEXT,
    "actor_kind": TEXT,
    "evidence": TEXT,
    "strength": TEXT,
    "channel": TEXT,
    "asked_at": INSTANT,
    "decided_at": INSTANT,
    "latency_seconds": NUMBER,
    "deadline_at": INSTANT,
    "kept": FLAG,
    "value": NUMBER,
    "unit": TEXT,
    "role": TEXT,
    "required_roles": TEXT,
    "authority_respected": FLAG,
    "authority_unknown": TEXT,
    "escalated": FLAG,
    "escalated_at": INSTANT,
    "reversed_by": TEXT,
    "reversed_at": INSTANT,
    "confirms": COUNT,
    "conflicts": COUNT,
    "off_list": TEXT,
    "is_early": FLAG,
    "is_four_eyes_breach": FLAG,
}
SQL = """
WITH {questions},
titled AS (
    SELECT unnest(CAST($names AS VARCHAR[])) AS decision, unnest(CAST($titles AS VARCHAR[])) AS title
)
SELECT
    question.* EXCLUDE (latency_micros, actor),
    titled.title,
    CASE
        WHEN $hide_persons AND question.actor_kind NOT IN ('rule', 'timer') AND question.actor IS NOT NULL THEN $hidden
        ELSE question.actor
    END AS actor,
    $unit AS unit,
    question.latency_micros / 1e6 AS latency_seconds,
    question.escalated_at IS NOT NULL AS escalated
FROM question
LEFT JOIN titled ON titled.decision = question.decision{joins}
WHERE true{conditions}
ORDER BY question.asked_at DESC, question.item_key, question.decision, question.question_index
"""


@metric(
    title="Decisions",
    unit="questions",
    grain="one row per question that was open or answered in the window, the newest first",
    columns=tuple(KINDS),
    needs_window=True,
    names_persons=True,
)
def decisions(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every question that was open or answered within the window: what came of it, who answered, and by what evidence.

    As of the instant: what was answered later is still open. A deadline that is declared as an answer has answered
    once it has passed. The actor is the first of the decision's actor paths that the answer carries. An identity is in
    practice the name of a process: it is kept, but its kind is unknown unless a person is known by that name.

    Roles come from the rows of a database table named `users`: its key is the actor, its column `role` the role, in
    the version known when the question was answered. Authority is respected when one of the declared levels that
    cover the item's value at the decision has that role; where the role or the value is missing, it is null, and
    authority_unknown says so. A later decision of the same kind on the item with another outcome reverses one;
    outcomes that only ask again neither reverse nor are reversed. With persons hidden, no actor is named.

    Edge cases: an answer that came before its question has latency 0 and is_early. A question that its stage's end
    left behind is withdrawn. confirms, conflicts and off_list count all that is known now, also what came after the
    as-of instant.

    Not every message that arrived: those that repeat an answer are counted, not listed.

    Columns: item (business key), workflow_id, run_id (newest run of its chain), decision, title, stage (where it is
    asked), state (decided, open or withdrawn), outcome, actor (null when not known), actor_kind (person, rule, timer
    or unknown; null while not decided), evidence (path of the actor), strength (authenticated, declared, row or hint),
    channel (kind and name of the answer), asked_at, decided_at (UTC), latency_seconds (null while not decided),
    deadline_at (UTC; null without), kept (decided before the deadline; false also for an open one past it; null
    without a deadline, and while it may still be kept), value (of the item when decided, in unit; null without), unit,
    role, required_roles (any of which may decide about that value), authority_respected, authority_unknown (why that
    is null), escalated, escalated_at (UTC), reversed_by (the later outcome), reversed_at (UTC), confirms, conflicts
    (counts of later answers of the same asking, with the same and with another outcome), off_list (an answer that is
    no option), is_early, is_four_eyes_breach (the item went on though fewer people answered than must).
    """
    if question.by:
        raise MetricError("decisions lists questions one by one: leave --by out, or ask decision_summary.")
    chosen = split_questions(stream, question)
    tables, authority = questions(stream)
    sql = SQL.format(questions=tables, joins=chosen.joins, conditions=chosen.conditions)
    params = {**chosen.params, **authority, **stretch(question), **_words(stream, question)}
    return typed(query(con, sql, **params), KINDS)


def _words(stream: Stream, question: Question) -> dict[str, object]:
    return {
        "names": [decision.name for decision in stream.decisions],
        "titles": [decision.title for decision in stream.decisions],
        "unit": unit_of(stream),
        "hide_persons": question.hide_persons,
        "hidden": HIDDEN,
    }
