"""What was done to items, and what became of them."""

from collections.abc import Mapping

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.after_nudge import AFTER, NUDGED, after_params
from metrics.answer import INSTANT, NUMBER, TEXT, Kinds, answer, refuse_by, title_of
from metrics.fingerprint import fingerprint
from metrics.metric import metric
from metrics.question import MetricError, Question
from metrics.segments import check_drawn
from metrics.stage_rows import Row
from value_stream import Stream
from warehouse import query

KINDS: Kinds = {
    "planned_at": INSTANT,
    "accepted_at": INSTANT,
    "actor": TEXT,
    "role": TEXT,
    "reason": TEXT,
    "nudge": TEXT,
    "verb": TEXT,
    "item": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "source": TEXT,
    "stage": TEXT,
    "title": TEXT,
    "wait": TEXT,
    "cause": TEXT,
    "state": TEXT,
    "answer": TEXT,
    "outcome": TEXT,
    "outcome_at": INSTANT,
    "outcome_seconds": NUMBER,
    "due_at": INSTANT,
    "failure_message": TEXT,
    "new_run_id": TEXT,
    "plan": TEXT,
}
# What may be asked for: columns of the answer.
OWN = ("plan", "item", "actor", "role", "nudge", "verb", "stage", "wait", "cause", "state", "outcome", "source")
SQL = f"""
WITH {NUDGED.strip()},
watched AS (
    SELECT plan || '/' || line AS watch_key, item_key, source_key, accepted_at AS from_at, verb
    FROM nudged
    WHERE accepted_at IS NOT NULL AND item_key IS NOT NULL
),
{AFTER.strip()},
failing AS (
    SELECT
        watch.watch_key,
        pending.sampled_at,
        pending.failure_message,
        pending.name,
        pending.sampled_at <= watch.from_at AS is_before,
        -- a step that waits for its next try has no start: of the attempt before, servers tell the end alone
        coalesce(pending.last_started_at, pending.last_ended_at) > watch.from_at AS is_again
    FROM watch
    JOIN run_item ON run_item.stream = $stream AND run_item.item_key = watch.item_key
    JOIN pending
        ON pending.run_key = run_item.run_key
       AND pending.kind = 'activity'
       AND pending.state = 'scheduled'
       AND pending.failure_message IS NOT NULL
       AND pending.sampled_at <= watch.until_at
    UNION ALL
    SELECT
        watch.watch_key, event.time_at, event.failure_message, 'worker turn', event.time_at <= watch.from_at,
        event.time_at > watch.from_at
    FROM watch
    JOIN run_item ON run_item.stream = $stream AND run_item.item_key = watch.item_key
    JOIN event
        ON event.run_key = run_item.run_key
       AND event.type = 9
       AND event.cause IS DISTINCT FROM 'reset workflow'
       AND event.time_at <= watch.until_at
),
failed AS (
    SELECT
        before.watch_key,
        arg_max(before.failure_message, before.sampled_at) AS before_message,
        min(again.sampled_at) AS failed_at,
        arg_min(again.failure_message, again.sampled_at) AS again_message
    FROM failing AS before
    LEFT JOIN failing AS again
        ON again.watch_key = before.watch_key AND again.name = before.name AND again.is_again
    WHERE before.is_before
    GROUP BY before.watch_key
)
SELECT
    nudged.* EXCLUDE (item_key, source_key, requested_at, line),
    after.moved_at,
    after.bad_at,
    watch.due_at,
    failed.failed_at,
    failed.before_message,
    failed.again_message
FROM nudged
LEFT JOIN watch ON watch.watch_key = nudged.plan || '/' || nudged.line
LEFT JOIN after ON after.watch_key = watch.watch_key
LEFT JOIN failed ON failed.watch_key = watch.watch_key
ORDER BY nudged.planned_at, nudged.plan, nudged.line
"""


@metric(
    title="Nudges",
    unit="nudges",
    grain="one row per item of a plan that was sent, oldest first",
    columns=tuple(KINDS),
)
def nudges(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every item of every plan that was sent up to the instant: who did what to it and why, how Temporal answered,
    and what became of it within the time that its stage usually takes.

    The outcome is that of what came after, not what the server answered. "moved": it left its stage otherwise than
    badly, or the step, decision or worker turn that it had waited for was done (for cancel and terminate: it ended so).
    "same failure again": the step or worker turn was tried again and failed as before. "ended badly". "no change yet":
    none of it so far, up to due_at. The usual time is the p85 of the stays that left the stage within 90 days (at least
    20 of them), else the stage's target, else an hour. Only what was accepted has an outcome, and only where the item
    is in the stream. What happened after due_at is not put down to the nudge.

    Columns: planned_at, accepted_at (UTC; null when it was not), actor, role, reason, nudge (name in the stream file;
    null for a plain verb), verb, item, workflow_id, run_id, source, stage (name), title, wait, cause (when planned),
    state (accepted, refused, skipped, failed; planned or requested: left undone), answer, outcome, outcome_at (UTC),
    outcome_seconds (from accepted), due_at (UTC), failure_message (that came again), new_run_id, plan.
    """
    refuse_by(question, "nudges")
    if unknown := [key for key, _ in question.where if key not in OWN]:
        raise MetricError(f"nudges has no {unknown[0]!r} to narrow by. There is: {', '.join(OWN)}.")
    for name, value in question.where:
        check_drawn(stream, name, value)
    found = query(con, SQL, stream=stream.stream, as_of=question.as_of, **after_params()).to_pylist()
    titles = title_of(stream)
    rows = [{**row, **outcome_of(row), "title": titles.get(row["stage"])} for row in found]
    wanted = question.where
    return answer([row for row in rows if all((row[key] or "(none)") == value for key, value in wanted)], KINDS)


def outcome_of(row: Mapping[str, object]) -> Row:
    """The columns outcome, outcome_at, outcome_seconds and failure_message of a row."""
    if row["accepted_at"] is None or row["due_at"] is None:
        return {"outcome": None, "outcome_at": None, "outcome_seconds": None, "failure_message": None}
    moved, bad, failed = row["moved_at"], row["bad_at"], row["failed_at"]
    message = row["again_message"]
    is_same = failed is not None and fingerprint(_text(message)) == fingerprint(_text(row["before_message"]))
    if moved is not None and (bad is None or moved <= bad):  # type: ignore[operator]  # both instants
        return _told("moved", moved, row)
    if bad is not None:
        return _told("ended badly", bad, row)
    if is_same:
        return _told("same failure again", failed, row) | {"failure_message": message}
    return {"outcome": "no change yet", "outcome_at": None, "outcome_seconds": None, "failure_message": message}


def _told(outcome: str, at: object, row: Mapping[str, object]) -> Row:
    seconds = (at - row["accepted_at"]).total_seconds()  # type: ignore[operator]  # both instants
    return {"outcome": outcome, "outcome_at": at, "outcome_seconds": seconds, "failure_message": None}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
