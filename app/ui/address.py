"""Choices above the page live in its address: read from there at each run, brought along from page to page.

Streamlit can bind a widget to a parameter, but forgets it on the way to another page while the widget is out of sight,
as in a closed popover. So the address decides here, and a widget that changes writes to it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from app.ui import url, wording

VIEW = "view"  # In the address of somebody's saved view: it says all there is, and nothing is brought along to it.
_PAGE, _KEPT, _FAULTS = "streamgauge page", "streamgauge address", "streamgauge faults"
_TOLD = 40  # Characters of a value that are told again.
_FEW = 8  # Options that are told; of more it is only said that it is none of them.


def bring_along(page: str, names: Sequence[str]) -> None:
    """Once in each run, before any widget: on arrival at another page, what it does not say stays as it was."""
    st.session_state[_FAULTS] = {}
    kept: dict[str, str] = st.session_state.setdefault(_KEPT, {})
    is_view = st.query_params.pop(VIEW, None) is not None
    if not is_view and st.session_state.get(_PAGE, page) != page:
        missing = {name: kept[name] for name in names if name in kept and name not in st.query_params}
        if missing:
            st.query_params.update(missing)
    st.session_state[_PAGE] = page
    kept.update({name: st.query_params[name] for name in names if name in st.query_params})
    for name in names:
        if name not in st.query_params:
            kept.pop(name, None)


def value(name: str) -> str | None:
    """What the address says; None for nothing, and for more than anybody means."""
    found = st.query_params.get(name)
    return found if found and len(found) <= url.LONGEST else None


def put(name: str, text: str | None) -> None:
    """Write a parameter; None takes it out."""
    if text is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = text


def seed(name: str, options: Sequence[Any], usual: Any) -> str:
    """Give the widget `name` what the address says, where that is one of `options`; returns the widget's key."""
    found = value(name)
    st.session_state[name] = found if found in options else usual
    if name in st.query_params and found not in options:
        choice = f"none of {', '.join(map(str, options))}" if len(options) <= _FEW else "none of those there are"
        fault(name, f"{choice}; shown is {usual}" if usual is not None else choice)
    return name


def fault(name: str, why: str) -> None:
    """Note that what the address says of a parameter is not understood; `why`, as the end of a sentence."""
    said = str(st.query_params.get(name, ""))
    short = said if len(said) <= _TOLD else f"{said[:_TOLD]}…"
    st.session_state.setdefault(_FAULTS, {})[name] = f"{name}={short}: {why}."


def tell_faults() -> None:
    """Say which parameters of the address were not understood in this run. Draws nothing where all were."""
    said: dict[str, str] = st.session_state.get(_FAULTS, {})
    if said:
        lines = "\n".join(f"- {wording.plain(each)}" for each in said.values())
        st.warning(lines, title="Part of the address cannot be followed", icon=":material/link_off:")


def write(name: str, usual: Any) -> None:
    """For `on_change` of the widget `name`: write what was chosen, unless it is what is usual."""
    chosen = st.session_state[name]
    put(name, None if chosen in (usual, None) else str(chosen))


def switch(label: str, options: Mapping[str, str], key: str) -> str:
    """Draw a choice of few that stands in the address: options by what stands there, with their words; the first is
    what is usual.
    """
    usual = next(iter(options))
    picked = st.segmented_control(
        label,
        list(options),
        format_func=lambda name: options[name],
        key=seed(key, list(options), usual),
        on_change=write,
        args=(key, usual),
        required=True,
        label_visibility="collapsed",
    )
    return str(picked)
