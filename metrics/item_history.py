"""What happened to an item, and what still goes on."""

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, INSTANT, NUMBER, TEXT, Kinds, typed
from metrics.decisions import HIDDEN
from metrics.metric import metric
from metrics.one_item import CHOSEN, parameters
from metrics.question import Question
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "item": TEXT,
    "part": TEXT,
    "kind": TEXT,
    "name": TEXT,
    "stage": TEXT,
    "begun_at": INSTANT,
    "started_at": INSTANT,
    "ended_at": INSTANT,
    "due_at": INSTANT,
    "seconds": NUMBER,
    "state": TEXT,
    "detail": TEXT,
    "actor": TEXT,
    "actor_kind": TEXT,
    "attempts": COUNT,
    "task_queue": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "event_id": COUNT,
}
# The question's deadline is an answer, and none other came before it.
_EXPIRED = "(expiry.target IS NOT NULL AND coalesce(decision.decided_at, decision.withdrawn_at) IS NULL)"
_NOTHING = """NULL AS started_at, NULL AS due_at, NULL AS detail, NULL AS actor, NULL AS actor_kind, NULL AS attempts,
    NULL AS task_queue, NULL AS run_key, NULL AS event_id"""
SQL = f"""
WITH {{chosen}},
fact AS (
    SELECT chosen.item_key, chosen.item, chosen.until_at, chosen.workflow_id, 'stay' AS part, stay.entry_kind AS kind,
        stay.stage AS name, stay.stage, stay.entered_at AS begun_at, stay.left_at AS ended_at,
        stay.exit_kind AS state, 'open' AS open_state, {_NOTHING}
    FROM chosen JOIN stay ON stay.stream = chosen.stream AND stay.item_key = chosen.item_key
    -- that a closed item waits to be reopened is known once it is
    WHERE NOT stay.is_overlapped AND (stay.stage_index >= 0 OR stay.left_at <= chosen.until_at)
    UNION ALL BY NAME
    SELECT chosen.item_key, chosen.item, chosen.until_at, chosen.workflow_id, 'wait' AS part, NULL AS kind,
        wait.wait AS name, stay.stage, wait.begun_at, wait.ended_at, 'over' AS state, 'open' AS open_state, {_NOTHING}
    FROM chosen
    JOIN wait ON wait.stream = chosen.stream AND wait.item_key = chosen.item_key
    JOIN stay
        ON stay.stream = wait.stream AND stay.item_key = wait.item_key AND stay.stay_index = wait.stay_index
    WHERE stay.stage_index >= 0 OR stay.left_at <= chosen.until_at
    UNION ALL BY NAME
    SELECT chosen.item_key, chosen.item, chosen.until_at, 'step' AS part, step.kind, step.name, stay.stage,
        step.scheduled_at AS begun_at, step.started_at, step.ended_at, step.due_at, step.ended AS state,
        'pending' AS open_state, step.failure_message AS detail, step.attempts, step.task_queue, step.run_key,
        step.event_id
    FROM chosen
    JOIN step ON step.stream = chosen.stream AND step.item_key = chosen.item_key
    LEFT JOIN stay
        ON stay.stream = step.stream AND stay.item_key = step.item_key AND stay.stay_index = step.stay_index
    UNION ALL BY NAME
    -- a deadline that is an answer has answered once it has passed, whether or not the item has moved since
    SELECT chosen.item_key, chosen.item, chosen.until_at, 'decision' AS part,
        CASE WHEN {_EXPIRED} THEN 'deadline' ELSE decision.channel END AS kind,
        decision.decision AS name, stay.stage, decision.asked_at AS begun_at,
        CASE
            WHEN {_EXPIRED} THEN decision.deadline_at
            ELSE coalesce(decision.decided_at, decision.withdrawn_at)
        END AS ended_at,
        decision.deadline_at AS due_at,
        CASE
            WHEN {_EXPIRED} THEN expiry.outcome
            WHEN decision.decided_at IS NULL THEN 'withdrawn'
            ELSE coalesce(decision.outcome, 'decided')
        END AS state,
        'open' AS open_state, decision.evidence AS detail, decision.actor,
        CASE WHEN {_EXPIRED} THEN 'timer' ELSE decision.actor_kind END AS actor_kind,
        decision.answer_run_key AS run_key, decision.answer_event_id AS event_id
    FROM chosen
    JOIN decision ON decision.stream = chosen.stream AND decision.item_key = chosen.item_key
    LEFT JOIN (
        SELECT target, min(outcome) AS outcome
        FROM rule_event
        WHERE stream = $stream AND purpose = 'answered' AND kind = 'deadline'
        GROUP BY target
    ) AS expiry ON expiry.target = decision.decision
    LEFT JOIN stay
        ON stay.stream = decision.stream AND stay.item_key = decision.item_key
       AND stay.stay_index = decision.stay_index
    UNION ALL BY NAME
    -- a reset copies messages into the new run: told once
    SELECT chosen.item_key, chosen.item, any_value(chosen.until_at) AS until_at, 'message' AS part,
        CASE event.type WHEN 26 THEN 'signal' ELSE 'update' END AS kind, event.name, event.time_at AS begun_at,
        event.time_at AS ended_at, 'arrived' AS state, 'arrived' AS open_state,
        arg_min(coalesce(event.principal, event.identity), (event.run_key, event.event_id)) AS actor,
        min(event.run_key) AS run_key,
        min(event.event_id) AS event_id
    FROM chosen
    JOIN run_item ON run_item.stream = chosen.stream AND run_item.item_key = chosen.item_key
    JOIN event ON event.run_key = run_item.run_key AND event.type IN (26, 41)
    GROUP BY chosen.item_key, chosen.item, event.type, event.name, event.time_at, event.reference
    UNION ALL BY NAME
    SELECT chosen.item_key, chosen.item, chosen.until_at, 'worker turn' AS part, 'failing' AS kind,
        'worker turn failing' AS name, pending_work.opened_at AS begun_at, pending_work.settled_at AS ended_at,
        'over' AS state, 'failing' AS open_state, pending_work.name AS detail, pending_work.task_queue,
        pending_work.run_key, pending_work.event_id
    FROM chosen
    JOIN pending_work
        ON pending_work.stream = chosen.stream AND pending_work.item_key = chosen.item_key
       AND pending_work.kind = 'worker turn failing'
    UNION ALL BY NAME
    SELECT chosen.item_key, chosen.item, chosen.until_at, 'nudge' AS part, nudge.verb AS kind,
        coalesce(nudge.nudge, nudge.verb) AS name, nudge.stage, nudge.recorded_at AS begun_at,
        nudge.recorded_at AS ended_at, nudge.state, nudge.state AS open_state,
        concat_ws(': ', nullif(nudge.reason, ''), nudge.answer) AS detail, nudge.actor, 'person' AS actor_kind,
        run.run_key
    FROM chosen
    JOIN run_item ON run_item.stream = chosen.stream AND run_item.item_key = chosen.item_key
    JOIN run ON run.run_key = run_item.run_key
    JOIN nudge ON nudge.stream = chosen.stream AND nudge.run_id = run.run_id AND nudge.source = chosen.source
    UNION ALL BY NAME
    SELECT chosen.item_key, chosen.item, chosen.until_at, 'attribute' AS part, NULL AS kind,
        item_attribute.path AS name, item_attribute.valid_from_at AS begun_at, item_attribute.valid_to_at AS ended_at,
        'over' AS state, 'holds' AS open_state, item_attribute.value AS detail
    FROM chosen
    JOIN item_attribute
        ON item_attribute.stream = chosen.stream AND item_attribute.item_key = chosen.item_key
)
SELECT
    fact.item,
    fact.part,
    CASE WHEN fact.part <> 'decision' OR fact.ended_at <= fact.until_at THEN fact.kind END AS kind,
    fact.name,
    fact.stage,
    fact.begun_at,
    CASE WHEN fact.started_at <= fact.until_at THEN fact.started_at END AS started_at,
    CASE WHEN fact.ended_at <= fact.until_at THEN fact.ended_at END AS ended_at,
    fact.due_at,
    (epoch_us(least(coalesce(fact.ended_at, fact.until_at), fact.until_at)) - epoch_us(fact.begun_at)) / 1e6
        AS seconds,
    CASE WHEN fact.ended_at <= fact.until_at THEN fact.state ELSE fact.open_state END AS state,
    CASE WHEN fact.part = 'decision' AND (fact.ended_at > fact.until_at) THEN NULL ELSE fact.detail END AS detail,
    CASE
        WHEN fact.part = 'decision' AND fact.ended_at > fact.until_at THEN NULL
        WHEN $hide_persons AND fact.actor IS NOT NULL AND coalesce(fact.actor_kind, 'unknown') NOT IN ('rule', 'timer')
            THEN $hidden
        ELSE fact.actor
    END AS actor,
    CASE WHEN fact.part <> 'decision' OR fact.ended_at <= fact.until_at THEN fact.actor_kind END AS actor_kind,
    fact.attempts,
    fact.task_queue,
    coalesce(run.workflow_id, fact.workflow_id) AS workflow_id,
    run.run_id,
    CASE WHEN fact.part <> 'decision' OR fact.ended_at <= fact.until_at THEN fact.event_id END AS event_id
FROM fact
LEFT JOIN run ON run.run_key = fact.run_key AND (fact.part <> 'decision' OR fact.ended_at <= fact.until_at)
WHERE fact.begun_at <= fact.until_at
ORDER BY fact.begun_at, fact.item_key, fact.part, fact.name, ended_at, run.run_key, event_id, detail, kind,
    state
"""


@metric(
    title="Item: what happened",
    unit="facts",
    grain="one row per stay, wait, step, decision, message, failing worker turn, nudge and value of the item",
    columns=tuple(KINDS),
)
def item_history(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Everything that is known to have happened to an item by the instant, in order of its beginning.

    --where item=NAME takes a business key, a workflow id or a run id; without it, the facts of every item are listed.

    Edge cases: what ended after the instant is still going on: ended_at is null, and state says so. A message that a
    reset copied into the new run is told once. A step's attempts, failure and queue are the last known ones. With
    persons hidden no actor is named but rules and timers.

    Not every history event: a step is one row, however many events wrote it, and worker turns are told only while they
    fail (see the table of events).

    Columns: item (business key), part (stay, wait, step, decision, message, worker turn, nudge or attribute), kind
    (of a step: activity, child, nexus or timer; of a message: signal or update; of a stay what let it enter; of a
    decision its channel; of a nudge its verb), name, stage (it belongs to; null for what belongs to none), begun_at
    (UTC: entered, scheduled, asked, arrived, valid from), started_at (UTC; last attempt of a step), ended_at (UTC;
    null while it goes on), due_at (UTC; deadline, time-out or when a timer fires), seconds (from begun to ended, or
    so far), state (how it ended: exit kind, outcome; else open, pending, failing or holds), detail (failure message,
    value, evidence, or reason and answer of a nudge), actor, actor_kind (person, rule, timer or unknown), attempts
    (count), task_queue, workflow_id, run_id, event_id (where in history; null for what no single event tells).
    """
    params = parameters(stream, question, "item_history")
    params |= {"hide_persons": question.hide_persons, "hidden": HIDDEN}
    return typed(query(con, SQL.format(chosen=CHOSEN.strip()), **params), KINDS)
