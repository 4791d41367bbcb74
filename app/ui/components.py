"""Our own widgets: headline figures and tables. Drawn in the browser from plain data, nothing from outside."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app import theme

_HERE = Path(__file__).parent


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_figures = st.components.v2.component(
    "streamgauge_figures",
    html='<div class="figures"></div>\n',
    css=theme.CSS + _read("figures.css"),
    js=_read("figures.js"),
)
_rows = st.components.v2.component(
    "streamgauge_rows",
    html='<div class="rows"></div>\n',
    css=theme.CSS + _read("rows.css"),
    js=_read("rows.js"),
)


def figures(cards: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw headline figures, as `app.ui.headline` makes them."""
    _figures(key=key, data={"figures": list(cards)})


def table(data: Mapping[str, Any], *, key: str) -> None:
    """Draw a table, as `app.ui.tables` makes them."""
    _rows(key=key, data=dict(data))
