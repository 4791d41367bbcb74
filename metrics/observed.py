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
    WHERE coalesce(as_of_at, $until_at) > $from_at
)"""

# Ages in microseconds since the stay began: observed from begun_micros (more than 0 where it began before the window)
# to ended_micros. A stay neither left nor lost is still inside.
SEEN_STAY = """
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
        stay.exit_kind
    FROM stay
    JOIN item ON item.stream = stay.stream AND item.item_key = stay.item_key
    JOIN horizon ON horizon.source_key = item.source_key
    JOIN rule_stage ON rule_stage.stream = stay.stream AND rule_stage.stage = stay.stage
    WHERE stay.stream = $stream
      AND NOT stay.is_overlapped
      AND NOT rule_stage.is_end
      AND stay.entered_at <= horizon.last_at
      AND (stay.left_at IS NULL OR stay.left_at > $from_at)
)"""

SEEN_STAYS = Subject("seen_stay", "last_at", ("stage", "lane", "type", "source"))


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
