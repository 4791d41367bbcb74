"""What changed between two instants: what came and went, what became late, what work now waits for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.difference import signed
from metrics import Window
from value_stream import Stream

Row: TypeAlias = Mapping[str, Any]
Figure: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """Rows of metrics about one stretch: flow_over_time and decisions over it, open_items and in_flight by wait at its
    end, in_flight by wait at its beginning."""

    flow: Sequence[Row]
    decisions: Sequence[Row]
    items: Sequence[Row]
    waits: Sequence[Row]
    waits_before: Sequence[Row]


def figures(told: Told, stream: Stream, stretch: Window) -> list[Figure]:
    """The digest as headline figures: arrived, departed, newly late, decisions newly overdue, decided, new causes."""
    arrived, departed = (sum(row[name] for row in told.flow) for name in ("arrivals", "departures"))
    overdue = [row for row in told.decisions if _became_overdue(row, stretch)]
    decided = [row for row in told.decisions if _is_within(row["decided_at"], stretch)]
    late = newly_late(told.items, stream, stretch.to_at)
    late = [row for row in late if _seconds(stretch) >= row["late_seconds"]]
    item = stream.item.name
    return [
        _figure("new_arrived", "Arrived", arrived, [f"{signed(arrived, departed)} in flight"]),
        _figure("new_departed", "Departed", departed, ["ended, well or badly"]),
        _figure("new_late", "Newly past deadline", len(late), _stages(late, item), "bad"),
        _figure("new_overdue", "Decisions newly overdue", len(overdue), _titles(overdue, "none became so"), "bad"),
        _figure("new_decided", "Decided", len(decided), _titles(decided, "no answer came")),
        _cause(told),
    ]


def newly_late(items: Sequence[Row], stream: Stream, at: datetime) -> list[dict[str, Any]]:
    """Open items past their stage's deadline, each with `late_seconds`: for how long."""
    deadlines = {stage.name: stage.deadline_micros for stage in stream.stages}
    late = []
    for row in items:
        deadline = deadlines.get(row["stage"])
        if row["over_deadline"] and deadline is not None:
            late.append({**row, "late_seconds": row["stay_seconds"] - deadline / 1e6})
    return late


def _seconds(stretch: Window) -> float:
    return (stretch.to_at - stretch.from_at).total_seconds()


def _is_within(at: datetime | None, stretch: Window) -> bool:
    return at is not None and stretch.from_at <= at < stretch.to_at


def _became_overdue(row: Row, stretch: Window) -> bool:
    return row["state"] == "open" and _is_within(row["deadline_at"], stretch)


def _figure(key: str, title: str, number: int, words: Sequence[str], tone: str = "none") -> Figure:
    return {
        "key": key,
        "title": title,
        "number": number,
        "text": wording.count(number),
        "words": list(words),
        "tone": tone if number else "none",
    }


def _stages(rows: Sequence[Row], item: str) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        title = row["title"] or row["stage"]
        counts[title] = counts.get(title, 0) + 1
    return _largest(counts) or [f"no {item} became so"]


def _titles(rows: Sequence[Row], none: str) -> list[str]:
    counts: dict[str, int] = {}
    for row in rows:
        title = row["title"] or row["decision"]
        counts[title] = counts.get(title, 0) + 1
    return _largest(counts) or [none]


def _largest(counts: Mapping[str, int]) -> list[str]:
    found = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    rest = sum(number for _, number in found[2:])
    return [f"{title} {wording.count(number)}" for title, number in found[:2]] + ([f"others {rest}"] if rest else [])


def _cause(told: Told) -> Figure:
    """The wait that grew most; a cause that was not there before is called new."""
    now, before = _by_wait(told.waits), _by_wait(told.waits_before)
    grown = sorted(((number - before.get(wait, 0), wait) for wait, number in now.items()), reverse=True)
    if not grown or grown[0][0] <= 0:
        return {**_figure("new_cause", "Waits that grew", 0, ["none"]), "text": wording.NOTHING}
    growth, wait = grown[0]
    title = "New cause of waiting" if wait not in before else "Grew most"
    words = [wait, f"{wording.count(now[wait])} now, {wording.count(before.get(wait, 0))} then"]
    return _figure("new_cause", title, growth, words, "none") | {"text": f"+{wording.count(growth)}"}


def _by_wait(rows: Sequence[Row]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row["items"]:
            counts[row["wait"]] = counts.get(row["wait"], 0) + int(row["items"])
    return counts
