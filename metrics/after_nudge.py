"""What became of an item after an instant: what the log of nudges and their effect both stand on.

`watched` is a common table of the caller: watch_key, item_key, source_key, from_at, verb; an item is watched from an
instant until its stage usually lets go of it, and never past the instant that is asked about.
"""

from datetime import timedelta

from metrics.observed import BAD_ANSWER, UNDONE_END

# Where no stage of 20 stays says it, and no target: so long is waited for something to move.
UNKNOWN_STAGE = timedelta(hours=1)
USUAL_DAYS = 90
USUAL_STAYS = 20

NUDGED = """
nudged AS (
    SELECT
        nudge.plan,
        nudge.line,
        min(nudge.recorded_at) AS planned_at,
        arg_max(nudge.state, nudge.recorded_at) AS state,
        arg_max(nudge.answer, nudge.recorded_at) AS answer,
        min(nudge.recorded_at) FILTER (nudge.state = 'requested') AS requested_at,
        min(nudge.recorded_at) FILTER (nudge.state = 'accepted') AS accepted_at,
        arg_max(nudge.actor, nudge.recorded_at) AS actor,
        arg_max(nudge.role, nudge.recorded_at) AS role,
        arg_max(nudge.reason, nudge.recorded_at) AS reason,
        any_value(nudge.nudge) AS nudge,
        any_value(nudge.verb) AS verb,
        any_value(nudge.item) AS item,
        any_value(nudge.workflow_id) AS workflow_id,
        any_value(nudge.run_id) AS run_id,
        any_value(nudge.source) AS source,
        any_value(nudge.stage) AS stage,
        any_value(nudge.wait) AS wait,
        any_value(nudge.cause) AS cause,
        max(nudge.new_run_id) AS new_run_id,
        any_value(run_item.item_key) AS item_key,
        any_value(run.source_key) AS source_key
    FROM nudge
    LEFT JOIN source ON source.source = nudge.source
    LEFT JOIN run ON run.source_key = source.source_key AND run.run_id = nudge.run_id
    LEFT JOIN run_item ON run_item.stream = nudge.stream AND run_item.run_key = run.run_key
    WHERE nudge.stream = $stream AND nudge.line IS NOT NULL AND nudge.recorded_at <= $as_of
    GROUP BY nudge.plan, nudge.line
)"""

# Stays as long as most of those that ended: p85, since the slowest are what people nudge.
AFTER = f"""{UNDONE_END},{BAD_ANSWER},
usual AS (
    SELECT
        rule_stage.stage,
        CASE
            WHEN count(stay.duration_micros) >= $usual_stays THEN quantile_disc(stay.duration_micros, 0.85)
            ELSE coalesce(rule_stage.target_micros, $unknown_micros)
        END AS micros
    FROM rule_stage
    LEFT JOIN stay
        ON stay.stream = rule_stage.stream
       AND stay.stage = rule_stage.stage
       AND stay.left_at <= $as_of
       AND stay.left_at > CAST($as_of AS TIMESTAMPTZ) - to_days($usual_days)
       AND NOT stay.is_overlapped
    WHERE rule_stage.stream = $stream
    GROUP BY rule_stage.stage, rule_stage.target_micros
),
watch AS (
    SELECT
        watched.*,
        stay.stage AS stage_then,
        stay.entered_at,
        stay.left_at,
        stay.exit_kind,
        watched.from_at + to_microseconds(CAST(coalesce(usual.micros, $unknown_micros) AS BIGINT)) AS due_at,
        least(
            CAST($as_of AS TIMESTAMPTZ),
            coalesce(source.as_of_at, $as_of),
            watched.from_at + to_microseconds(CAST(coalesce(usual.micros, $unknown_micros) AS BIGINT))
        ) AS until_at,
        -- that a reset reopened it later does not undo how it had ended
        coalesce(undone_end.shut_at, item.closed_at) AS closed_at,
        coalesce(undone_end.ended, item.ended) AS ended,
        CASE
            WHEN undone_end.item_key IS NULL THEN item.is_bad
            ELSE undone_end.is_bad OR bad_answer.item_key IS NOT NULL
        END AS is_bad,
        stay.next_stage IS NULL OR stay.next_stage = '(closed)'
            OR stay.next_stage IN (SELECT stage FROM rule_stage WHERE stream = $stream AND is_end) AS is_last
    FROM watched
    JOIN source ON source.source_key = watched.source_key
    JOIN item ON item.stream = $stream AND item.item_key = watched.item_key
    LEFT JOIN stay
        ON stay.stream = $stream
       AND stay.item_key = watched.item_key
       AND stay.entered_at <= watched.from_at
       AND (stay.left_at IS NULL OR stay.left_at > watched.from_at)
       AND NOT stay.is_overlapped
    LEFT JOIN undone_end
        ON undone_end.item_key = stay.item_key
       AND undone_end.shut_at = stay.left_at
       AND undone_end.stage IN (stay.stage, stay.next_stage)
    LEFT JOIN bad_answer ON bad_answer.item_key = undone_end.item_key AND bad_answer.shut_at = undone_end.shut_at
    LEFT JOIN usual ON usual.stage = stay.stage
),
progress AS (
    SELECT watch_key, left_at AS at_
    FROM watch
    WHERE exit_kind NOT IN ('reset', 'lost') AND NOT (coalesce(is_bad, false) AND left_at = closed_at AND is_last)
    UNION ALL
    -- the end that was asked for
    SELECT watch_key, closed_at
    FROM watch
    WHERE verb IN ('cancel', 'terminate') AND ended IN ('canceled', 'terminated') AND closed_at > from_at
    UNION ALL
    -- a step of the name that was pending is done
    SELECT watch.watch_key, done.ended_at
    FROM watch
    JOIN step AS waiting
        ON waiting.stream = $stream
       AND waiting.item_key = watch.item_key
       AND waiting.kind <> 'timer'
       AND waiting.scheduled_at <= watch.from_at
       AND (waiting.ended_at IS NULL OR waiting.ended_at > watch.from_at)
    JOIN step AS done
        ON done.stream = $stream
       AND done.item_key = watch.item_key
       AND done.kind = waiting.kind
       AND done.name = waiting.name
       AND done.ended = 'completed'
       AND done.ended_at > watch.from_at
    UNION ALL
    SELECT watch.watch_key, decision.decided_at
    FROM watch
    JOIN decision
        ON decision.stream = $stream
       AND decision.item_key = watch.item_key
       AND decision.asked_at <= watch.from_at
       AND decision.decided_at > watch.from_at
       AND decision.actor_kind IS DISTINCT FROM 'timer'  -- a deadline that passes moves nothing
    UNION ALL
    -- a worker turn is taken where turns had failed
    SELECT watch.watch_key, event.time_at
    FROM watch
    JOIN pending_work
        ON pending_work.stream = $stream
       AND pending_work.item_key = watch.item_key
       AND pending_work.kind = 'worker turn failing'
       AND pending_work.opened_at <= watch.from_at
       AND (pending_work.settled_at IS NULL OR pending_work.settled_at > watch.from_at)
    JOIN run_item ON run_item.stream = $stream AND run_item.item_key = watch.item_key
    JOIN event ON event.run_key = run_item.run_key AND event.type = 7 AND event.time_at > watch.from_at
),
after AS (
    SELECT
        watch.watch_key,
        min(progress.at_) AS moved_at,
        any_value(
            CASE WHEN watch.is_bad AND watch.closed_at > watch.from_at AND watch.closed_at <= watch.until_at
                THEN watch.closed_at END
        ) AS bad_at
    FROM watch
    LEFT JOIN progress
        ON progress.watch_key = watch.watch_key AND progress.at_ > watch.from_at AND progress.at_ <= watch.until_at
    GROUP BY watch.watch_key
)"""


def after_params() -> dict[str, int]:
    """What AFTER takes beside stream and as_of."""
    return {
        "usual_stays": USUAL_STAYS,
        "usual_days": USUAL_DAYS,
        "unknown_micros": UNKNOWN_STAGE // timedelta(microseconds=1),
    }
