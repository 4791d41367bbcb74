"""The parts of the Explore page: choose rows, cut them, look at them, draw them, take them along."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import streamlit as st

import metrics
from app import downloads
from app.answers import STREAMLESS, Ask
from app.export_text import COLUMN, FILTER, GROUP, MEASURE, SORT, filter_from
from app.exports import METRIC, TABLE, Extract, Wish, extracting, stamp
from app.extract_files import MEDIA_TYPES
from app.service import Service
from app.ui import address, charts, url, wording
from app.ui.explore import pickers, view
from app.ui.explore.pickers import BY, DRAWN, X, Y
from app.ui.explore.view import PAGE_ROWS
from app.ui.links import open_screen
from app.ui.url import Filters
from metrics import segment_names
from value_stream import Stream
from warehouse.selecting import Selection
from warehouse.views import NAMES

WINDOW, OPENED = "window", "explore.opened"
USUAL_METRIC, USUAL_WINDOW = "open_items", "30d"
FORMATS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
# On a phone two pickers share a row.
STYLE = """<style>@media (max-width:640px) {
:is(.st-key-explore-cut, .st-key-explore-chart, .st-key-explore-what) > .stElementContainer
  {flex:0 1 calc(50% - .5rem)!important;min-width:0!important}
.st-key-explore-cut > [data-testid=stLayoutWrapper] {flex-basis:100%!important}
}</style>"""
assert set(FORMATS) == set(MEDIA_TYPES)


@dataclass(frozen=True)
class Explorer:
    """One run of the page."""

    service: Service
    stream: Stream | None
    chosen: Filters
    as_of: datetime

    def wish(self) -> Wish:
        """What the address asks for. Raises AskError for a filter that says nothing."""
        kind, name = self._relation()
        where = [f"{key.removeprefix(url.WHERE)}={value}" for key, value in _where()]
        stream = None if self.stream is None else self.stream.stream
        ask = Ask(name, stream)
        if kind == METRIC:
            window = (address.value(WINDOW) or USUAL_WINDOW) if metrics.find(name).needs_window else None
            of_stream = None if name in STREAMLESS else stream
            ask = Ask(name, of_stream, stamp(self.as_of), window, tuple(where), tuple(pickers.several(BY)))
        sort = address.value(SORT) or ""
        return Wish(
            kind,
            name,
            ask,
            Selection(
                columns=tuple(pickers.several(COLUMN)),
                filters=tuple(filter_from(text) for text in pickers.several(FILTER)),
                group=tuple(pickers.several(GROUP)),
                measure=address.value(MEASURE),
                sort=sort.removeprefix("-") or None,
                is_descending=sort.startswith("-"),
            ),
        )

    def _relation(self) -> tuple[str, str]:
        table = address.value(TABLE)
        if table in NAMES:
            return TABLE, str(table)
        named = address.value(METRIC)
        known = [metric.name for metric in metrics.ALL]
        return METRIC, str(named) if named in known else USUAL_METRIC

    def pick(self) -> None:
        """Draw what there is to choose from."""
        kind, name = self._relation()
        options = view.relations()
        st.html(STYLE)
        with st.container(horizontal=True, vertical_alignment="bottom", key="explore-what"):
            st.session_state["explore.what"] = f"{kind}.{name}"
            st.selectbox(
                "Rows of",
                list(options),
                format_func=lambda option: options[option],
                key="explore.what",
                on_change=pickers.go_to_relation,
                width=330,
            )
            if kind == METRIC:
                self._metric_pickers(name)

    def _metric_pickers(self, name: str) -> None:
        if metrics.find(name).needs_window:
            lengths = list(dict.fromkeys([*url.PERIODS, "all"]))
            named = address.value(WINDOW)
            options = lengths if named in (None, *lengths) else [*lengths, str(named)]
            st.selectbox(
                "Window",
                options,
                key=address.seed(WINDOW, options, USUAL_WINDOW),
                on_change=address.write,
                args=(WINDOW, USUAL_WINDOW),
                width=140,
            )
        if self.stream is not None and name not in STREAMLESS:
            pickers.several_of("Split by", BY, segment_names(self.stream), 260)

    def cut(self, extract: Extract) -> None:
        """Draw filters, groups, columns and order, all of what the rows have."""
        names = [name for name, _ in extract.columns]
        selection = extract.wish.selection
        with st.container(horizontal=True, vertical_alignment="bottom", key="explore-cut"):
            pickers.filters(names, extract.kinds, selection.filters)
            pickers.several_of("Group by", GROUP, names, 240)
            if selection.group:
                numbers = [name for name in names if extract.kinds[name] == "number"]
                pickers.one("Sum up", MEASURE, numbers, 190)
            else:
                pickers.several_of("Columns", COLUMN, names, 240)
            pickers.order(list(extract.asked.columns))
        pickers.active_filters(selection.filters)

    def rows(self, extract: Extract) -> None:
        """One page of the rows, and what each column is."""
        table = extract.table()
        skip = (pickers.page_number() - 1) * PAGE_ROWS
        st.markdown(wording.plain(view.where_we_are(extract, table.num_rows, skip)))
        if extract.wish.kind == TABLE and self.chosen.as_of is not None:
            st.markdown("Tables hold all that is known now. The instant above is asked of metrics alone.")
        if not table.num_rows:
            st.info(wording.plain(view.why_nothing(extract)), icon=":material/filter_alt_off:")
            return
        meanings = dict(extract.columns)
        st.dataframe(
            view.frame(table),
            key=f"explore.rows.{skip}",
            hide_index=True,
            lazy=False,
            column_config=view.column_config(extract.asked.columns, extract.kinds, meanings, opened=OPENED),
            height="content" if table.num_rows <= view.MOST_SHOWN else view.TALLEST,
            alt=f"{table.num_rows} rows of {extract.title}",
        )
        self._open_item(table)
        pages = -(-extract.rows // PAGE_ROWS)
        if pages > 1:
            st.session_state["explore.page"] = min(pickers.page_number(), pages)
            st.pagination(pages, key="explore.page", on_change=pickers.write_page)

    def _open_item(self, table: pa.Table) -> None:
        """Go to the item whose name was clicked: by its name, for its row may have moved since it was drawn."""
        clicked = st.session_state.get(OPENED)
        if clicked is None:
            return
        stream = view.stream_of(table, clicked["label"])
        open_screen("item", item=clicked["label"], **({url.STREAM: stream} if stream else {}))

    def take_along(self, extract: Extract) -> None:
        """Links to all the rows, to this page of them, and to everything there is."""
        wish, shown = extract.wish, min(extract.rows, PAGE_ROWS)
        st.header("Take along", anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", key="explore-files"):
            for format, words in FORMATS.items():
                link = "." + downloads.link(self.service, wish, format)
                st.link_button(f"{words}: all {wording.count(extract.rows)}", link, icon=":material/download:")
            if extract.rows > shown:
                skip = (pickers.page_number() - 1) * PAGE_ROWS
                link = "." + downloads.link(self.service, wish, "csv", most=PAGE_ROWS, skip=skip)
                st.link_button("CSV: this page", link, icon=":material/download:")
            manifest = "." + downloads.link(self.service, wish, downloads.MANIFEST)
            st.link_button("What they are", manifest, icon=":material/description:", help=MANIFEST_HELP)
            whole = "." + downloads.snapshot_link(self.service)
            st.link_button("All tables (DuckDB)", whole, icon=":material/database:", help=SNAPSHOT_HELP)

    def draw(self, extract: Extract) -> None:
        """One chart of the rows on this page."""
        names = list(extract.asked.columns)
        numbers = view.number_columns(extract)
        if not numbers or extract.rows == 0:
            return
        with st.expander("Chart", expanded=address.value(X) is not None, icon=":material/insert_chart:"):
            with st.container(horizontal=True, key="explore-chart"):
                pickers.one("Across", X, names, 220)
                pickers.one("Up", Y, numbers, 220)
                pickers.one("Drawn as", DRAWN, ["bars", "line", "dots"], 140)
            x, y = address.value(X), address.value(Y)
            if x in names and y in numbers:
                words = view.words_of(str(y), extract)
                figure = view.figure(extract.table(), str(x), str(y), address.value(DRAWN) or "bars", words=words)
                charts.chart(figure, key="explore.chart", alt=f"{words} by {x}, {extract.title}")


MANIFEST_HELP = (
    "As of when, which filters, the definition and its version, how many rows, how fresh each source is, and the link "
    "that shows them again. Excel and Parquet carry it inside."
)
SNAPSHOT_HELP = (
    "Every documented table as one DuckDB file, to query with any tool. Its columns carry their meaning as comments."
)


def extracting_page(explorer: Explorer, wish: Wish, now: datetime) -> AbstractContextManager[Extract]:
    """The page's rows, in one read transaction."""
    skip = (pickers.page_number() - 1) * PAGE_ROWS
    service = explorer.service
    return extracting(service.warehouse, service.streams, wish, now=now, most=PAGE_ROWS, skip=skip)


def _where() -> list[tuple[str, str]]:
    given = [(name, address.value(name)) for name in st.query_params if name.startswith(url.WHERE)]
    return sorted((name, value) for name, value in given if value is not None)
