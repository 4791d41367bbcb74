"""What is round every page: its style, its live part, and what is said when something is missing or fails."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import streamlit as st

from app.errors import user_errors
from app.ui import meaning, strip, wording
from app.ui.states import Sentence
from metrics import Metric

# A request that was just started must be seen within 5 s: 2 s until it is read, 2 s until it is shown.
REFRESH_SECONDS = 2.0
LOG = logging.getLogger("streamgauge.pages")
_ICONS = {
    "no stream": ":material/draft:",
    "not read yet": ":material/hourglass_top:",
    "source down": ":material/cloud_off:",
    "filtered": ":material/filter_alt_off:",
    "empty": ":material/check_circle:",
}
# The sign that a script runs would blink at every refresh; the trust strip says what matters instead.
# Streamlit dims what a slow refresh has not reached yet; on a page that refreshes by itself that is flicker.
_STYLE = f"""<style>
[class*="st-key-live"] :is([data-stale], [data-stale] *) {{opacity:1!important;transition:none!important}}
.stMainBlockContainer {{max-width:1720px;padding-left:2.5rem;padding-right:2.5rem}}
.st-key-top h1 {{padding:0}}
.st-key-filters {{row-gap:.4rem}}
[data-testid=stStatusWidget] {{display:none}}
:is(.stApp, [role=dialog]) {{color-scheme:light dark}}
:is([data-tag], button[kind^=primary]:not(:disabled)) {{background-color:light-dark(#0B5CAD,#1D5C99)!important}}
{strip.CSS}
@media (max-width:640px) {{.stMainBlockContainer {{padding-left:1rem;padding-right:1rem}}}}
@media print {{.st-key-filters,[data-testid=stHeader] {{display:none}}}}
</style>"""


def style() -> None:
    """Add the pages' own style; once in each run."""
    st.html(_STYLE)


def live(body: Callable[[], None], *, key: str, refreshes: bool, every: float = REFRESH_SECONDS) -> None:
    """Draw `body`; while `refreshes`, again every so many seconds without touching the rest of the page."""
    with st.container(key=f"live-{key}"):
        st.fragment(body, run_every=every if refreshes else None, key=f"fragment-{key}")()


def say(sentences: Sequence[Sentence]) -> None:
    """Show what a viewer must know before reading the figures."""
    for each in sentences:
        box = st.warning if each.kind == "source down" else st.info
        box(wording.plain(each.words), title=wording.plain(each.title), icon=_ICONS[each.kind])


def heading(title: str, *, metric: Metric, n: str = "", note: str = "", **more: Any) -> None:
    """A heading with its n beside it and what it means behind "?".

    n: how many what, such as "20 requests"; never leave it out where a figure is a statistic. note: what else the
    figure needs, such as its window. more: as for `meaning.facts`.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"heading-{title}"):
        found = meaning.facts(metric, n=n, **more)
        st.header(wording.plain(title), anchor=False, help=meaning.markdown(found), width="content")
        beside = " · ".join(part for part in (f"n = {n}" if n else "", note) if part)
        if beside:
            st.caption(wording.plain(beside), width="content")


@contextmanager
def card(title: str) -> Iterator[None]:
    """A part of a page that may fail alone: the rest is drawn, and this part says what went wrong."""
    faults: tuple[type[Exception], ...] = (duckdb.Error, *user_errors())
    try:
        yield
    except faults as error:
        LOG.warning("%s could not be drawn", title, exc_info=error)
        st.error(wording.plain(str(error)), title=f"{title} could not be drawn", icon=":material/error:")
