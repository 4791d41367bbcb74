"""What is stuck, since when, why, and what could move it."""

import json
from datetime import datetime
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from metrics.answer import COUNT, INSTANT, NUMBER, TEXT, Kinds, answer, title_of, unit_of
from metrics.metric import metric
from metrics.question import Question
from metrics.segments import Split, split
from metrics.stuck_rules import ORDER
from metrics.stuck_search import Row, Search
from metrics.stuck_words import helpful_nudges, in_words
from value_stream import Stream

KINDS: Kinds = {
    "stage": TEXT,
    "title": TEXT,
    "item": TEXT,
    "workflow_id": TEXT,
    "run_id": TEXT,
    "source": TEXT,
    "rank": COUNT,
    "severity": TEXT,
    "rule": TEXT,
    "why": TEXT,
    "since_at": INSTANT,
    "since_seconds": NUMBER,
    "progress_at": INSTANT,
    "progress_seconds": NUMBER,
    "cause": TEXT,
    "cause_title": TEXT,
    "cause_rule": TEXT,
    "fingerprint": TEXT,
    "failure_message": TEXT,
    "root_workflow_id": TEXT,
    "root_run_id": TEXT,
    "reference": TEXT,
    "activity": TEXT,
    "task_queue": TEXT,
    "attempt": COUNT,
    "maximum_attempts": COUNT,
    "next_try_at": INSTANT,
    "due_at": INSTANT,
    "evidence": TEXT,
    "nudges": TEXT,
    "value": NUMBER,
    "unit": TEXT,
}
# What may be asked for beside the segments.
OWN = ("cause", "rule", "severity")
SEVERITIES = ("critical", "stuck", "watch")
EVIDENCE = {
    "history": ("event_id", "opened_at", "due_at", "entered_at", "about"),
    "sample": (
        *("sampled_at", "state", "attempt", "maximum_attempts", "last_started_at", "last_heartbeat_at", "next_try_at"),
        *("worker", "actor", "reason", "version"),
    ),
    "task_queue": ("queue_sampled_at", "task_queue", "pollers", "last_poll_at", "backlog", "versions"),
}
OF_PERSONS = frozenset({"worker", "actor"})


@metric(
    title="Stuck",
    unit="items",
    grain="one row per open item and rule that holds, worst first; of an item the rule to mend first has rank 1",
    columns=tuple(KINDS),
)
def stuck(con: DuckDBPyConnection, stream: Stream, question: Question) -> pa.Table:
    """Every open item for which a rule holds that says it is stuck, or worth watching, as of the instant.

    Stuck needs a cause or a broken promise. The rules, in the order in which an item's root is told (rank 1):
    "paused" (the run or a step); "no worker" (work has waited 20 s in a queue that nobody polled in the last 75 s);
    "version without worker" (the run is pinned to a version that no poller of its queue has); "worker turn failing"
    (its code fails, or its turns time out, more than once); "heartbeat lost" (a step's attempt ended by it, or none
    came for 2 min); "step retrying" (it failed twice, or has been failing for a minute); "step over time" (the present
    attempt has run more than three times as long as 95 of 100 did in 90 days, n of at least 20); "Nexus stuck" (the
    operation cannot be begun, or is stuck where it runs); "child stuck" (a child that is an item of another stream);
    "unheard answer" (it came before the run listened, and nothing has moved since); "database disagrees" (a row
    answers a question that the run still waits on; a step that a timer set going, as a reminder, moves nothing);
    "cancel ignored" (asked for 20 s ago, and no step was taken since); "limits near" (10,240 events, 10 MiB or 1,600
    pending activities); "decision overdue" and "stage overdue" (past the deadline that the stream file promises).
    Only to watch: "silent" (nothing is pending, no declared message is expected, nothing happened for 20 s) and
    "older than usual" (older than 95 of 100 stays in the stage over 90 days, open ones counted, 20 exits at least).

    Edge cases: what history cannot tell comes from samples of at most 30 s before the instant up to which the item's
    source was read; without one, rules that need it do not hold. A timer ahead, a start delay, a cron that waits for
    its hour, one worker turn that timed out, a turn that another worker took over, and a worker that starts within 20 s
    are not stuck. Work in a child or behind a Nexus operation is followed to where it stands: root_workflow_id. An
    exception path that the stream draws for a failing activity names the cause and is never critical. A step's
    failing is dated by the samples; where they did not see its beginning, by when it was scheduled.

    Columns: stage (name), title, item (business key), workflow_id, run_id (the item's newest run), source, rank (1 is
    the root), severity (critical, stuck, watch), rule, why (one sentence), since_at (UTC, when the rule began to hold),
    since_seconds, progress_at (UTC, when work last moved), progress_seconds, cause (short id, the same for all that one
    thing would mend), cause_title, cause_rule (the rule where the work really stands), fingerprint (the failure without
    what differs from case to case), failure_message, root_workflow_id, root_run_id (the run in which it holds),
    reference (activity id, child run id, operation token), activity (activity type, child type or Nexus operation),
    task_queue, attempt, maximum_attempts (null without limit), next_try_at, due_at (UTC), evidence (JSON: what history,
    sample and queue say), nudges (names of declared nudges that could help, comma-separated), value (in unit; null
    where the item has none), unit. --where also takes cause, rule and severity.
    """
    rows, chosen = stuck_rows(con, stream, question)
    return answer(rows, KINDS, chosen, first="item")


def stuck_rows(con: DuckDBPyConnection, stream: Stream, question: Question) -> tuple[list[Row], Split]:
    """The rows of `stuck`, with the segments asked by under the keys of the split."""
    own = {name: value for name, value in question.where if name in OWN}
    narrowed = tuple(pair for pair in question.where if pair[0] not in OWN)
    asked = Question(question.as_of, where=narrowed, by=question.by, hide_persons=question.hide_persons)
    chosen = split(stream, asked)
    found = Search(con, question.as_of).of_stream(stream.stream, chosen)
    told = [_told(stream, row, hide_persons=question.hide_persons) for row in found]
    _rank(told)
    wanted = [row for row in told if all(row[name] == value for name, value in own.items())]
    return sorted(wanted, key=_worst_first), chosen


def _told(stream: Stream, row: Row, *, hide_persons: bool) -> Row:
    if hide_persons:
        row = {**row, **dict.fromkeys(OF_PERSONS)}
    words = _followed(stream, row) if "root" in row else in_words(stream, row)
    return {
        **row,
        **words,
        "title": title_of(stream).get(row["stage"]),
        "unit": unit_of(stream),
        "since_seconds": _seconds(row["until_at"], row["since_at"]),
        "progress_seconds": _seconds(row["until_at"], row["progress_at"]),
        "evidence": _evidence(row),
        "cause_rule": row.get("root", row)["rule"],
    }


def _followed(stream: Stream, row: Row) -> Row:
    """What is said of an item whose work stands elsewhere: the cause there."""
    root = row["root"]
    there = in_words(stream, root)
    work = f"child {row['activity']}" if row["rule"] == "child stuck" else f"Nexus operation {row['activity']}"
    return {
        **there,
        "why": f"Waits for {work} ({root['root_workflow_id']}). {there['why']}",
        "nudges": ", ".join(helpful_nudges(stream, row)) or None,
        **{name: root[name] for name in ("root_workflow_id", "root_run_id", "failure_message", "attempt")},
        **{name: root[name] for name in ("maximum_attempts", "next_try_at", "task_queue")},
    }


def _rank(told: list[Row]) -> None:
    """Number the rules of each item, the one to mend first 1, and let all of them know how bad the root is."""
    by_item: dict[int, list[Row]] = {}
    for row in sorted(told, key=lambda row: (ORDER[row["rule"]], row["since_at"])):
        by_item.setdefault(row["item_key"], []).append(row)
    for of_item in by_item.values():
        for rank, row in enumerate(of_item, 1):
            row["rank"] = rank
            row["root_place"] = (SEVERITIES.index(of_item[0]["severity"]), of_item[0]["since_at"])


def _worst_first(row: Row) -> tuple[object, ...]:
    return (*row["root_place"], row["item_key"], row["rank"])


def _seconds(later: datetime, earlier: datetime | None) -> float | None:
    return None if earlier is None else max((later - earlier).total_seconds(), 0.0)


def _evidence(row: Row) -> str:
    told = {
        part: {name: _plain(row[name]) for name in names if row.get(name) is not None}
        for part, names in EVIDENCE.items()
    }
    if row["queue_sampled_at"] is None:
        told["task_queue"] = {}
    if "root" in row:
        told["elsewhere"] = json.loads(_evidence(row["root"]))
    return json.dumps({part: facts for part, facts in told.items() if facts}, ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
