"""The page's own widgets: facts, timeline, list of what happened. Drawn in the browser from plain data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.ui.assets import component

_HERE = Path(__file__).parent


_facts = component("item_facts", '<dl class="facts"></dl>\n', _HERE / "facts.js")
_timeline = component("item_timeline", '<div class="timeline"></div>\n', _HERE / "timeline.js")
_entries = component("item_entries", '<div class="entries"></div>\n', _HERE / "entries.js")


def facts(shown: Sequence[Mapping[str, str]], *, key: str) -> None:
    """Draw facts; each has name and text, and may have title (on hover) and tone."""
    _facts(key=key, data={"facts": list(shown)})


def timeline(data: Mapping[str, Any], *, key: str) -> None:
    """Draw what `app.ui.item.timeline` made."""
    _timeline(key=key, data=dict(data))


def entries(data: Mapping[str, Any], *, key: str) -> None:
    """Draw what `app.ui.item.history` made."""
    _entries(key=key, data=dict(data))
