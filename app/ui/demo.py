"""The page Demo: one row for each planted trouble, with a button that says in words what it does."""

from typing import Literal

import streamlit as st

from app.config import Config
from app.demo_trouble import states, turn
from app.ui import frame
from app.ui.wording import plain
from sample_data.trouble import CYCLE, State

PRESSED_BY = "page Demo"


def switches(config: Config) -> None:
    """All switches as they stand, those that are on first."""
    with frame.card("The company's trouble"):
        for state in sorted(states(config), key=lambda each: not each.is_on):
            _switch(config, state)


def _switch(config: Config, state: State) -> None:
    switch = state.switch
    with st.container(border=True, key=f"trouble-{switch.name}"):
        words, buttons = st.columns([4, 1], vertical_alignment="center")
        with words:
            st.markdown(f"**{plain(switch.title)}** {_badge(state)}  \n{plain(switch.detail)}")
            st.caption(f"In Temporal: {plain(switch.temporal)}  \nIn Streamgauge: {plain(switch.streamgauge)}")
        with buttons:
            label, wanted = (switch.heal, "off") if state.is_on else (switch.plant, "on")
            kind: Literal["primary", "secondary"] = "primary" if state.is_on else "secondary"
            if st.button(label, key=f"turn-{switch.name}", type=kind, width="stretch"):
                _turn(config, state, wanted)
            if state.changed_by != CYCLE and st.button(
                "Let it come and go", key=f"cycle-{switch.name}", width="stretch"
            ):
                _turn(config, state, "cycle")


def _turn(config: Config, state: State, wanted: str) -> None:
    turn(config, state.switch.name, wanted, PRESSED_BY)
    st.rerun(scope="fragment")


def _badge(state: State) -> str:
    if state.is_on:
        return ":orange-badge[on]" if state.changed_by == CYCLE else ":orange-badge[on, held]"
    return ":gray-badge[off]" if state.changed_by == CYCLE else ":gray-badge[off, held]"
