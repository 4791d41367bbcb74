"""The parts of the page Item: each asks its metrics and draws the answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import streamlit as st

from app.nudge_targets import target_of
from app.service import Service
from app.ui import address, components, meaning, strip, stuck_board, wording
from app.ui.asking import LIVE, Asker, Rows, asking
from app.ui.frame import say
from app.ui.health import Row, Trust, trusts
from app.ui.item import history, tables, timeline, versions, widgets
from app.ui.item.history import Viewing, when
from app.ui.item.words import headline, long_duration
from app.ui.links import item_link, rows_behind, run_link, screen_link
from app.ui.nudge_drawer import open_drawer
from app.ui.palette import palette
from app.ui.states import Sentence
from app.ui.url import ITEM, Filters
from app.ui.viewer import zone
from metrics import Question, find
from value_stream import Stream

STATUS, HISTORY, RUNS, ROWS = (find(f"item_{name}") for name in ("status", "history", "runs", "rows"))
OPEN, STUCK, SOURCES = find("open_items"), find("stuck"), find("source_health")
NAMES = (ITEM, "workflow_id", "run_id")
NO_NAME = Sentence(
    "empty",
    "Which item?",
    "Find, above, opens one by its business key, workflow id or run id. The items on the other pages lead here, and so"
    " does an address that ends in ?item=KEY.",
)
ENDED_EARLY = frozenset({"failed", "canceled", "terminated", "timed out"})
MARKS = {"bad": "▲ ", "watch": "◷ ", "good": "✓ ", "none": ""}
TONE_COLOURS = {"bad": "red", "watch": "orange", "good": "green"}


def named() -> str | None:
    """The item that the address names, by its key, its workflow id or a run id."""
    return next((found for name in NAMES if (found := address.value(name))), None)


@contextmanager
def asking_now(service: Service, stream: Stream, chosen: Filters, name: str, now: datetime) -> Iterator["ItemPage"]:
    """The page's parts, all about one instant and from one state of the data."""
    as_of = chosen.as_of or LIVE.at(service, now)
    with asking(service, stream, Question(as_of=as_of)) as ask:
        yield ItemPage(service, stream, chosen, name, as_of, ask)


@dataclass
class ItemPage:
    """What the page shows, part by part."""

    service: Service
    stream: Stream
    chosen: Filters
    name: str
    as_of: datetime
    ask: Asker

    @cached_property
    def found(self) -> Rows:
        """The items that the name means, the open and newest first."""
        return self._asked(STATUS, self.name)

    @property
    def status(self) -> Row:
        """The one that is shown."""
        return self.found[0]

    @cached_property
    def history(self) -> Rows:
        """All that happened to it."""
        return self._asked(HISTORY, self.status["run_id"])

    @cached_property
    def rows(self) -> Rows:
        """Versions of its database rows."""
        return self._asked(ROWS, self.status["run_id"])

    @cached_property
    def open_row(self) -> Row | None:
        """Its row among the open items."""
        return next(iter(self._own(self.ask(OPEN))), None)

    def trust_strip(self) -> None:
        """As of when, how far behind each source is, whether counts agree."""
        strip.draw(self.as_of, self.chosen, self._trusts())

    def unknown(self) -> None:
        """What was looked for, where there is no such item."""
        at = f"{self.as_of:%Y-%m-%d %H:%M:%S} UTC"
        words = (
            f"Looked for {self.name!r} as business key, workflow id and run id in {self.stream.title}, as of {at}."
            " It may have begun later, belong to another stream, or have been gone before it could be read."
        )
        say([Sentence("empty", f"No {self.stream.item.name} of that name", words)])
        screen_link("live_flow", "To what is in flight now", icon=":material/water:")

    def parts(self) -> list[tuple[str, Callable[[], None]]]:
        """What is shown of an item that is found, in order, each with its name."""
        return [
            ("Headline", self.head),
            ("Stuck", self.stuck),
            ("Timeline", self.timeline),
            ("What happened", self.happened),
            ("Runs and relatives", self.runs),
            ("Database rows", self.database_rows),
        ]

    def nudge(self) -> None:
        """The button that opens the nudge's plan, for what is open or ended before its time: that can begin again.

        Draw it outside every live part, or the plan's buttons are dead.
        """
        can_be_nudged = self.open_row is not None or self.status["ended"] in ENDED_EARLY
        if self.chosen.as_of is not None or not self.service.config.actions.allow or not can_be_nudged:
            return
        if st.button(f"Nudge this {self.stream.item.name}", icon=":material/touch_app:", key="item.nudge"):
            rule = next(iter(self._own(self.ask(STUCK))), None) if self.open_row else None
            helps = rule["nudges"].split(", ")[0] if rule and rule["nudges"] else None
            target = target_of({**(self.open_row or self.status), "cause": rule["cause"] if rule else None})
            open_drawer(self.service, self.stream, [target], helps)

    def head(self) -> None:
        """The item's name, the sentence that says it all, ways out, and a few facts."""
        told = headline(self.stream, self.status, self.open_row, self.history, self.as_of)
        st.markdown(f"**{wording.plain(self._item_name())}**")
        words = wording.plain(f"{MARKS[told.tone]}{told.sentence}")
        colour = TONE_COLOURS.get(told.tone)
        st.header(f":{colour}[{words}]" if colour else words, anchor=False, help=self._meaning())
        if len(self.found) > 1:
            st.caption(wording.plain(f"{len(self.found)} items answer to this name; this is the {self._which()}."))
        widgets.facts(self._facts(), key="item-facts")
        self._ways_out()

    def stuck(self) -> None:
        """Why it stands still, by which rule, since when, with the evidence."""
        if self.open_row is None:
            return
        rows = self._own(self.ask(STUCK))
        if not rows:
            return
        st.header("Stuck" if rows[0]["severity"] != "watch" else "To watch", anchor=False, help=STUCK.definition)
        widgets.entries({"entries": [self._rule(row) for row in rows], "groups": [], "more": ""}, key="item-stuck")

    def timeline(self) -> None:
        """All of it on one axis."""
        st.header("Timeline", anchor=False, help=TIMELINE_HELP)
        end = self.status["closed_at"] or self.status["lost_at"] or self._until()
        ink = palette(st.context.theme.type == "dark")
        widgets.timeline(timeline.timeline(self.history, self.rows, end, self._viewing, ink), key="item-timeline")

    def happened(self) -> None:
        """What happened, in words."""
        st.header("What happened", anchor=False, help=HISTORY.definition)
        data = history.entries(self.history, self.rows, self.status["opened_at"], self._viewing)
        widgets.entries(data, key="item-history")

    def runs(self) -> None:
        """Its runs and relatives."""
        rows = self._asked(RUNS, self.status["run_id"])
        title = f"Runs and relatives: {len(rows)}"
        st.header(title, anchor=False, help=RUNS.definition)
        clusters = self.service.config.temporal
        components.table(tables.runs(rows, title, lambda row: run_link(clusters, row), zone()), key="item-runs")

    def database_rows(self) -> None:
        """Its database rows as they are, and how they came to be."""
        latest = versions.latest(self.rows)
        if not latest:
            return
        st.header("Database rows", anchor=False, help=ROWS.definition)
        for index, row in enumerate(latest):
            st.subheader(wording.plain(f"{versions.row_name(row)}, version {row['version']}"), anchor=False)
            shown = [{"name": name, "text": value} for name, value in versions.columns(row)]
            widgets.facts(shown or [{"name": "Row", "text": "deleted"}], key=f"item-row-{index}")

    @cached_property
    def _viewing(self) -> Viewing:
        return Viewing(
            zone(),
            {stage.name: stage.title for stage in self.stream.stages},
            {decision.name: decision.title for decision in self.stream.decisions},
        )

    @cached_property
    def _stuck_viewing(self) -> stuck_board.Viewing:
        helps = stuck_board.helps_of(self.stream)
        return stuck_board.Viewing(self.stream.item.name, zone(), lambda row: (None, None), helps)

    def _facts(self) -> list[dict[str, str]]:
        status, row = self.status, self.open_row
        stage = status["title"] or status["stage"] or wording.NOTHING
        shown = [{"name": "Stage" if row else "Last stage", "text": stage, "title": f"With {status['lane']}"}]
        if row:
            limit = "bad" if row["over_deadline"] else "watch" if row["over_target"] else ""
            shown.append({"name": "In this stage", "text": long_duration(row["stay_seconds"]), "tone": limit})
        shown.append({"name": "Age" if row else "Took", "text": long_duration(status["age_seconds"])})
        if status["unit"]:
            shown.append({"name": "Value", "text": wording.amount(status["value"], status["unit"])})
        shown.append(self._instant("Began", status["opened_at"]))
        if status["closed_at"]:
            shown.append(self._instant("Ended", status["closed_at"]))
        return shown + self._segments()

    def _instant(self, name: str, instant: datetime) -> dict[str, str]:
        return {"name": name, "text": when(instant, zone()), "title": f"{instant:%Y-%m-%d %H:%M:%S} UTC"}

    def _segments(self) -> list[dict[str, str]]:
        wanted = (*self.stream.item.segments, *filter(None, (self.stream.item.owner, self.stream.item.initiator)))
        now = {row["name"]: row["detail"] for row in self.history if row["part"] == "attribute" and not row["ended_at"]}
        found = [(path.rpartition(".")[2], now[path]) for path in dict.fromkeys(map(str, wanted)) if now.get(path)]
        return [{"name": name.replace("_", " ").capitalize(), "text": value} for name, value in found]

    def _ways_out(self) -> None:
        tool = item_link(self.stream, self.status)
        run = run_link(self.service.config.temporal, self.status)
        with st.container(horizontal=True, key="item-ways"):
            if tool:
                st.link_button("Open it", tool, icon=":material/open_in_new:")
            if run:
                st.link_button("Temporal", run, icon=":material/open_in_new:")
            key = self.status["item"]
            screen_link("explore", "As rows", icon=":material/table_view:", **self._as_rows(key))

    def _as_rows(self, key: str) -> dict[str, str]:
        return {**rows_behind(HISTORY.name, self.chosen), "filter": f"item = {key}"}

    def _rule(self, row: Row) -> dict[str, Any]:
        return {
            "when": when(row["since_at"], zone()),
            "exact": f"{row['since_at']:%Y-%m-%d %H:%M:%S} UTC",
            "group": "",
            "title": f"{stuck_board.MARKS[row['severity']]} {row['rule']}, {long_duration(row['since_seconds'])}",
            "words": [row["why"]],
            "text": "",
            "tone": "watch" if row["severity"] == "watch" else "bad",
            "pending": False,
            "facts": stuck_board.facts(row, self._stuck_viewing),
        }

    def _item_name(self) -> str:
        status = self.status
        key, also = status["item"], status["workflow_id"]
        return f"{self.stream.item.name.capitalize()} {key}" + (f" ({also})" if also != key else "")

    def _which(self) -> str:
        return "one that is open" if self.status["closed_at"] is None else "newest"

    def _meaning(self) -> str:
        return meaning.markdown(meaning.facts(STATUS, n="1", as_of=self.as_of))

    def _until(self) -> datetime:
        behind = [row["as_of_at"] for row in self.ask(SOURCES) if row["source"] == self.status["source"]]
        return min(self.as_of, behind[0]) if behind and behind[0] else self.as_of

    def _asked(self, metric: Any, name: str) -> Rows:
        return self.ask(metric, where=((ITEM, name),))

    def _own(self, rows: Rows) -> Rows:
        own = (self.status["source"], self.status["run_id"])
        return [row for row in rows if (row["source"], row["run_id"]) == own]

    def _trusts(self) -> list[Trust]:
        return trusts(self.ask(SOURCES), self.service.config, self.as_of, self.stream)


TIMELINE_HELP = (
    "Stages, reasons to wait, steps, decisions, messages, nudges and database rows on one axis. Of a step, the hatched"
    " part lies before its last start: queueing and earlier attempts. Gaps in which nothing began or ended are folded,"
    " with their length above them."
)
