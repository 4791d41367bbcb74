"""Our own widgets: headline figures and tables. Drawn in the browser from plain data, nothing from outside."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from app.ui import tables
from app.ui.assets import component

_HERE = Path(__file__).parent


_figures = component("figures", '<div class="figures"></div>\n', _HERE / "figures.js")
_rows = component("rows", '<div class="rows"></div>\n', _HERE / "rows.js")
_board = component("stuck_board", '<div class="board"></div>\n', _HERE / "stuck_board.js")


def figures(cards: Sequence[Mapping[str, Any]], *, key: str) -> None:
    """Draw headline figures, as `app.ui.headline` makes them."""
    _figures(key=key, data={"figures": list(cards)})


def table(data: Mapping[str, Any], *, key: str) -> None:
    """Draw a table, as `app.ui.tables` makes them. More than its first rows are sent when a viewer asks for them."""
    state = st.session_state.get(key) or {}
    _rows(key=key, data=tables.part(dict(data), is_whole=bool(state.get("whole"))), on_whole_change=_nothing)


def _nothing() -> None:
    """Streamlit keeps a component's state only where somebody listens to it."""


def stuck_board(
    data: Mapping[str, Any],
    *,
    key: str,
    on_choose: Callable[[str], None],
    on_nudge: Callable[[str, list[str] | None, int], None],
) -> None:
    """Draw what `app.ui.stuck_board` makes.

    on_choose gets the id of the cause to open, "" to close. on_nudge gets a cause, the ids of the items that are
    selected, None for all that it holds, and how many the button said these are.
    """

    def chosen() -> None:
        cause = st.session_state[key].get("chosen")
        if isinstance(cause, str):
            on_choose(cause)

    def asked() -> None:
        told = st.session_state[key].get("asked")
        if isinstance(told, Mapping):
            ids = told.get("ids")
            picked = None if ids is None else [str(each) for each in ids]
            on_nudge(str(told.get("cause")), picked, int(told.get("said", 0)))

    _board(key=key, data=dict(data), on_chosen_change=chosen, on_asked_change=asked)
