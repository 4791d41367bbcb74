"""The parts of the Explore page: choose rows, cut them, look at them, draw them, take them along."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

import metrics
from app import downloads
from app.answers import STREAMLESS, Ask
from app.export_text import COLUMN, FILTER, GROUP, MEASURE, SORT, filter_from
from app.exports import METRIC, TABLE, Extract, Wish, extracting, filter_text, stamp
from app.extract_files import MEDIA_TYPES
from app.service import Service
from app.ui import address, charts, explore_view, url, wording
from app.ui.explore_view import PAGE_ROWS
from app.ui.url import Filters
from metrics import segment_names
from value_stream import Stream
from warehouse.selecting import OPERATORS, Filter, Kind, Selection
from warehouse.views import NAMES

BY, WINDOW, PAGE, X, Y, DRAWN = "by", "window", "part", "x", "y", "drawn"
USUAL_METRIC, USUAL_WINDOW = "open_items", "30d"
OF_ONE_RELATION = (FILTER, GROUP, MEASURE, SORT, COLUMN, PAGE, X, Y, DRAWN, BY)
FORMATS = {"csv": "CSV", "xlsx": "Excel", "parquet": "Parquet"}
assert set(FORMATS) == set(MEDIA_TYPES)
WORDS_OF_OPERATORS = {"~": "contains", "empty": "is empty", "filled": "is filled"}


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
            ask = Ask(name, of_stream, stamp(self.as_of), window, tuple(where), tuple(several(BY)))
        sort = address.value(SORT) or ""
        return Wish(
            kind,
            name,
            ask,
            Selection(
                columns=tuple(several(COLUMN)),
                filters=tuple(filter_from(text) for text in several(FILTER)),
                group=tuple(several(GROUP)),
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
        options = explore_view.relations()
        with st.container(horizontal=True, vertical_alignment="bottom", key="explore-what"):
            st.session_state["explore.what"] = f"{kind}.{name}"
            st.selectbox(
                "Rows of",
                list(options),
                format_func=lambda option: options[option],
                key="explore.what",
                on_change=_go_to_relation,
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
            _several_picker("Split by", BY, segment_names(self.stream), 260)

    def cut(self, extract: Extract) -> None:
        """Draw filters, groups, columns and order, all of what the rows have."""
        names = [name for name, _ in extract.columns]
        selection = extract.wish.selection
        with st.container(horizontal=True, vertical_alignment="bottom", key="explore-cut"):
            _filter_picker(names, extract.kinds, selection.filters)
            _several_picker("Group by", GROUP, names, 240)
            if selection.group:
                numbers = [name for name in names if extract.kinds[name] == "number"]
                _one_picker("Sum up", MEASURE, numbers, 190)
            else:
                _several_picker("Columns", COLUMN, names, 240)
            _sort_picker(list(extract.asked.columns))
        _active_filters(selection.filters)

    def rows(self, extract: Extract) -> None:
        """One page of the rows, and what each column is."""
        table = extract.table()
        skip = (page_number() - 1) * PAGE_ROWS
        st.markdown(wording.plain(explore_view.where_we_are(extract, table.num_rows, skip)))
        if not table.num_rows:
            st.info(wording.plain(explore_view.why_nothing(extract)), icon=":material/filter_alt_off:")
            return
        meanings = dict(extract.columns)
        st.dataframe(
            explore_view.frame(table),
            key=f"explore.rows.{skip}",
            hide_index=True,
            lazy=False,
            column_config=explore_view.column_config(extract.asked.columns, extract.kinds, meanings),
            height=min(38 + 35 * table.num_rows, 620),
            alt=f"{table.num_rows} rows of {extract.title}",
        )
        pages = -(-extract.rows // PAGE_ROWS)
        if pages > 1:
            st.session_state["explore.page"] = min(page_number(), pages)
            st.pagination(pages, key="explore.page", on_change=_write_page)

    def take_along(self, extract: Extract) -> None:
        """Links to all the rows, to this page of them, and to everything there is."""
        wish, shown = extract.wish, min(extract.rows, PAGE_ROWS)
        st.header("Take along", anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", key="explore-files"):
            for format, words in FORMATS.items():
                link = "." + downloads.link(self.service, wish, format)
                st.link_button(f"{words}: all {wording.count(extract.rows)}", link, icon=":material/download:")
            if extract.rows > shown:
                skip = (page_number() - 1) * PAGE_ROWS
                link = "." + downloads.link(self.service, wish, "csv", most=PAGE_ROWS, skip=skip)
                st.link_button("CSV: this page", link, icon=":material/download:")
            manifest = "." + downloads.link(self.service, wish, downloads.MANIFEST)
            st.link_button("What they are", manifest, icon=":material/description:", help=MANIFEST_HELP)
            whole = "." + downloads.snapshot_link(self.service)
            st.link_button("All tables (DuckDB)", whole, icon=":material/database:", help=SNAPSHOT_HELP)

    def draw(self, extract: Extract) -> None:
        """One chart of the rows on this page."""
        names = list(extract.asked.columns)
        numbers = explore_view.number_columns(extract)
        if not numbers or extract.rows == 0:
            return
        with st.expander("Chart", expanded=address.value(X) is not None, icon=":material/insert_chart:"):
            with st.container(horizontal=True, key="explore-chart"):
                _one_picker("Across", X, names, 220)
                _one_picker("Up", Y, numbers, 220)
                _one_picker("Drawn as", DRAWN, ["bars", "line", "dots"], 140)
            x, y = address.value(X), address.value(Y)
            if x in names and y in numbers:
                figure = explore_view.figure(extract.table(), str(x), str(y), address.value(DRAWN) or "bars")
                charts.chart(figure, key="explore.chart", alt=f"{y} by {x}, {extract.title}")


MANIFEST_HELP = (
    "As of when, which filters, the definition and its version, how many rows, how fresh each source is, and the link "
    "that shows them again. Excel and Parquet carry it inside."
)
SNAPSHOT_HELP = (
    "Every documented table as one DuckDB file, to query with any tool. Its columns carry their meaning as comments."
)


def extracting_page(explorer: Explorer, wish: Wish, now: datetime) -> AbstractContextManager[Extract]:
    """The page's rows, in one read transaction."""
    skip = (page_number() - 1) * PAGE_ROWS
    service = explorer.service
    return extracting(service.warehouse, service.streams, wish, now=now, most=PAGE_ROWS, skip=skip)


def several(name: str) -> list[str]:
    """Every value of a parameter that may be repeated; what is longer than anybody means is left out."""
    return [text for text in st.query_params.get_all(name) if text and len(text) <= url.LONGEST]


def page_number() -> int:
    """The page asked for, from 1."""
    text = address.value(PAGE) or "1"
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def _where() -> list[tuple[str, str]]:
    given = [(name, address.value(name)) for name in st.query_params if name.startswith(url.WHERE)]
    return sorted((name, value) for name, value in given if value is not None)


def _go_to_relation() -> None:
    kind, _, name = str(st.session_state["explore.what"]).partition(".")
    for parameter in (*OF_ONE_RELATION, METRIC, TABLE):
        st.query_params.pop(parameter, None)
    st.query_params[kind] = name


def _one_picker(label: str, name: str, options: Sequence[str], width: int) -> None:
    st.selectbox(
        label,
        list(options),
        index=None,
        placeholder="–",  # noqa: RUF001 - an en dash reads as "nothing chosen"
        key=address.seed(name, options, None),
        on_change=_write_one,
        args=(name,),
        width=width,
    )


def _several_picker(label: str, name: str, options: Sequence[str], width: int) -> None:
    key = f"explore.{name}"
    st.session_state[key] = [text for text in several(name) if text in options]
    st.multiselect(label, list(options), key=key, on_change=_write_several, args=(name,), width=width, placeholder="–")  # noqa: RUF001


def _sort_picker(names: Sequence[str]) -> None:
    chosen = address.value(SORT) or ""
    options = [option for name in names for option in (name, f"-{name}")]
    st.session_state["explore.sort"] = chosen if chosen in options else None
    st.selectbox(
        "Sort by",
        options,
        index=None,
        format_func=lambda option: f"{option[1:]}, greatest first" if option.startswith("-") else option,
        placeholder="–",  # noqa: RUF001
        key="explore.sort",
        on_change=_write_sort,
        width=240,
    )


def _filter_picker(names: Sequence[str], kinds: dict[str, Kind], active: Sequence[Filter]) -> None:
    label = f"Filter rows: {len(active)}" if active else "Filter rows"
    with st.popover(label, icon=":material/filter_alt:"), st.form("explore.filter", border=False, clear_on_submit=True):
        column = st.selectbox("Column", list(names), key="explore.filter.column")
        operator = st.selectbox(
            "Is", OPERATORS, format_func=lambda each: WORDS_OF_OPERATORS.get(each, each), key="explore.filter.operator"
        )
        kind = kinds.get(str(column), "text")
        value = st.text_input("Value", key="explore.filter.value", help=explore_view.VALUE_HELP[kind])
        if st.form_submit_button("Add") and column and operator:
            wanted = filter_text(Filter(column, operator, value))
            _write_filters([*(filter_text(each) for each in active), wanted])
            st.rerun()


def _active_filters(active: Sequence[Filter]) -> None:
    if not active:
        return
    texts = [filter_text(each) for each in active]
    with st.container(horizontal=True, key="explore-filters"):
        for index, text in enumerate(texts):
            rest = [*texts[:index], *texts[index + 1 :]]
            st.button(
                wording.plain(text),
                key=f"explore.off.{index}",
                icon=":material/close:",
                on_click=_write_filters,
                args=(rest,),
                help="Take this filter off",
            )


def _write_filters(texts: Sequence[str]) -> None:
    _put_several(FILTER, texts)


def _write_one(name: str) -> None:
    address.write(name, None)
    _first_page()


def _write_several(name: str) -> None:
    _put_several(name, st.session_state[f"explore.{name}"])


def _write_sort() -> None:
    address.put(SORT, st.session_state["explore.sort"])
    _first_page()


def _write_page() -> None:
    number = int(st.session_state["explore.page"])
    address.put(PAGE, None if number == 1 else str(number))


def _put_several(name: str, texts: Sequence[str]) -> None:
    if texts:
        st.query_params[name] = list(texts)
    else:
        st.query_params.pop(name, None)
    _first_page()


def _first_page() -> None:
    st.query_params.pop(PAGE, None)
