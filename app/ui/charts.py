"""Charts: Plotly from plain dictionaries, in our colours, light and dark, with words for those who cannot see them.

Never on the first screen of Live flow: Plotly alone is larger than the rest of that page.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, TypeAlias

import streamlit as st

from app import theme

Figure: TypeAlias = Mapping[str, Any]
CONFIG = {"displayModeBar": False, "displaylogo": False, "doubleClick": "reset", "scrollZoom": False}
MARGIN = {"l": 8, "r": 8, "t": 28, "b": 8}
HEIGHT = 320


def chart(
    figure: Figure, *, key: str, alt: str, height: int = HEIGHT, picks: bool = False, is_dark: bool | None = None
) -> list[Any]:
    """Draw `figure` (`data` and `layout` as plain dictionaries); gives the `customdata` of the points chosen.

    `alt` says in a sentence what is to be seen, figures included. With `picks` a viewer may choose points by a click
    or by dragging a box; without, the list is always empty. Text in the figure that comes from outside must have gone
    through `text`. `is_dark`: for tests; else as the viewer's theme is.
    """
    dark = st.context.theme.type == "dark" if is_dark is None else is_dark
    shown = styled(figure, is_dark=dark, height=height, picks=picks)
    if not picks:
        st.plotly_chart(shown, theme=None, key=key, config=CONFIG, alt=alt)
        return []
    chosen = st.plotly_chart(
        shown, theme=None, key=key, config=CONFIG, alt=alt, on_select="rerun", selection_mode=("points", "box")
    )
    return [point.get("customdata") for point in chosen["selection"]["points"]]


def styled(figure: Figure, *, is_dark: bool, height: int = HEIGHT, picks: bool = False) -> dict[str, Any]:
    """The figure with our template under it. What the figure itself says wins. Pure."""
    layout = dict(figure.get("layout", {}))
    own = {"template": _TEMPLATES[is_dark], "height": height, "clickmode": "event+select" if picks else "none"}
    return {"data": [dict(trace) for trace in figure["data"]], "layout": own | layout}


def text(words: str) -> str:
    """Text from outside for a title, label, tick or hover: Plotly reads some HTML, so every mark is escaped."""
    return escape(words, quote=False)


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name, the same one as long as the names and their order are the same."""
    return {name: theme.CATEGORIES[index % len(theme.CATEGORIES)] for index, name in enumerate(names)}


def _template(is_dark: bool) -> dict[str, Any]:
    ground, ink = theme.GROUND[is_dark], theme.INK[is_dark]
    quiet, hair = theme.QUIET[is_dark], theme.HAIR[is_dark]
    axis = {
        "automargin": True,
        "gridcolor": hair,
        "linecolor": hair,
        "zerolinecolor": hair,
        "tickcolor": hair,
        "tickfont": {"color": quiet, "size": 12},
        "title": {"font": {"color": quiet, "size": 12.5}, "standoff": 10},
        "ticks": "",
        "fixedrange": True,
    }
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Source Sans, sans-serif", "size": 13, "color": ink},
        "colorway": list(theme.CATEGORIES),
        "margin": MARGIN,
        "separators": ".\u202f",  # Decimal point and thousands, whatever the browser's language.
        # Slanted up to its tick, the last name stays within the picture; slanted down from it, Plotly left it out.
        "xaxis": axis | {"showgrid": False, "autotickangles": [0, -45, -90]},
        "yaxis": axis | {"rangemode": "tozero"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": ink, "size": 12.5}},
        "hoverlabel": {"bgcolor": ink, "bordercolor": ink, "font": {"color": ground, "size": 12.5}, "align": "left"},
        "bargap": 0.28,
        "dragmode": False,
        "colorscale": {"sequential": [[share, colour] for share, colour in theme.SEQUENCE[is_dark]]},
    }
    return {"layout": layout}


_TEMPLATES = {is_dark: _template(is_dark) for is_dark in (False, True)}
