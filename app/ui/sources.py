"""The parts of the Data health page."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.service import Service
from app.ui import components, headline, strip, tables
from app.ui.asking import LIVE, Asker, Rows, asking
from app.ui.frame import say
from app.ui.health import Trust, trusts
from app.ui.states import Sentence
from app.ui.url import Filters
from metrics import Question, find

SOURCES = find("source_health")
NO_SOURCE = Sentence(
    "not read yet",
    "No source was ever read",
    "Name a Temporal cluster under [[temporal]] in streamgauge.toml; its first round makes it appear here.",
)
MEANINGS = {
    "Behind": "time since the instant up to which a source was read completely. Figures stop at that instant.",
    "✓ ◷ ▲ …": "✓ read up to now; ◷ late by some rounds; ▲ the last round failed, or none ended for long; … waiting.",
    "Open here = there": "runs open by our count and by the source's own count, right after one round. ≠ means they "
    "differ; a run that begins or ends between the two counts does that for a moment, a lasting difference is a fault.",
    "Requests": "how often the source was asked, in all and in the last round. Streamgauge is a guest there: it keeps "
    "a budget, and goes slower when it is throttled.",
    "Throttled": "requests the source refused because of its own limits. They were made again later.",
    "Runs, events": "what is kept here: runs and history events of Temporal, rows and row versions of a database.",
    "Retention": "how long Temporal keeps a closed history. After that, what is kept here is the only copy.",
}


@contextmanager
def asking_now(service: Service, filters: Filters, now: datetime) -> Iterator["SourcesPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    as_of = filters.as_of or LIVE.at(service, now)
    with asking(service, None, Question(as_of=as_of)) as ask:
        yield SourcesPage(service, filters, as_of, ask)


@dataclass
class SourcesPage:
    """What the page shows, part by part."""

    service: Service
    filters: Filters
    as_of: datetime
    ask: Asker

    def trust_strip(self) -> None:
        """As of when, and how far behind each source is."""
        strip.draw(self.as_of, self.filters, self._trusts())

    def figures(self) -> None:
        """The sources in a few numbers."""
        rows = self._rows()
        if rows:
            components.figures(headline.health_figures(rows, self._trusts()), key="health.figures")

    def table(self) -> None:
        """One row per source."""
        rows = self._rows()
        if not rows:
            say([NO_SOURCE])
            return
        components.table(tables.sources(rows, self._trusts()), key="health.sources")

    def _rows(self) -> Rows:
        return self.ask(SOURCES)

    def _trusts(self) -> list[Trust]:
        return trusts(self._rows(), self.service.config, self.as_of)


def meanings() -> None:
    """What each column means, in words."""
    st.header("What this means", anchor=False)
    st.markdown("\n".join(f"- **{name}**: {meaning}" for name, meaning in MEANINGS.items()))
    with st.expander("Definition of this metric"):
        st.text(SOURCES.doc)
