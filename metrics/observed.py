"""What was seen of stays within a window, and as of when: what the metrics of time in a stage stand on."""

from datetime import UTC, datetime, timedelta

from metrics.question import MetricError, Question
from metrics.segments import Subject

# Before anything that could have been read.
BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)

# Each source is seen up to its own as-of: `last_at` is the last instant seen, `until_at` where the seen time ends.
HORIZON = """
horizon AS (
    SELECT
        source_key,
        source,
        least(CAST($last_at AS TIMESTAMPTZ), coalesce(as_of_at, $last_at)) AS last_at,
        least(CAST($until_at AS TIMESTAMPTZ), coalesce(as_of_at, $until_at)) AS until_at
    FROM source
)"""

# Ends that a reset undid later: how, where and when the item had ended.
UNDONE_END = """
undone_end AS (
    SELECT
        closing.item_key,
        closing.stage,
        closing.left_at AS shut_at,
        closing.exit_kind AS ended,
        CASE
            WHEN rule_stage.is_end OR closing.exit_kind IN ('completed', 'done') THEN closing.stage
            ELSE closing.exit_kind
        END AS outcome,
        closing.exit_kind IN ('failed', 'timed out', 'terminated') OR coalesce(rule_stage.is_bad, false) AS is_bad
    FROM stay AS closing
    LEFT JOIN rule_stage ON rule_stage.stream = closing.stream AND rule_stage.stage = closing.stage
    WHERE closing.stream = $stream AND closing.next_stage = '(closed)'
)"""
# Those of them before which a decision had gone the bad way.
BAD_ANSWER = """
bad_answer AS (
    SELECT DISTINCT undone_end.item_key, undone_end.shut_at
    FROM undone_end
    JOIN decision
        ON decision.stream = $stream
       AND decision.item_key = undone_end.item_key
       AND decision.decided_at <= undone_end.shut_at
    JOIN rule_option
        ON rule_option.stream = decision.stream
       AND rule_option.decision = decision.decision
       AND rule_option.outcome = decision.outcome
       AND rule_option.is_bad
)"""

# Ages in microseconds since the stay began: observed from begun_micros (more than 0 where it began before the window)
# to ended_micros. A stay neither left nor lost is still inside.
SEEN_STAY = f"""{UNDONE_END},
end_stage AS (
    SELECT stage FROM rule_stage WHERE stream = $stream AND is_end
),
seen_stay AS (
    SELECT
        stay.stream,
        stay.item_key,
        stay.stage,
        stay.stage_index,
        stay.lane,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        greatest(epoch_us(CAST($from_at AS TIMESTAMPTZ)) - epoch_us(stay.entered_at), 0) AS begun_micros,
        epoch_us(CASE WHEN stay.left_at <= horizon.last_at THEN stay.left_at ELSE horizon.until_at END)
            - epoch_us(stay.entered_at) AS ended_micros,
        coalesce(stay.left_at <= horizon.last_at AND stay.exit_kind <> 'lost', false) AS is_exit,
        coalesce(stay.left_at <= horizon.last_at AND stay.exit_kind = 'lost', false) AS is_lost,
        stay.next_stage,
        -- entering an end stage is how the item ended, not a move forward
        CASE
            WHEN stay.next_stage IN (SELECT stage FROM end_stage) THEN coalesce(undone_end.ended, item.ended)
            ELSE stay.exit_kind
        END AS exit_kind
    FROM stay
    JOIN item ON item.stream = $stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = stay.stage
    LEFT JOIN undone_end
        ON undone_end.item_key = stay.item_key
       AND undone_end.shut_at = stay.left_at
       AND undone_end.stage = stay.next_stage
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND NOT rule_stage.is_end
      AND horizon.until_at > $from_at
      AND stay.entered_at <= horizon.last_at
      AND (stay.left_at IS NULL OR stay.left_at > $from_at)
)"""

# The same of whole items: how much work there was in them by either end, the time in which they were closed left out.
SEEN_ITEM = f"""{UNDONE_END},{BAD_ANSWER},
shut AS (
    SELECT
        item.item_key,
        max(CASE WHEN stay.left_at IS NULL OR stay.left_at > horizon.last_at THEN stay.entered_at END) AS shut_at,
        sum(
            greatest(epoch_us(least(stay.left_at, $from_at)) - epoch_us(least(stay.entered_at, $from_at)), 0)
        ) AS before_micros,
        sum(CASE WHEN stay.left_at <= horizon.last_at THEN stay.duration_micros ELSE 0 END) AS all_micros
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    WHERE stay.stream = $stream AND stay.stage_index < 0 AND stay.entered_at <= horizon.last_at
    GROUP BY item.item_key
),
shut_item AS (
    SELECT
        item.stream,
        item.item_key,
        item.workflow_type,
        horizon.source,
        horizon.last_at,
        horizon.until_at,
        item.opened_at,
        CASE
            WHEN shut.shut_at IS NOT NULL THEN shut.shut_at
            WHEN coalesce(item.closed_at, item.observed_until_at) <= horizon.last_at
            THEN coalesce(item.closed_at, item.observed_until_at)
        END AS gone_at,
        shut.shut_at IS NULL AND item.closed_at IS NULL AS is_lost_if_gone,
        CASE WHEN shut.shut_at IS NULL THEN item.ended ELSE undone_end.ended END AS ended,
        CASE WHEN shut.shut_at IS NULL THEN item.outcome ELSE undone_end.outcome END AS outcome,
        CASE
            WHEN shut.shut_at IS NULL THEN item.is_bad
            ELSE undone_end.is_bad OR bad_answer.item_key IS NOT NULL
        END AS is_bad,
        coalesce(shut.before_micros, 0) AS before_micros,
        coalesce(shut.all_micros, 0) AS all_micros
    FROM item
    JOIN horizon ON horizon.source_key = item.source_key
    LEFT JOIN shut ON shut.item_key = item.item_key
    LEFT JOIN undone_end ON undone_end.item_key = item.item_key AND undone_end.shut_at = shut.shut_at
    LEFT JOIN bad_answer ON bad_answer.item_key = item.item_key AND bad_answer.shut_at = shut.shut_at
    WHERE item.stream = $stream AND horizon.until_at > $from_at AND item.opened_at <= horizon.last_at
),
seen_item AS (
    SELECT
        stream,
        item_key,
        workflow_type,
        source,
        last_at,
        until_at,
        opened_at,
        gone_at,
        ended,
        outcome,
        is_bad,
        gone_at IS NOT NULL AND NOT is_lost_if_gone AS is_exit,
        gone_at IS NOT NULL AND is_lost_if_gone AS is_lost,
        greatest(epoch_us(CAST($from_at AS TIMESTAMPTZ)) - epoch_us(opened_at), 0) - before_micros AS begun_micros,
        epoch_us(coalesce(gone_at, until_at)) - epoch_us(opened_at) - all_micros AS ended_micros
    FROM shut_item
    WHERE gone_at IS NULL OR gone_at >= $from_at
)"""

# An item that ended as the window began was not in flight within it.
IN_FLIGHT_WITHIN = "(seen_item.gone_at IS NULL OR seen_item.gone_at > $from_at)"

SEEN_ITEMS = Subject("seen_item", "last_at", built_in=("type", "source"))
SEEN_STAYS = Subject("seen_stay", "last_at", built_in=("stage", "lane", "type", "source"))


def stretch(question: Question) -> dict[str, object]:
    """The parameters from_at, last_at and until_at: the question's window, cut off at its as-of instant.

    Without a window: everything, the as-of instant included. Raises MetricError for a window that begins at the as-of
    instant or after it.
    """
    window = question.window
    if window is None:
        return {"from_at": BEGINNING, "last_at": question.as_of, "until_at": question.as_of}
    if window.from_at >= question.as_of:
        begins, as_of = (f"{instant:%Y-%m-%d %H:%M:%SZ}" for instant in (window.from_at, question.as_of))
        raise MetricError(f"The window begins ({begins}) when the as-of instant ({as_of}) has passed.")
    return {
        "from_at": window.from_at,
        "last_at": min(window.to_at - INSTANT, question.as_of),
        "until_at": min(window.to_at, question.as_of),
    }
