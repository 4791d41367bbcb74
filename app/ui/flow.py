"""The parts of the Live flow page: each asks its metrics and draws the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.service import Service
from app.ui import components, filters, headline, states, strip, tables, url, wording
from app.ui.asking import LIVE, Asker, Rows, asking
from app.ui.frame import say
from app.ui.health import Trust, trusts
from app.ui.links import item_link, run_link
from app.ui.states import NO_STREAM
from app.ui.url import Filters
from app.ui.viewer import zone
from app.value_stream_map.component import value_stream_map
from app.value_stream_map.drawing import drawing_of
from app.value_stream_map.payload import Figures, payload
from metrics import Question, Window, find
from value_stream import Stage, Stream

__all__ = ["NO_STREAM", "FlowPage", "asking_now"]

IN_FLIGHT, OVER_TARGET, OPEN_ITEMS = find("in_flight"), find("over_target"), find("open_items")
FLOW, MOVES, SOURCES = find("flow_over_time"), find("moves"), find("source_health")


@contextmanager
def asking_now(service: Service, stream: Stream, chosen: Filters, now: datetime) -> Iterator["FlowPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    as_of = chosen.as_of or LIVE.at(service, now)
    window = Window(as_of - url.WINDOWS[chosen.window], as_of)
    with asking(service, stream, Question(as_of=as_of, where=chosen.where)) as ask:
        yield FlowPage(service, stream, chosen, as_of, window, ask)


@dataclass
class FlowPage:
    """What the page shows, part by part."""

    service: Service
    stream: Stream
    chosen: Filters
    as_of: datetime
    window: Window
    ask: Asker

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree."""
        st.html(strip.strip(self.as_of, zone(), self.chosen.refreshes, self._trusts()))

    def sentences(self) -> None:
        """Why there is nothing, or less than one thinks."""
        items = _count(self.ask(IN_FLIGHT))
        say(
            states.sentences(
                self._trusts(),
                item=self.stream.item.name,
                items=items,
                items_without_filter=_count(self.ask(IN_FLIGHT, where=())) if self.chosen.where else items,
                where=self.chosen.where,
                as_of=self.as_of,
            )
        )

    def headline(self) -> None:
        """The figures at the top."""
        in_flight, flow = self.ask(IN_FLIGHT), self._flow()
        seconds = (self.window.to_at - self.window.from_at).total_seconds()
        cards = headline.figures(in_flight, self.ask(OVER_TARGET), flow, seconds, self.stream.item.name)
        if self.chosen.where:
            cards = headline.without_narrowing(cards)
        meanings = {
            "in_flight": (IN_FLIGHT, ""),
            "arrived": (FLOW, "Items that began within the window."),
            "departed": (FLOW, "Items that ended within the window."),
            "over_target": (OVER_TARGET, ""),
            "past_deadline": (OVER_TARGET, "Of these, those past the deadline."),
            "value": (IN_FLIGHT, "Sum of the value of those that have one; what has none is counted, never guessed."),
        }
        as_of = f"{self.as_of:%Y-%m-%d %H:%M:%S} UTC"
        n = _count(in_flight)
        components.figures(headline.explained(cards, meanings, as_of, n, self.stream.item.name), key="figures")

    def map(self) -> None:
        """The value stream with what is in it."""
        figures = Figures(
            in_flight=self.ask(IN_FLIGHT),
            over_target=self.ask(OVER_TARGET),
            moves=self.ask(MOVES, window=self.window, where=()),
            window=self.chosen.window,
        )
        stage = self._stage()
        data = payload(drawing_of(self.stream), figures, stage.name if stage else None)
        value_stream_map(data, key="map", on_pick=_choose)

    def items(self) -> None:
        """The items of the chosen stage, or of all, longest in their stage first."""
        stage = self._stage()
        where = (*self.chosen.where, *((("stage", stage.name),) if stage else ()))
        rows = self.ask(OPEN_ITEMS, where=where)
        title = f"{stage.title}: {self._items_words(rows)}" if stage else f"Longest in their stage: {len(rows)} open"
        with st.container(horizontal=True, vertical_alignment="center", key="items-head"):
            st.header(wording.plain(title), anchor=False, help=OPEN_ITEMS.definition)
            if stage:
                st.button("All stages", key="items.all", on_click=_choose, args=(stage.name,), icon=":material/close:")
        if rows:
            components.table(self._table(rows, title, stage), key="items")
        elif stage:
            st.markdown(wording.plain(f"No {self.stream.item.name} is in {stage.title} now."))

    def split(self) -> None:
        """In flight by stage and by the chosen segment."""
        with st.container(horizontal=True, vertical_alignment="center", key="split-head"):
            st.header("In flight by stage and", anchor=False, help=IN_FLIGHT.definition, width="content")
            by = filters.split_picker(self.stream)
        rows = self.ask(IN_FLIGHT, by=(by,))
        if rows:
            stages = [(stage.name, stage.title) for stage in self.stream.stages if not stage.is_end]
            components.table(tables.split(rows, by, stages, caption=f"In flight by stage and {by}"), key="split")

    def _table(self, rows: Rows, title: str, stage: Stage | None) -> tables.Table:
        clusters = self.service.config.temporal
        return tables.items(
            rows,
            caption=title,
            item=self.stream.item.name,
            links=lambda row: (item_link(self.stream, row), run_link(clusters, row)),
            with_stage=stage is None,
        )

    def _items_words(self, rows: Rows) -> str:
        return f"{wording.plural(len(rows), self.stream.item.name)} in flight, longest here first"

    def _flow(self) -> Rows:
        return self.ask(FLOW, window=self.window, where=())

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of)

    def _stage(self) -> Stage | None:
        name = st.query_params.get(url.STAGE)
        return next((stage for stage in self.stream.stages if stage.name == name), None)


def _count(rows: Rows) -> int:
    return sum(row["items"] for row in rows)


def _choose(stage: str) -> None:
    """Choosing the chosen stage again lets it go."""
    if st.query_params.get(url.STAGE) == stage:
        st.query_params.pop(url.STAGE)
    else:
        st.query_params[url.STAGE] = stage
