"""What changed on Live flow: in the last hour, or since this viewer last looked, for whoever takes over a shift."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import streamlit as st

from app.service import Service
from app.ui import components, digest, headline, wording
from app.ui.asking import Asker, asking
from app.ui.viewer import viewer, zone
from metrics import Metric, Question, Window, find
from value_stream import Stream

HOUR, LOOK = "Last hour", "Since you last looked"
SINCE = "since"
HEARTBEAT = timedelta(seconds=60)
FLOW, DECISIONS, STUCK, IN_FLIGHT = (find(name) for name in ("flow_over_time", "decisions", "stuck", "in_flight"))
MEANINGS: dict[str, tuple[Metric, str]] = {
    "new_arrived": (FLOW, "Items that began within the stretch."),
    "new_departed": (FLOW, "Items that ended within the stretch."),
    "new_stuck": (STUCK, "Items stuck now whose rule to mend first began to hold within the stretch."),
    "new_overdue": (DECISIONS, "Questions still open whose deadline passed within the stretch."),
    "new_decided": (DECISIONS, "Questions that were answered within the stretch."),
    "new_cause": (
        IN_FLIGHT,
        "What more items wait for now than when the stretch began: what grew most.",
    ),
}
_LOOKED = "streamgauge looked"


@dataclass(frozen=True)
class Changes:
    """The part of the page, about one stream up to one instant. can_look: it is now that is looked at."""

    service: Service
    stream: Stream
    ask: Asker
    as_of: datetime
    can_look: bool

    def draw(self) -> None:
        """The choice of the stretch, and what changed in it."""
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="changes-head"):
            st.header("What changed", anchor=False, width="content")
            since = self._since()
        if since is None:
            st.markdown("This is your first look. When you come back, it says here what changed while you were away.")
            return
        stretch = Window(since, self.as_of)
        components.figures(self.ask.made("changes", lambda: self._figures(stretch), stretch), key="changes")

    def _figures(self, stretch: Window) -> list[headline.Figure]:
        return headline.explained(
            digest.figures(self._told(stretch), self.stream, stretch),
            MEANINGS,
            n=f"everything from {stretch.from_at:%Y-%m-%d %H:%M:%S} UTC",
            as_of=self.as_of,
        )

    def _since(self) -> datetime | None:
        options = [HOUR, LOOK] if self.can_look else [HOUR]
        picked = st.segmented_control(
            "Changes since when",
            options,
            default=HOUR,
            key=SINCE,
            bind="query-params",
            required=True,
            label_visibility="collapsed",
        )
        looked = self._looked() if self.can_look else None
        if picked != LOOK:
            return self.as_of - timedelta(hours=1)
        if looked is None or looked >= self.as_of:
            return None
        local, ago = looked.astimezone(zone()), wording.duration((self.as_of - looked).total_seconds())
        st.caption(f"{local:%a %d %b %H:%M}, {ago} ago", width="content")
        st.button("Mark as seen", key="changes.seen", on_click=self._seen, icon=":material/done_all:")
        return looked

    def _looked(self) -> datetime:
        """Asks the store at the first look and once in a while; in between, what it said."""
        name, now = viewer().name, self.as_of
        kept = st.session_state.get(_LOOKED)
        if kept and kept[0] == (name, self.stream.stream) and timedelta() <= now - kept[2] < HEARTBEAT:
            return kept[1]  # type: ignore[no-any-return]  # session_state holds anything
        since = self.service.page_store.looked(name, self.stream.stream, now)
        st.session_state[_LOOKED] = ((name, self.stream.stream), since, now)
        return since

    def _seen(self) -> None:
        name = viewer().name
        self.service.page_store.seen(name, self.stream.stream, self.as_of)
        st.session_state[_LOOKED] = ((name, self.stream.stream), self.as_of, self.as_of)

    def _told(self, stretch: Window) -> digest.Told:
        with asking(self.service, self.stream, Question(as_of=stretch.from_at), is_past=True) as ask_then:
            return digest.Told(
                flow=self.ask(FLOW, window=stretch, where=()),
                decisions=self.ask(DECISIONS, window=stretch) if self.stream.decisions else [],
                stuck=self.ask(STUCK),
                waits=self.ask(IN_FLIGHT, by=("wait",)),
                waits_before=ask_then(IN_FLIGHT, by=("wait",), where=self.ask.question.where),
            )
