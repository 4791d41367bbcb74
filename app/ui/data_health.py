"""The parts of the Data health page below the sources: each is a card that may fail alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import streamlit as st

from app import source_facts
from app.run_comparison import COMPARISONS, sources
from app.service import Service
from app.ui import address, components, health_lists, wording
from app.ui.asking import ANSWERS, LiveInstant, Rows
from app.ui.frame import card
from app.ui.links import screen_link
from app.ui.viewer import zone
from warehouse import uneven_items
from warehouse.views import NAMES, find_view

TABLE, ROUNDS = "dictionary", "rounds"
SHOWN = {"all": "All", "failed": "Failed"}
# Every item is added up: often enough to be seen in time, seldom enough to cost nothing.
CHECKED = LiveInstant(timedelta(minutes=5), is_steady=True)


@dataclass(frozen=True)
class HealthParts:
    """What the page shows of reading and keeping, as of an instant."""

    service: Service
    as_of: datetime

    def draw(self) -> None:
        """All parts; the check that takes longest comes last."""
        _side_by_side((("Retention", self.retention), ("Budget", self.budget)))
        with st.container(border=True), card("Rounds"):
            self.rounds()
        _side_by_side((("Reconciliation", self.reconciliation), ("Conservation", self.conservation)))

    def retention(self) -> None:
        """How long until something is forgotten that was not read."""
        rows = self._asked("retention", source_facts.retention)
        st.header("Before it is forgotten", anchor=False)
        if not rows:
            st.markdown("No Temporal source was read yet.")
            return
        components.table(health_lists.retention(rows, self.as_of), key="health.retention")
        st.caption(
            "Temporal deletes a closed history after its retention. What is read by then is kept here; time left is how"
            " long nothing may be read before the first is lost."
        )

    def budget(self) -> None:
        """How fast each source was asked, and how fast it may be."""
        st.header("Budget used", anchor=False)
        rows = self._asked("speed", source_facts.speed)
        components.table(health_lists.budgets(rows, self.service.config), key="health.budget")
        st.caption("A round shorter than a second counts as one. Set limits by requests_per_second in the config.")

    def rounds(self) -> None:
        """The newest rounds, and what went wrong."""
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header("Last rounds", anchor=False, width="content")
            shown = st.segmented_control(
                "Rounds",
                list(SHOWN),
                format_func=lambda name: SHOWN[name],
                key=address.seed(ROUNDS, list(SHOWN), "all"),
                on_change=address.write,
                args=(ROUNDS, "all"),
                required=True,
                label_visibility="collapsed",
            )
        failed = shown == "failed"
        st.markdown(health_lists.failures(self._asked("speed", source_facts.speed)))
        rows = self._asked(
            f"rounds {failed}", lambda con, as_of: source_facts.last_rounds(con, as_of, only_failed=failed)
        )
        if rows:
            components.table(health_lists.rounds(rows), key="health.rounds")
        else:
            st.markdown("No round has failed." if failed else "No round has ended yet.")

    def reconciliation(self) -> None:
        """Runs here against runs there, run by run, when somebody asks for it."""
        st.header("Run by run", anchor=False)
        st.markdown(
            "Compares the runs that are open, and the numbers of those that closed by day and status, here and in"
            " Temporal, and names those that differ. Nothing is changed."
        )
        names = sources(self.service.config)
        if not names:
            st.markdown("The config names no Temporal source.")
        for name in names:
            with card(name):
                self._compared(name)

    def _compared(self, source: str) -> None:
        key = f"health.compare.{source}"
        if st.button(wording.plain(f"Compare {source}"), icon=":material/compare_arrows:", key=key):
            with st.spinner("Asking Temporal"):
                COMPARISONS.compare(self.service, source, datetime.now(UTC))
        last = COMPARISONS.last(self.service, source)
        if last is None:
            return
        say = st.markdown if last.found.error is None else st.error
        say(wording.plain(health_lists.compared(last.found)))
        st.caption(f"Compared at {wording.clock(last.at, zone())}")
        if last.found.differences:
            components.table(health_lists.differences(last.found.differences), key=f"{key}.rows")

    def conservation(self) -> None:
        """Whether the stays of every item sum to its age."""
        st.header("Conservation", anchor=False)
        st.markdown("The stays of every item must follow each other without gap or overlap and sum to its age.")
        at = CHECKED.at(self.service, datetime.now(UTC))
        rows = ANSWERS.get((self.service.identity, "conservation", at), self._uneven)
        if rows:
            st.error(f"{health_lists.unsound(len(rows))} This is a fault of Streamgauge: please report it.")
            components.table(health_lists.uneven(rows), key="health.uneven")
        else:
            st.markdown(":green[✓] Every item adds up.")
        st.caption(f"Checked at {wording.clock(at, zone())}, and every 5 minutes while somebody looks")

    def _uneven(self) -> Rows:
        with self.service.warehouse.reading() as con:
            return uneven_items(con)

    def _asked(self, name: str, ask: Callable[[Any, datetime], Rows]) -> Rows:
        def rows() -> Rows:
            with self.service.warehouse.reading() as con:
                return ask(con, self.as_of)

        return ANSWERS.get((self.service.identity, self.service.data_version, name, self.as_of), rows)


def _side_by_side(parts: Sequence[tuple[str, Callable[[], None]]]) -> None:
    for column, (name, part) in zip(st.columns(len(parts)), parts, strict=True):
        with column, st.container(border=True, height="stretch"), card(name):
            part()


def dictionary() -> None:
    """What every documented table and each of its columns is."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header("Data dictionary", anchor=False, width="content")
            name = st.selectbox(
                "Table",
                list(NAMES),
                key=address.seed(TABLE, list(NAMES), NAMES[0]),
                on_change=address.write,
                args=(TABLE, NAMES[0]),
                label_visibility="collapsed",
                width=200,
            )
        view = find_view(str(name))
        st.markdown(wording.plain(view.says))
        components.table(health_lists.dictionary(view), key="health.dictionary")
        screen_link("explore", f"Rows of {view.name}", icon=":material/table_view:", table=view.name)
