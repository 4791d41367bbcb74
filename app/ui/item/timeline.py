"""Everything of an item on one time axis: stages, waits, steps, decisions, messages, nudges, database rows. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from app import theme
from app.ui import wording
from app.ui.health import Row
from app.ui.item.axis import TimeAxis
from app.ui.item.history import Viewing, when
from app.ui.item.versions import row_name
from app.ui.palette import Palette

Bar: TypeAlias = dict[str, Any]
MOST_STEP_LINES = 8
POINTS = {"message": "Messages", "nudge": "Nudges", "row": "Data"}
NARROWEST = 0.002
# The reason to wait whose colour a part has.
COLOURED_AS = {"decision": "decision open", "step": "step running"}


def timeline(
    history: Sequence[Row], rows: Sequence[Row], end: datetime, viewing: Viewing, ink: Palette
) -> dict[str, Any]:
    """Lanes of bars and points with places from 0 to 1, ticks and folds. end: what still goes on reaches to here."""
    facts = [row for row in history if row["part"] != "attribute"]
    axis = TimeAxis(_instants(facts, rows, end))
    draw = _Drawing(axis, end, viewing, ink)
    lanes = [
        _lane("Stage", draw.bars("stay", facts)),
        _lane("Waits for", draw.bars("wait", facts)),
        *draw.step_lanes(facts),
        _lane("Decisions", draw.bars("decision", facts)),
        _lane("Worker turns", draw.bars("worker turn", facts)),
        *(_lane(title, draw.points(part, facts, rows)) for part, title in POINTS.items()),
    ]
    return {
        "lanes": [lane for lane in lanes if lane["bars"]],
        "ticks": [{"at": at, "text": text, "isMinor": not fits} for at, text, fits in axis.ticks(viewing.zone)],
        "folds": [{"from": left, "to": right, "text": wording.duration(gap)} for left, right, gap in axis.folds],
        "label": f"Timeline of {wording.plural(len(facts) + len(rows), 'fact')}; the list below says the same in words",
    }


def _instants(facts: Iterable[Row], rows: Iterable[Row], end: datetime) -> list[datetime]:
    found = [end]
    for row in facts:
        found += [each for each in (row["begun_at"], row["started_at"], row["ended_at"]) if each is not None]
    return found + [row["seen_at"] for row in rows]


def _lane(title: str, bars: list[Bar]) -> dict[str, Any]:
    return {"title": title, "bars": bars}


class _Drawing:
    """Turns facts into bars on one axis."""

    def __init__(self, axis: TimeAxis, end: datetime, viewing: Viewing, ink: Palette) -> None:
        self._axis, self._end, self._viewing, self._ink = axis, end, viewing, ink
        names = list(viewing.stages)
        self._stage_colours = {
            name: theme.CATEGORIES[index % len(theme.CATEGORIES)] for index, name in enumerate(names)
        }

    def bars(self, part: str, facts: Sequence[Row]) -> list[Bar]:
        """The bars of a part, in one line."""
        return [self._bar(row) for row in facts if row["part"] == part]

    def step_lanes(self, facts: Sequence[Row]) -> list[dict[str, Any]]:
        """Steps that overlap lie below each other; of very many, the last line takes the rest."""
        lines: list[list[Row]] = []
        for row in (row for row in facts if row["part"] == "step"):
            free = next((line for line in lines if _ends(line[-1], self._end) <= row["begun_at"]), None)
            if free is not None:
                free.append(row)
            elif len(lines) < MOST_STEP_LINES:
                lines.append([row])
            else:
                lines[-1].append(row)
        return [
            _lane("Steps" if index == 0 else "", [self._bar(row) for row in line]) for index, line in enumerate(lines)
        ]

    def points(self, part: str, facts: Sequence[Row], rows: Sequence[Row]) -> list[Bar]:
        """Points of what takes no time."""
        if part == "row":
            return [self._point(row["seen_at"], f"Row {row_name(row)}, version {row['version']}") for row in rows]
        found = [row for row in facts if row["part"] == part]
        return [self._point(row["begun_at"], f"{row['kind']} {row['name']}", row["state"]) for row in found]

    def _point(self, instant: datetime, title: str, state: str = "") -> Bar:
        place = self._axis.place(instant)
        tone = "bad" if state in ("failed", "refused") else ""
        title = f"{title}, {when(instant, self._viewing.zone)}"
        return {"from": place, "to": place, "kind": "point", "text": "", "title": title, "tone": tone}

    def _bar(self, row: Row) -> Bar:
        begin, end = self._axis.place(row["begun_at"]), self._axis.place(row["ended_at"] or self._end)
        bar: Bar = {
            "from": begin,
            "to": max(end, min(begin + NARROWEST, 1.0)),
            "kind": row["part"].replace(" ", "-"),
            "text": self._text(row),
            "title": self._title(row),
            "tone": _tone(row),
            "isOpen": row["ended_at"] is None,
            "colour": self._colour(row),
        }
        if row["part"] == "step" and row["started_at"] is not None and end > begin:
            bar["started"] = (self._axis.place(row["started_at"]) - begin) / (end - begin)
        elif row["part"] == "step" and row["started_at"] is None:
            bar["started"] = 1.0 if row["kind"] == "activity" else 0.0
        return bar

    def _text(self, row: Row) -> str:
        if row["part"] == "stay":
            return self._viewing.stage(row["name"])
        if row["part"] == "decision":
            return f"{self._viewing.decisions.get(row['name'], row['name'])}: {row['state']}"
        return row["name"] or str(row["kind"])

    def _title(self, row: Row) -> str:
        span = f"{wording.duration(row['seconds'])}{' so far' if row['ended_at'] is None else ''}"
        told = [self._text(row), row["state"] if row["part"] == "step" else "", span]
        if row["started_at"] is not None:
            before = (row["started_at"] - row["begun_at"]).total_seconds()
            told.append(f"{wording.duration(before)} before its last start")
        if (row["attempts"] or 0) > 1:
            told.append(wording.plural(row["attempts"], "attempt"))
        return ", ".join(part for part in told if part) + f", from {when(row['begun_at'], self._viewing.zone)}"

    def _colour(self, row: Row) -> str:
        if row["part"] == "wait":
            return self._ink.wait(row["name"])
        if row["part"] == "stay":
            return self._stage_colours.get(row["name"], self._ink.faint)
        return self._ink.wait(COLOURED_AS.get(row["part"], "worker turn failing"))


def _ends(row: Row, end: datetime) -> datetime:
    ended: datetime = row["ended_at"] or end
    return ended


def _tone(row: Row) -> str:
    return "bad" if row["state"] in ("failed", "timed out", "failing", "terminated") else ""
