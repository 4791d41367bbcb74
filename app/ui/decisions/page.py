"""The parts of the Decisions page: each asks its metrics and draws the answer."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.service import Service
from app.ui import address, components, difference, links, meaning, states, strip, wording
from app.ui.asking import Asker, Rows, looking_back
from app.ui.bottlenecks.chart import Row
from app.ui.bottlenecks.page import draw
from app.ui.decisions import drawn, figures, lists
from app.ui.frame import card, heading, say
from app.ui.health import Trust, trusts
from app.ui.palette import Palette, palette
from app.ui.states import Sentence
from app.ui.url import Filters
from app.ui.viewer import zone
from metrics import Window, find
from value_stream import Stream

LEDGER, SUMMARY, SOURCES = find("decisions"), find("decision_summary"), find("source_health")
PERSONS, SHOWN, HIDDEN = "persons", "Named", "Hidden"
# With fewer questions than that a person's figures say more of chance than of the person.
SMALLEST_GROUP = 5
PARTS = 12
MEANT = {
    "coverage": "Whatever is said of persons holds for this share only.",
    "overdue": "Open as of this instant, and past their deadline.",
    "kept": "Answered before the deadline; an open question past it counts as not kept.",
    "reversed": "A later decision of the same kind on the item with another outcome.",
    "breaches": "Decided by somebody whose role may not, or by fewer people than must.",
}


def nothing_declared(stream: Stream) -> Sentence:
    """A stream without decisions has no such page."""
    words = "Declare [[decisions]] in its stream file: what is asked, in which stage, and what answers it."
    return Sentence("empty", f"{stream.title} declares no decisions", words)


def persons_are_hidden() -> bool:
    """Draw the switch; whether nobody is named."""
    picked = st.segmented_control(
        "Persons",
        [SHOWN, HIDDEN],
        key=address.seed(PERSONS, [SHOWN, HIDDEN], SHOWN),
        on_change=address.write,
        args=(PERSONS, SHOWN),
        required=True,
        help="Hidden: nobody is named on this page, and figures are told by kind of actor.",
    )
    return picked == HIDDEN


def asking_now(
    service: Service, stream: Stream, chosen: Filters, now: datetime, *, is_hidden: bool
) -> AbstractContextManager["DecisionsPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    ink = palette(st.context.theme.type == "dark")
    smallest = 1 if is_hidden else SMALLEST_GROUP

    def page(ask: Asker, before: "DecisionsPage | None") -> DecisionsPage:
        return DecisionsPage(service, stream, chosen, ask, ink, before)

    return looking_back(service, stream, chosen, now, page, hide_persons=is_hidden, smallest_group=smallest)


@dataclass
class DecisionsPage:
    """What the page shows, part by part; where there is a `before`, how the figures differ from those of then."""

    service: Service
    stream: Stream
    chosen: Filters
    ask: Asker
    ink: Palette
    before: "DecisionsPage | None" = None

    @property
    def as_of(self) -> datetime:
        """The instant everything is about."""
        return self.ask.question.as_of

    @property
    def window(self) -> Window:
        """The stretch everything is about."""
        return self.ask.question.need_window()

    @property
    def is_hidden(self) -> bool:
        """Nobody is named."""
        return self.ask.question.hide_persons

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree."""
        strip.draw(self.as_of, self.chosen, self._trusts())

    def sentences(self) -> bool:
        """Why there is nothing, or less than one thinks; whether there is something to show."""
        asked, said = _asked(self.ask(SUMMARY)), states.of_sources(self._trusts())
        if not asked and not said:
            said = [self._nothing(_asked(self.ask(SUMMARY, where=())) if self.chosen.where else 0)]
        say(said)
        return asked > 0

    def figures(self) -> None:
        """How surely known, how late, how often turned over or out of bounds: all decisions of the stream."""
        made = figures.figures(self.ask(SUMMARY))
        if self.before:
            made = difference.figures(made, figures.figures(self.before.ask(SUMMARY)))
        sources = [each.source for each in self._trusts()]
        shown = [
            each
            | {"help": meaning.facts(SUMMARY, n=each["n"], as_of=self.as_of, sources=sources, extra=MEANT[each["key"]])}
            for each in made
        ]
        components.figures(shown, key="decisions.figures")

    def open_questions(self) -> None:
        """Overdue and upcoming: who is asked, until when, who is next."""
        rows = [row for row in self._ledger() if row["state"] == "open"]
        heading("Waiting for an answer", metric=LEDGER, n=wording.plural(len(rows), "open question"), as_of=self.as_of)
        if not rows:
            st.markdown("Nothing is asked and unanswered as of this instant.")
            return
        components.table(lists.open_questions(rows, self.stream, self.as_of, self._link), key="decisions.open")

    def by_decision(self) -> None:
        """Every decision in a row, and how fast each is as a picture."""
        rows = self.ask(SUMMARY)
        decided = wording.plural(sum(row["decided"] or 0 for row in rows), "decision")
        heading("How each decision is made", metric=SUMMARY, n=decided, note=f"last {self.chosen.window}")
        components.table(lists.by_decision(rows), key="decisions.summary")
        if any(row["p50_seconds"] is not None for row in rows):
            draw(drawn.latency(rows, self.stream, self.ink), "decisions.latency", self.ink)

    def tabs(self) -> None:
        """Who decides how, how that moves, what went wrong, and the ledger: each only when it is looked at."""
        parts = {
            "Outcomes": self.outcomes,
            "Reversed and out of bounds": self.breaches,
            "Ledger": self.ledger,
        }
        for tab, (name, part) in zip(
            st.tabs(list(parts), key="decisions.tab", on_change="rerun"), parts.items(), strict=True
        ):
            if tab.open:
                with tab, card(name):
                    part()

    def outcomes(self) -> None:
        """Outcomes by actor (by kind of actor where persons are hidden), and over time."""
        who = "actor_kind" if self.is_hidden else "actor"
        rows = [row for row in self.ask(SUMMARY, by=(who, "outcome")) if row["decided"]]
        decided = wording.plural(sum(row["decided"] for row in rows), "decision")
        by = "kind of actor" if self.is_hidden else "actor"
        heading(f"Outcomes by {by}", metric=SUMMARY, n=decided, note=f"last {self.chosen.window}")
        if not rows:
            st.markdown("Nothing was decided in the window.")
            return
        parts = self._parts()
        over_time = [row for _, of in parts for row in of if row["decided"]]
        kinds = drawn.kinds_of([*rows, *over_time], self.stream)
        draw(drawn.outcomes(rows, who, kinds, self.ink), "decisions.outcomes", self.ink)
        if not self.is_hidden:
            st.caption(
                f"Groups of fewer than {SMALLEST_GROUP} questions are left out: they say more of chance than of people."
            )
        all_decided = wording.plural(sum(row["decided"] for row in over_time), "decision")
        heading("Outcomes over time", metric=SUMMARY, n=all_decided, note=f"last {self.chosen.window}")
        draw(drawn.over_time(parts, kinds, self.ink, zone()), "decisions.time", self.ink)

    def breaches(self) -> None:
        """Decisions without authority, with too few people, or decided otherwise later."""
        rows = lists.breaches(self._ledger())
        heading("Reversed and out of bounds", metric=LEDGER, n=wording.plural(len(rows), "decision"))
        if rows:
            components.table(lists.ledger(rows, self.stream, self._link, zone()), key="decisions.breaches")
        else:
            st.markdown("No decision in the window was reversed, made without authority, or by too few people.")

    def ledger(self) -> None:
        """Every decision of the window."""
        rows = self._ledger()
        decided = sum(1 for row in rows if row["state"] == "decided")
        heading("Ledger", metric=LEDGER, n=wording.plural(decided, "decision"), note=f"last {self.chosen.window}")
        components.table(lists.ledger(rows, self.stream, self._link, zone()), key="decisions.ledger")
        links.screen_link(
            "explore",
            "All of them as rows",
            icon=":material/table_view:",
            metric="decisions",
            window=self.chosen.window,
        )

    def _parts(self) -> list[tuple[datetime, Rows]]:
        step = (self.window.to_at - self.window.from_at) / PARTS
        begins = [self.window.from_at + index * step for index in range(PARTS)]
        return [(begin, self.ask(SUMMARY, window=Window(begin, begin + step), by=("outcome",))) for begin in begins]

    def _ledger(self) -> Rows:
        return self.ask(LEDGER)

    def _link(self, row: Row) -> str | None:
        return links.item_page(self.chosen, row)

    def _nothing(self, without_filter: int) -> Sentence:
        if without_filter:
            chosen = " and ".join(f"{segment} = {value}" for segment, value in self.chosen.where)
            words = f"Without this filter {wording.plural(without_filter, 'question')} were asked or answered."
            return Sentence("filtered", f"No question in the window has {chosen}", words)
        words = "Choose a longer window."
        return Sentence("empty", f"Nothing was asked or answered in the last {self.chosen.window}", words)

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of, self.stream)


def _asked(rows: Sequence[Row]) -> int:
    return sum((row[name] or 0) for row in rows for name in ("decided", "open", "withdrawn"))
