"""A chart as plain data: what Plotly draws, what it says in words, how high it is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Row: TypeAlias = Mapping[str, Any]
Trace: TypeAlias = dict[str, Any]
Figure: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Chart:
    """alt: the same in words, for those who cannot see it. height in pixels."""

    figure: Figure
    alt: str
    height: int


def note(text: str, **place: Any) -> dict[str, Any]:
    """Words inside a chart, without an arrow."""
    return {"text": text, "showarrow": False, **place}


def legend_only(name: str, trace: Trace) -> Trace:
    """An entry of the legend that draws nothing."""
    return {"x": [None], "y": [None], "name": name, "showlegend": True, "hoverinfo": "skip", **trace}
