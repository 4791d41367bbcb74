"""How fast decisions are, who decides how, and how that moves, as charts. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from app.ui import axes, charts, wording
from app.ui.bottlenecks.chart import Chart, Row, Trace
from app.ui.palette import Palette
from value_stream import Stream

BAR, ROOM = 34, 96
MARKS = ("p50", "p85", "p95")
STRIPES = ("", "/", "\\", "x")
NAMELESS = "(no name)"


def latency(rows: Sequence[Row], stream: Stream, ink: Palette) -> Chart:
    """From asked to decided, decision by decision: p50 dot, p85 bar, p95 mark, deadline diamond, on a log axis."""
    shown = [row for row in rows if row["p50_seconds"] is not None][::-1]
    names = [charts.text(str(row["title"] or row["decision"])) for row in shown]
    deadlines = [_deadline(stream, row["decision"]) for row in shown]
    every = [row[f"{name}_seconds"] for row in shown for name in MARKS] + deadlines
    data = [
        _span(shown, names, ink),
        _marks("p50", shown, names, ink, {"symbol": "circle", "size": 12, "color": ink.dot}),
        _marks("p85", shown, names, ink, {"symbol": "line-ns", "size": 18, "line": {"width": 4, "color": ink.dot}}),
        _marks("p95", shown, names, ink, {"symbol": "line-ns", "size": 12, "line": {"width": 2, "color": ink.span}}),
        {
            "type": "scatter",
            "mode": "markers",
            "name": "deadline",
            "x": deadlines,
            "y": names,
            "marker": {"symbol": "diamond-open", "size": 12, "color": ink.limit, "line": {"width": 2}},
            "hovertemplate": "deadline<extra>%{y}</extra>",
        },
    ]
    layout = {"xaxis": axes.logarithmic(every), "yaxis": {"showgrid": False}, "hovermode": "closest"}
    return Chart({"data": data, "layout": layout}, _latency_words(shown), ROOM + BAR * max(len(shown), 1))


def _span(rows: Sequence[Row], names: Sequence[str], ink: Palette) -> Trace:
    """A thin line from p50 to the largest percentile that is known."""
    across: list[float | None] = []
    up: list[str | None] = []
    for row, name in zip(rows, names, strict=True):
        known = [row[f"{each}_seconds"] for each in MARKS if row[f"{each}_seconds"] is not None]
        across += [max(min(known), axes.SHORTEST), max(max(known), axes.SHORTEST), None]
        up += [name, name, None]
    line = {"width": 2, "color": ink.grid}
    return {"type": "scatter", "mode": "lines", "x": across, "y": up, "line": line, "showlegend": False} | {
        "hoverinfo": "skip"
    }


def _marks(name: str, rows: Sequence[Row], names: Sequence[str], ink: Palette, marker: Mapping[str, object]) -> Trace:
    seconds = [row[f"{name}_seconds"] for row in rows]
    words = [
        f"{name} {wording.duration(value)}, n = {row['answered']}" for value, row in zip(seconds, rows, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [None if value is None else max(value, axes.SHORTEST) for value in seconds],
        "y": list(names),
        "marker": dict(marker),
        "text": words,
        "hovertemplate": "%{text}<extra>%{y}</extra>",
    }


def _deadline(stream: Stream, name: str) -> float | None:
    micros = stream.decision(name).deadline
    return None if micros is None else micros / 1e6


def _latency_words(rows: Sequence[Row]) -> str:
    parts = [f"{row['title']}: p50 {wording.duration(row['p50_seconds'])}, n = {row['answered']}" for row in rows[::-1]]
    return "Time from asked to decided. " + ("; ".join(parts) if parts else "Too few answers to say.")


def kinds_of(rows: Sequence[Row], stream: Stream) -> list[str]:
    """The outcomes that were decided, as the stream file lists them, then others: so that each keeps its colour."""
    seen = {str(row["outcome"]) for row in rows if row["decided"]}
    declared = list(dict.fromkeys(option for decision in stream.decisions for option in decision.options))
    return [*(kind for kind in declared if kind in seen), *sorted(seen - set(declared))]


def outcomes(rows: Sequence[Row], who: str, kinds: Sequence[str], ink: Palette) -> Chart:
    """Who decided how: a bar for each `who` (actor or actor_kind), a part for each outcome, as counts.

    kinds: all outcomes on the page, in the order of their colours.
    """
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if row["decided"]:
            of = counts.setdefault(str(row[who] or NAMELESS), {})
            of[str(row["outcome"])] = of.get(str(row["outcome"]), 0) + row["decided"]
    people = sorted(counts, key=lambda name: sum(counts[name].values()))
    markers = _markers(kinds, ink)
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": charts.text(kind),
            "y": [charts.text(name) for name in people],
            "x": [counts[name].get(kind, 0) for name in people],
            "marker": markers[kind],
            "hovertemplate": "%{x} %{fullData.name}<extra>%{y}</extra>",
        }
        for kind in kinds
        if any(kind in of for of in counts.values())
    ]
    total = sum(sum(of.values()) for of in counts.values())
    layout = {"barmode": "stack", "xaxis": {"rangemode": "tozero", "showgrid": True}, "hovermode": "closest"}
    layout["yaxis"] = {"ticks": "outside", "ticklen": 8, "tickcolor": "rgba(0,0,0,0)"}  # Room between name and bar.
    alt = f"Outcomes by {who.replace('_', ' ')}: {wording.plural(total, 'decision')} of {len(people)}."
    return Chart({"data": data, "layout": layout}, alt, ROOM + BAR * max(len(people), 1))


def over_time(
    parts: Sequence[tuple[datetime, Sequence[Row]]], kinds: Sequence[str], ink: Palette, viewer: tzinfo
) -> Chart:
    """Outcomes decided in each part of the window, stacked; `parts`: the begin of each, and its rows by outcome.

    kinds: all outcomes on the page, in the order of their colours.
    """
    markers = _markers(kinds, ink)
    begins = [begin.astimezone(viewer).replace(tzinfo=None) for begin, _ in parts]
    data = [
        {
            "type": "bar",
            "name": charts.text(kind),
            "x": begins,
            "y": [sum(row["decided"] or 0 for row in rows if row["outcome"] == kind) for _, rows in parts],
            "marker": markers[kind],
        }
        for kind in kinds
    ]
    total = sum(row["decided"] or 0 for _, rows in parts for row in rows)
    alt = f"Decisions over time by outcome: {wording.plural(total, 'decision')} in {len(parts)} parts of the window."
    return Chart({"data": data, "layout": {"barmode": "stack", "yaxis": {"rangemode": "tozero"}}}, alt, 300)


def _markers(kinds: Sequence[str], ink: Palette) -> dict[str, dict[str, object]]:
    """A look for each; when all colours are taken, they come again with stripes."""
    many = len(ink.lanes)
    return {
        kind: {"color": ink.lanes[index % many], "pattern": {"shape": STRIPES[index // many % len(STRIPES)]}}
        for index, kind in enumerate(kinds)
    }
