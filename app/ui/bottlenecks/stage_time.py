"""Time in stage: how long stays last, open ones counted, with what completed ones alone would say below. Pure."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Chart, Row, Trace, legend_only, note
from app.ui.palette import Palette

PERCENTILES = ("p50", "p85", "p95")
ROW_PIXELS, AROUND_PIXELS = 52, 100
# From here on the two ways of counting tell different stories, and the chart says so in words.
GAP = 1.25
# Where completed stays stand: below the line of all stays.
BELOW = 0.27


def stage_time(rows: Sequence[Row], ink: Palette) -> Chart:
    """The chart of time_in_state: one line for each stage that anything was seen in, in the order of the stream."""
    shown = [row for row in rows if row["exits"] or row["inside"]]
    axis = axes.logarithmic(_all_seconds(shown))
    longest = 10 ** axis["range"][1]
    layout = {
        "xaxis": axis | {"showgrid": True},
        "yaxis": axes.categories([_label(row) for row in shown], is_downward=True),
        "legend": {"traceorder": "normal"},
        "hovermode": "closest",
        "annotations": [each for place, row in enumerate(shown) for each in _notes(row, place)],
        "margin": {"r": 74},
    }
    data = [*_spans(shown, ink, longest), *_marks(shown, ink), *_legend(ink)]
    return Chart({"data": data, "layout": layout}, _alt(shown), AROUND_PIXELS + ROW_PIXELS * max(len(shown), 1))


def _label(row: Row) -> str:
    inside = f" · {wording.count(row['inside'])} inside" if row["inside"] else ""
    counts = f"{wording.count(row['exits'])} left{inside}"
    return f"{escape(row['title'])}<br><span style='font-size:10.5px'>{counts}</span>"


def _all_seconds(rows: Sequence[Row]) -> Iterator[float | None]:
    for row in rows:
        yield row["target_seconds"]
        for name in PERCENTILES:
            yield row[f"{name}_seconds"]
            yield row[f"completed_{name}_seconds"]


def _spans(rows: Sequence[Row], ink: Palette, longest: float) -> list[Trace]:
    """The bars from p50 to the highest known percentile; dotted on to the edge where one is not reached."""
    bars, open_ended, completed = [_line(rows, ends) for ends in _ends(longest)]
    wide = {"mode": "lines", "hoverinfo": "skip", "showlegend": False}
    return [
        wide | bars | {"line": {"width": 9, "color": ink.span}},
        wide | open_ended | {"line": {"width": 3, "color": ink.span, "dash": "dot"}},
        wide | _lowered(completed) | {"line": {"width": 3, "color": ink.faint}},
    ]


Ends = Callable[[Row], tuple[float, float] | None]


def _ends(longest: float) -> tuple[Ends, Ends, Ends]:
    def known(row: Row, prefix: str = "") -> tuple[float, float] | None:
        found = [row[f"{prefix}{name}_seconds"] for name in PERCENTILES]
        found = [max(seconds, axes.SHORTEST) for seconds in found if seconds is not None]
        return (found[0], found[-1]) if found else None

    def beyond(row: Row) -> tuple[float, float] | None:
        ends = known(row)
        return (ends[1], longest) if ends and row["not_reached"] else None

    return known, beyond, lambda row: known(row, "completed_") if _has_gap(row) else None


def _line(rows: Sequence[Row], ends: Ends) -> Trace:
    x: list[float | None] = []
    y: list[float | None] = []
    for place, row in enumerate(rows):
        found = ends(row)
        if found:
            x += [*found, None]
            y += [place, place, None]
    return {"x": x, "y": y}


def _lowered(trace: Trace) -> Trace:
    return trace | {"y": [None if place is None else place + BELOW for place in trace["y"]]}


def _marks(rows: Sequence[Row], ink: Palette) -> list[Trace]:
    plain = {"mode": "markers", "showlegend": False}
    p85 = {"symbol": "line-ns", "size": 15, "line": {"width": 3, "color": ink.ink}}
    p95 = {"symbol": "line-ns", "size": 21, "line": {"width": 4, "color": ink.limit}}
    return [
        plain | _points(rows, "p50", 0) | {"marker": {"size": 13, "color": ink.dot}},
        plain | _points(rows, "p85", 0) | {"marker": p85},
        plain | _points(rows, "p95", 0) | {"marker": p95},
        plain | _targets(rows) | {"marker": _diamond(ink)},
        plain
        | _completed(rows)
        | {"marker": {"size": 7, "color": ink.ground, "line": {"width": 2, "color": ink.faint}}},
    ]


def _diamond(ink: Palette) -> dict[str, Any]:
    return {"symbol": "diamond", "size": 11, "color": ink.ground, "line": {"width": 2, "color": ink.ink}}


def _points(rows: Sequence[Row], name: str, offset: float) -> Trace:
    found = [(place, row) for place, row in enumerate(rows) if row[f"{name}_seconds"] is not None]
    return {
        "x": [max(row[f"{name}_seconds"], axes.SHORTEST) for _, row in found],
        "y": [place + offset for place, _ in found],
        "hovertemplate": "%{text}<extra></extra>",
        "text": [_hover(row, name) for _, row in found],
    }


def _completed(rows: Sequence[Row]) -> Trace:
    points = [
        (row[f"completed_{name}_seconds"], place + BELOW, _completed_hover(row, name))
        for place, row in enumerate(rows)
        if _has_gap(row)
        for name in PERCENTILES
        if row[f"completed_{name}_seconds"] is not None
    ]
    return {
        "x": [max(seconds, axes.SHORTEST) for seconds, _, _ in points],
        "y": [place for _, place, _ in points],
        "hovertemplate": "%{text}<extra></extra>",
        "text": [words for _, _, words in points],
    }


def _targets(rows: Sequence[Row]) -> Trace:
    found = [(place, row) for place, row in enumerate(rows) if row["target_seconds"] is not None]
    return {
        "x": [row["target_seconds"] for _, row in found],
        "y": [place for place, _ in found],
        "hovertemplate": "%{text}<extra></extra>",
        "text": [
            f"<b>{escape(row['title'])}</b><br>Target {wording.exact_duration(row['target_seconds'])}: "
            f"{wording.share(row['within_target_share'])} of stays are within it"
            for _, row in found
        ],
    }


def _hover(row: Row, name: str) -> str:
    low, high = row[f"{name}_low_seconds"], row[f"{name}_high_seconds"]
    limits = f"{wording.duration(low)} to {wording.duration(high) if high is not None else 'not known'}"
    return (
        f"<b>{escape(row['title'])}</b><br>{name[1:]} of 100 have left by "
        f"<b>{wording.exact_duration(row[f'{name}_seconds'])}</b><br>95 % sure that it is {limits}<br>"
        f"n = {wording.count(row['exits'])} that left, {wording.count(row['inside'])} still inside"
    )


def _completed_hover(row: Row, name: str) -> str:
    return (
        f"<b>{escape(row['title'])}, completed stays only</b><br>{name[1:]} of 100 took at most "
        f"{wording.exact_duration(row[f'completed_{name}_seconds'])}<br>n = {wording.count(row['completed'])}; "
        f"the {wording.count(row['inside'])} still inside are left out, so it looks too fast"
    )


def _notes(row: Row, place: int) -> Iterator[dict[str, Any]]:
    if row["within_target_share"] is not None:
        words = f"<b>{wording.share(row['within_target_share'])}</b><br>in target"
        at = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "align": "left"}
        yield note(words, y=place, yanchor="middle", font={"size": 11}, **at)
    words = missing(row)
    if words:
        at = {"x": 0, "xref": "paper", "xanchor": "left"} if row["p50_seconds"] is None else _after(row)
        yield note(words, y=place - 0.33, yanchor="middle", font={"size": 10.5}, **at)


def _after(row: Row) -> dict[str, Any]:
    return (
        {"x": 1, "xref": "paper", "xanchor": "right"}
        if row["not_reached"]
        else {"x": 0, "xref": "paper", "xanchor": "left"}
    )


def missing(row: Row) -> str:
    """Why a percentile is not shown: too few exits, or more than the rest is still there. Empty when all are."""
    if row["not_reached"]:
        first = str(row["not_reached"]).split(",")[0].strip()
        return f"{first}: over {100 - int(first[1:])} % still there"
    return _thin(row["thin"])


def _thin(thin: str | None) -> str:
    return f"too few to say more ({escape(thin)})" if thin else ""


def _has_gap(row: Row) -> bool:
    """Whether completed stays alone would tell another story than all stays."""
    return any(
        row[f"completed_{name}_seconds"] is not None
        and row[f"{name}_seconds"] is not None
        and row[f"{name}_seconds"] > GAP * row[f"completed_{name}_seconds"]
        for name in PERCENTILES
    ) or bool(row["not_reached"] and row["completed_p50_seconds"] is not None)


def _legend(ink: Palette) -> list[Trace]:
    p85 = {"symbol": "line-ns", "size": 12, "line": {"width": 3, "color": ink.ink}}
    p95 = {"symbol": "line-ns", "size": 12, "line": {"width": 4, "color": ink.limit}}
    hollow = {"size": 7, "color": ink.ground, "line": {"width": 2, "color": ink.faint}}
    marks = {
        "p50": {"size": 11, "color": ink.dot},
        "p85": p85,
        "p95": p95,
        "target": _diamond(ink),
        "completed only": hollow,
    }
    return [legend_only(name, {"mode": "markers", "marker": marker}) for name, marker in marks.items()]


def _alt(rows: Sequence[Row]) -> str:
    if not rows:
        return "Time in stage: nothing was seen in the window."
    return "Time in stage, open stays counted. " + " ".join(_sentence(row) for row in rows)


def _sentence(row: Row) -> str:
    known = [f"{name} {wording.duration(row[f'{name}_seconds'])}" for name in PERCENTILES]
    target = f", target {wording.duration(row['target_seconds'])}" if row["target_seconds"] is not None else ""
    return f"{row['title']}: {', '.join(known)}{target}, {row['exits']} left, {row['inside']} inside."


def gap_sentence(rows: Sequence[Row]) -> str:
    """Where leaving open work out misleads most, in words; empty where it does not."""
    told = [(ratio, name, row) for row in rows for name in ("p50", "p85") if (ratio := _ratio(row, name)) >= GAP]
    if not told:
        return ""
    _, name, row = max(told, key=lambda each: each[0])
    return (
        f"{row['title']}: completed stays alone say {wording.duration(row[f'completed_{name}_seconds'])} ({name}); "
        f"counting open work it is {wording.duration(row[f'{name}_seconds'])}."
    )


def _ratio(row: Row, name: str) -> float:
    counted, completed = row[f"{name}_seconds"], row[f"completed_{name}_seconds"]
    return counted / max(completed, 1.0) if counted is not None and completed is not None else 0.0
