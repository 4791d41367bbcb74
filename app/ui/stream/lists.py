"""Moves, required stages, needed data and an item's way as tables. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.ui import wording
from app.ui.stream.cards import Row
from app.ui.tables import Cell, Table, cell, column

KINDS = {"undrawn": "not drawn", "unused": "nobody took it", "drawn": "drawn", "rework": "drawn as rework"}
ORDER = tuple(KINDS)
MOST_ROWS = 60


def kinds_of_moves(drift: Sequence[Row], moves: Sequence[Row]) -> list[dict[str, Any]]:
    """Each move once: those that are not drawn, drawn ones that nobody took, then drawn ones that were taken."""
    found = [dict(row) | {"kind": row["finding"]} for row in drift if row["finding"] != "index"]
    known = {(row["from_stage"], row["to_stage"]) for row in found}
    taken = [row for row in moves if row["is_drawn"] and (row["from_stage"], row["to_stage"]) not in known]
    for row in taken:
        kind = "rework" if row["is_rework"] else "drawn"
        found.append(dict(row) | {"kind": kind, "moves": row["items"], "moves_before": None, "items_now": None})
    return sorted(found, key=lambda row: (ORDER.index(row["kind"]), -row["moves"], row["from_stage"], row["to_stage"]))


def moves(rows: Sequence[Row], titles: Mapping[str, str], all_moves: int) -> Table:
    """The moves with how often they were made, what strays first."""
    columns = [
        column("move", "From → to") | {"isHead": True},
        column("kind", "Is"),
        column("moves", "Moves", "number", "Times in the window"),
        column("share", "Share", "number", "Of all moves in the window", is_minor=True),
        column("before", "Before", "number", "Times in the window before, which is as long", is_minor=True),
        column("items", "Open items", "number", "Open now, and have ever gone that way"),
    ]
    most = max((row["moves"] for row in rows), default=0)
    lines = [_move(row, titles, most, all_moves) for row in rows[:MOST_ROWS]]
    more = f"The first {MOST_ROWS} of {wording.count(len(rows))}." if len(rows) > MOST_ROWS else ""
    return {"caption": "Moves, drawn and not drawn", "columns": columns, "rows": lines, "more": more}


def _move(row: Row, titles: Mapping[str, str], most: int, all_moves: int) -> dict[str, list[Cell]]:
    count, kind, now, before = row["moves"], row["kind"], row["items_now"], row["moves_before"]
    return {
        "cells": [
            cell(_way(row["from_stage"], row["to_stage"], titles)),
            cell(KINDS[kind], tone={"undrawn": "watch", "unused": "quiet"}.get(kind, "")),
            cell(wording.count(count), sort=count, part=count / most if most else 0),
            cell(wording.share(count / all_moves if all_moves else None), sort=count),
            cell(wording.count(before), sort=-1 if before is None else before, tone="quiet" if before is None else ""),
            cell(wording.count(now), sort=-1 if now is None else now, tone="quiet" if now is None else ""),
        ]
    }


def _way(source: str, target: str, titles: Mapping[str, str]) -> str:
    return f"{titles.get(source, source)} → {titles.get(target, target)}"


def validation(rows: Sequence[Row]) -> Table:
    """Each stage that must be passed, and who did not."""
    columns = [
        column("stage", "Stage to pass") | {"isHead": True},
        column("lane", "Lane", is_minor=True),
        column("share", "Passed", "number", "Of those that completed in the window"),
        column("items", "Completed", "number"),
        column("skipped", "Did not pass", "number", "Completed without ever being there"),
        column("who", "Which", "long", "The first ten"),
    ]
    lines = [
        {
            "cells": [
                cell(row["title"]),
                cell(row["lane"]),
                _shared(row["passed_share"], "watch" if row["skipped"] else ""),
                cell(wording.count(row["items"]), sort=row["items"]),
                cell(wording.count(row["skipped"]), sort=row["skipped"], tone="bad" if row["skipped"] else ""),
                cell(row["breaches"] or "none", tone="" if row["breaches"] else "quiet"),
            ]
        }
        for row in rows
    ]
    return {"caption": "Stages that must be passed", "columns": columns, "rows": lines, "more": ""}


def completeness(rows: Sequence[Row], titles: Mapping[str, str]) -> Table:
    """What is needed where, and how often it was missing; what is missing most stands first."""
    columns = [
        column("path", "Data") | {"isHead": True},
        column("by", "Needed by"),
        column("share", "There", "number", "Of the times it was needed in the window"),
        column("times", "Needed", "number", "Times"),
        column("missing", "Missing", "number", "Times"),
    ]
    shown = sorted(rows, key=lambda row: (-row["missing_share"], row["path"], row["name"]))
    lines = [
        {
            "cells": [
                cell(row["path"]),
                cell(_needed_by(row, titles)),
                _shared(1 - row["missing_share"], "watch" if row["missing"] else ""),
                cell(wording.count(row["times"]), sort=row["times"]),
                cell(wording.count(row["missing"]), sort=row["missing"], tone="watch" if row["missing"] else ""),
            ]
        }
        for row in shown[:MOST_ROWS]
    ]
    return {"caption": "Declared data and how often it was there", "columns": columns, "rows": lines, "more": ""}


def _needed_by(row: Row, titles: Mapping[str, str]) -> str:
    if row["needed_by"] == "stage":
        return f"stage {titles.get(row['name'], row['name'])}"
    return f"decision {row['name']}" if row["needed_by"] == "decision" else f"the item's {row['needed_by']}"


def _shared(share: float | None, tone: str) -> Cell:
    return cell(wording.share(share), sort=-1 if share is None else share, part=share or 0.0, tone=tone)


def way(stays: Sequence[Row], titles: Mapping[str, str], as_of: datetime) -> Table:
    """The stages of one item in their order, with how it left each."""
    columns = [
        column("stage", "Stage") | {"isHead": True},
        column("entered", "Entered, UTC"),
        column("time", "Stayed", "number"),
        column("left", "Then"),
    ]
    lines = []
    for number, stay in enumerate(stays):
        seconds = ((stay["left_at"] or as_of) - stay["entered_at"]).total_seconds()
        target = stay["next_stage"]
        is_off = stay["is_drawn"] is False
        words = "is there" if stay["left_at"] is None else str(stay["exit_kind"])
        if target is not None:
            words = f"→ {titles.get(target, target)}{', not drawn' if is_off else ''}"
        lines.append(
            {
                "cells": [
                    cell(titles.get(stay["stage"], stay["stage"]), sort=number),
                    cell(f"{stay['entered_at']:%Y-%m-%d %H:%M:%S}"),
                    cell(wording.duration(seconds), sort=seconds, title=wording.exact_duration(seconds)),
                    cell(words, tone="watch" if is_off else ""),
                ]
            }
        )
    return {"caption": "The way of one item", "columns": columns, "rows": lines, "more": ""}
