"""Aging work: every open item where it stands and how old it is, against how long work usually stays there. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from app.ui import axes, wording
from app.ui.bottlenecks.chart import Chart, Row, Trace, legend_only, note
from app.ui.bottlenecks.wait_bars import wait_words
from app.ui.palette import Palette

# More than this many dots are a cloud: then the shape of each stage is drawn, and its oldest items as dots.
MOST_DOTS = 300
OLDEST_SHOWN = 12
SMALLEST, LARGEST = 7.0, 22.0
HEIGHT = 470
HALF_WIDTH = 0.43
BINS = 26
# Items closer to each other than this part of the axis stand side by side.
NEAR = 0.022
FIRST_OF_LINK = 4  # Index of the item's key in a dot's customdata; see `picked`.


@dataclass(frozen=True)
class Zones:
    """Where one stage's usual ages end; None where too little was seen or the share is not reached."""

    p50: float | None
    p85: float | None
    p95: float | None


def zones_by_stage(rows: Sequence[Row]) -> dict[str, Zones]:
    """The zones of each stage, of rows of time_in_state over the days that aging compares with."""
    return {row["stage"]: Zones(row["p50_seconds"], row["p85_seconds"], row["p95_seconds"]) for row in rows}


def zones_of_all(stages: Sequence[str], row: Row) -> dict[str, Zones]:
    """The same zones for each stage, of the row of cycle_time: where the whole age is looked at."""
    return dict.fromkeys(stages, Zones(row["p50_seconds"], row["p85_seconds"], row["p95_seconds"]))


def aging_work(
    items: Sequence[Row], stages: Sequence[tuple[str, str]], zones: Mapping[str, Zones], ink: Palette, *, is_total: bool
) -> Chart:
    """The chart of open_items. stages: (name, title) in order. `is_total`: whole ages instead of the time in stage."""
    key = "age_seconds" if is_total else "stay_seconds"
    known = [limit for each in zones.values() for limit in (each.p50, each.p85, each.p95)]
    axis = axes.logarithmic([*(item[key] for item in items), *known])
    low, high = (10**edge for edge in axis["range"])
    places = {name: place for place, (name, _) in enumerate(stages)}
    shapes = [each for name, place in places.items() for each in _zone_shapes(zones.get(name), place, low, high, ink)]
    layout = {
        "xaxis": axes.categories([axes.wrapped(title) for _, title in stages]),
        "yaxis": axis | {"showgrid": True},
        "shapes": shapes,
        "hovermode": "closest",
        "clickmode": "event+select",
        "annotations": _counts(items, stages, zones),
        "legend": {"itemsizing": "constant", "y": 1.1},
        "margin": {"t": 84},
    }
    chosen = [item for item in items if item["stage"] in places]
    data = _cloud(chosen, places, key, low, high, ink) if len(chosen) > MOST_DOTS else []
    dots = _oldest(chosen, key) if len(chosen) > MOST_DOTS else chosen
    data += _dots(dots, places, key, (low, high), ink)
    return Chart({"data": data, "layout": layout}, _alt(chosen, stages, zones, key), HEIGHT)


def picked(chosen: Sequence[object]) -> str | None:
    """The key of the item that was clicked, of the customdata of the dots chosen; None for none."""
    for custom in chosen:
        if isinstance(custom, list) and len(custom) > FIRST_OF_LINK:
            return str(custom[FIRST_OF_LINK])
    return None


def _zone_shapes(zones: Zones | None, place: int, low: float, high: float, ink: Palette) -> list[dict[str, Any]]:
    if zones is None or zones.p50 is None:
        return [_band(place, low, high, ink.no_zone)]
    edges, fills = [low], []
    for limit, fill in zip((zones.p50, zones.p85, zones.p95), ink.zones, strict=False):
        if limit is None:
            break
        edges.append(min(max(limit, low), high))
        fills.append(fill)
    # Beyond the last limit that is known nothing more is known: the zone that begins there goes on.
    edges.append(high)
    fills.append(ink.zones[len(fills)])
    pairs = zip(edges[:-1], edges[1:], fills, strict=True)
    return [_band(place, begin, end, fill) for begin, end, fill in pairs if end > begin]


def _band(place: int, begin: float, end: float, fill: str) -> dict[str, Any]:
    sides = {"x0": place - HALF_WIDTH, "x1": place + HALF_WIDTH, "y0": begin, "y1": end}
    return {"type": "rect", "layer": "below", "line": {"width": 0}, "fillcolor": fill, **sides}


def _counts(
    items: Sequence[Row], stages: Sequence[tuple[str, str]], zones: Mapping[str, Zones]
) -> list[dict[str, Any]]:
    notes = []
    for place, (name, _) in enumerate(stages):
        count = sum(item["stage"] == name for item in items)
        known = zones.get(name)
        thin = "" if known and known.p95 is not None else "<br>no p95"
        at = {"x": place, "y": 1, "yref": "paper", "yanchor": "bottom"}
        notes.append(note(f"<b>{wording.count(count)}</b>{thin}", font={"size": 11}, **at))
    return notes


def _dots(
    items: Sequence[Row], places: Mapping[str, int], key: str, ends: tuple[float, float], ink: Palette
) -> list[Trace]:
    offsets = swarm([(item["stage"], item[key]) for item in items], *ends)
    sizes = _sizes(items)
    traces = []
    for wait in sorted({item["wait"] for item in items}, key=lambda each: -sum(item["wait"] == each for item in items)):
        chosen = [index for index, item in enumerate(items) if item["wait"] == wait]
        marker = {
            "size": [sizes[index] for index in chosen],
            "color": ink.wait(wait),
            "opacity": 0.92,
            "line": {"width": 0.8, "color": ink.ink},
        }
        name = f"{escape(wait_words(wait))} ({wording.count(len(chosen))})"
        traces.append(
            {
                "mode": "markers",
                "name": name,
                "x": [places[items[index]["stage"]] + offsets[index] for index in chosen],
                "y": [max(items[index][key], axes.SHORTEST) for index in chosen],
                "marker": marker,
                "customdata": [_custom(items[index]) for index in chosen],
                "hovertemplate": "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}"
                "<extra></extra>",
                "selected": {"marker": {"opacity": 1}},
                "unselected": {"marker": {"opacity": 0.45}},
            }
        )
    return traces


def _custom(item: Row) -> list[str]:
    value = wording.amount(item["value"], item["unit"]) if item["unit"] else ""
    return [
        escape(str(item["item"] or item["workflow_id"])),
        f"{escape(item['title'])} for {wording.exact_duration(item['stay_seconds'])}, "
        f"{wording.exact_duration(item['age_seconds'])} old",
        f"{escape(wait_words(item['wait']))}, with {escape(item['lane'])}",
        f"Value {escape(value)}" if item["value"] is not None else "No value known" if item["unit"] else "",
        str(item["item"] or item["workflow_id"]),
    ]


def _sizes(items: Sequence[Row]) -> list[float]:
    """Area by value; what has none, or where nothing has, is small."""
    most = max((item["value"] for item in items if item["value"]), default=0.0)
    if not most:
        return [SMALLEST + 2] * len(items)
    return [SMALLEST + (LARGEST - SMALLEST) * math.sqrt(max(item["value"] or 0.0, 0.0) / most) for item in items]


def swarm(dots: Sequence[tuple[str, float]], low: float, high: float) -> list[float]:
    """How far beside its stage's middle each dot stands, so that dots of one age do not hide each other.

    Dots of a stage whose ages lie within the same small part of the axis stand in a row, the middle first. The same
    dots give the same picture.
    """
    taken: dict[tuple[str, int], int] = {}
    rows = [(stage, _bin(age, low, high, round(1 / NEAR))) for stage, age in dots]
    full = {row: rows.count(row) for row in set(rows)}
    offsets = []
    for row in rows:
        index = taken.get(row, 0)
        taken[row] = index + 1
        step = min(0.085, 2 * (HALF_WIDTH - 0.04) / max(full[row], 1))
        offsets.append(step * ((index + 1) // 2) * (1 if index % 2 else -1))
    return offsets


def _bin(age: float, low: float, high: float, bins: int) -> int:
    part = math.log(max(age, axes.SHORTEST) / low) / math.log(high / low)
    return min(max(int(part * bins), 0), bins - 1)


def _cloud(
    items: Sequence[Row], places: Mapping[str, int], key: str, low: float, high: float, ink: Palette
) -> list[Trace]:
    """For each stage its ages as a shape that is as wide as many items have that age."""
    counts: dict[str, list[int]] = {name: [0] * BINS for name in places}
    for item in items:
        counts[item["stage"]][_bin(item[key], low, high, BINS)] += 1
    most = max(max(each) for each in counts.values())
    shape = {"mode": "lines", "fill": "toself", "hoverinfo": "skip", "showlegend": False}
    line = {"width": 1, "color": ink.quiet, "shape": "spline", "smoothing": 0.6}
    traces = [
        shape | {"line": line, "fillcolor": ink.span} | _outline(counts[name], place, most, low, high)
        for name, place in places.items()
        if any(counts[name])
    ]
    words = f"{wording.count(len(items))} items as a shape; dots are the oldest {OLDEST_SHOWN} of each stage"
    square = {"symbol": "square", "size": 11, "color": ink.span}
    return [*traces, legend_only(words, {"mode": "markers", "marker": square})]


def _outline(counts: Sequence[int], place: int, most: int, low: float, high: float) -> Trace:
    edges = [low * (high / low) ** ((index + 0.5) / BINS) for index in range(BINS)]
    wide = [HALF_WIDTH * 0.95 * count / most for count in counts]
    right = [(place + width, edge) for width, edge in zip(wide, edges, strict=True)]
    left = [(place - width, edge) for width, edge in zip(wide, edges, strict=True)]
    points = [*right, *reversed(left), right[0]]
    return {"x": [x for x, _ in points], "y": [y for _, y in points]}


def _oldest(items: Sequence[Row], key: str) -> list[Row]:
    shown: dict[str, int] = {}
    found = []
    for item in sorted(items, key=lambda each: -each[key]):
        shown[item["stage"]] = shown.get(item["stage"], 0) + 1
        if shown[item["stage"]] <= OLDEST_SHOWN:
            found.append(item)
    return found


def _alt(items: Sequence[Row], stages: Sequence[tuple[str, str]], zones: Mapping[str, Zones], key: str) -> str:
    told = []
    for name, title in stages:
        ages = [item[key] for item in items if item["stage"] == name]
        limit = zones[name].p85 if name in zones else None
        over = f", {sum(age > limit for age in ages)} older than 85 of 100 stays" if limit is not None else ""
        if ages:
            told.append(f"{title}: {len(ages)} open, the oldest {wording.duration(max(ages))}{over}.")
    return "Aging work. " + (" ".join(told) if told else "Nothing is open.")
