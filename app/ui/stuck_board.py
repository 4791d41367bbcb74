"""What is stuck as plain data for the board: causes first, then the items of the chosen one. Pure."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.health import Row
from value_stream import Stream, Verb

Data: TypeAlias = dict[str, Any]
Links: TypeAlias = Callable[[Row], tuple[str | None, str | None]]

MARKS = {"critical": "▲", "stuck": "▲", "watch": "◷"}
VALUE = "value"
ORDERS = {"items": "Worst and most", VALUE: "Most value"}
MOST_ITEMS = 200  # More than anybody looks at one by one; all of a cause are still chosen together.
PARTS = {"history": "History", "sample": "Temporal", "task_queue": "Task queue", "elsewhere": "There"}
WHY_HELPS: Mapping[Verb, str] = {
    "signal": "the run waits, and hears this",
    "update": "the run waits, and answers this",
    "reset_activity": "the step is tried now, not only when its next try is due",
    "unpause_activity": "the step goes on from where it was paused",
    "unpause": "the run goes on from where it was paused",
    "cancel": "its code may tidy up and end",
    "reset": "it goes back to before the fault and is done again from there",
    "terminate": "it ends what does not end by itself",
    "start_again": "it begins anew with the same input",
    "auto_upgrade": "the current version of the code takes it over",
    "activity_options": "the step may have a queue with workers, more time or more tries",
    "pause": "nothing more is done until somebody has looked",
}
NAMES = {
    "event_id": "event",
    "opened_at": "since",
    "due_at": "times out",
    "entered_at": "in the stage since",
    "sampled_at": "asked",
    "queue_sampled_at": "asked",
    "maximum_attempts": "attempts allowed",
    "last_started_at": "last started",
    "last_heartbeat_at": "last heartbeat",
    "next_try_at": "next try",
    "last_poll_at": "last poll",
    "task_queue": "queue",
}


@dataclass(frozen=True)
class Viewing:
    """How the viewer looks: the stream's word for an item, the time zone, ways to an item and to its run.

    helps: what each declared nudge would do, by its name.
    """

    item: str
    zone: tzinfo
    links: Links
    helps: Mapping[str, str] = field(default_factory=dict)


def helps_of(stream: Stream) -> dict[str, str]:
    """What each declared nudge would do for what is stuck, in a sentence, by its name."""
    return {nudge.name: f"{nudge.title} ({nudge.name}): {WHY_HELPS[nudge.verb]}." for nudge in stream.nudges}


def item_id(row: Row) -> str:
    """What an item is known by on the page: its source and newest run."""
    return f"{row['source']}/{row['run_id']}"


def chosen_cause(causes: Sequence[Row], stuck: Sequence[Row], cause: str | None, item: str | None) -> str | None:
    """The cause to open: the one that the address names, else that of the item it names; None for neither."""
    if any(row["cause"] == cause for row in causes):
        return cause
    return next((row["cause"] for row in stuck if item in (row["item"], row["workflow_id"]) and row["rank"] == 1), None)


def in_order(causes: Sequence[Row], order: str | None) -> list[Row]:
    """The causes with most items first, as they come, or with most value; what is only to watch stays last."""
    if order != VALUE:
        return list(causes)
    return sorted(causes, key=lambda row: (row["severity"] == "watch", -(row["value"] or 0.0)))


def roots_of(stuck: Iterable[Row], cause: str | None) -> list[Row]:
    """The items that a cause holds, each with the rule to mend first, held longest first."""
    held = [row for row in stuck if row["rank"] == 1 and row["cause"] == cause]
    return sorted(held, key=lambda row: (row["since_at"], row["item"] or "", row["run_id"]))


def asked_for(stuck: Iterable[Row], cause: str, ids: set[str] | None, said: int) -> tuple[list[Row], int]:
    """The items that a click asked to nudge, of those a cause still holds, and how many have moved on since.

    ids: of those that were selected; None for all. said: how many the button said they are; should there be more by
    now, none has moved on.
    """
    rows = [row for row in roots_of(stuck, cause) if ids is None or item_id(row) in ids]
    return rows, max(0, said - len(rows))


def board(
    causes: Sequence[Row], stuck: Sequence[Row], viewing: Viewing, *, cause: str | None, item: str | None, nudge: str
) -> Data:
    """Everything the board shows.

    cause: the one that is open; without one the first is shown where there is room beside the causes. item: the one to
    unfold. nudge: the button's verb; empty where nothing can be done from here.
    """
    shows = cause or next((row["cause"] for row in causes), None)
    held = roots_of(stuck, shows)
    also: dict[str, list[Row]] = {}
    for row in stuck:
        if row["rank"] > 1:
            also.setdefault(item_id(row), []).append(row)
    title = next((row["cause_title"] for row in causes if row["cause"] == shows), "")
    shown = held[:MOST_ITEMS]
    return {
        "causes": [_cause(row, viewing) for row in causes],
        "chosen": cause,
        "shows": shows,
        "title": title,
        "count": wording.plural(len(held), viewing.item),
        "all": len(held),
        "items": [_item(row, also.get(item_id(row), []), viewing) for row in shown],
        "open": next((item_id(row) for row in held if item in (row["item"], row["workflow_id"])), None),
        "more": f"The {MOST_ITEMS} held longest of {wording.count(len(held))}." if len(held) > MOST_ITEMS else "",
        "nudge": nudge,
    }


def summary(causes: Sequence[Row], item: str, items: int) -> str:
    """The headline: how many of how many are stuck, how many are to watch."""
    stuck = sum(row["items"] for row in causes if row["severity"] != "watch")
    watch = sum(row["items"] for row in causes if row["severity"] == "watch")
    verb = "is" if stuck == 1 else "are"
    more = f", {wording.count(watch)} to watch" if watch else ""
    return f"{wording.count(stuck)} of {wording.plural(items, item)} {verb} stuck{more}"


def checked(items: int, item: str, behind_seconds: float | None) -> str:
    """What was looked at and how long ago: what an empty page must say."""
    when = f" {wording.duration(behind_seconds)} ago" if behind_seconds is not None else ""
    return f"{wording.plural(items, item)} checked{when}."


def _cause(row: Row, viewing: Viewing) -> Data:
    words, tone = _trend(row["items"], row["items_before"])
    value = row["value"]
    without = f" ({row['items_without_value']} without)" if value is not None and row["items_without_value"] else ""
    return {
        "id": row["cause"],
        "tone": row["severity"],
        "mark": MARKS[row["severity"]],
        "title": row["cause_title"],
        "items": wording.count(row["items"]),
        "unit": viewing.item if row["items"] == 1 else wording.several(viewing.item),
        "trend": words,
        "trendTone": tone,
        "value": "" if value is None else wording.amount(value, row["unit"]) + without,
        "since": f"since {_instant(row['since_at'], viewing.zone)}",
        "sinceTitle": f"First seen {row['first_seen_at']:%Y-%m-%d %H:%M:%S} UTC",
        "why": row["why"],
        "stages": row["stages"],
    }


def _trend(items: int, before: int) -> tuple[str, str]:
    if not before:
        return "new in this hour", "worse"
    if items == before:
        return "as an hour ago", "same"
    return f"{wording.change(items, before)} in an hour", "worse" if items > before else "better"


def _item(row: Row, also: Sequence[Row], viewing: Viewing) -> Data:
    href, run = viewing.links(row)
    progress = row["progress_seconds"]
    return {
        "id": item_id(row),
        "name": row["item"] or row["workflow_id"],
        "href": href,
        "run": run,
        "stage": row["title"] or row["stage"],
        "rule": row["rule"],
        "why": row["why"],
        "since": wording.duration(row["since_seconds"]),
        "sinceTitle": f"{row['rule']} since {_instant(row['since_at'], viewing.zone, exact=True)}",
        "progress": "" if progress is None else f"last moved {wording.duration(progress)} ago",
        "value": "" if row["value"] is None else wording.amount(row["value"], row["unit"]),
        "also": [f"{each['rule']}: {each['why']}" for each in also],
        "facts": facts(row, viewing),
    }


def facts(row: Row, viewing: Viewing) -> list[list[str]]:
    """The evidence of a row, line by line: where it is from, what it says; at the end, what may help and why."""
    found = [["Run", f"{row['root_workflow_id']} {row['root_run_id']}"]]
    if row["failure_message"]:
        found.append(["Failure", row["failure_message"]])
    told: Mapping[str, Mapping[str, Any]] = json.loads(row["evidence"])
    for part, words in PARTS.items():
        said = [
            f"{_name(name)} {_fact(value, viewing.zone)}"
            for name, value in told.get(part, {}).items()
            if _is_plain(value)
        ]
        if said:
            found.append([words, ", ".join(said)])
    if row["nudges"]:
        found.append(["May help", " ".join(viewing.helps.get(name, f"{name}.") for name in row["nudges"].split(", "))])
    return found


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict)


def _name(name: str) -> str:
    return NAMES.get(name, name.replace("_", " "))


def _fact(value: Any, zone: tzinfo) -> str:
    if isinstance(value, str):
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            return value
        return _instant(instant, zone, exact=True) if instant.tzinfo else value
    return str(value)


def _instant(instant: datetime, zone: tzinfo, *, exact: bool = False) -> str:
    local = instant.astimezone(zone)
    return f"{local:%d %b %H:%M:%S}" if exact else f"{local:%d %b %H:%M}"
