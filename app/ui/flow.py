"""The parts of the Live flow page: each asks its metrics and draws the answer."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import Any

import streamlit as st

from app.service import Service
from app.ui import address, components, difference, filters, headline, links, states, strip, tables, url, wording
from app.ui.asking import CALM, CALM_STEP, LIVE, Asker, Rows, asking
from app.ui.changes import Changes
from app.ui.frame import card, say
from app.ui.health import Trust, trusts
from app.ui.links import item_page, run_link
from app.ui.states import NO_STREAM
from app.ui.url import Filters
from app.value_stream_map.change import changed
from app.value_stream_map.component import value_stream_map
from app.value_stream_map.drawing import drawing_of
from app.value_stream_map.payload import Figures, payload, stuck_rules
from metrics import Question, Window, find
from value_stream import Stage, Stream

__all__ = ["NO_STREAM", "FlowPage", "asking_now"]

IN_FLIGHT, OVER_TARGET, OPEN_ITEMS = find("in_flight"), find("over_target"), find("open_items")
# Which open items a figure counts, as a filter of their rows; None: all of them.
OPEN = {
    "in_flight": None,
    "over_target": "over_target = true",
    "past_deadline": "over_deadline = true",
    "value": "value filled",
}
EARLIER = ((timedelta(days=7), "last week"), (timedelta(hours=1), "1h ago"))
FLOW, MOVES, SOURCES, STUCK = (find(name) for name in ("flow_over_time", "moves", "source_health", "stuck"))


@contextmanager
def asking_now(service: Service, stream: Stream, chosen: Filters, now: datetime) -> Iterator["FlowPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    with ExitStack() as stack:

        def asker(instant: datetime, version: int | None = None) -> Asker:
            question = Question(as_of=instant, where=chosen.where)
            return stack.enter_context(asking(service, stream, question, data_version=version))

        def page(ask: Asker, calm: Asker, before: "FlowPage | None" = None) -> FlowPage:
            at = ask.question.as_of
            return FlowPage(service, stream, chosen, at, Window(at - chosen.length, at), ask, calm, before)

        if chosen.as_of:
            past = asker(chosen.as_of)
            yield page(past, past)
        else:
            then = asker(chosen.then) if chosen.compares and chosen.then else None
            calm = asker(*CALM.state(service, now))
            yield page(asker(*LIVE.state(service, now)), calm, page(then, then) if then else None)


@dataclass
class FlowPage:
    """What the page shows, part by part; where there is a `before`, how the figures differ from those of then.

    calm: asks about an instant that moves less often; the same as `ask` about the past.
    """

    service: Service
    stream: Stream
    chosen: Filters
    as_of: datetime
    window: Window
    ask: Asker
    calm: Asker
    before: "FlowPage | None" = None

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree."""
        strip.draw(self.as_of, self.chosen, self._trusts())

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
        cards = self._figures()
        cards = difference.figures(cards, self.before._figures()) if self.before else self._with_change(cards)
        components.figures(headline.linked(self._explained(cards), self._rows_behind()), key="figures")

    def _rows_behind(self) -> dict[str, str]:
        everything = replace(self.chosen, where=())  # What passes is not narrowed by the filter.
        return {
            **{key: links.explore("open_items", self.chosen, filter=narrower) for key, narrower in OPEN.items()},
            **{key: links.explore("flow_over_time", everything) for key in ("arrived", "departed")},
            "stuck": links.explore("stuck", self.chosen),
        }

    def _explained(self, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
        calm_at = self.calm.question.as_of
        often = f", asked every {CALM_STEP.seconds} s, here at {calm_at:%H:%M:%S} UTC" if calm_at != self.as_of else ""
        meanings = {
            "in_flight": (IN_FLIGHT, ""),
            "arrived": (FLOW, "Items that began within the window."),
            "departed": (FLOW, "Items that ended within the window."),
            "stuck": (STUCK, f"Items by the rule to mend first; what is only to watch does not count{often}."),
            "over_target": (OVER_TARGET, ""),
            "past_deadline": (OVER_TARGET, "Of these, those past the deadline."),
            "value": (IN_FLIGHT, "Sum of the value of those that have one; what has none is counted, never guessed."),
        }
        n = f"{wording.plural(_count(self.ask(IN_FLIGHT)), self.stream.item.name)} in flight"
        sources = [each.source for each in self._trusts()]
        return headline.explained(cards, meanings, n=n, as_of=self.as_of, sources=sources)

    @cached_property
    def _stuck(self) -> Rows | None:
        """None, and said so, where it could not be found out; the rest of the page is as right without."""
        found = None
        with card("Stuck"):
            found = self.calm(STUCK)
        return found

    def _with_change(self, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Against the same hour last week, else an hour ago; as it is where nothing was there then."""
        minute = self.as_of.replace(second=0, microsecond=0)
        for ago, words in EARLIER:
            instant = minute - ago
            window = Window(instant - self.chosen.length, instant)
            question = Question(as_of=instant, where=self.chosen.where)
            with asking(self.service, self.stream, question, is_past=True) as ask:
                page = FlowPage(self.service, self.stream, self.chosen, instant, window, ask, ask)
                if any(row["in_flight"] or row["arrivals"] for row in page._flow()):
                    return headline.since(cards, page._figures(), instant, words)
        return cards

    def _figures(self) -> list[dict[str, Any]]:
        seconds = self.chosen.length.total_seconds()
        item = self.stream.item.name
        cards = headline.figures(
            self.ask(IN_FLIGHT),
            self.ask(OVER_TARGET),
            self._flow(),
            None if self._stuck is None else stuck_rules(self._stuck),
            window_seconds=seconds,
            item=item,
        )
        return headline.without_narrowing(cards) if self.chosen.where else cards

    def map(self) -> None:
        """The value stream with what is in it."""
        data = self._map()
        if self.before:
            data = changed(data, self.before._map())
        value_stream_map(data, key="map", on_pick=_choose)

    def _map(self) -> dict[str, Any]:
        figures = Figures(
            in_flight=self.ask(IN_FLIGHT),
            over_target=self.ask(OVER_TARGET),
            moves=self.ask(MOVES, window=self.window, where=()),
            window=self.chosen.window,
            stuck=self._stuck or (),
        )
        stage = self._stage()
        name = stage.name if stage else None
        make = partial(payload, drawing_of(self.stream), figures, name)
        return self.ask.made("map", make, self.chosen, name, self._stuck is None, self.calm.state)

    def changes(self) -> None:
        """What came, went and became late in the last hour, or since the viewer last looked."""
        at, can_look = self.calm.question.as_of, self.chosen.as_of is None
        Changes(self.service, self.stream, self.calm, at, can_look=can_look).draw()

    def items(self) -> None:
        """The items of the chosen stage, or of all, longest in their stage first."""
        stage = self._stage()
        where = (*self.chosen.where, *((("stage", stage.name),) if stage else ()))
        rows = self.ask(OPEN_ITEMS, where=where)
        title = f"{stage.title}: {self._items_words(rows)}" if stage else f"Longest in their stage: {len(rows)} open"
        with st.container(horizontal=True, vertical_alignment="center", key="items-head"):
            st.header(wording.plain(title), anchor=False, help=OPEN_ITEMS.definition)
            behind = links.rows_behind(OPEN_ITEMS.name, self.chosen, {"stage": stage.name} if stage else None)
            links.screen_link(links.EXPLORE, "As rows", icon=":material/table_view:", **behind)
            if stage:
                st.button("All stages", key="items.all", on_click=_choose, args=(stage.name,), icon=":material/close:")
        if rows:
            name = stage.name if stage else None
            made = self.ask.made("items", lambda: self._table(rows, title, stage), self.chosen, name)
            components.table(made, key="items")
        elif stage:
            st.markdown(wording.plain(f"No {self.stream.item.name} is in {stage.title} now."))

    def split(self) -> None:
        """In flight by stage and by the chosen segment."""
        with st.container(horizontal=True, vertical_alignment="center", key="split-head"):
            st.header("In flight by stage and", anchor=False, help=IN_FLIGHT.definition, width="content")
            by = filters.split_picker(self.stream)
        if not self.ask(IN_FLIGHT, by=(by,)):
            return
        shown = self.ask.made("split", lambda: self._split(by), by)
        components.table(difference.table(shown, self.before._split(by)) if self.before else shown, key="split")

    def _split(self, by: str) -> tables.Table:
        stages = [(stage.name, stage.title) for stage in self.stream.stages if not stage.is_end]
        return tables.split(self.ask(IN_FLIGHT, by=(by,)), by, stages, caption=f"In flight by stage and {by}")

    def _table(self, rows: Rows, title: str, stage: Stage | None) -> tables.Table:
        clusters = self.service.config.temporal
        return tables.items(
            rows,
            caption=title,
            item=self.stream.item.name,
            links=lambda row: (item_page(self.chosen, row), run_link(clusters, row)),
            with_stage=stage is None,
        )

    def _items_words(self, rows: Rows) -> str:
        return f"{wording.plural(len(rows), self.stream.item.name)} in flight, longest here first"

    def _flow(self) -> Rows:
        return self.ask(FLOW, window=self.window, where=())

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of, self.stream)

    def _stage(self) -> Stage | None:
        name = st.query_params.get(url.STAGE)
        found = next((stage for stage in self.stream.stages if stage.name == name), None)
        if name is not None and found is None:
            address.fault(url.STAGE, f"{self.stream.title} has no stage of that name; shown are all")
        return found


def _count(rows: Rows) -> int:
    return sum(row["items"] for row in rows)


def _choose(stage: str) -> None:
    """Choosing the chosen stage again lets it go."""
    if st.query_params.get(url.STAGE) == stage:
        st.query_params.pop(url.STAGE)
    else:
        st.query_params[url.STAGE] = stage
