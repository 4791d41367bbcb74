"""The open items as of an instant, each with its stage, value and present wait: what several metrics stand on.

An item is open as of T when it had begun and not ended by T, T being cut off at the instant up to which the item's
own source has been read. Its wait is the first reason of docs/definitions.md that holds then: history decides what
is pending; samples, at most SAMPLE_LIFE old, decide only its condition.
"""

from datetime import timedelta

from warehouse import SAMPLE_LIFE

OPEN_ITEM = """
open_item AS (
    SELECT
        item.stream,
        item.item_key,
        item.source_key,
        source.source,
        item.workflow_id,
        item.run_id,
        item.workflow_type,
        coalesce(item.business_key, item.workflow_id) AS item,
        item.opened_at,
        stay.stay_index,
        stay.stage,
        stay.lane,
        stay.entered_at,
        least($as_of, coalesce(source.as_of_at, $as_of)) AS until_at
    FROM item
    JOIN source ON source.source_key = item.source_key
    JOIN stay ON stay.stream = $stream AND stay.item_key = item.item_key
    WHERE item.stream = $stream
      -- these two follow from the next ones, and let the scans leave out what came later
      AND item.opened_at <= CAST($as_of AS TIMESTAMPTZ)
      AND stay.entered_at <= CAST($as_of AS TIMESTAMPTZ)
      AND item.opened_at <= least($as_of, coalesce(source.as_of_at, $as_of))
      AND (item.closed_at IS NULL OR item.closed_at > least($as_of, coalesce(source.as_of_at, $as_of)))
      AND (item.observed_until_at IS NULL OR item.observed_until_at > least($as_of, coalesce(source.as_of_at, $as_of)))
      AND stay.entered_at <= least($as_of, coalesce(source.as_of_at, $as_of))
      AND (stay.left_at IS NULL OR stay.left_at > least($as_of, coalesce(source.as_of_at, $as_of)))
      AND stay.stage_index >= 0
)"""

OPEN_VALUE = """
open_value AS (
    SELECT open_item.item_key, item_attribute.number AS value
    FROM open_item
    JOIN rule_path ON rule_path.stream = $stream AND rule_path.purpose = 'value'
    JOIN item_attribute
        ON item_attribute.stream = $stream
       AND item_attribute.item_key = open_item.item_key
       AND item_attribute.path = rule_path.path
       AND item_attribute.valid_from_at <= open_item.until_at
       AND (item_attribute.valid_to_at IS NULL OR item_attribute.valid_to_at > open_item.until_at)
)"""

OPEN_WAIT = """
open_pending AS (
    SELECT
        open_item.item_key,
        open_item.until_at,
        pending_work.run_key,
        pending_work.kind,
        pending_work.reference,
        pending_work.task_queue,
        pending_work.opened_at,
        pending_work.due_at,
        open_item.source_key
    FROM open_item
    JOIN pending_work
        ON pending_work.stream = $stream
       AND pending_work.item_key = open_item.item_key
       AND pending_work.opened_at <= open_item.until_at
       AND (pending_work.settled_at IS NULL OR pending_work.settled_at > open_item.until_at)
),
sampled AS (
    SELECT
        pending.run_key,
        pending.reference,
        arg_max(pending.state, pending.sampled_at) AS state,
        arg_max(pending.attempt, pending.sampled_at) AS attempt
    FROM pending
    WHERE pending.kind = 'activity'
      AND pending.sampled_at <= $as_of
      AND pending.sampled_until_at > CAST($as_of AS TIMESTAMPTZ) - to_microseconds($sample_life_micros)
    GROUP BY pending.run_key, pending.reference
),
unpolled AS (
    SELECT task_queue.source_key, task_queue.task_queue, arg_max(task_queue.pollers, task_queue.sampled_at) AS pollers
    FROM task_queue
    WHERE task_queue.kind = 'activity'
      AND task_queue.sampled_at <= $as_of
      AND task_queue.sampled_at > CAST($as_of AS TIMESTAMPTZ) - to_microseconds($sample_life_micros)
    GROUP BY task_queue.source_key, task_queue.task_queue
    HAVING arg_max(task_queue.pollers, task_queue.sampled_at) = 0
),
reason AS (
    SELECT
        open_pending.item_key,
        CASE
            WHEN open_pending.kind = 'paused' THEN 'paused'
            WHEN open_pending.kind = 'worker turn failing' THEN 'worker turn failing'
            WHEN open_pending.kind = 'worker turn' THEN 'worker turn queued'
            WHEN open_pending.kind = 'nexus' THEN 'Nexus operation'
            WHEN open_pending.kind = 'timer' THEN 'timer'
            WHEN open_pending.kind = 'child' THEN 'child running'
            WHEN open_pending.kind = 'delayed start' THEN 'delayed start'
            WHEN sampled.state IS NULL THEN 'not sampled'
            WHEN sampled.state = 'scheduled' AND unpolled.task_queue IS NOT NULL
                THEN 'step queued, no worker'
            WHEN sampled.attempt >= 2 THEN 'step retrying'
            WHEN sampled.state IN ('started', 'cancel requested') THEN 'step running'
            WHEN sampled.state = 'paused' THEN 'paused'
            ELSE 'step queued'
        END AS wait,
        open_pending.opened_at AS since_at,
        open_pending.due_at
    FROM open_pending
    LEFT JOIN sampled
        ON sampled.run_key = open_pending.run_key
       AND sampled.reference = open_pending.reference
       AND open_pending.kind = 'activity'
    LEFT JOIN unpolled
        ON unpolled.source_key = open_pending.source_key AND unpolled.task_queue = open_pending.task_queue
    UNION ALL
    SELECT open_item.item_key, 'decision open', decision.asked_at, decision.deadline_at
    FROM open_item
    JOIN decision
        ON decision.stream = $stream
       AND decision.item_key = open_item.item_key
       AND decision.asked_at <= open_item.until_at
       AND (decision.decided_at IS NULL OR decision.decided_at > open_item.until_at)
       AND (decision.withdrawn_at IS NULL OR decision.withdrawn_at > open_item.until_at)
    LEFT JOIN rule_event AS expiry
        ON expiry.stream = decision.stream
       AND expiry.target = decision.decision
       AND expiry.purpose = 'answered'
       AND expiry.kind = 'deadline'
    -- where the deadline is an answer, a question is not open past it
    WHERE expiry.stream IS NULL OR decision.deadline_at IS NULL OR decision.deadline_at > open_item.until_at
    UNION ALL
    SELECT DISTINCT open_item.item_key, 'message open', open_item.entered_at, NULL
    FROM open_item
    JOIN rule_event
        ON rule_event.stream = open_item.stream
       AND rule_event.purpose = 'enter'
       AND rule_event.kind = 'waiting_for'
       AND rule_event.target = open_item.stage
),
open_wait AS (
    SELECT
        reason.item_key,
        reason.wait,
        reason.since_at,
        reason.due_at
    FROM reason
    JOIN (
        VALUES ('paused', 1), ('worker turn failing', 2), ('worker turn queued', 3), ('step queued, no worker', 4),
            ('step retrying', 5), ('step running', 6), ('step queued', 7), ('not sampled', 8), ('Nexus operation', 9),
            ('decision open', 10), ('message open', 11), ('timer', 12), ('child running', 13), ('delayed start', 14)
    ) AS ranking(wait, rank) ON ranking.wait = reason.wait
    QUALIFY row_number() OVER (
        PARTITION BY reason.item_key ORDER BY ranking.rank, reason.since_at, reason.due_at
    ) = 1
)"""


def sample_life_micros() -> int:
    """SAMPLE_LIFE as the parameter that OPEN_WAIT takes, microseconds."""
    return SAMPLE_LIFE // timedelta(microseconds=1)
