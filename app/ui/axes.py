"""Axes that people can read: durations with human ticks, logarithmic or not. Pure."""

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, TypeAlias

from app.ui import wording

Axis: TypeAlias = dict[str, Any]

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800
# Few and well known; between them the eye divides by itself.
_FEW = (1, 5, 15, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, _DAY, 3 * _DAY, _WEEK, 4 * _WEEK)
_FEW_LONG = (13 * _WEEK, 52 * _WEEK, 260 * _WEEK)
_MANY = tuple(
    size * unit
    for unit, sizes in (
        (1, (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 15, 20, 30, 45)),
        (_MINUTE, (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45)),
        (_HOUR, (1, 1.5, 2, 3, 4, 6, 8, 12, 18)),
        (_DAY, (1, 1.5, 2, 3, 4, 5, 7, 10, 14, 21)),
        (_WEEK, (4, 6, 8, 13, 26, 52, 104, 260)),
    )
    for size in sizes
)
MOST_TICKS = 6
# Nothing can stand at 0 on a logarithmic axis; what is shorter stands at its edge.
SHORTEST = 0.1


def tick_text(seconds: float) -> str:
    """A tick of a duration axis: whole weeks from four on, else as durations are written everywhere."""
    if 0 < seconds < 1:
        return f"{seconds:g}s"
    return f"{round(seconds / _WEEK)}w" if seconds >= 4 * _WEEK else wording.duration(seconds)


def ticks(low: float, high: float) -> list[float]:
    """Well-known durations between two others, at most MOST_TICKS, as even on a logarithmic axis as they come."""
    few = [tick for tick in (*_FEW, *_FEW_LONG) if low <= tick <= high]
    found = few if len(few) >= 4 else [tick for tick in _MANY if low <= tick <= high]
    while len(found) > MOST_TICKS:
        found = found[len(found) % 2 == 0 :: 2]
    return [float(tick) for tick in found]


def extent(seconds: Iterable[float | None]) -> tuple[float, float]:
    """The shortest and longest of some durations with room on both sides; a minute to an hour where there are none."""
    known = [max(value, SHORTEST) for value in seconds if value is not None]
    if not known:
        return float(_MINUTE), float(_HOUR)
    low, high = min(known), max(known)
    return (low / 1.35, high * 1.35) if high / low > 1.5 else (low / 2, high * 2)


def logarithmic(seconds: Iterable[float | None]) -> Axis:
    """A logarithmic axis on which these durations fit."""
    low, high = extent(seconds)
    places = ticks(low, high)
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [tick_text(place) for place in places],
        "minor": {"ticks": ""},
    }


def linear(low: float, high: float) -> Axis:
    """A linear axis of durations from `low` to `high`, with three to seven even ticks."""
    steps = (1, 2, 5, 10, 15, 30, *(step * _MINUTE for step in (1, 2, 5, 10, 15, 30)))
    steps += (*(step * _HOUR for step in (1, 2, 4, 6, 12)), *(step * _DAY for step in (1, 2, 5, 10, 28)))
    room = (high - low) / (MOST_TICKS - 1)
    step = next((step for step in steps if step >= room), math.ceil(room / (28 * _DAY)) * 28 * _DAY)
    places = [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return {
        "type": "linear",
        "range": [low, high],
        "tickmode": "array",
        "tickvals": places,
        "ticktext": _told(places),
    }


def _told(places: Sequence[float]) -> list[str]:
    """Rounded as everywhere; to the second where two ticks would read the same."""
    rounded = [spent(place) for place in places]
    return rounded if len(set(rounded)) == len(rounded) else [wording.exact_duration(place) for place in places]


def spent(seconds: float) -> str:
    """Time that many spent together: in hours up to 10,000 of them, so that sums are compared in one unit."""
    if abs(seconds) < _HOUR:
        return wording.duration(seconds)
    hours = seconds / _HOUR
    return f"{hours:.1f}".removesuffix(".0") + "h" if abs(hours) < 9.95 else f"{wording.count(round(hours))}h"


def wrapped(title: str, most: int = 12) -> str:
    """A title as plain text for a chart, over two lines where it is long. Charts read some HTML, so it is escaped."""
    words, lines = title.split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(escape(cut(line, most + 4)) for line in lines[:2])


def cut(text: str, most: int) -> str:
    """At most so many characters, the last one an ellipsis where there were more."""
    return text if len(text) <= most else text[: most - 1] + "…"


def categories(titles: Sequence[str], *, is_downward: bool = False) -> Axis:
    """A numeric axis whose places 0, 1, 2 ... are named: free for what stands beside its place."""
    ends = [-0.5, len(titles) - 0.5]
    return {
        "type": "linear",
        "range": ends[::-1] if is_downward else ends,
        "tickmode": "array",
        "tickvals": list(range(len(titles))),
        "ticktext": list(titles),
        "zeroline": False,
        "showgrid": False,
    }
