"""The further parts of the Bottlenecks page, each drawn only when it is looked at: flow, handoffs, systems, changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.errors import AskError
from app.ui import address, components, wording
from app.ui.bottlenecks import change, lists
from app.ui.bottlenecks.comparing import AGAINST, Side, chosen_windows, compared_with, segments, windows, written
from app.ui.bottlenecks.flow_charts import coming_and_going, efficiency, littles_law_words
from app.ui.bottlenecks.page import (
    EFFICIENCY,
    GONE,
    LONGEST_BARS_BY_MINUTE,
    TIME,
    BottlenecksPage,
    draw,
    side_by_side,
)
from app.ui.frame import card, heading
from app.ui.viewer import zone
from metrics import MetricError, Window, find, segment_names

ARRIVED, LITTLE, HANDOFFS, REWORK = find("arrivals"), find("littles_law"), find("handoffs"), find("rework")
SYSTEMS = find("systems")
MEANING = (
    "How a figure differs between two windows or two segments, and what brings that about. It is split over "
    "the stages and the mix of work (stages, routes, arrivals) by Shapley values, which add up to it exactly. Means, "
    "because only they can be taken apart; how long work takes is said by time in stage."
)
PART, FIGURE, AGAIN, SEGMENT, FIRST, SECOND = "part", "figure", "against", "segment", "first", "second"


@dataclass
class Parts:
    """The parts, in the order of their tabs."""

    page: BottlenecksPage

    def tabs(self, *, is_whole: bool) -> None:
        """One tab for each part; `is_whole`: all below each other instead, to be printed."""
        parts = self._parts()
        if is_whole:
            names = list(parts)
            for row in (names[:2], *([name] for name in names[2:])):
                side_by_side([(name, parts[name]) for name in row])
            return
        opened = st.tabs(list(parts), key=PART, bind="query-params", on_change="rerun")
        for tab, (name, part) in zip(opened, parts.items(), strict=True):
            if tab.open:
                with tab, card(name):
                    part()

    def _parts(self) -> dict[str, Callable[[], None]]:
        stream = self.page.stream
        found: dict[str, Callable[[], None]] = {
            "What changed": self.what_changed,
            "Flow efficiency": self.efficiency,
            "Arrivals and departures": self.flow,
            "Handoffs and rework": self.handoffs,
        }
        return found | ({"Systems": self.systems} if stream.systems else {})

    def what_changed(self) -> None:
        """Two windows or two segments, and the parts that bring about the difference."""
        st.header("What changed", anchor=False, help=wording.plain(MEANING))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            figure = self._figure()
            known = {name: words for name, words in AGAINST.items() if name != "then" or self.page.before}
            against = _choice("Compare with", known, AGAIN)
            sides = self._sides(against)
        if sides is None:
            return
        before, after = sides
        try:
            rows = self.page.ask.compared(figure, before.question, after.question)
        except MetricError as error:
            st.info(wording.plain(str(error)), title="Nothing to compare with", icon=":material/balance:")
            return
        words = change.headline(rows, figure, before.words, after.words)
        st.markdown(f"**{wording.plain(words)}** {wording.plain(change.most_words(rows))}")
        draw(change.waterfall(rows, self.page.ink, before.name, after.name), "bottlenecks.change", self.page.ink)
        st.caption("The parts add up to the difference exactly. Mix of work: more or less of what takes long.")

    def _figure(self) -> str:
        is_standing = self.page.stream.item.standing
        known = {name: words for name, words in change.FIGURES.items() if name != "cycle_time" or not is_standing}
        return _choice("What changed in", known, FIGURE)

    def _sides(self, against: str) -> tuple[Side, Side] | None:
        question, then = self.page.ask.question, self.page.before
        if against == "then" and then:
            return compared_with(then.ask.question, question)
        if against == "segments":
            return self._segments()
        if against == "windows":
            return self._windows()
        return windows(question, against)

    def _windows(self) -> tuple[Side, Side] | None:
        now = self.page.window
        then = Window(now.from_at - (now.to_at - now.from_at), now.from_at)
        help_text = "Write FROM..TO, such as 2026-11-01..2026-11-08 (UTC), or 7d for the last seven days."
        texts = [
            st.text_input(label, written(usual), key=key, bind="query-params", width=290, help=help_text)
            for label, key, usual in (("First window", FIRST, then), ("Second window", SECOND, now))
        ]
        try:
            return chosen_windows(self.page.ask.question, str(texts[0]), str(texts[1]))
        except (AskError, MetricError) as error:
            st.info(wording.plain(str(error)), icon=":material/edit_calendar:")
            return None

    def _segments(self) -> tuple[Side, Side] | None:
        names = [name for name in segment_names(self.page.stream) if name not in ("stage", "lane", "wait")]
        segment = str(st.selectbox("Segment", names, key=SEGMENT, bind="query-params", width=160))
        groups = sorted({row[segment] for row in self.page.ask(TIME, by=(segment,))})
        if len(groups) < 2:
            only = f"all of it is {groups[0]}" if groups else "there is none"
            st.info(wording.plain(f"There are no two groups of {segment} in the window: {only}."))
            return None
        before = st.selectbox("First", groups, key=f"{FIRST}.{segment}", bind="query-params", width=160)
        after = st.selectbox("Second", groups, 1, key=f"{SECOND}.{segment}", bind="query-params", width=160)
        return segments(self.page.ask.question, segment, str(before), str(after))

    def flow(self) -> None:
        """What comes and goes, and whether it is in balance."""
        heading("Arrivals and departures", metric=ARRIVED, note=self.page.last)
        bucket = self.page.bucket(LONGEST_BARS_BY_MINUTE)
        came, gone = (self.page.ask(metric, by=bucket) for metric in (ARRIVED, GONE))
        draw(coming_and_going(came, gone, self.page.ink, zone()), "bottlenecks.arrivals", self.page.ink)
        if self.page.stream.item.standing:
            return
        rows = self.page.ask(LITTLE)
        heading("Little's law", metric=LITTLE, note=self.page.last)
        st.markdown(wording.plain(littles_law_words(rows, self.page.stream.item.name)))
        components.table(lists.balance(rows), key="bottlenecks.balance")

    def efficiency(self) -> None:
        """Of the time in each stage, the share that was work."""
        heading("Flow efficiency", metric=EFFICIENCY, note=f"time worked on over time in the stage, {self.page.last}")
        draw(efficiency(self.page.ask(EFFICIENCY), self.page.ink), "bottlenecks.efficiency", self.page.ink)
        st.caption(
            "People's work is seen only where the stream says what taking a question is; without that a human stage"
            " shows 0 %, which says nothing of the people."
        )

    def handoffs(self) -> None:
        """Work passed from lane to lane, and work that went back."""
        found = self.page.ask(HANDOFFS)
        n = wording.plural(sum(row["handoffs"] for row in found), "handoff")
        heading("Handoffs between lanes", metric=HANDOFFS, n=n, note=self.page.last)
        if found:
            components.table(lists.handoffs(found), key="bottlenecks.handoffs")
        else:
            st.markdown("Nothing was passed from one lane to another in the window.")
        back = self.page.ask(REWORK)
        n = wording.plural(sum(row["times"] for row in back), "move back", "moves back")
        heading("Rework", metric=REWORK, n=n, note=f"what went back, and the time that it cost, {self.page.last}")
        if back:
            titles = {stage.name: stage.title for stage in self.page.stream.stages}
            components.table(lists.rework(back, titles), key="bottlenecks.rework")
            st.caption("Loops inside a loop cost in both rows, so the costs do not add up to a total.")
        else:
            st.markdown("Nothing went back in the window.")

    def systems(self) -> None:
        """What each system takes of the time, and how often it fails."""
        found = self.page.ask(SYSTEMS)
        n = wording.plural(sum(row["calls"] for row in found), "call")
        heading(
            "Systems", metric=SYSTEMS, n=n, note=f"their share of the time, and how often they fail, {self.page.last}"
        )
        components.table(lists.systems(found), key="bottlenecks.systems")


def _choice(label: str, options: Mapping[str, str], key: str) -> str:
    """A choice among many that stands in the address by its name; the first is usual."""
    usual = next(iter(options))
    chosen = st.selectbox(
        label,
        list(options),
        format_func=lambda name: options.get(name, name),
        key=address.seed(key, list(options), usual),
        on_change=address.write,
        args=(key, usual),
        width=260,
    )
    return str(chosen)
