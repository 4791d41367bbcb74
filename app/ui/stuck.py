"""The parts of the Stuck page: what holds work, what it holds, and the way to do something about it."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

import streamlit as st

from app.nudge_targets import target_of
from app.service import Service
from app.ui import address, components, states, strip, stuck_board, url, wording
from app.ui.asking import CALM, Asker, Rows, asking
from app.ui.frame import say
from app.ui.health import Row, Trust, trusts
from app.ui.links import item_page, run_link
from app.ui.nudge_drawer import open_drawer
from app.ui.states import NO_STREAM, Sentence
from app.ui.stuck_board import Viewing
from app.ui.url import Filters
from app.ui.viewer import zone
from metrics import Question, causes_of, find
from value_stream import Stream

__all__ = ["NO_STREAM", "StuckPage", "asking_now", "open_asked"]

_ASKED, _TARGETS, _ORDER = "stuck asked", "stuck targets", "order"
_BEFORE, _MOVED = timedelta(hours=1), ":material/trending_flat:"
STUCK, IN_FLIGHT, SOURCES = find("stuck"), find("in_flight"), find("source_health")


@contextmanager
def asking_now(service: Service, stream: Stream, chosen: Filters, now: datetime) -> Iterator["StuckPage"]:
    """The page's parts, all about one instant and from one state of the data.

    What is stuck is long to find out: it is asked about an instant that all pages and viewers share. The trend needs it
    an hour before, too; on a page that follows the data that hour begins with a minute, so that it is asked once in it.
    """
    live_at, version = CALM.state(service, now)
    is_live = chosen.as_of is None
    as_of = chosen.as_of or live_at
    before_at = as_of - _BEFORE
    if is_live:
        before_at = before_at.replace(second=0, microsecond=0)
    question = Question(as_of, where=chosen.where)
    with ExitStack() as stack:
        before = stack.enter_context(asking(service, stream, replace(question, as_of=before_at), is_past=is_live))
        ask = stack.enter_context(asking(service, stream, question, data_version=version if is_live else None))
        yield StuckPage(service, stream, chosen, as_of, ask, before)


@dataclass
class StuckPage:
    """What the page shows, part by part."""

    service: Service
    stream: Stream
    chosen: Filters
    as_of: datetime
    ask: Asker
    before: Asker

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree."""
        strip.draw(self.as_of, self.chosen, self._trusts())

    def sentences(self) -> None:
        """Why there is nothing, or less than one thinks; what was checked where nothing is stuck."""
        items = self._in_flight()
        said = states.sentences(
            self._trusts(),
            item=self.stream.item.name,
            items=items,
            items_without_filter=self._in_flight(where=()) if self.chosen.where else items,
            where=self.chosen.where,
            as_of=self.as_of,
        )
        if items and not self.causes:
            said.append(self._nothing(items))
        say(said)

    @cached_property
    def causes(self) -> Rows:
        """The causes, worst first: as `causes` has them, of what was asked for here already."""
        return causes_of(self.ask(STUCK), self.before(STUCK))

    def board(self) -> None:
        """Causes, and the items of the chosen one."""
        causes = self.causes
        if not causes:
            self._opened([], [], st.query_params.get(url.ITEM))
            return
        self._head(causes)
        ordered = stuck_board.in_order(causes, address.value(_ORDER))
        stuck, item = self.ask(STUCK), st.query_params.get(url.ITEM)
        cause = self._opened(ordered, stuck, item)
        clusters = self.service.config.temporal
        viewing = Viewing(
            self.stream.item.name,
            zone(),
            lambda row: (item_page(self.chosen, row), run_link(clusters, row)),
            stuck_board.helps_of(self.stream),
        )
        data = stuck_board.board(ordered, stuck, viewing, cause=cause, item=item, nudge=self._verb())
        components.stuck_board(data, key="board", on_choose=_choose, on_nudge=_ask_to_nudge)
        self._hand_over(stuck)

    def _opened(self, causes: Sequence[Row], stuck: Sequence[Row], item: str | None) -> str | None:
        """The cause that the address opens, by its name or that of an item; it is told where there is none such."""
        named = st.query_params.get(url.CAUSE)
        cause = stuck_board.chosen_cause(causes, stuck, named, item)
        if named is not None and cause != named:
            address.fault(url.CAUSE, "it holds nothing, or nothing any more")
        elif item is not None and cause is None:
            address.fault(url.ITEM, "it is not stuck, or not any more")
        return cause

    def _head(self, causes: Rows) -> None:
        """How many are stuck, and, where items have a value, the choice of what comes first."""
        words = stuck_board.summary(causes, self.stream.item.name, self._in_flight())
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(words, anchor=False, help=STUCK.definition, width="content")
            if self.stream.item.value:
                address.switch("Causes first", stuck_board.ORDERS, _ORDER)

    def _verb(self) -> str:
        """What the button says; nothing where nudges are off, and in the past, where nothing can be done."""
        return "Nudge" if self.service.config.actions.allow and self.chosen.as_of is None else ""

    def _hand_over(self, stuck: Rows) -> None:
        """What was asked for becomes targets at once; the drawer is opened by a run of the whole page."""
        asked = st.session_state.pop(_ASKED, None)
        if asked is None:
            return
        rows, gone = stuck_board.asked_for(stuck, *asked)
        moved = f"{wording.plural(gone, self.stream.item.name)} moved on meanwhile." if gone else ""
        if rows:
            names = next((row["nudges"] for row in rows if row["nudges"]), None)
            st.session_state[_TARGETS] = ([target_of(row) for row in rows], names and names.split(", ")[0], moved)
            st.rerun()
        elif moved:
            st.toast(wording.plain(moved), icon=_MOVED)

    def _nothing(self, items: int) -> Sentence:
        behind = [row["behind_seconds"] for row in self.ask(SOURCES, where=()) if row["behind_seconds"] is not None]
        checked = stuck_board.checked(items, self.stream.item.name, max(behind, default=None))
        return Sentence("empty", "Nothing is stuck", checked)

    def _in_flight(self, where: tuple[tuple[str, str], ...] | None = None) -> int:
        return sum(row["items"] for row in self.ask(IN_FLIGHT, where=where))

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of, self.stream)


def open_asked(service: Service, stream: Stream | None) -> None:
    """Open the drawer for what was asked for. Call it outside every live part, or its buttons would be dead."""
    asked = st.session_state.pop(_TARGETS, None)
    if asked is not None and stream is not None:
        targets, first, moved = asked
        if moved:
            st.toast(wording.plain(moved), icon=_MOVED)
        open_drawer(service, stream, targets, first, is_straight=True)


def _ask_to_nudge(cause: str, ids: list[str] | None, said: int) -> None:
    st.session_state[_ASKED] = (cause, None if ids is None else set(ids), said)


def _choose(cause: str) -> None:
    """What is open is in the address; closing it takes the item out, too."""
    st.query_params.pop(url.ITEM, None)
    if cause:
        st.query_params[url.CAUSE] = cause
    else:
        st.query_params.pop(url.CAUSE, None)
