"""The rules of stuck work as SQL: one SELECT per rule over the facts, in the order in which a root is told.

Each gives item_key, run_key, rule, since_at (when it began to hold), event_id (the pending work it speaks of; null for
none) and about (what it is about, where that is not the pending work: a decision, a stage, a run's size).
"""

from collections.abc import Mapping
from datetime import timedelta

# Nothing is said to be stuck for waiting less than this: workers start, clocks differ, rounds take their time.
PATIENCE = timedelta(seconds=20)
# A step that failed once may be tried again for this long before it is stuck; one that failed twice is at once.
FIRST_RETRY = timedelta(seconds=60)
# Heartbeats come at least each minute (the SDKs' own throttle); twice that without one is lost.
HEARTBEAT = timedelta(seconds=120)
# Longer than this many times what 95 of 100 took is over time.
OVER_TIME = 3
# Temporal warns at 10,240 events or 10 MiB, and ends a run at 51,200 or 50 MiB.
MOST_EVENTS = 10_240
MOST_BYTES = 10 * 1024 * 1024
# Of 2,000 activities that may be pending in a run.
MOST_PENDING = 1_600

PAUSED = """
    SELECT item_key, run_key, 'paused' AS rule, opened_at AS since_at, event_id, NULL AS about
    FROM condition
    WHERE kind = 'paused'"""
STEP_PAUSED = """
    SELECT item_key, run_key, 'paused', coalesce(paused_at, sampled_at), event_id, NULL
    FROM condition
    WHERE kind = 'activity' AND state = 'paused'"""
NO_WORKER = """
    SELECT
        item_key, run_key, 'no worker',
        greatest(CASE WHEN attempt > 1 THEN coalesce(last_ended_at, opened_at) ELSE opened_at END, last_poll_at),
        event_id, NULL
    FROM condition
    WHERE pollers = 0
      AND (kind IN ('worker turn', 'worker turn failing') OR (kind = 'activity' AND state = 'scheduled'))
      AND until_at >= greatest(
            CASE WHEN attempt > 1 THEN coalesce(last_ended_at, opened_at) ELSE opened_at END, last_poll_at
        ) + to_microseconds($patience_micros)"""
VERSION = """
    SELECT item_key, run_key, 'version without worker', opened_at, event_id, version
    FROM condition
    WHERE pollers > 0
      AND version IS NOT NULL
      AND kind IN ('worker turn', 'worker turn failing')
      AND NOT coalesce(json_contains(versions, to_json(version)), false)
      AND until_at >= opened_at + to_microseconds($patience_micros)"""
TURN = """
    SELECT item_key, run_key, 'worker turn failing', opened_at, event_id, NULL
    FROM condition
    WHERE kind = 'worker turn failing' AND (reference <> 'start to close' OR attempt >= 3)"""
HEARTBEAT_LOST = """
    SELECT
        item_key, run_key, 'heartbeat lost',
        CASE
            WHEN state = 'started' AND last_heartbeat_at >= last_started_at THEN last_heartbeat_at
            ELSE coalesce(failing_since_at, last_ended_at, opened_at)
        END,
        event_id, NULL
    FROM condition
    WHERE kind = 'activity'
      AND CASE
            WHEN state = 'started' AND last_heartbeat_at >= last_started_at
            THEN last_heartbeat_at < until_at - to_microseconds($heartbeat_micros)
            ELSE attempt >= 2 AND failure_type = 'timeout' AND contains(lower(failure_message), 'heartbeat')
        END"""
RETRYING = """
    SELECT item_key, run_key, 'step retrying', coalesce(failing_since_at, opened_at), event_id, NULL
    FROM condition
    WHERE kind = 'activity'
      AND state IN ('scheduled', 'started', 'cancel requested')
      AND NOT (failure_type = 'timeout' AND contains(lower(coalesce(failure_message, '')), 'heartbeat'))
      AND (
        attempt >= 3
        OR (attempt = 2 AND until_at >= coalesce(failing_since_at, opened_at) + to_microseconds($first_retry_micros))
      )"""
OVER_TIME_STEP = """
    SELECT
        condition.item_key, condition.run_key, 'step over time',
        condition.last_started_at + to_microseconds(usual_step.limit_micros), condition.event_id,
        CAST(usual_step.usual_micros AS VARCHAR) || '/' || usual_step.steps
    FROM condition
    JOIN usual_step ON usual_step.name = condition.name
    WHERE condition.kind = 'activity'
      AND condition.state IN ('started', 'cancel requested')
      AND condition.until_at >= condition.last_started_at + to_microseconds(usual_step.limit_micros)"""
NEXUS = """
    SELECT item_key, run_key, 'Nexus stuck', opened_at, event_id, NULL
    FROM condition
    WHERE kind = 'nexus' AND (state = 'blocked' OR (state IN ('scheduled', 'backing off') AND attempt >= 2))"""
# Answers that may not have been heard: they came early, or stand only in a row.
ANSWERED = """
answered AS (
    SELECT
        open_item.stream, open_item.item_key, open_item.until_at, open_item.stay_index, decision.decision,
        decision.channel, decision.asked_at, greatest(decision.asked_at, decision.decided_at) AS answered_at
    FROM open_item
    JOIN decision
        ON decision.stream = open_item.stream
       AND decision.item_key = open_item.item_key
       AND decision.stay_index = open_item.stay_index
       AND decision.decided_at <= open_item.until_at - to_microseconds($patience_micros)
    LEFT JOIN rule_option
        ON rule_option.stream = decision.stream
       AND rule_option.decision = decision.decision
       AND rule_option.outcome = decision.outcome
    WHERE (decision.is_early OR decision.channel LIKE 'row %')
      AND NOT coalesce(rule_option.is_again, false)
)"""
# Those after which the run took a step: one that the clock set going, as a reminder, says nothing of the answer.
HEARD = """
heard_answer AS (
    SELECT DISTINCT item_key, decision, answered_at
    FROM (
        SELECT
            answered.item_key, answered.decision, answered.answered_at, step.run_key, step.event_id,
            arg_max(event.type, event.event_id) AS woken_by
        FROM answered
        JOIN step
            ON step.stream = answered.stream
           AND step.item_key = answered.item_key
           AND step.stay_index = answered.stay_index
           AND step.kind <> 'timer'
           AND step.scheduled_at BETWEEN answered.answered_at AND answered.until_at
        JOIN event
            ON event.run_key = step.run_key
           AND event.event_id < step.event_id
           AND event.type IN (1, 12, 13, 14, 16, 18, 20, 26, 30, 32, 33, 34, 35, 36, 41, 50, 51, 52, 53)
        GROUP BY ALL
    )
    WHERE woken_by <> 18
)"""
UNHEARD = """
    SELECT
        answered.item_key, NULL,
        CASE WHEN answered.channel LIKE 'row %' THEN 'database disagrees' ELSE 'unheard answer' END,
        answered.answered_at, NULL, answered.decision
    FROM answered
    LEFT JOIN heard_answer USING (item_key, decision, answered_at)
    WHERE heard_answer.item_key IS NULL
      -- nothing is at work, and nothing else was asked
      AND NOT EXISTS (
        SELECT 1 FROM held_work
        WHERE held_work.item_key = answered.item_key AND held_work.kind NOT IN ('timer', 'deadline timer')
      )
      AND NOT EXISTS (
        SELECT 1 FROM decision AS other
        WHERE other.stream = answered.stream
          AND other.item_key = answered.item_key
          AND other.stay_index = answered.stay_index
          AND other.asked_at BETWEEN answered.asked_at AND answered.until_at
          AND other.decision <> answered.decision
          AND (other.decided_at IS NULL OR other.decided_at > answered.until_at)
      )"""
CANCEL = """
    SELECT
        open_run.item_key, open_run.run_key, 'cancel ignored', min(event.time_at), min(event.event_id),
        arg_min(event.failure_message, event.event_id)
    FROM open_run
    JOIN event
        ON event.run_key = open_run.run_key
       AND event.type = 20
       AND event.time_at <= open_run.until_at - to_microseconds($patience_micros)
    GROUP BY open_run.item_key, open_run.run_key
    -- a run that undoes what it did takes steps of its own
    HAVING NOT bool_or(EXISTS (
        SELECT 1 FROM step WHERE step.run_key = open_run.run_key AND step.scheduled_at > event.time_at
    ))"""
LIMITS = """
    SELECT
        large_run.item_key, large_run.run_key, 'limits near', large_run.since_at, NULL, large_run.about
    FROM large_run
    WHERE large_run.since_at <= large_run.until_at"""
DECISION = """
    SELECT open_item.item_key, NULL, 'decision overdue', min(decision.deadline_at), NULL,
        arg_min(decision.decision, decision.deadline_at)
    FROM open_item
    JOIN decision
        ON decision.stream = open_item.stream
       AND decision.item_key = open_item.item_key
       AND decision.asked_at <= open_item.until_at
       AND decision.deadline_at <= open_item.until_at
       AND (decision.decided_at IS NULL OR decision.decided_at > open_item.until_at)
       AND (decision.withdrawn_at IS NULL OR decision.withdrawn_at > open_item.until_at)
    -- where the deadline is an answer, it has been given
    WHERE NOT EXISTS (
        SELECT 1 FROM rule_event AS expiry
        WHERE expiry.stream = decision.stream AND expiry.target = decision.decision
          AND expiry.purpose = 'answered' AND expiry.kind = 'deadline'
    )
    GROUP BY open_item.item_key"""
STAGE = """
    SELECT
        open_item.item_key, NULL, 'stage overdue', open_item.entered_at + to_microseconds(rule_stage.deadline_micros),
        NULL, open_item.stage
    FROM open_item
    JOIN rule_stage ON rule_stage.stream = open_item.stream AND rule_stage.stage = open_item.stage
    WHERE open_item.until_at > open_item.entered_at + to_microseconds(rule_stage.deadline_micros)"""
SILENT = """
    SELECT open_item.item_key, NULL, 'silent', progress.active_at, NULL, open_item.stage
    FROM open_item
    JOIN progress ON progress.item_key = open_item.item_key
    WHERE progress.active_at <= open_item.until_at - to_microseconds($patience_micros)
      AND NOT EXISTS (SELECT 1 FROM held_work WHERE held_work.item_key = open_item.item_key)
      AND NOT EXISTS (
        SELECT 1 FROM decision
        WHERE decision.stream = open_item.stream
          AND decision.item_key = open_item.item_key
          AND decision.asked_at <= open_item.until_at
          AND (decision.decided_at IS NULL OR decision.decided_at > open_item.until_at)
          AND (decision.withdrawn_at IS NULL OR decision.withdrawn_at > open_item.until_at)
          -- where the deadline is an answer, a question is not open past it
          AND (decision.deadline_at > open_item.until_at OR NOT EXISTS (
            SELECT 1 FROM rule_event AS expiry
            WHERE expiry.stream = decision.stream AND expiry.target = decision.decision
              AND expiry.purpose = 'answered' AND expiry.kind = 'deadline'
          ))
      )
      AND NOT EXISTS (
        SELECT 1 FROM rule_event
        WHERE rule_event.stream = open_item.stream
          AND rule_event.purpose = 'enter'
          AND rule_event.kind = 'waiting_for'
          AND rule_event.target = open_item.stage
      )"""
# Work that stands in another item: a child run or a Nexus operation that was begun.
ELSEWHERE = """
    SELECT condition.item_key, condition.run_key, 'child stuck', condition.opened_at, condition.event_id,
        other.stream || '/' || other.item_key
    FROM condition
    JOIN run AS child ON child.source_key = condition.source_key AND child.first_run_id = condition.reference
    JOIN run_item AS other
        ON other.run_key = child.run_key
       AND NOT (other.stream = $stream AND other.item_key = condition.item_key)
    WHERE condition.kind = 'child'
    UNION ALL
    SELECT item_key, run_key, 'Nexus operation', opened_at, event_id, reference
    FROM condition
    WHERE kind = 'nexus' AND reference IS NOT NULL"""
OLDER = """
    SELECT
        open_item.item_key, NULL, 'older than usual', open_item.entered_at + to_microseconds(usual_stay.micros), NULL,
        CAST(usual_stay.micros AS VARCHAR) || '/' || usual_stay.exits
    FROM open_item
    JOIN usual_stay ON usual_stay.stage = open_item.stage
    WHERE open_item.until_at > open_item.entered_at + to_microseconds(usual_stay.micros)"""

# The order of the roots: what must be mended first, whatever else holds.
ORDER: Mapping[str, int] = {
    rule: place
    for place, rule in enumerate(
        (
            *("paused", "no worker", "version without worker", "worker turn failing", "heartbeat lost"),
            *("step retrying", "step over time", "Nexus stuck", "child stuck", "unheard answer", "database disagrees"),
            *("cancel ignored", "limits near", "decision overdue", "stage overdue", "silent", "older than usual"),
        )
    )
}
WATCH = frozenset({"silent", "older than usual"})
OF_THE_RUN = (
    *(PAUSED, STEP_PAUSED, NO_WORKER, VERSION, TURN, HEARTBEAT_LOST, RETRYING, OVER_TIME_STEP, NEXUS, ELSEWHERE),
)
OF_THE_ITEM = (UNHEARD, CANCEL, LIMITS, DECISION, STAGE, SILENT, OLDER)


def rules(*, with_watch: bool) -> str:
    """All that holds: the common table `found`, behind those it needs; without the watch rules for other streams."""
    of_item = OF_THE_ITEM if with_watch else tuple(rule for rule in OF_THE_ITEM if rule not in (SILENT, OLDER))
    return f"{ANSWERED.strip()},{HEARD},\nfound AS (" + "\n    UNION ALL".join((*OF_THE_RUN, *of_item)) + "\n)"


def limits() -> dict[str, object]:
    """The parameters of the rules."""
    microsecond = timedelta(microseconds=1)
    return {
        "patience_micros": PATIENCE // microsecond,
        "first_retry_micros": FIRST_RETRY // microsecond,
        "heartbeat_micros": HEARTBEAT // microsecond,
        "over_time": OVER_TIME,
        "most_events": MOST_EVENTS,
        "most_bytes": MOST_BYTES,
        "most_pending": MOST_PENDING,
    }
