"""The trust strip: as of when, how far each source is behind, and whether the counts agree. One line of HTML.

The HTML is made here and only here; every text in it is escaped.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape

import streamlit as st

from app.ui import wording
from app.ui.health import Trust, worst
from app.ui.url import Filters
from app.ui.viewer import zone

CSS = """
.sg-strip{display:flex;flex-wrap:wrap;gap:4px 8px;align-items:center;font-size:13px;font-variant-numeric:tabular-nums}
.sg-chip{display:inline-flex;gap:6px;padding:2px 10px;border-radius:12px;border:1px solid rgb(128 138 148/.32)}
.sg-chip b{font-weight:650}
.sg-good b{color:light-dark(#0B7A5B,#58C9A4)}.sg-late{border-color:light-dark(#9A6A00,#E9B44C)}
.sg-late b{color:light-dark(#8A5A00,#E9B44C)}.sg-down{border-color:light-dark(#A3201F,#FF8A7A)}
.sg-down b{color:light-dark(#A3201F,#FF8A7A)}
"""


# Inherited by every component of ours, whatever is in it: a sign and slanted digits, so that colour is not alone.
STALE = """<style>:root{--stale-mark:"◷ ";--stale-style:italic;--stale-line:underline dotted 1px}</style>"""


def strip(as_of: datetime, viewer: tzinfo, is_live: bool, found: Sequence[Trust], then: datetime | None = None) -> str:
    """The strip as HTML. then: what the figures are compared with."""
    chips = [
        _as_of(as_of, viewer, is_live),
        *([_compared(then, viewer)] if then else []),
        *(_source(each) for each in found),
    ]
    looks = STALE if worst(found) in ("late", "down") else ""
    return f'{looks}<div class="sg-strip" role="status" aria-live="off">{"".join(chips)}</div>'


def draw(as_of: datetime, chosen: Filters, found: Sequence[Trust]) -> None:
    """Draw the strip; while a source is late or down, every figure on the page looks stale."""
    st.html(strip(as_of, zone(), chosen.refreshes, found, chosen.then if chosen.compares else None))


def _as_of(as_of: datetime, viewer: tzinfo, is_live: bool) -> str:
    local = as_of.astimezone(viewer)
    day = "" if is_live else f"{local:%Y-%m-%d} "
    words = f"{'Live, as' if is_live else 'As'} of {day}{wording.clock(as_of, viewer)}"
    return _chip("good" if is_live else "late", "●" if is_live else "◷", words, f"{as_of:%Y-%m-%d %H:%M:%S} UTC")


def _compared(then: datetime, viewer: tzinfo) -> str:
    words = f"minus {then.astimezone(viewer):%Y-%m-%d %H:%M:%S}"
    return _chip("late", "±", words, f"{then:%Y-%m-%d %H:%M:%S} UTC")


def _source(found: Trust) -> str:
    words = " · ".join(part for part in (f"{found.source} {found.words}", found.counts) if part)
    # Figures are as fresh as they can be, but somebody else counts otherwise: a mark of its own, without looking stale.
    state, mark = ("late", "≠") if found.differs and found.state == "good" else (found.state, found.mark)
    return _chip(state, mark, words, found.detail)


def _chip(state: str, mark: str, words: str, title: str) -> str:
    return (
        f'<span class="sg-chip sg-{escape(state)}" title="{escape(title)}">'
        f'<b aria-hidden="true">{escape(mark)}</b><span>{escape(words)}</span></span>'
    )
