"""What is said of stuck work: why, in one sentence with its figures; the one thing to mend; what could move it."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from metrics.fingerprint import fingerprint
from metrics.stuck_rules import WATCH
from metrics.stuck_titles import CAUSE_PARTS, COUNTED, TITLE, Row, Say, decision_title, said, stage_title
from value_stream import Stream, Verb
from value_stream.durations import brief_duration

CAUSE_CHARACTERS = 10
CRITICAL = frozenset({"no worker", "version without worker", "worker turn failing", "limits near"})
# A thing to mend that stands in one cluster is another one in the next.
OF_A_SOURCE = frozenset({"paused", "no worker", "version without worker", "worker turn failing"})
# Rules in which what the failure says tells one thing to mend from another.
FAILING = frozenset({"worker turn failing", "step retrying", "Nexus stuck"})
# The most that Temporal takes, by what is counted.
MOST = {"events": 51_200, "bytes": 50 * 1024 * 1024, "activities": 2_000}
NOBODY: frozenset[Verb] = frozenset()
ANSWERED: frozenset[Verb] = frozenset({"signal", "update"})
HELPFUL: Mapping[str, frozenset[Verb]] = {
    "paused": frozenset({"unpause", "unpause_activity"}),
    "version without worker": frozenset({"auto_upgrade"}),
    "no worker": frozenset({"activity_options"}),
    "worker turn failing": frozenset({"reset", "auto_upgrade"}),
    "heartbeat lost": frozenset({"reset_activity"}),
    "step retrying": frozenset({"reset_activity", "activity_options"}),
    "step over time": frozenset({"reset_activity", "reset"}),
    "cancel ignored": frozenset({"terminate"}),
    "limits near": frozenset({"terminate"}),
    **dict.fromkeys(
        ("unheard answer", "database disagrees", "decision overdue", "stage overdue", "silent", "older than usual"),
        ANSWERED,
    ),
}


def in_words(stream: Stream, row: Row) -> Row:
    """The columns severity, why, cause, cause_title, fingerprint and nudges of a row of facts."""
    told = fingerprint(row["failure_message"]) if row["rule"] in FAILING else None
    exception = exception_of(stream, row)
    parts = [row["rule"], *CAUSE_PARTS[row["rule"]](row), told or ""]
    if row["rule"] in OF_A_SOURCE:
        parts.append(row["source"])
    return {
        "severity": _severity(row, is_expected=exception is not None),
        "why": WHY[row["rule"]](stream, row) + _and_more(row),
        "cause": hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).hexdigest()[:CAUSE_CHARACTERS],
        "cause_title": (f"{exception}: " if exception else "") + TITLE[row["rule"]](stream, row),
        "fingerprint": told,
        "nudges": ", ".join(helpful_nudges(stream, row)) or None,
    }


def exception_of(stream: Stream, row: Row) -> str | None:
    """The title of the drawn exception path that the item is on by a failing activity; None where there is none."""
    if row["rule"] not in ("step retrying", "heartbeat lost"):
        return None
    for exception in stream.exceptions:
        if exception.when.activity_failing == row["activity"] and exception.stage in (None, row["stage"]):
            return exception.title
    return None


def helpful_nudges(stream: Stream, row: Row) -> Iterator[str]:
    """The declared nudges whose verb moves what this rule holds, in the item's stage."""
    verbs = HELPFUL.get(row["rule"], NOBODY) - _of_no_use(row)
    for nudge in stream.nudges:
        is_for_it = nudge.verb == "reset" or nudge.activity in (None, row["activity"])
        if nudge.verb in verbs and nudge.stage in (None, row["stage"]) and is_for_it:
            yield nudge.name


def _of_no_use(row: Row) -> frozenset[Verb]:
    """Verbs that a plan would refuse: of a pause the other kind, a step's where none stands, a first attempt's."""
    refused: set[Verb] = set()
    if row["rule"] == "paused":
        refused.add("unpause" if row["activity"] else "unpause_activity")
    if not row["activity"]:
        refused.add("activity_options")
    if (row["attempt"] or 1) < 2:
        refused.add("reset_activity")
    return frozenset(refused)


def _severity(row: Row, *, is_expected: bool) -> str:
    if row["rule"] in WATCH:
        return "watch"
    is_last_try = (
        row["rule"] == "step retrying" and row["maximum_attempts"] and row["attempt"] >= row["maximum_attempts"]
    )
    return "critical" if row["rule"] in CRITICAL or (is_last_try and not is_expected) else "stuck"


def _and_more(row: Row) -> str:
    more = row["alike"] - 1
    return f" So do {more} more of its steps." if more and row["activity"] else ""


def _seconds(later: Any, earlier: Any) -> str:
    return brief_duration(max((later - earlier).total_seconds(), 0))


def _since(row: Row) -> str:
    return _seconds(row["until_at"], row["since_at"])


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def _paused(_: Stream, row: Row) -> str:
    what = f"Step {row['activity']}" if row["activity"] else "The run"
    by = f" by {row['actor']}" if row["actor"] else ""
    return _ended(said(f"{what} has been paused{by} for {_since(row)}", row["reason"]))


def _no_worker(_: Stream, row: Row) -> str:
    work = f"step {row['activity']}" if row["activity"] else "the next worker turn"
    last = row["last_poll_at"]
    seen = f"the last one asked {_seconds(row['until_at'], last)} ago" if last else "none was ever seen"
    return f"No worker polls queue {row['task_queue']} ({seen}): {work} has waited for {_since(row)}."


def _version(_: Stream, row: Row) -> str:
    others = "other versions" if row["versions"] else "no version"
    return (
        f"The run is pinned to version {row['version']}, which no worker runs; {row['pollers']} of {others} poll "
        f"{row['task_queue']}. The next worker turn has waited for {_since(row)}."
    )


def _turn(_: Stream, row: Row) -> str:
    attempt = f" (attempt {row['attempt']})" if row["attempt"] else ""
    if row["reference"] == "start to close":
        return f"Its worker turns have timed out for {_since(row)}{attempt}: the worker ends or hangs while at it."
    return _ended(said(f"Its code has failed for {_since(row)}{attempt}", row["failure_message"] or row["reference"]))


def _heartbeat(_: Stream, row: Row) -> str:
    lead = f"Step {row['activity']} has sent no heartbeat for {_since(row)}"
    if (row["attempt"] or 1) < 2:
        return f"{lead}; nobody is told before it times out."
    return (
        f"Step {row['activity']} lost its heartbeat {_since(row)} ago and is at attempt {row['attempt']}{_tries(row)}."
    )


def _retrying(_: Stream, row: Row) -> str:
    failed = row["attempt"] - 1
    times = "once" if failed == 1 else f"{failed} times"
    lead = f"Step {row['activity']} has failed {times} in {_since(row)}{_tries(row)}"
    return _ended(said(lead, row["failure_message"]))


def _tries(row: Row) -> str:
    told = []
    if most := row["maximum_attempts"]:
        left = most - row["attempt"]
        told.append("the last try" if left <= 0 else f"{left} of {most} tries left")
    if row["next_try_at"] and row["next_try_at"] > row["until_at"]:
        told.append(f"next in {_seconds(row['next_try_at'], row['until_at'])}")
    return f" ({', '.join(told)})" if told else ""


def _over_time(_: Stream, row: Row) -> str:
    usual, steps = _figures(row)
    ran = _seconds(row["until_at"], row["last_started_at"])
    return f"Step {row['activity']} has run for {ran}; 95 of 100 took at most {usual} (n {steps})."


def _figures(row: Row) -> tuple[str, str]:
    micros, count = row["about"].split("/")
    seconds = int(micros) / 1e6
    return brief_duration(seconds) if seconds >= 1 or not seconds else "less than 1s", count


def _nexus(_: Stream, row: Row) -> str:
    lead = f"Nexus operation {row['activity']} has waited for {_since(row)} (attempt {row['attempt'] or 1})"
    return _ended(said(lead, row["reason"] or row["failure_message"]))


def _unheard(stream: Stream, row: Row) -> str:
    name = decision_title(stream, row["about"])
    return f"An answer to {name} came before the run waited for it {_since(row)} ago, and nothing has moved since."


def _database(stream: Stream, row: Row) -> str:
    name = decision_title(stream, row["about"])
    return f"The database has held an answer to {name} for {_since(row)}, and the run still waits."


def _cancel(_: Stream, row: Row) -> str:
    return _ended(said(f"Cancellation was asked for {_since(row)} ago and nothing came of it", row["about"]))


def _limits(_: Stream, row: Row) -> str:
    counted, number = row["about"].split(" ")
    return f"The run has {int(number):,} {COUNTED[counted]}; Temporal takes at most {MOST[counted]:,}."


def _decision(stream: Stream, row: Row) -> str:
    return f"{decision_title(stream, row['about'])} should have been decided {_since(row)} ago."


def _stage(stream: Stream, row: Row) -> str:
    return (
        f"In {stage_title(stream, row['stage'])} for {_seconds(row['until_at'], row['entered_at'])}; "
        f"{_seconds(row['since_at'], row['entered_at'])} were promised."
    )


def _silent(_: Stream, row: Row) -> str:
    return f"Nothing is pending, no declared message is expected, and nothing has happened for {_since(row)}."


def _older(stream: Stream, row: Row) -> str:
    usual, exits = _figures(row)
    stay = _seconds(row["until_at"], row["entered_at"])
    return f"In {stage_title(stream, row['stage'])} for {stay}; 95 of 100 leave within {usual} (n {exits})."


WHY: Mapping[str, Say] = {
    "paused": _paused,
    "no worker": _no_worker,
    "version without worker": _version,
    "worker turn failing": _turn,
    "heartbeat lost": _heartbeat,
    "step retrying": _retrying,
    "step over time": _over_time,
    "Nexus stuck": _nexus,
    "unheard answer": _unheard,
    "database disagrees": _database,
    "cancel ignored": _cancel,
    "limits near": _limits,
    "decision overdue": _decision,
    "stage overdue": _stage,
    "silent": _silent,
    "older than usual": _older,
}
