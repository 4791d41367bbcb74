"""Whether nudges help: what moved after them, against what moved by itself."""

from datetime import timedelta

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.after_nudge import AFTER, NUDGED, after_params
from metrics.answer import COUNT, NUMBER, TEXT, Kinds, answer, refuse_by, title_of
from metrics.intervals import newcombe
from metrics.metric import metric
from metrics.open_work import sample_life_micros
from metrics.question import MetricError, Question
from metrics.segments import check_drawn
from metrics.stage_rows import Row
from value_stream import Stream
from warehouse import query

SAME_HOURS = timedelta(hours=1)
RELAPSE = timedelta(days=1)
KINDS: Kinds = {
    "verb": TEXT,
    "cause": TEXT,
    "stage": TEXT,
    "title": TEXT,
    "wait": TEXT,
    "nudged": COUNT,
    "moved": COUNT,
    "moved_share": NUMBER,
    "others": COUNT,
    "others_moved": COUNT,
    "others_share": NUMBER,
    "difference_share": NUMBER,
    "low_share": NUMBER,
    "high_share": NUMBER,
    "watched_for_relapse": COUNT,
    "relapsed": COUNT,
    "relapse_share": NUMBER,
    "not_known_yet": COUNT,
}
OWN = ("verb", "cause", "stage", "wait")
# Whether a step was queued or running then is known of those that have moved since and of no other: told apart by it,
# only such would be compared. It is retrying where a sample of that time says so.
AT_WORK = "('step queued', 'step running', 'step open')"
WAIT_AT = f"""
    SELECT
        at_instant.watch_key,
        CASE
            WHEN wait.wait IN {AT_WORK} AND sampled.attempt >= 2 THEN 'step retrying'
            WHEN wait.wait IN {AT_WORK} THEN 'step open'
            ELSE wait.wait
        END AS wait
    FROM {{watched}} AS at_instant
    LEFT JOIN wait
        ON wait.stream = $stream
       AND wait.item_key = at_instant.item_key
       AND wait.begun_at <= at_instant.from_at
       AND (wait.ended_at IS NULL OR wait.ended_at > at_instant.from_at)
    LEFT JOIN (
        SELECT told.watch_key, max(pending.attempt) AS attempt
        FROM {{watched}} AS told
        JOIN run_item ON run_item.stream = $stream AND run_item.item_key = told.item_key
        JOIN pending
            ON pending.run_key = run_item.run_key
           AND pending.kind = 'activity'
           AND pending.sampled_at <= told.from_at
           AND pending.sampled_until_at > told.from_at - to_microseconds($sample_life_micros)
        GROUP BY told.watch_key
    ) AS sampled ON sampled.watch_key = at_instant.watch_key"""
SQL = f"""
WITH {NUDGED.strip()},
acted AS (
    SELECT
        'nudged ' || nudged.plan || '/' || nudged.line AS watch_key,
        nudged.item_key,
        nudged.source_key,
        nudged.accepted_at AS from_at,
        nudged.verb,
        nudged.cause,
        stay.stage,
        nudged.accepted_at - stay.entered_at AS age
    FROM nudged
    JOIN stay
        ON stay.stream = $stream
       AND stay.item_key = nudged.item_key
       AND stay.entered_at <= nudged.accepted_at
       AND (stay.left_at IS NULL OR stay.left_at > nudged.accepted_at)
       AND NOT stay.is_overlapped
       AND stay.stage_index >= 0
    WHERE nudged.accepted_at IS NOT NULL
),
acted_wait AS ({WAIT_AT.format(watched="acted")}),
-- another item when it was as old in the same stage, within an hour of the nudge
candidate AS (
    SELECT
        'other ' || stay.item_key || '/' || stay.stay_index || ' ' || acted.watch_key AS watch_key,
        stay.item_key,
        item.source_key,
        stay.entered_at + acted.age AS from_at,
        acted.verb,
        acted.cause,
        acted.stage,
        acted.watch_key AS of_key,
        acted.from_at AS nudged_at
    FROM acted
    JOIN stay
        ON stay.stream = $stream
       AND stay.stage = acted.stage
       AND stay.item_key <> acted.item_key
       AND NOT stay.is_overlapped
       AND stay.entered_at + acted.age <= $as_of
       AND (stay.left_at IS NULL OR stay.left_at > stay.entered_at + acted.age)
       AND abs(epoch_us(stay.entered_at + acted.age) - epoch_us(acted.from_at)) <= $same_micros
    JOIN item ON item.stream = $stream AND item.item_key = stay.item_key
    WHERE stay.entered_at + acted.age < coalesce(item.closed_at, item.observed_until_at, 'infinity')
      AND stay.item_key NOT IN (SELECT nudged.item_key FROM nudged WHERE nudged.accepted_at IS NOT NULL
                                AND nudged.item_key IS NOT NULL
                                AND abs(epoch_us(nudged.accepted_at) - epoch_us(acted.from_at)) <= 2 * $same_micros)
),
candidate_wait AS ({WAIT_AT.format(watched="candidate")}),
other AS (
    SELECT candidate.*, coalesce(candidate_wait.wait, 'silent') AS wait
    FROM candidate
    JOIN candidate_wait ON candidate_wait.watch_key = candidate.watch_key
    JOIN acted_wait ON acted_wait.watch_key = candidate.of_key
    WHERE coalesce(candidate_wait.wait, 'silent') = coalesce(acted_wait.wait, 'silent')
    -- each other item counts once for a verb, a cause, a stage and a wait: the closest match
    QUALIFY row_number() OVER (
        PARTITION BY
            candidate.verb, candidate.cause, candidate.stage, coalesce(candidate_wait.wait, 'silent'),
            candidate.item_key
        ORDER BY abs(epoch_us(candidate.from_at) - epoch_us(candidate.nudged_at)), candidate.watch_key
    ) = 1
),
grouped AS (
    SELECT
        acted.watch_key,
        true AS is_nudged,
        acted.verb,
        acted.cause,
        acted.stage,
        coalesce(acted_wait.wait, 'silent') AS wait
    FROM acted JOIN acted_wait ON acted_wait.watch_key = acted.watch_key
    UNION ALL
    SELECT watch_key, false, verb, cause, stage, wait FROM other
),
watched AS (
    SELECT watch_key, item_key, source_key, from_at, verb FROM acted
    UNION ALL
    -- nobody asked the others to end: ending well is all that is moving for them
    SELECT watch_key, item_key, source_key, from_at, 'none' FROM other
),
{AFTER.strip()},
judged AS (
    SELECT
        grouped.*,
        watch.item_key,
        watch.stage_then,
        after.moved_at IS NOT NULL AND (after.bad_at IS NULL OR after.moved_at <= after.bad_at) AS is_moved,
        after.moved_at,
        after.moved_at IS NOT NULL OR after.bad_at IS NOT NULL OR watch.until_at >= watch.due_at AS is_known
    FROM grouped
    JOIN watch ON watch.watch_key = grouped.watch_key
    JOIN after ON after.watch_key = grouped.watch_key
),
relapse AS (
    SELECT
        judged.watch_key,
        bool_or(
            (nudged.accepted_at > judged.moved_at
                AND nudged.accepted_at <= judged.moved_at + to_microseconds($relapse_micros))
            OR (stay.entered_at > judged.moved_at
                AND stay.entered_at <= judged.moved_at + to_microseconds($relapse_micros))
        ) AS is_relapsed
    FROM judged
    LEFT JOIN nudged ON nudged.item_key = judged.item_key AND nudged.accepted_at IS NOT NULL
    LEFT JOIN stay
        ON stay.stream = $stream
       AND stay.item_key = judged.item_key
       AND stay.stage = judged.stage_then
       AND NOT stay.is_overlapped
       AND stay.entered_at <= $as_of
    WHERE judged.is_nudged AND judged.is_moved
    GROUP BY judged.watch_key
)
SELECT
    judged.verb,
    judged.cause,
    judged.stage,
    judged.wait,
    count(*) FILTER (judged.is_nudged AND judged.is_known) AS nudged,
    count(*) FILTER (judged.is_nudged AND judged.is_known AND judged.is_moved) AS moved,
    count(*) FILTER (NOT judged.is_nudged AND judged.is_known) AS others,
    count(*) FILTER (NOT judged.is_nudged AND judged.is_known AND judged.is_moved) AS others_moved,
    count(*) FILTER (judged.is_nudged AND NOT judged.is_known) AS not_known_yet,
    count(*) FILTER (
        relapse.is_relapsed OR judged.moved_at + to_microseconds($relapse_micros) <= $as_of
    ) AS watched_for_relapse,
    count(*) FILTER (relapse.is_relapsed) AS relapsed
FROM judged
LEFT JOIN relapse ON relapse.watch_key = judged.watch_key
LEFT JOIN rule_stage ON rule_stage.stream = $stream AND rule_stage.stage = judged.stage
GROUP BY judged.verb, judged.cause, judged.stage, judged.wait, rule_stage.stage_index
HAVING bool_or(judged.is_nudged)
ORDER BY judged.verb, judged.cause NULLS LAST, rule_stage.stage_index, judged.wait
"""


@metric(
    title="Effect of nudges",
    unit="share of items that moved",
    grain="one row per verb, cause, stage and wait that were nudged",
    columns=tuple(KINDS),
)
def nudge_effect(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """How many of the nudged items moved within the time that their stage usually takes, and how many of those that
    nobody nudged: items that were as old in the same stage, waiting for the same, within an hour of the nudge.

    Moved, and the usual time, are those of `nudges`. An item that was nudged itself within two hours is nobody's
    comparison, and each other item counts once in a row. Whether the difference is the nudge's doing is not proven by
    it: people nudge what they think will move. Nudges whose time is not over and that did not move are left out and
    counted as not_known_yet. Relapse: of those that moved, the share that was nudged again or came back to the stage
    within a day, among those that a day has passed for or that did.

    The interval of the difference is 95 %, the hybrid score interval of Newcombe (1998), method 10, on Wilson's.

    The cause is that of the plan, as `causes` names it; null where the item was not known to be stuck. It tells rows
    apart and is no part of the match, for nobody planned anything for the others.

    Columns: verb, cause (short id), stage (name), title, wait (a step is open, or retrying where a sample of
    then says so; whether it was queued or running is never known of those that still wait),
    nudged (count, with known outcome), moved (count), moved_share, others, others_moved (counts), others_share,
    difference_share (moved less others; -1 to 1), low_share, high_share (its interval; null without others),
    watched_for_relapse, relapsed (counts), relapse_share, not_known_yet (count).
    """
    refuse_by(question, "nudge_effect")
    if unknown := [key for key, _ in question.where if key not in OWN]:
        raise MetricError(f"nudge_effect has no {unknown[0]!r} to narrow by. There is: {', '.join(OWN)}.")
    for name, value in question.where:
        check_drawn(stream, name, value)
    found = query(
        con,
        SQL,
        stream=stream.stream,
        as_of=question.as_of,
        same_micros=SAME_HOURS // timedelta(microseconds=1),
        relapse_micros=RELAPSE // timedelta(microseconds=1),
        sample_life_micros=sample_life_micros(),
        **after_params(),
    ).to_pylist()
    titles = title_of(stream)
    rows = [{**row, **shares(row), "title": titles.get(row["stage"])} for row in found]
    wanted = question.where
    return answer([row for row in rows if all((row[key] or "(none)") == value for key, value in wanted)], KINDS)


def shares(row: Row) -> Row:
    """The shares of a row of counts; null where there is nothing to divide by."""
    nudged, moved, others, others_moved, watched, relapsed = (
        _count(row, name) for name in ("nudged", "moved", "others", "others_moved", "watched_for_relapse", "relapsed")
    )
    told: Row = dict.fromkeys(("difference_share", "low_share", "high_share"))
    if nudged and others:
        low, high = newcombe(moved, nudged, others_moved, others)
        told = {"difference_share": moved / nudged - others_moved / others, "low_share": low, "high_share": high}
    return told | {
        "moved_share": moved / nudged if nudged else None,
        "others_share": others_moved / others if others else None,
        "relapse_share": relapsed / watched if watched else None,
    }


def _count(row: Row, name: str) -> int:
    value = row[name]
    assert isinstance(value, int)
    return value
