"""Our own components: each a script, with its style in it, that the browser fetches once.

Given to Streamlit as text, script and style would be sent again with every refresh of every viewer. As files they are
fetched like any other, so they are put together in a folder of this process.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest

from app import theme

_ELEMENTS = Path(__file__).with_name("elements.js")
_PACKAGE = "streamgauge"
_SERVED = tempfile.TemporaryDirectory(prefix="streamgauge-components-")  # Gone when this process ends.


def component(name: str, html: str, script: Path) -> Callable[..., Any]:
    """The component of that name, to be called as Streamlit's are. Beside its script lies its style, as .css."""
    full, file = f"{_PACKAGE}.{name}", _written(name, script)
    made: list[Callable[..., Any]] = []

    def draw(**arguments: Any) -> None:
        manager = get_bidi_component_manager()
        if manager.get_component_asset_root(full) is None:
            manifest = ComponentManifest(_PACKAGE, "1", [ComponentConfig(name, name)])
            manager.register_from_manifest(manifest, Path(_SERVED.name))
        if not made:
            made.append(st.components.v2.component(full, html=html, js=file))
        made[0](**arguments)

    return draw


def _written(name: str, script: Path) -> str:
    """Write the script, what all of them share before its own; another content gets another name."""
    style = theme.CSS + script.with_suffix(".css").read_text(encoding="utf-8")
    parts = [f"const STYLE = {json.dumps(style)};", *(path.read_text(encoding="utf-8") for path in (_ELEMENTS, script))]
    text = "\n".join(parts)
    folder, file = Path(_SERVED.name, name), f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.js"
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(text, encoding="utf-8")
    return file
