"""Our own widgets: headline figures and tables. Drawn in the browser from plain data, nothing from outside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.ui.assets import script, style

_HERE = Path(__file__).parent


_figures = st.components.v2.component(
    "streamgauge_figures",
    html='<div class="figures"></div>\n',
    css=style(_HERE / "figures.css"),
    js=script(_HERE / "figures.js"),
)
_rows = st.components.v2.component(
    "streamgauge_rows",
    html='<div class="rows"></div>\n',
    css=style(_HERE / "rows.css"),
    js=script(_HERE / "rows.js"),
)


def figures(cards: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw headline figures, as `app.ui.headline` makes them."""
    _figures(key=key, data={"figures": list(cards)})


def table(data: Mapping[str, Any], *, key: str) -> None:
    """Draw a table, as `app.ui.tables` makes them."""
    _rows(key=key, data=dict(data))
