"""The one thing to mend behind stuck work: what it is called, and what makes two rows speak of the same one."""

from collections.abc import Callable, Mapping
from typing import Any

from metrics.fingerprint import fingerprint
from value_stream import Stream

Row = dict[str, Any]
Say = Callable[[Stream, Row], str]

MOST_MESSAGE = 160
COUNTED = {"events": "history events", "bytes": "bytes of history", "activities": "pending activities"}


def decision_title(stream: Stream, name: str) -> str:
    """The title of a decision; its name where the stream in hand does not draw it."""
    return next((decision.title for decision in stream.decisions if decision.name == name), name)


def stage_title(stream: Stream, name: str) -> str:
    """The title of a stage; its name where the stream in hand does not draw it."""
    return next((stage.title for stage in stream.stages if stage.name == name), name)


def _failing_title(stream: Stream, row: Row) -> str:
    system = next((system.title for system in stream.systems if row["activity"] in system.activities), None)
    place = f"{system} ({row['activity']})" if system else row["activity"]
    return said(f"{place} fails", fingerprint(row["failure_message"]))


def _queue_title(_: Stream, row: Row) -> str:
    return f"No worker polls queue {row['task_queue']} for {'steps' if row['activity'] else 'worker turns'}"


def _paused_title(_: Stream, row: Row) -> str:
    by = f" by {row['actor']}" if row["actor"] else ""
    return said(f"{row['activity'] or row['root_type']} paused{by}", fingerprint(row["reason"]))


def _turn_title(_: Stream, row: Row) -> str:
    return said(f"{row['root_type']} fails in its code", fingerprint(row["failure_message"]) or row["reference"])


def _quoted(text: str | None) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= MOST_MESSAGE else line[: MOST_MESSAGE - 1] + "…"


def said(lead: str, text: str | None) -> str:
    """`lead` and, if there is one, what was said, on one line and not too long."""
    return f"{lead}: {_quoted(text)}" if text else lead


TITLE: Mapping[str, Say] = {
    "paused": _paused_title,
    "no worker": _queue_title,
    "version without worker": lambda _, row: f"No worker of version {row['version']} polls {row['task_queue']}",
    "worker turn failing": _turn_title,
    "heartbeat lost": lambda _, row: f"{row['activity']} loses its heartbeat",
    "step retrying": _failing_title,
    "step over time": lambda _, row: f"{row['activity']} runs far longer than usual",
    "Nexus stuck": lambda _, row: said(
        f"Nexus operation {row['activity']} does not start", fingerprint(row["reason"] or row["failure_message"])
    ),
    "unheard answer": lambda stream, row: f"{decision_title(stream, row['about'])}: answered before the run listened",
    "database disagrees": lambda stream, row: f"{decision_title(stream, row['about'])}: answered only in the database",
    "cancel ignored": lambda _, row: f"{row['root_type']} does not end when cancelled",
    "limits near": lambda _, row: f"{row['root_type']} nears the limit of {COUNTED[row['about'].split(' ')[0]]}",
    "decision overdue": lambda stream, row: f"{decision_title(stream, row['about'])} past its deadline",
    "stage overdue": lambda stream, row: f"{stage_title(stream, row['stage'])} past its deadline",
    "silent": lambda stream, row: f"Silent in {stage_title(stream, row['stage'])}",
    "older than usual": lambda stream, row: f"Older than usual in {stage_title(stream, row['stage'])}",
}
# What makes two rows of one rule the same thing to mend, beside the fingerprint of the failure.
CAUSE_PARTS: Mapping[str, Callable[[Row], tuple[Any, ...]]] = {
    "paused": lambda row: (row["activity"], row["actor"], fingerprint(row["reason"])),
    "no worker": lambda row: (row["task_queue"], row["activity"] is not None),
    "version without worker": lambda row: (row["version"], row["task_queue"]),
    "worker turn failing": lambda row: (row["root_type"], row["reference"]),
    "heartbeat lost": lambda row: (row["activity"],),
    "step retrying": lambda row: (row["activity"],),
    "step over time": lambda row: (row["activity"],),
    "Nexus stuck": lambda row: (row["activity"], fingerprint(row["reason"])),
    "cancel ignored": lambda row: (row["root_type"],),
    "limits near": lambda row: (row["root_type"], row["about"].split(" ")[0]),
    **dict.fromkeys(("unheard answer", "database disagrees", "decision overdue"), lambda row: (row["about"],)),
    **dict.fromkeys(("stage overdue", "silent", "older than usual"), lambda row: (row["stage"],)),
}
