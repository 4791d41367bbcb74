"""Choosing on the Explore page: each picker shows what the address says, and writes to it what is chosen."""

from collections.abc import Sequence

import streamlit as st

from app.export_text import COLUMN, FILTER, GROUP, MEASURE, SORT
from app.exports import METRIC, TABLE, filter_text
from app.ui import address, url, wording
from app.ui.explore import view
from warehouse.selecting import OPERATORS, Filter, Kind

BY, PAGE, X, Y, DRAWN = "by", "part", "x", "y", "drawn"
OF_ONE_RELATION = (FILTER, GROUP, MEASURE, SORT, COLUMN, PAGE, X, Y, DRAWN, BY)
WORDS_OF_OPERATORS = {"~": "contains", "empty": "is empty", "filled": "is filled"}


def several(name: str) -> list[str]:
    """Every value of a parameter that may be repeated; what is longer than anybody means is left out."""
    return [text for text in st.query_params.get_all(name) if text and len(text) <= url.LONGEST]


def page_number() -> int:
    """The page asked for, from 1."""
    text = address.value(PAGE) or "1"
    if text.isdecimal() and len(text) < 7 and int(text) > 0:
        return int(text)
    address.fault(PAGE, "no number of a page; shown is the first")
    return 1


def go_to_relation() -> None:
    kind, _, name = str(st.session_state["explore.what"]).partition(".")
    for parameter in (*OF_ONE_RELATION, METRIC, TABLE):
        st.query_params.pop(parameter, None)
    st.query_params[kind] = name


def one(label: str, name: str, options: Sequence[str], width: int) -> None:
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


def several_of(label: str, name: str, options: Sequence[str], width: int) -> None:
    key = f"explore.{name}"
    st.session_state[key] = [text for text in several(name) if text in options]
    st.multiselect(label, list(options), key=key, on_change=_write_several, args=(name,), width=width, placeholder="–")  # noqa: RUF001


def order(names: Sequence[str]) -> None:
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


def filters(names: Sequence[str], kinds: dict[str, Kind], active: Sequence[Filter]) -> None:
    label = f"Filter rows: {len(active)}" if active else "Filter rows"
    with st.popover(label, icon=":material/filter_alt:"), st.form("explore.filter", border=False, clear_on_submit=True):
        column = st.selectbox("Column", list(names), key="explore.filter.column")
        operator = st.selectbox(
            "Is", OPERATORS, format_func=lambda each: WORDS_OF_OPERATORS.get(each, each), key="explore.filter.operator"
        )
        kind = kinds.get(str(column), "text")
        value = st.text_input("Value", key="explore.filter.value", help=view.VALUE_HELP[kind])
        if st.form_submit_button("Add") and column and operator:
            wanted = filter_text(Filter(column, operator, value))
            _write_filters([*(filter_text(each) for each in active), wanted])
            st.rerun()


def active_filters(active: Sequence[Filter]) -> None:
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


def write_page() -> None:
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
