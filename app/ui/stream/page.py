"""The parts of the Stream page: the drawn stream against the real one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import streamlit as st

from app import stream_files
from app.item_moves import item_moves
from app.service import Service
from app.ui import address, components, difference, meaning, states, strip, wording
from app.ui.asking import Asker, Rows, looking_back
from app.ui.bottlenecks.cards import Card
from app.ui.frame import card, heading, say
from app.ui.health import Trust, trusts
from app.ui.links import rows_behind, screen_link
from app.ui.stream import cards, file, lists
from app.ui.url import Filters
from app.value_stream_map.component import value_stream_map
from app.value_stream_map.drawing import drawing_of
from app.value_stream_map.payload import Figures, payload
from metrics import find
from value_stream import Stream

DRIFT, MOVES, VALIDATION, COMPLETENESS = (find(name) for name in ("drift", "moves", "validation", "completeness"))
IN_FLIGHT, OVER_TARGET, SOURCES = find("in_flight"), find("over_target"), find("source_health")
MEANT = {
    "drift": DRIFT,
    "items_now": DRIFT,
    "unused": DRIFT,
    "validation": VALIDATION,
    "completeness": COMPLETENESS,
}
STAGE, ITEM = "stage", "item"
# Beside the file there is less room than the map has elsewhere; it is inherited into the map's own tree.
_STYLE = "<style>.st-key-stream-sides {--map-narrowest:720px}</style>"


def asking_now(
    service: Service, stream: Stream, chosen: Filters, now: datetime
) -> AbstractContextManager["StreamPage"]:
    """The page's parts, all about one instant and from one state of the data."""

    def page(ask: Asker, before: "StreamPage | None") -> StreamPage:
        return StreamPage(service, stream, chosen, ask, before)

    return looking_back(service, stream, chosen, now, page)


@dataclass
class StreamPage:
    """What the page shows, part by part; where there is a `before`, how the figures differ from those of then."""

    service: Service
    stream: Stream
    chosen: Filters
    ask: Asker
    before: "StreamPage | None" = None

    @property
    def as_of(self) -> datetime:
        """The instant everything is about."""
        return self.ask.question.as_of

    @property
    def last(self) -> str:
        """The window in words."""
        return f"last {self.chosen.window}"

    @property
    def titles(self) -> dict[str, str]:
        """What each stage is called."""
        return {stage.name: stage.title for stage in self.stream.stages}

    def trust_strip(self) -> None:
        """As of when, and how far behind each source is; then what must be known of them."""
        strip.draw(self.as_of, self.chosen, self._trusts())
        say(states.of_sources(self._trusts()))

    def parts(self) -> None:
        """Everything below the strip; one part that fails leaves the others alone."""
        parts = {
            "Headline figures": self.figures,
            "The stream file": self.sides,
            "The way of one item": self.way,
            "Moves": self.moves,
        }
        for name, part in parts.items():
            with card(name):
                part()
        for column, (name, half) in zip(
            st.columns(2), (("Validation", self.validation), ("Completeness", self.completeness)), strict=True
        ):
            with column, st.container(border=True, height="stretch"), card(name):
                half()

    def figures(self) -> None:
        """The figures at the top."""
        made = self._figures()
        if self.before:
            made = difference.figures(made, self.before._figures())
        sources = [each.source for each in self._trusts()]
        shown = [
            each | {"help": meaning.facts(MEANT[each["key"]], n=each["n"], as_of=self.as_of, sources=sources)}
            for each in made
        ]
        components.figures(shown, key="stream.figures")

    def _figures(self) -> list[Card]:
        made = cards.drift(self.ask(DRIFT), self.stream.item.name, self.chosen.window)
        if self._must_validate:
            made.append(cards.validation(self.ask(VALIDATION), self.stream.item.name))
        return [*made, cards.completeness(self.ask(COMPLETENESS))]

    @property
    def _must_validate(self) -> bool:
        return any(stage.validation for stage in self.stream.stages)

    def sides(self) -> None:
        """The picture, and beside it the file that it is drawn from."""
        st.html(_STYLE)
        with st.container(key="stream-sides"):
            picture, text = st.columns((11, 5), gap="small")
        parts: tuple[tuple[Any, str, Callable[[], None]], ...] = (
            (picture, "The picture", self.picture),
            (text, "The stream file", self.file),
        )
        for column, name, part in parts:
            with column, st.container(border=True, height="stretch"), card(name):
                part()

    def picture(self) -> None:
        """The map with drawn and undrawn moves; those of the chosen item lit up."""
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(width="content"):
                heading("Drawn and real", metric=MOVES, note=f"moves in the {self.last}")
            self._item_picker()
        stays = self._stays()
        figures = Figures(
            in_flight=self.ask(IN_FLIGHT, where=()),
            over_target=self.ask(OVER_TARGET, where=()),
            moves=self.ask(MOVES, where=()),
            window=self.chosen.window,
            stuck=None,
        )
        way = None if stays is None else {(str(stay["stage"]), str(stay["next_stage"])) for stay in stays}
        data = payload(drawing_of(self.stream), figures, address.value(STAGE), way)
        value_stream_map(data, key="stream.map", on_pick=_choose)
        if self.chosen.where:
            st.caption("The picture shows all items: the filter does not narrow moves.")

    def _stays(self) -> list[dict[str, Any]] | None:
        named = address.value(ITEM)
        return item_moves(self.service, self.stream, named, self.as_of) if named else None

    def _item_picker(self) -> None:
        key = "stream.item"
        st.session_state[key] = address.value(ITEM) or ""
        st.text_input(
            "Light up the moves of",
            key=key,
            placeholder=f"Light up a {self.stream.item.name}: key or workflow id",
            on_change=_write_item,
            args=(key,),
            icon=":material/route:",
            label_visibility="collapsed",
            width=330,
        )

    def way(self) -> None:
        """The stages of the chosen item in their order; nothing while none is chosen."""
        named, stays = address.value(ITEM), self._stays()
        if named is None:
            return
        if stays is None:
            words = f"No {self.stream.item.name} of this stream is called {named} as of this instant."
            st.info(wording.plain(words), icon=":material/search_off:")
            return
        with st.container(border=True):
            st.header(wording.plain(f"The way of {named}"), anchor=False)
            components.table(lists.way(stays, self.titles, self.as_of), key="stream.way")

    def file(self) -> None:
        """The file as text with its faults, and how it stands to what is in force."""
        found = stream_files.on_disk(self.service.config)
        own = stream_files.of_stream(found, self.stream)
        how = file.standing(own, self.stream)
        st.header("Stream file", anchor=False)
        if own is not None:
            st.caption(wording.plain(str(own.path)))
        show = {"same": st.success, "faulty": st.error}.get(how.kind, st.warning)
        if how.kind == "same":
            st.caption(f":green[✓] {wording.plain(how.title)}: {wording.plain(how.words[0].lower() + how.words[1:])}")
        else:
            show(wording.plain(how.words), title=wording.plain(how.title))
        if own is not None:
            if own.faults:
                components.table(file.faults(own.faults), key="stream.faults")
            st.html(file.text(own.text, own.faults))
        for other in stream_files.others(found, self.service.streams):
            self._other(other)

    def _other(self, other: stream_files.FileOnDisk) -> None:
        named = f"stream {other.name}" if other.name else "no stream that could be read"
        told = f"{other.path} says {named}, which is not in force: it came or changed since the start."
        st.warning(wording.plain(told), title="Another file")
        if other.faults:
            components.table(file.faults(other.faults), key=f"stream.faults.{other.path}")

    def moves(self) -> None:
        """Every move, what strays first."""
        drift = self.ask(DRIFT)
        index = next(row for row in drift if row["finding"] == "index")
        rows = lists.kinds_of_moves(drift, [] if self.chosen.where else self.ask(MOVES, where=()))
        stage = address.value(STAGE)
        if stage is not None and stage not in self.titles:
            address.fault(STAGE, f"{self.stream.title} has no stage of that name; shown are all")
        if stage in self.titles:
            rows = [row for row in rows if stage in (row["from_stage"], row["to_stage"])]
        with st.container(border=True):
            n = wording.plural(index["all_moves"], "move")
            heading("Moves", metric=DRIFT, n=n, note=self._moves_note(stage))
            if stage in self.titles:
                st.button("All stages", icon=":material/close:", on_click=address.put, args=(STAGE, None))
            if not rows:
                st.markdown("No move is drawn, and none was made.")
                return
            components.table(lists.moves(rows, self.titles, index["all_moves"]), key="stream.moves")
            screen_link("explore", "Drift as rows", icon=":material/table_view:", **rows_behind("drift", self.chosen))

    def _moves_note(self, stage: str | None) -> str:
        narrowed = f", only from and to {self.titles[stage]}" if stage in self.titles else ""
        filtered = ", taken drawn moves left out while a filter is on" if self.chosen.where else ""
        return f"{self.last}{narrowed}{filtered}"

    def validation(self) -> None:
        """Whether the work passed where it must."""
        if not self._must_validate:
            st.header("Validation", anchor=False)
            st.markdown("The stream file requires none: no stage has `validation = true`.")
            return
        rows = self.ask(VALIDATION)
        heading("Validation", metric=VALIDATION, n=f"{wording.count(rows[0]['items'])} completed", note=self.last)
        components.table(lists.validation(rows), key="stream.validation")

    def completeness(self) -> None:
        """Whether the data is there when it is needed."""
        rows: Rows = self.ask(COMPLETENESS)
        n = wording.plural(sum(row["times"] for row in rows), "time")
        heading("Data completeness", metric=COMPLETENESS, n=n, note=self.last)
        if rows:
            components.table(lists.completeness(rows, self.titles), key="stream.completeness")
        else:
            st.markdown("Nothing that the stream declares was needed in the window.")

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of, self.stream)


def _choose(stage: str) -> None:
    """A second click on the chosen stage lets go of it."""
    address.put(STAGE, None if address.value(STAGE) == stage else stage)


def _write_item(key: str) -> None:
    address.put(ITEM, str(st.session_state[key]).strip() or None)
