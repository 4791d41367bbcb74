"""The parts of the Bottlenecks page: each asks its metrics and draws the answer."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

import streamlit as st

from app.service import Service
from app.ui import address, charts, components, difference, meaning, states, strip, wording
from app.ui.asking import Asker, Rows, looking_back
from app.ui.bottlenecks import cards
from app.ui.bottlenecks.aging_work import aging_work, picked, zones_by_stage, zones_of_all
from app.ui.bottlenecks.chart import Chart, Row
from app.ui.bottlenecks.flow_charts import cumulative_flow
from app.ui.bottlenecks.stage_time import gap_sentence, stage_time
from app.ui.bottlenecks.wait_bars import wait_bars, wait_words
from app.ui.bottlenecks.worst import worst
from app.ui.frame import card, heading, say
from app.ui.health import Trust, trusts
from app.ui.links import item_link, run_link, screen_link
from app.ui.palette import Palette, palette
from app.ui.url import Filters
from app.ui.viewer import zone
from metrics import Window, find
from value_stream import Stream

TIME, SPLIT, OPEN, FLOW = find("time_in_state"), find("wait_split"), find("open_items"), find("cumulative_flow")
GONE, CYCLE, ENDED = find("departures"), find("cycle_time"), find("throughput")
EFFICIENCY, FIRST_PASS, VALUE = find("flow_efficiency"), find("first_pass_yield"), find("value_waiting")
AGING, SOURCES = find("aging"), find("source_health")
# What aging compares with; see metrics.aging.
COMPARED_WITH = timedelta(days=90)
MEANT = {
    "cycle_time": CYCLE,
    "throughput": ENDED,
    "first_pass": FIRST_PASS,
    "efficiency": EFFICIENCY,
    "waiting": VALUE,
}
# A point each minute: no more of them than a chart can show.
LONGEST_BY_MINUTE = timedelta(hours=8)
LONGEST_BARS_BY_MINUTE = timedelta(hours=1)
AGES = {"stage": "Time in stage", "total": "Whole age"}
BANDS = {"all": "With what is gone", "inside": "In flight only"}
AGE, BAND, PRINT = "age", "band", "print"
PRINT_HELP = "Everything below each other on white. Then print it, or save it as PDF, with your browser."


def asking_now(
    service: Service, stream: Stream, chosen: Filters, now: datetime
) -> AbstractContextManager["BottlenecksPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    ink = palette(st.context.theme.type == "dark" and not is_paper())

    def page(ask: Asker, before: "BottlenecksPage | None") -> BottlenecksPage:
        return BottlenecksPage(service, stream, chosen, ask, ink, before)

    return looking_back(service, stream, chosen, now, page)


def is_paper() -> bool:
    """Whether the viewer wants to see what is printed: all parts below each other, light."""
    return st.query_params.get(PRINT) == "true"


def draw(chart: Chart, key: str, ink: Palette, *, picks: bool = False) -> list[object]:
    """Draw a chart; the customdata of what was clicked."""
    return charts.chart(chart.figure, key=key, alt=chart.alt, height=chart.height, picks=picks, is_dark=ink.is_dark)


def side_by_side(parts: Sequence[tuple[str, Callable[[], None]]]) -> None:
    """Draw parts beside each other; one that fails says so and leaves the others alone. Never torn apart on paper."""
    with st.container(key=f"part-{parts[0][0]}"):
        for column, (name, part) in zip(st.columns(len(parts)), parts, strict=True):
            with column, st.container(border=True, height="stretch"), card(name):
                part()


@dataclass
class BottlenecksPage:
    """What the page shows, part by part; where there is a `before`, how the figures differ from those of then."""

    service: Service
    stream: Stream
    chosen: Filters
    ask: Asker
    ink: Palette
    before: "BottlenecksPage | None" = None

    @property
    def as_of(self) -> datetime:
        """The instant everything is about."""
        return self.ask.question.as_of

    @property
    def window(self) -> Window:
        """The stretch everything is about."""
        return self.ask.question.need_window()

    @property
    def last(self) -> str:
        """The window in words."""
        return f"last {self.chosen.window}"

    def bucket(self, longest: timedelta) -> tuple[str, ...]:
        """How to split the window over time: by minute up to `longest`, else as is usual for its length."""
        return ("minute",) if self.window.to_at - self.window.from_at <= longest else ()

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree; beside it the choice of the print view."""
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(width="content"):
                strip.draw(self.as_of, self.chosen, self._trusts())
            with st.container(key="bottlenecks-print", width="content"):
                st.toggle("Print view", key=PRINT, bind="query-params", help=PRINT_HELP)

    def sentences(self) -> bool:
        """Why there is nothing, or less than one thinks; whether there is something to show."""
        seen, said = _seen(self.ask(TIME)), states.of_sources(self._trusts())
        if not seen and not said:
            said = [self._nothing(_seen(self.ask(TIME, where=())) if self.chosen.where else 0)]
        say(said)
        return seen > 0

    def above_the_fold(self) -> None:
        """The bottleneck in words, the figures, and the four charts that everybody needs."""
        for name, part in (("The worst bottleneck", self.headline), ("Headline figures", self.figures)):
            with card(name):
                part()
        charts_of_rows = (
            (("Time in stage", self.time_in_stage), ("Where the time goes", self.waits)),
            (("Aging work", self.aging), ("Cumulative flow", self.cumulative_flow)),
        )
        for row in charts_of_rows:
            side_by_side(row)

    def headline(self) -> None:
        """The worst bottleneck and its cost in one sentence, and how far completed work alone would mislead."""
        times = self.ask(TIME)
        found = worst(times, self.ask(VALUE) if self.stream.item.value else [], self.stream.item.name)
        if found is None:
            return
        gap = gap_sentence(times)
        small = f'<p class="sg-gap">{escape(gap)}</p>' if gap else ""
        st.html(
            f'<div class="sg-worst" role="note" aria-label="The worst bottleneck"><p class="sg-claim">'
            f'{escape(found.claim)}</p><p class="sg-cost">{escape(found.cost)}</p>{small}'
            f'<p class="sg-window">{escape(self._window_words())}</p></div>'
        )

    def figures(self) -> None:
        """The figures at the top."""
        made = self._figures()
        if self.before:
            made = difference.figures(made, self.before._figures())
        sources = [each.source for each in self._trusts()]
        window = f"In the window from {self.window.from_at:%Y-%m-%d %H:%M} to {self.window.to_at:%Y-%m-%d %H:%M} UTC."
        shown = [
            each
            | {"help": meaning.facts(MEANT[each["key"]], n=each["n"], as_of=self.as_of, sources=sources, extra=window)}
            for each in made
        ]
        components.figures(shown, key="bottlenecks.figures")

    def _figures(self) -> list[cards.Card]:
        item, made = self.stream.item, []
        if not item.standing:
            ended = self.ask(ENDED, by=self.bucket(LONGEST_BARS_BY_MINUTE))
            made += [cards.cycle_time(self.ask(CYCLE)[0], item.name), cards.throughput(ended, item.name)]
            made.append(cards.first_pass(self.ask(FIRST_PASS)[0], item.name))
        made.append(cards.efficiency(self.ask(EFFICIENCY)))
        if item.value:
            made.append(cards.waiting(self.ask(VALUE), item.name))
        return made

    def time_in_stage(self) -> None:
        """How long stays last in each stage, against the target."""
        heading("Time in stage", metric=TIME, n=self._stays(), note=self.last)
        draw(stage_time(self.ask(TIME), self.ink), "bottlenecks.time", self.ink)

    def waits(self) -> None:
        """Where the time goes, and what it was spent waiting for."""
        heading("Where the time goes", metric=SPLIT, n=self._stays(), note=self.last)
        draw(wait_bars(self.ask(SPLIT), self.ink), "bottlenecks.waits", self.ink)

    def aging(self) -> None:
        """Every open item: where, how old, why it waits, what it is worth."""
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            items = self.ask(OPEN)
            with st.container(width="content"):
                heading("Aging work", metric=AGING, n=f"{wording.count(len(items))} open", as_of=self.as_of)
            key = address.switch("Age", AGES, AGE)
        stages = [(stage.name, stage.title) for stage in self.stream.stages if not stage.is_end]
        is_total = key == "total"
        usual = Window(self.as_of - COMPARED_WITH, self.as_of)
        if is_total and not self.stream.item.standing:
            zones = zones_of_all([name for name, _ in stages], self.ask(CYCLE, window=usual, where=())[0])
        else:
            zones = zones_by_stage(self.ask(TIME, window=usual, where=()))
        chart = aging_work(items, stages, zones, self.ink, is_total=is_total)
        self._zones_legend()
        item = picked(draw(chart, f"bottlenecks.aging.{key}", self.ink, picks=True))
        self._picked(next((row for row in items if item == str(row["item"] or row["workflow_id"])), None))

    def cumulative_flow(self) -> None:
        """What is in each stage over the window, on top of what is gone."""
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            with st.container(width="content"):
                heading("Cumulative flow", metric=FLOW, note=self.last)
            key = address.switch("Bands", BANDS, BAND)
        bucket = self.bucket(LONGEST_BY_MINUTE)
        flow, gone = self.ask(FLOW, by=bucket), self.ask(GONE, by=bucket)
        draw(
            cumulative_flow(flow, gone, self.stream, self.ink, zone(), with_gone=key == "all"),
            "bottlenecks.cumulative",
            self.ink,
        )

    def _stays(self) -> str:
        return wording.plural(_seen(self.ask(TIME)), "stay")

    def _zones_legend(self) -> None:
        names = ("up to p50", "to p85", "to p95", "older than 95 of 100 stays")
        chips = "".join(
            f'<span><i style="background:{fill}"></i>{name}</span>'
            for name, fill in zip(names, self.ink.zones, strict=True)
        )
        st.html(f'<div class="sg-zones">{chips}<span>area = value, click a dot to open it</span></div>')

    def _picked(self, row: Row | None) -> None:
        """The item that was clicked, with the ways to it."""
        if row is None:
            return
        name = str(row["item"] or row["workflow_id"])
        words = f"{name}: {row['title']} for {wording.exact_duration(row['stay_seconds'])}, {wait_words(row['wait'])}."
        with st.container(horizontal=True, vertical_alignment="center", key="bottlenecks-picked"):
            st.markdown(wording.plain(words), width="content")
            screen_link("item", "All about it", icon=":material/search:", item=name)
            for label, href in (("Open it", item_link(self.stream, row)), ("Its run", self._run(row))):
                if href:
                    st.link_button(label, href, icon=":material/open_in_new:")

    def _run(self, row: Row) -> str | None:
        return run_link(self.service.config.temporal, row)

    def _window_words(self) -> str:
        """What the filters say, for paper, where they are not to be seen."""
        where = "".join(f", only {segment} = {value}" for segment, value in self.chosen.where)
        begin, end = (f"{each.astimezone(zone()):%Y-%m-%d %H:%M}" for each in (self.window.from_at, self.window.to_at))
        return f"Window: last {self.chosen.window}, {begin} to {end} ({zone()}){where}."

    def _nothing(self, without_filter: int) -> states.Sentence:
        """Why no time was spent anywhere: of the filter, or because there was no work."""
        item = self.stream.item.name
        if without_filter:
            chosen = " and ".join(f"{segment} = {value}" for segment, value in self.chosen.where)
            stays = wording.plural(without_filter, "stay")
            words = f"Without this filter {stays} were seen in the last {self.chosen.window}."
            return states.Sentence("filtered", f"No {item} in the window has {chosen}", words)
        words = f"Choose a longer window. As of {wording.clock(self.as_of)} UTC nothing is open."
        return states.Sentence("empty", f"No {item} was in any stage in the last {self.chosen.window}", words)

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES, where=()), self.service.config, self.as_of, self.stream)


def _seen(rows: Sequence[Row] | Rows) -> int:
    return sum(row["exits"] + row["inside"] for row in rows)
