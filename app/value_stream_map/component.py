"""The map as a widget: Python says where and what, the browser draws it and reports which stage was chosen."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from app.ui.assets import component

_HERE = Path(__file__).parent
_HTML = """<div class="wrap">
  <div class="map"></div>
  <div class="list"></div>
  <div class="legend"></div>
  <div class="tip" role="tooltip" hidden></div>
</div>
"""
_map = component("value_stream_map", _HTML, _HERE / "map.js")


def value_stream_map(data: Mapping[str, Any], *, key: str, on_pick: Callable[[str], None]) -> None:
    """Draw what `payload` made; `on_pick` gets the name of a stage when a viewer chooses it."""

    def picked() -> None:
        stage = st.session_state[key].get("picked")
        if isinstance(stage, str):
            on_pick(stage)

    _map(key=key, data=dict(data), on_picked_change=picked)
