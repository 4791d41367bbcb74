"""Tables as plain data: the items of a stage, where work waits, the sources. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from app.ui import wording
from app.ui.health import Row, Trust, reconciled

Cell: TypeAlias = dict[str, Any]
Table: TypeAlias = dict[str, Any]
MOST_ROWS = 100  # A longer list is an export, not a screen.
FIRST_ROWS = 12  # Shown, and sent, until somebody asks for the rest or sorts.


def column(key: str, title: str, kind: str = "text", help: str = "", *, is_minor: bool = False) -> dict[str, Any]:
    """A column. kind: text | number | long. A minor one is left out on a phone."""
    return {"key": key, "title": title, "kind": kind, "help": help, "isHead": False, "isMinor": is_minor}


def cell(text: str, *, sort: float | str | None = None, **more: Any) -> Cell:
    """A cell. more: title (exact, on hover), href, mark, tone (good, watch, bad, quiet), part (0 to 1, a bar)."""
    return {"text": text} | ({} if sort is None else {"sort": sort}) | more


def part(table: Table, *, is_whole: bool) -> Table:
    """What is sent of a table: its first rows, or all; `total` says how many there are."""
    rows = table["rows"]
    return {**table, "rows": rows if is_whole else rows[:FIRST_ROWS], "first": FIRST_ROWS, "total": len(rows)}


def items(
    rows: Sequence[Row],
    *,
    caption: str,
    item: str,
    links: Callable[[Row], tuple[str | None, str | None]],
    with_stage: bool,
) -> Table:
    """Open items, longest in their stage first. `links` gives the ways out: the item, and its newest run."""
    has_value = any(row["unit"] for row in rows)
    columns = [
        column("item", item.capitalize()) | {"isHead": True},
        *([column("stage", "Stage")] if with_stage else []),
        column("stay", "In stage", "number", "Since it entered this stage"),
        column("age", "Age", "number", "Since it began"),
        column("wait", "Waits for"),
        column("since", "For", "number", "How long it has waited for just this", is_minor=True),
        *([column("value", "Value", "number")] if has_value else []),
        column("lane", "With", is_minor=True),
        column("source", "Run"),
    ]
    shown = [_item(row, links(row), with_stage, has_value) for row in rows[:MOST_ROWS]]
    more = f"The {MOST_ROWS} longest of {wording.count(len(rows))}." if len(rows) > MOST_ROWS else ""
    return {"caption": caption, "columns": columns, "rows": shown, "more": more}


def _item(row: Row, links: tuple[str | None, str | None], with_stage: bool, has_value: bool) -> dict[str, Any]:
    tone = "bad" if row["over_deadline"] else "watch" if row["over_target"] else ""
    mark = "▲" if row["over_deadline"] else "◷" if row["over_target"] else ""
    limit = "past the deadline, " if row["over_deadline"] else "over the target, " if row["over_target"] else ""
    stay, age = row["stay_seconds"], row["age_seconds"]
    cells = [
        cell(
            row["item"] or row["workflow_id"],
            href=links[0],
            title=f"{row['workflow_type']} {row['workflow_id']}",
        ),
        *([cell(row["title"] or row["stage"])] if with_stage else []),
        _duration(stay) | {"tone": tone, "mark": mark, "title": limit + wording.exact_duration(stay)},
        _duration(age),
        cell(row["wait"]),
        _duration(_waited(row)),
        *([cell(wording.amount(row["value"], row["unit"]), sort=row["value"] or 0)] if has_value else []),
        cell(row["lane"]),
        _run(row, links[1]),
    ]
    return {"cells": cells}


def _run(row: Row, href: str | None) -> Cell:
    if href is None:
        return cell(row["source"], tone="quiet", title=row["run_id"])
    return cell("Temporal ↗", href=href, title=f"Run {row['run_id']} of {row['source']} in Temporal's Web UI")


def _waited(row: Row) -> float:
    """Up to the same instant as the stay, which ends where the item's source was read to."""
    seconds: float = row["stay_seconds"] - (row["wait_since_at"] - row["entered_at"]).total_seconds()
    return max(seconds, 0.0)


def _duration(seconds: float) -> Cell:
    return cell(wording.duration(seconds), sort=seconds, title=wording.exact_duration(seconds))


def split(rows: Sequence[Row], by: str, stages: Sequence[tuple[str, str]], *, caption: str) -> Table:
    """In flight by stage (down) and by one segment (across): counts, with a bar against the largest."""
    groups = _by_size(rows, by)
    counts = {(row["stage"], row[by]): int(row["items"]) for row in rows}
    most = max(counts.values(), default=0)
    lines = [_split_line(stage, title, groups, counts, most) for stage, title in stages]
    columns = [
        column("stage", "Stage") | {"isHead": True},
        *(column(f"group {index}", group, "number") for index, group in enumerate(groups)),
        column("all", "All", "number"),
    ]
    return {"caption": caption, "columns": columns, "rows": lines, "more": "", "isCompact": True}


def _by_size(rows: Sequence[Row], by: str) -> list[str]:
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row[by]] = sizes.get(row[by], 0) + int(row["items"])
    return sorted(sizes, key=lambda group: (-sizes[group], group))


def _split_line(
    stage: str, title: str, groups: Sequence[str], counts: Mapping[tuple[str, str], int], most: int
) -> dict[str, Any]:
    numbers = [counts.get((stage, group), 0) for group in groups]
    cells = [
        cell(wording.count(number) if number else "", sort=number, **({"part": number / most} if number else {}))
        for number in numbers
    ]
    return {"cells": [cell(title), *cells, cell(wording.count(sum(numbers)), sort=sum(numbers))]}


def sources(rows: Sequence[Row], found: Sequence[Trust]) -> Table:
    """What each source was asked and gave, and whether its own count agrees with ours."""
    columns = [
        column("source", "Source") | {"isHead": True},
        column("kind", "Kind"),
        column("state", "State", help="✓ read up to now, ◷ late, ▲ failing or long behind"),
        column("open", "Open here = there", "text", "Open runs by our count and by the source's own, after one round"),
        column("requests", "Requests", "number", "Since the warehouse exists"),
        column("last", "Last round", "number", "Requests of the last round"),
        column("throttled", "Throttled", "number", "Requests that the source refused for its limits"),
        column("runs", "Runs or rows", "number"),
        column("events", "Events or versions", "number"),
        column("retention", "Retention", "number", "How long the source keeps what is closed"),
        column("error", "Last error", "long"),
    ]
    by_source = {row["source"]: row for row in rows}
    lines = [_source(by_source.get(each.source), each, len(columns)) for each in found]
    return {"caption": "Sources and how far they are read", "columns": columns, "rows": lines, "more": ""}


def _source(row: Row | None, state: Trust, width: int) -> dict[str, Any]:
    tone = {"good": "good", "late": "watch", "down": "bad", "waiting": "quiet"}[state.state]
    if row is None:
        blank = [cell("") for _ in range(width - 3)]
        return {"cells": [cell(state.source), cell(""), cell(state.words, mark=state.mark, tone=tone), *blank]}
    counts, throttled = reconciled(row), row["throttled"]
    return {
        "cells": [
            cell(row["source"]),
            cell(row["kind"]),
            cell(state.words, mark=state.mark, tone=tone, title=state.detail, sort=row["behind_seconds"]),
            cell(counts.words, mark=counts.mark, tone={True: "good", False: "watch", None: "quiet"}[counts.is_equal]),
            cell(wording.count(row["requests"]), sort=row["requests"]),
            cell(wording.count(row["requests_last_round"]), sort=row["requests_last_round"] or 0),
            cell(wording.count(throttled), sort=throttled, tone="watch" if throttled else ""),
            cell(wording.count(row["runs"]), sort=row["runs"]),
            cell(wording.count(row["events"]), sort=row["events"]),
            _retention(row["retention_seconds"]),
            cell(_error_words(row), tone="" if state.error else "quiet"),
        ]
    }


def _retention(seconds: float | None) -> Cell:
    return cell("no limit known", tone="quiet", sort=0) if seconds is None else _duration(seconds)


def _error_words(row: Row) -> str:
    if row["last_error"] is None:
        return "none"
    at = f"{wording.clock(row['last_error_at'])} UTC: " if row["last_error_at"] else ""
    return f"{at}{row['last_error']}"
