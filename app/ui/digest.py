"""What changed between two instants: what came and went, what became late, what work now waits for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.difference import signed
from app.value_stream_map.payload import stuck_rules
from metrics import Window
from value_stream import Stream

Row: TypeAlias = Mapping[str, Any]
Figure: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """Rows of metrics about one stretch: flow_over_time and decisions over it, stuck and in_flight by wait at its end,
    in_flight by wait at its beginning."""

    flow: Sequence[Row]
    decisions: Sequence[Row]
    stuck: Sequence[Row]
    waits: Sequence[Row]
    waits_before: Sequence[Row]


def figures(told: Told, stream: Stream, stretch: Window) -> list[Figure]:
    """The digest as headline figures: arrived, departed, newly stuck, decisions newly overdue, decided, new causes."""
    arrived, departed = (sum(row[name] for row in told.flow) for name in ("arrivals", "departures"))
    overdue = [row for row in told.decisions if _became_overdue(row, stretch)]
    decided = [row for row in told.decisions if _is_within(row["decided_at"], stretch)]
    stuck = [row for row in told.stuck if _is_within(row["since_at"], stretch)]
    return [
        _figure("new_arrived", "Arrived", arrived, [f"{signed(arrived, departed)} in flight"]),
        _figure("new_departed", "Departed", departed, ["ended, well or badly"]),
        _stuck(stuck_rules(stuck), stream.item.name),
        _figure("new_overdue", "Decisions newly overdue", len(overdue), _titles(overdue, "none became so"), "bad"),
        _figure("new_decided", "Decided", len(decided), _titles(decided, "no answer came")),
        _cause(told),
    ]


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


def _stuck(rules: Mapping[str, int], item: str) -> Figure:
    return _figure("new_stuck", "Newly stuck", sum(rules.values()), _largest(rules) or [f"no {item} became so"], "bad")


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
