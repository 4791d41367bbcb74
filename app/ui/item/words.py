"""The headline of an item: one sentence that says what it waits for, or how it ended. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.ui.health import Row
from value_stream import Decision, Stream

PLAIN_WAITS = {
    "paused": "because it is paused",
    "worker turn failing": "because its worker turn fails",
    "worker turn queued": "for a worker to take its turn",
    "child running": "for a child run",
    "delayed start": "for its delayed start",
    "not sampled": "for a step whose state was not sampled",
}
STEP_WAITS = {
    "step retrying": "for {step}, which fails and is tried again",
    "step running": "for {step}, which runs",
    "step queued": "for {step}, which is queued",
    "step queued, no worker": "for a worker: nobody polls the queue of {step}",
    "Nexus operation": "for the Nexus operation {step}",
}


@dataclass(frozen=True)
class Headline:
    """tone: good | watch | bad | none."""

    sentence: str
    tone: str


def headline(stream: Stream, status: Row, is_open: Row | None, history: Sequence[Row], as_of: datetime) -> Headline:
    """What an item waits for, for how long, by when and of whom; of one that is over, how and when it ended.

    is_open: its row of `open_items`; None for one that is over, lost from sight or in no stage. history: its rows of
    `item_history`.
    """
    if status["closed_at"] is not None:
        return _ended(stream, status)
    if status["lost_at"] is not None:
        ago = long_duration((as_of - status["lost_at"]).total_seconds())
        return Headline(f"Lost from sight {ago} ago, still open when it was last seen", "watch")
    if is_open is None:
        return Headline(f"Open for {long_duration(status['age_seconds'])}, in no stage that is drawn", "watch")
    return _waiting(stream, is_open, history)


def _ended(stream: Stream, status: Row) -> Headline:
    how, ended = status["outcome_title"] or status["outcome"], status["ended"]
    also = f" ({ended})" if ended not in (how, status["outcome"], "done", "completed") else ""
    took = long_duration(status["age_seconds"])
    words = f"Ended as {how}" if status["outcome_title"] else str(how).capitalize()
    again = ", after a reset had reopened it" if status["is_reopened"] else ""
    return Headline(f"{words}{also} after {took}{again}", "bad" if status["is_bad"] else "good")


def _waiting(stream: Stream, row: Row, history: Sequence[Row]) -> Headline:
    until = _until(row)
    waited = max((until - row["wait_since_at"]).total_seconds(), 0.0)
    if row["wait"] == "silent":
        parts = [f"Nothing is pending: silent for {long_duration(waited)}"]
    else:
        parts = [f"Waiting {long_duration(waited)} {_for_what(stream, row, history)}"]
    late, tone = _limit(row, until)
    return Headline(", ".join([*parts, *late, *_asked_of(stream, row, history)]), tone)


def _until(row: Row) -> datetime:
    """The instant that the row's lengths reach to: as far as its source was read."""
    seconds: float = row["stay_seconds"]
    until: datetime = row["entered_at"] + timedelta(seconds=seconds)
    return until


def _for_what(stream: Stream, row: Row, history: Sequence[Row]) -> str:
    wait = row["wait"]
    if wait == "decision open":
        decision = open_decision(stream, history)
        return f"for a decision: {decision.title if decision else 'an open question'}"
    if wait == "message open":
        return f"for a message: {' or '.join(_messages(stream, row['stage'])) or 'none is declared'}"
    if wait == "timer":
        name = _pending(history, ("timer",))
        return f"for a timer{f' ({name})' if name else ''}"
    if wait in STEP_WAITS:
        return STEP_WAITS[wait].format(step=_pending(history, ("activity", "nexus")) or "a step")
    return PLAIN_WAITS.get(wait, f"({wait})")


def open_decision(stream: Stream, history: Sequence[Row]) -> Decision | None:
    """The decision whose question was asked first of those that are open; None where none is."""
    names = [row["name"] for row in history if row["part"] == "decision" and row["state"] == "open"]
    return next((each for name in names for each in stream.decisions if each.name == name), None)


def roles_of(decision: Decision, value: float | None) -> tuple[str, ...]:
    """The roles that may decide about that value: of the first level that covers it; none where none is declared."""
    covering = [level for level in decision.authority if level.up_to is None or (value or 0.0) <= level.up_to]
    return covering[0].roles if covering else ()


def _messages(stream: Stream, stage: str) -> list[str]:
    rules = [rule for each in stream.stages if each.name == stage for rule in each.enter]
    return [str(name) for rule in rules for name in rule.waiting_for or ()]


def _pending(history: Sequence[Row], kinds: tuple[str, ...]) -> str | None:
    found = [row for row in history if row["part"] == "step" and row["ended_at"] is None and row["kind"] in kinds]
    return found[0]["name"] if found else None


def _limit(row: Row, until: datetime) -> tuple[list[str], str]:
    due = row["wait_until_at"]
    stage_late = "bad" if row["over_deadline"] else "watch" if row["over_target"] else "none"
    if due is not None and due < until and row["wait"] == "decision open":
        return [f"{long_duration((until - due).total_seconds())} past its deadline"], "bad"
    if due is not None and due >= until:
        return [f"due in {long_duration((due - until).total_seconds())}"], stage_late
    if row["over_deadline"]:
        return [f"past the deadline of {row['title'] or row['stage']}"], "bad"
    return [], stage_late


def _asked_of(stream: Stream, row: Row, history: Sequence[Row]) -> list[str]:
    decision = open_decision(stream, history) if row["wait"] == "decision open" else None
    if decision is None:
        return []
    roles = roles_of(decision, row["value"]) or (row["lane"],)
    asked = [f"asked of {' or '.join(roles)}"]
    return [*asked, f"next in escalation {decision.escalate_to}"] if decision.escalate_to else asked


def long_duration(seconds: float) -> str:
    """The two largest units: 3 d 4 h, 12 min 5 s."""
    rest = max(round(seconds), 0)
    parts: list[str] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        amount, rest = divmod(rest, size)
        if amount or parts or unit == "s":
            parts.append(f"{amount}\u202f{unit}" if amount else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0\u202fs"
