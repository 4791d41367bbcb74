"""What changed: the parts that bring about a difference, as a waterfall from one figure to the other. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Chart, Row, note
from app.ui.palette import Palette

ROW_PIXELS, AROUND_PIXELS = 38, 88
ALL = "all"
MIX = "Mix of work"
# What each figure of `compare` is called; for all of them less is better.
FIGURES = {
    "time_in_state": "Mean time per stay",
    "cycle_time": "Mean time from opening to end",
    "in_flight": "Items in flight",
}


@dataclass(frozen=True)
class Step:
    """One bar: from where the parts before it led to where it leads."""

    name: str
    begin: float
    end: float

    @property
    def change(self) -> float:
        """What the part brings."""
        return self.end - self.begin


def whole(rows: Sequence[Row]) -> Row:
    """The row that speaks of the whole."""
    return next(row for row in rows if row["part"] == ALL)


def steps(rows: Sequence[Row]) -> list[Step]:
    """The parts as steps from the figure before to the figure after: the largest first, the mix of work last."""
    parts = [row for row in rows if row["part"] != ALL]
    parts.sort(key=lambda row: (row["part"] == "mix", -abs(row["contribution"])))
    at, found = whole(rows)["before"], []
    for row in parts:
        name = MIX if row["part"] == "mix" else row["title"]
        found.append(Step(name, at, at + row["contribution"]))
        at += row["contribution"]
    return found


def amount_of(unit: str) -> Callable[[float], str]:
    """How a figure of this unit is written."""
    return _duration if unit == "seconds" else _items


def _items(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _duration(seconds: float) -> str:
    return f"{seconds:.1f}s" if abs(seconds) < 10 else wording.duration(seconds)


def signed(number: float, unit: str) -> str:
    """The amount with its sign: +3.3m; a bare 0 for what rounds to nothing."""
    text = amount_of(unit)(abs(number))
    if text in ("0", "0.0s"):
        return "0"
    return f"{'+' if number > 0 else '−'}{text}"  # noqa: RUF001


def headline(rows: Sequence[Row], figure: str, before: str, after: str) -> str:
    """The whole difference in one sentence, with what it rests on."""
    row = whole(rows)
    write = amount_of(row["unit"])
    if signed(row["difference"], row["unit"]) == "0":
        verb = "did not change"
    else:
        verb = f"went {'up' if row['difference'] > 0 else 'down'} by {write(abs(row['difference']))}"
    return (
        f"{FIGURES[figure]} {verb}: {write(row['before'])} {before} (n = {wording.count(row['before_n'])}), "
        f"{write(row['after'])} {after} (n = {wording.count(row['after_n'])})."
    )


def most_words(rows: Sequence[Row]) -> str:
    """Which part brought most of the difference; empty where nothing changed."""
    row = whole(rows)
    found = steps(rows)
    same_way = [step for step in found if step.change * row["difference"] > 0]
    if not same_way:
        return ""
    most = max(same_way, key=lambda step: abs(step.change))
    if signed(most.change, row["unit"]) == "0":
        return ""
    name = "the mix of work" if most.name == MIX else most.name
    return f"Most of it comes from {name}: {signed(most.change, row['unit'])}."


def waterfall(rows: Sequence[Row], ink: Palette, before: str, after: str) -> Chart:
    """The chart of `compare`: the parts lead, one after the other, from the figure before to the figure after."""
    found, row = steps(rows), whole(rows)
    unit, write = row["unit"], amount_of(row["unit"])
    edges = [row["before"], row["after"], *(step.end for step in found)]
    low, high = _room(min(edges), max(edges), unit)
    names = [f"<b>{escape(before)}</b>", *(escape(step.name) for step in found), f"<b>{escape(after)}</b>"]
    axis = axes.linear(low, high) if unit == "seconds" else {"range": [low, high]}
    layout = {
        "xaxis": axis | {"showgrid": True},
        "yaxis": axes.categories(names, is_downward=True),
        "hovermode": "closest",
        "showlegend": False,
        "shapes": _lines(found, row, ink),
        "annotations": _texts(found, row, write),
        "margin": {"t": 8, "r": 20},
    }
    bars = {
        "type": "bar",
        "orientation": "h",
        "base": [step.begin for step in found],
        "x": [step.change for step in found],
        "y": [place + 1 for place in range(len(found))],
        "width": 0.52,
        "marker": {"color": [ink.worse if step.change > 0 else ink.better for step in found]},
        "customdata": [f"<b>{escape(step.name)}</b><br>{signed(step.change, unit)}" for step in found],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    ends = {
        "type": "scatter",
        "mode": "markers",
        "x": [row["before"], row["after"]],
        "y": [0, len(found) + 1],
        "marker": {"symbol": "diamond", "size": 13, "color": ink.ink},
        "hovertemplate": "%{x}<extra></extra>" if unit == "items" else "%{text}<extra></extra>",
        "text": [write(row["before"]), write(row["after"])],
    }
    height = AROUND_PIXELS + ROW_PIXELS * len(names)
    return Chart({"data": [bars, ends], "layout": layout}, _alt(found, row, before, after), height)


def _room(low: float, high: float, unit: str) -> tuple[float, float]:
    """Room for the words beside the bars."""
    span = (high - low) or abs(high) or 1.0
    return max(low - 0.22 * span, 0.0) if low >= 0 else low - 0.22 * span, high + 0.22 * span


def _lines(found: Sequence[Step], row: Row, ink: Palette) -> list[dict[str, Any]]:
    """Thin lines from each end to the next beginning."""
    at = [row["before"], *(step.end for step in found)]
    style = {"type": "line", "line": {"width": 1, "color": ink.span, "dash": "dot"}, "layer": "below"}
    return [style | {"x0": x, "x1": x, "y0": place, "y1": place + 1} for place, x in enumerate(at)]


def _texts(found: Sequence[Step], row: Row, write: Callable[[float], str]) -> list[dict[str, Any]]:
    ends = [(0, row["before"], write(row["before"])), (len(found) + 1, row["after"], write(row["after"]))]
    notes = [note(f"<b>{words}</b>", x=x, y=y, xanchor="left", xshift=10, font={"size": 12}) for y, x, words in ends]
    for place, step in enumerate(found):
        words = signed(step.change, row["unit"])
        right = {"x": max(step.begin, step.end), "xanchor": "left", "xshift": 6}
        left = {"x": min(step.begin, step.end), "xanchor": "right", "xshift": -6}
        notes.append(note(words, y=place + 1, font={"size": 11.5}, **(left if step.change < 0 else right)))
    return notes


def _alt(found: Sequence[Step], row: Row, before: str, after: str) -> str:
    parts = ", ".join(f"{step.name} {signed(step.change, row['unit'])}" for step in found)
    write = amount_of(row["unit"])
    return f"From {write(row['before'])} ({before}) to {write(row['after'])} ({after}): {parts}."
