"""Where the time goes: the time in each stage, and what it was spent waiting for. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Chart, Row, Trace, note
from app.ui.palette import Palette, ink_on

ROW_PIXELS, AROUND_PIXELS = 52, 100
# A part of the longest bar from which on its share fits into it.
WORDS_FIT = 0.075
# Reasons to wait, as the pages say them. Those that are not here are said as they are.
WORDS: Mapping[str, str] = {
    "decision open": "Decision open",
    "message open": "Message expected",
    "step running": "Step running",
    "step open": "Step open",
    "step queued": "Step queued",
    "step retrying": "Step retrying",
    "step queued, no worker": "No worker for the step",
    "worker turn queued": "Worker turn queued",
    "worker turn failing": "Worker turn failing",
    "timer": "Timer",
    "child running": "Child running",
    "delayed start": "Start delayed",
    "paused": "Paused",
    "silent": "Silent",
    "not sampled": "Not sampled",
}


def wait_words(wait: str) -> str:
    """A reason to wait in words for people."""
    return WORDS.get(wait, wait.capitalize())


def wait_bars(rows: Sequence[Row], ink: Palette) -> Chart:
    """The chart of wait_split: one bar per stage, as long as its time, divided by reason; the longest reasons first."""
    stages = list(dict.fromkeys(row["stage"] for row in rows))
    totals = {row["stage"]: row["stage_seconds"] for row in rows}
    all_seconds = sum(totals.values())
    longest = max(totals.values(), default=0.0)
    titles = {row["stage"]: row["title"] for row in rows}
    labels = [escape(titles[stage]) for stage in stages]
    layout = {
        "barmode": "stack",
        "bargap": 0.38,
        "uniformtext": {"mode": "hide", "minsize": 10.5},
        "xaxis": axes.linear(0, longest * 1.02 or 60) | {"showgrid": True},
        "yaxis": axes.categories(labels, is_downward=True),
        "hovermode": "closest",
        "legend": {"traceorder": "normal"},
        "margin": {"r": 92},
        "annotations": [_total(place, totals[stage], all_seconds) for place, stage in enumerate(stages)],
    }
    data = [_bars(reason, rows, stages, longest, ink) for reason in _by_time(rows)]
    height = AROUND_PIXELS + ROW_PIXELS * max(len(stages), 1)
    return Chart({"data": data, "layout": layout}, _alt(rows, all_seconds), height)


def _by_time(rows: Sequence[Row]) -> list[str]:
    seconds: dict[str, float] = {}
    for row in rows:
        seconds[row["wait"]] = seconds.get(row["wait"], 0.0) + row["seconds"]
    return sorted(seconds, key=lambda wait: (-seconds[wait], wait))


def _bars(reason: str, rows: Sequence[Row], stages: Sequence[str], longest: float, ink: Palette) -> Trace:
    found = [row for row in rows if row["wait"] == reason]
    fill = ink.wait(reason)
    return {
        "type": "bar",
        "orientation": "h",
        "name": escape(wait_words(reason)),
        "x": [row["seconds"] for row in found],
        "y": [stages.index(row["stage"]) for row in found],
        "marker": {"color": fill, "line": {"width": 1, "color": ink.ground}},
        "text": [wording.share(row["share"]) if row["seconds"] >= WORDS_FIT * longest else "" for row in found],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"size": 11, "color": ink_on(fill)},
        "customdata": [_hover(row) for row in found],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hover(row: Row) -> str:
    return (
        f"<b>{escape(row['title'])}: {escape(wait_words(row['wait']))}</b><br>{axes.spent(row['seconds'])}, "
        f"{wording.share(row['share'])} of the time in the stage<br>n = {wording.count(row['items'])} that it held"
    )


def _total(place: int, seconds: float, all_seconds: float) -> dict[str, Any]:
    words = f"<b>{wording.share(seconds / all_seconds if all_seconds else None)}</b> · {axes.spent(seconds)}"
    at = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8}
    return note(words, y=place, yanchor="middle", align="left", font={"size": 11.5}, **at)


def _alt(rows: Sequence[Row], all_seconds: float) -> str:
    if not rows:
        return "Time by wait: no time was spent in any stage."
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(f"{row['title']} {axes.spent(row['stage_seconds'])}", []).append(
            f"{wait_words(row['wait'])} {wording.share(row['share'])}"
        )
    parts = [f"{stage}: {', '.join(reasons)}." for stage, reasons in told.items()]
    return f"Time by stage and wait, {axes.spent(all_seconds)} in all. " + " ".join(parts)
