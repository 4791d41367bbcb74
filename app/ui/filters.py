"""The filters above every page. What is chosen stands in the URL; what stands in the URL is checked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from app.service import Service
from app.ui import url, wording
from app.ui.asking import LIVE, asking
from app.ui.url import Filters
from app.ui.viewer import zone
from metrics import Question, find, segment_names
from value_stream import Stream

_KEPT = "streamgauge filters"
AGO = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}


def chosen() -> Filters:
    """What the viewer chose, for the page that is running; the usual ones where no filters were drawn."""
    kept = st.session_state.get(_KEPT)
    return kept if isinstance(kept, Filters) else Filters()


def stream_of(service: Service, filters: Filters) -> Stream | None:
    """The chosen stream, else the first; None where no stream file is in force."""
    named = [stream for stream in service.streams if stream.stream == filters.stream]
    return next(iter([*named, *service.streams]), None)


def draw(service: Service, title: str, *, is_flow: bool) -> Filters:
    """Draw the page's title with the bar beside it, and keep what is chosen for the page.

    Pages without a flow have no stream, window or filter.
    """
    now = datetime.now(UTC)
    as_of = url.instant_of(st.query_params.get(url.AS_OF), now)
    with st.container(key="top", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        heading = st.empty()
        with st.container(key="filters", horizontal=True, vertical_alignment="center", gap="small", width="content"):
            filters = _flow_filters(service, as_of, now) if is_flow else Filters(as_of=as_of)
            _as_of_picker(as_of, now)
            is_live = st.toggle("Live", True, key=url.LIVE, bind="query-params", disabled=as_of is not None)
    stream = stream_of(service, filters) if is_flow else None
    heading.title(wording.plain(f"{stream.title} · {title}" if stream else title), anchor=False, width="content")
    filters = replace(filters, as_of=as_of, is_live=is_live)
    st.session_state[_KEPT] = filters
    return filters


def _flow_filters(service: Service, as_of: datetime | None, now: datetime) -> Filters:
    stream = _stream_picker(service)
    if stream is None:
        return Filters()
    window = st.segmented_control(
        "Window of moves, arrivals and departures",
        list(url.WINDOWS),
        default=url.USUAL_WINDOW,
        key=url.WINDOW,
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    where = _where_picker(service, stream, as_of or LIVE.at(service, now))
    return Filters(stream.stream, window=str(window), where=where)


def _stream_picker(service: Service) -> Stream | None:
    if len(service.streams) < 2:
        return next(iter(service.streams), None)
    titles = {stream.stream: stream.title for stream in service.streams}
    name = st.selectbox(
        "Stream",
        list(titles),
        format_func=lambda name: titles[name],
        key=url.STREAM,
        bind="query-params",
        width=220,
        label_visibility="collapsed",
    )
    return next(stream for stream in service.streams if stream.stream == name)


def split_picker(stream: Stream) -> str:
    """Draw the choice of what to split by, beside what it splits."""
    names = [name for name in segment_names(stream) if name not in ("stage", "lane")]
    options = ["wait", *(name for name in names if name != "wait")]
    picked = st.selectbox("Split by", options, key=url.BY, bind="query-params", width=160, label_visibility="collapsed")
    return str(picked)


def _where_picker(service: Service, stream: Stream, at: datetime) -> tuple[tuple[str, str], ...]:
    segments = [path.rsplit(".", 1)[-1] for path in stream.item.segments]
    if not segments:
        return ()
    named = [(segment, st.query_params.get(url.WHERE + segment)) for segment in segments]
    active = [f"{segment} = {value}" for segment, value in named if value]
    label = "Filter: " + ", ".join(active) if active else "Filter"
    with st.popover(wording.plain(label), icon=":material/filter_alt:"):
        picked = [(segment, _value_picker(service, stream, at, segment, value)) for segment, value in named]
        st.button("Clear", on_click=clear_where, args=(segments,), disabled=not active, icon=":material/close:")
    return tuple((segment, value) for segment, value in picked if value is not None)


def _value_picker(service: Service, stream: Stream, at: datetime, segment: str, named: str | None) -> str | None:
    with asking(service, stream, Question(as_of=at)) as ask:
        seen = [row[segment] for row in ask(find("in_flight"), by=(segment,))]
    return st.selectbox(
        wording.plain(segment),
        url.values_with(sorted(set(seen)), named),
        index=None,
        placeholder="Any",
        key=url.WHERE + segment,
        bind="query-params",
    )


def clear_where(segments: Sequence[str]) -> None:
    """Take the filters on these segments off."""
    for segment in segments:
        st.session_state[url.WHERE + segment] = None


def _as_of_picker(as_of: datetime | None, now: datetime) -> None:
    label = f"As of {as_of.astimezone(zone()):%d %b %H:%M}" if as_of else "As of now"
    with st.popover(label, icon=":material/history:"):
        st.markdown("Everything on the page as it was at that instant.")
        with st.container(horizontal=True):
            for text, ago in AGO.items():
                st.button(f"{text} ago", key=f"ago.{text}", on_click=_go_to, args=(now - ago,))
        st.datetime_input(
            "Instant",
            (as_of or now).astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0),
            key="as_of.instant",
            step=timedelta(minutes=1),
            on_change=_go_to_chosen,
        )
        st.button("Back to now", key="as_of.now", on_click=_go_to, args=(None,), disabled=as_of is None)


def _go_to_chosen() -> None:
    naive = st.session_state["as_of.instant"]
    _go_to(None if naive is None else naive.replace(tzinfo=zone()))


def _go_to(instant: datetime | None) -> None:
    if instant is None:
        st.query_params.pop(url.AS_OF, None)
    else:
        st.query_params[url.AS_OF] = url.text_of(instant)
