"""What happened to an item as a list that people can read: what is pending first, then the newest. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.health import Row
from app.ui.item.versions import changes, row_name

Entry: TypeAlias = dict[str, Any]
# Groups that the list can be narrowed to, by the parts that they hold.
GROUPS = {
    "stay": "Stages",
    "step": "Steps",
    "decision": "Decisions",
    "message": "Messages",
    "worker turn": "Worker turns",
    "nudge": "Nudges",
    "value": "Data",
}
BAD_STATES = frozenset({"failed", "timed out", "terminated", "refused", "failing"})
KINDS = {"activity": "Activity", "child": "Child run", "nexus": "Nexus operation", "timer": "Timer"}
MOST = 500
NEVER_TOLD = "search_attribute.Stage"


@dataclass(frozen=True)
class Viewing:
    """How the viewer looks: time zone, titles of stages and decisions by name."""

    zone: tzinfo
    stages: Mapping[str, str] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)

    def stage(self, name: str | None) -> str:
        """The stage as people call it."""
        return self.stages.get(name or "", name or "")


def entries(history: Sequence[Row], rows: Sequence[Row], opened_at: datetime, viewing: Viewing) -> dict[str, Any]:
    """The list, from rows of `item_history` and `item_rows`: waits are left to the timeline.

    Values that an item had from its opening on are facts, not events; those of database rows are told by the rows.
    """
    told = [
        _TOLD[row["part"]](row, viewing) for row in history if row["part"] in _TOLD and not _is_given(row, opened_at)
    ]
    told += [_version(row, viewing) for row in rows]
    newest = sorted(told, key=lambda entry: entry["at"], reverse=True)
    shown = sorted(newest, key=lambda entry: not entry["pending"])
    cut = [{name: value for name, value in entry.items() if name != "at"} for entry in shown[:MOST]]
    counts = {group: sum(entry["group"] == group for entry in cut) for group in GROUPS}
    groups = [[group, f"{title} {counts[group]}"] for group, title in GROUPS.items() if counts[group]]
    more = (
        f"The newest {MOST} of {wording.count(len(shown))}; all of them are rows to explore."
        if len(shown) > MOST
        else ""
    )
    return {"entries": cut, "groups": groups, "more": more}


def _is_given(row: Row, opened_at: datetime) -> bool:
    if row["part"] != "attribute":
        return False
    name: str = row["name"]
    return row["begun_at"] <= opened_at or name.startswith("db.") or name == NEVER_TOLD


def when(instant: datetime, zone: tzinfo) -> str:
    """Day and time to the second, for the viewer."""
    return f"{instant.astimezone(zone):%d %b %H:%M:%S}"


def _entry(row: Row, viewing: Viewing, group: str, title: str, words: Sequence[str | None], **more: Any) -> Entry:
    return {
        "at": row["begun_at"],
        "when": when(row["begun_at"], viewing.zone),
        "exact": f"{row['begun_at']:%Y-%m-%d %H:%M:%S.%f} UTC",
        "group": group,
        "title": title,
        "words": [word for word in words if word],
        "text": "",
        "tone": "",
        "pending": False,
        **more,
    }


def _stay(row: Row, viewing: Viewing) -> Entry:
    is_open, name, span = row["ended_at"] is None, viewing.stage(row["name"]), wording.duration(row["seconds"])
    if row["name"] == "(closed)":
        return _entry(row, viewing, "stay", "Closed, until a reset reopened it", [f"after {span}"], tone="watch")
    if row["kind"] == "close":
        return _entry(row, viewing, "stay", f"Ended as {name}", [row["state"]])
    words = [f"there for {span} so far" if is_open else f"left after {span}: {row['state']}"]
    tone = "watch" if row["state"] in ("rework", "undrawn", "reset") else ""
    return _entry(row, viewing, "stay", f"Entered {name}", words, tone=tone)


def _step(row: Row, viewing: Viewing) -> Entry:
    is_open = row["ended_at"] is None
    before = (row["started_at"] - row["begun_at"]).total_seconds() if row["started_at"] else None
    attempts = row["attempts"] or 0
    words = [
        f"pending for {wording.duration(row['seconds'])}"
        if is_open
        else f"{row['state']} after {wording.duration(row['seconds'])}",
        f"{wording.duration(before)} before its last start" if before and before >= 1 else None,
        wording.plural(attempts, "attempt") if attempts > 1 else None,
        f"queue {row['task_queue']}" if is_open and row["task_queue"] else None,
        f"due {when(row['due_at'], viewing.zone)}" if is_open and row["due_at"] else None,
    ]
    title = f"{KINDS.get(row['kind'], row['kind'])} {row['name'] or ''}".strip()
    tone = "bad" if row["state"] in BAD_STATES else "watch" if attempts > 1 else ""
    return _entry(row, viewing, "step", title, words, text=row["detail"] or "", tone=tone, pending=is_open)


def _decision(row: Row, viewing: Viewing) -> Entry:
    is_open, late = row["ended_at"] is None, _late(row)
    span = wording.duration(row["seconds"])
    outcome = f"open for {span}" if is_open else f"{row['state']} after {span}"
    words = [
        outcome,
        f"by {row['actor']}" if row["actor"] else None,
        f"through {row['kind']}" if row["kind"] and not is_open else None,
        "past its deadline"
        if late
        else f"due {when(row['due_at'], viewing.zone)}"
        if is_open and row["due_at"]
        else None,
    ]
    title = f"Asked: {viewing.decisions.get(row['name'], row['name'])}"
    return _entry(row, viewing, "decision", title, words, tone="bad" if late else "", pending=is_open)


def _late(row: Row) -> bool:
    if row["due_at"] is None or row["state"] == "withdrawn":
        return False
    return bool((row["due_at"] - row["begun_at"]).total_seconds() < row["seconds"])


def _message(row: Row, viewing: Viewing) -> Entry:
    return _entry(row, viewing, "message", f"{row['kind'].capitalize()} {row['name']}", [_by(row)])


def _turn(row: Row, viewing: Viewing) -> Entry:
    is_open = row["ended_at"] is None
    span = wording.duration(row["seconds"])
    words = [f"failing for {span}" if is_open else f"failed for {span}, then went on"]
    return _entry(
        row, viewing, "worker turn", "Worker turn", words, text=row["detail"] or "", tone="bad", pending=is_open
    )


def _nudge(row: Row, viewing: Viewing) -> Entry:
    tone = "bad" if row["state"] in BAD_STATES else ""
    return _entry(row, viewing, "nudge", f"Nudge {row['name']}: {row['state']}", [_by(row), row["detail"]], tone=tone)


def _attribute(row: Row, viewing: Viewing) -> Entry:
    name = row["name"].partition(".")[2] or row["name"]
    return _entry(row, viewing, "value", f"{name} became {row['detail'] or '(none)'}", [])


def _by(row: Row) -> str | None:
    return f"by {row['actor']}" if row["actor"] else None


def _version(row: Row, viewing: Viewing) -> Entry:
    seen = {**row, "begun_at": row["seen_at"]}
    if row["content"] is None:
        return _entry(seen, viewing, "value", f"Row {row_name(row)} was deleted", [], tone="watch")
    if row["before"] is None:
        return _entry(seen, viewing, "value", f"Row {row_name(row)} was first seen", [])
    told = [f"{name}: {before or '(none)'} → {after or '(none)'}" for name, before, after in changes(row)]
    return _entry(seen, viewing, "value", f"Row {row_name(row)} changed", told)


_TOLD: Mapping[str, Callable[[Row, Viewing], Entry]] = {
    "stay": _stay,
    "step": _step,
    "decision": _decision,
    "message": _message,
    "worker turn": _turn,
    "nudge": _nudge,
    "attribute": _attribute,
}
