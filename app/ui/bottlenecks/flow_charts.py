"""How work flows: the cumulative flow diagram, what comes and goes, and Little's law in a sentence. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from html import escape, unescape
from typing import Any

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Chart, Row, Trace, note
from app.ui.palette import Palette
from value_stream import Stream

HEIGHT = 470
# A band that is thinner than this part of the picture at its end has no room for its name.
NAME_FITS = 0.035
# Beside the bands there is room for their names, up to so many characters, at so many pixels each.
LONGEST_NAME, LETTER_PIXELS = 16, 6
# A residual below this part of what is observed is what a stream in balance shows.
BALANCED = 0.1


def cumulative_flow(
    flow: Sequence[Row], departures: Sequence[Row], stream: Stream, ink: Palette, zone: tzinfo, *, with_gone: bool
) -> Chart:
    """What is gone since the window began, and on top of it what is in each stage, the newest stage highest.

    `flow` are rows of cumulative_flow, `departures` of departures over the same buckets; the height of the whole is
    what was in flight when the window began plus all that came since. Without `with_gone` only what is in flight.
    """
    instants = sorted({row["at"] for row in flow})
    local = [_local(at, zone) for at in instants]
    gone = _gone(instants, departures)
    inside = {(row["stage"], row["at"]): row["in_flight"] for row in flow}
    stages = [stage for stage in stream.stages if not stage.is_end]
    data: list[Trace] = []
    if with_gone:
        data.append(_band("Gone", local, gone, ink.done, ink, "%{y} gone since the window began"))
    # The last stage lies next to what is gone, so that work rises from top to bottom as time goes on.
    for stage in reversed(stages):
        counts = [inside.get((stage.name, at), 0) for at in instants]
        if any(counts):
            colour = ink.lane(stream.lanes, stage.lane)
            data.append(_band(stage.title, local, counts, colour, ink, "%{y} in " + escape(stage.title)))
    names = _names(data)
    layout = {
        "xaxis": {"type": "date", "showgrid": False},
        "yaxis": {"rangemode": "tozero", "showgrid": True, "tickformat": ",d"},
        "hovermode": "x unified",
        "showlegend": False,
        "annotations": names,
        "margin": {"r": 16 + LETTER_PIXELS * max((len(unescape(name["text"])) for name in names), default=0), "t": 12},
    }
    return Chart({"data": data, "layout": layout}, _alt(data, stream), HEIGHT)


def _local(at: datetime, zone: tzinfo) -> str:
    """Without its zone, because a chart would turn it back into UTC."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _gone(instants: Sequence[datetime], departures: Sequence[Row]) -> list[int]:
    return [sum(row["departures"] for row in departures if row["to_at"] <= at) for at in instants]


def _band(name: str, x: Sequence[str], y: Sequence[int], colour: str, ink: Palette, hover: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "stackgroup": "flow",
        "name": escape(name),
        "x": list(x),
        "y": list(y),
        "line": {"width": 0.8, "color": ink.ground},
        "fillcolor": colour,
        "hovertemplate": hover + "<extra></extra>",
    }


def _names(data: Sequence[Trace]) -> list[dict[str, Any]]:
    """The name of each band at its right end, where it is thick enough; those above come closer, never over another."""
    whole = sum(trace["y"][-1] for trace in data if trace["y"]) or 1
    notes, below, last = [], 0.0, -1.0
    for trace in data:
        if not trace["y"]:
            continue
        end = trace["y"][-1]
        middle = below + end / 2
        below += end
        if end and middle - last >= NAME_FITS * whole:
            last = middle
            words = f"{escape(axes.cut(unescape(trace['name']), LONGEST_NAME))} {wording.count(end)}"
            at = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 6}
            notes.append(note(words, y=middle, yanchor="middle", font={"size": 11}, **at))
    return notes


def _alt(data: Sequence[Trace], stream: Stream) -> str:
    ends = [f"{trace['name']} {trace['y'][-1]}" for trace in data if trace["y"]]
    return f"Cumulative flow of {stream.title}. At the end of the window: {', '.join(ends) or 'nothing'}."


def coming_and_going(arrivals: Sequence[Row], departures: Sequence[Row], ink: Palette, zone: tzinfo) -> Chart:
    """Arrivals above the line, departures below it, bucket by bucket, and the line of what was added in all."""
    x = [_local(row["from_at"], zone) for row in arrivals]
    came = [row["arrivals"] for row in arrivals]
    went = [row["departures"] for row in departures]
    added = [sum(came[: place + 1]) - sum(went[: place + 1]) for place in range(len(came))]
    bar = {"type": "bar", "x": x}
    data = [
        bar
        | {
            "name": "Arrived",
            "y": came,
            "marker": {"color": ink.better},
            "hovertemplate": "%{y} arrived<extra></extra>",
        },
        bar
        | {
            "name": "Gone",
            "y": [-each for each in went],
            "customdata": went,
            "marker": {"color": ink.span},
            "hovertemplate": "%{customdata} gone<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines",
            "name": "In flight since the window began, more or fewer",
            "x": x,
            "y": added,
            "line": {"width": 2, "color": ink.limit, "shape": "hv"},
            "hovertemplate": "%{y:+d} in flight since the window began<extra></extra>",
        },
    ]
    layout = {
        "barmode": "relative",
        "bargap": 0.2,
        "xaxis": {"type": "date", "showgrid": False},
        "yaxis": {"showgrid": True, "zeroline": True, "zerolinecolor": ink.quiet, "zerolinewidth": 1},
        "hovermode": "x unified",
    }
    alt = f"Arrivals and departures: {sum(came)} arrived, {sum(went)} gone, {added[-1] if added else 0:+d} in flight."
    return Chart({"data": data, "layout": layout}, alt, HEIGHT - 60)


def littles_law_words(rows: Sequence[Row], item: str) -> str:
    """Little's law for the whole stream in two sentences: the prediction, what was seen, and what that says."""
    row = next((row for row in rows if row["stage"] == "(all)"), None)
    if row is None:
        return "Little's law speaks of the whole stream; take the filter on stages off to see it."
    if row["predicted_in_flight"] is None:
        return f"Little's law cannot be checked yet ({row['thin']})."
    told = (
        f"{_rate(row['arrivals_per_day'], item)} arrive, and each takes {wording.duration(row['mean_seconds'])} on "
        f"average: that makes {_items(row['predicted_in_flight'])} in flight. "
        f"On average {_items(row['observed_in_flight'])} were (n = {wording.count(row['exits'])} that ended)."
    )
    return f"{told} {_residual(row)}"


def _rate(per_day: float, item: str) -> str:
    rates: Mapping[str, float] = {"day": per_day, "hour": per_day / 24, "minute": per_day / 1440}
    unit = next((unit for unit in rates if rates[unit] < 100), "minute")
    return f"{_items(rates[unit])} {wording.several(item)} a {unit}"


def _items(number: float) -> str:
    return f"{number:.1f}" if abs(number) < 9.95 else wording.count(round(number))


def _residual(row: Row) -> str:
    left, share = row["residual_in_flight"], row["residual_share"]
    if share is None or abs(share) < BALANCED:
        return "The stream is in balance."
    amount = f"{_items(abs(left))} {'more' if left > 0 else 'fewer'}, {wording.share(abs(share))} of what is there"
    why = (
        "a backlog grows, or old work stands still"
        if left > 0
        else "a backlog is being worked off, or old work has just ended"
    )
    return f"That is {amount}: {why}."


def efficiency(rows: Sequence[Row], ink: Palette) -> Chart:
    """Flow efficiency: of the time in each stage, the share in which the item was worked on."""
    shown = [row for row in rows if row["elapsed_seconds"]]
    names = [
        f"<b>{escape(row['title'] or 'All stages')}</b>" if row["stage"] == "(all)" else escape(row["title"])
        for row in shown
    ]
    shares = [row["efficiency_share"] for row in shown]
    bar = {"type": "bar", "orientation": "h", "y": list(range(len(shown))), "showlegend": False}
    data = [
        bar | {"x": [1] * len(shown), "marker": {"color": ink.grid}, "hoverinfo": "skip"},
        bar
        | {
            "x": shares,
            "marker": {"color": [ink.ink if row["stage"] == "(all)" else ink.better for row in shown]},
            "customdata": [_touch(row) for row in shown],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
    ]
    layout = {
        "barmode": "overlay",
        "bargap": 0.42,
        "xaxis": {"range": [0, 1], "tickformat": ".0%", "showgrid": True, "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "yaxis": axes.categories(names, is_downward=True),
        "hovermode": "closest",
        "annotations": [_share_note(place, row) for place, row in enumerate(shown)],
        "margin": {"t": 8},
    }
    told = " ".join(f"{row['title'] or 'All stages'} {wording.share(row['efficiency_share'])}." for row in shown)
    return Chart(
        {"data": data, "layout": layout}, f"Flow efficiency: touch over elapsed time. {told}", 60 + 40 * len(shown)
    )


def _share_note(place: int, row: Row) -> dict[str, Any]:
    return note(
        wording.share(row["efficiency_share"]),
        x=row["efficiency_share"],
        y=place,
        xanchor="left",
        xshift=5,
        font={"size": 11.5},
    )


def _touch(row: Row) -> str:
    return (
        f"<b>{escape(row['title'] or 'All stages')}</b><br>Worked on for {wording.duration(row['touch_seconds'])} of "
        f"{wording.duration(row['elapsed_seconds'])}<br>n = {wording.plural(row['stays'], 'stay')}"
    )
