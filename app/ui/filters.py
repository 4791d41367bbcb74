"""The filters above every page. What is chosen stands in the URL; what stands in the URL is checked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import streamlit as st

from app.screens import Screen
from app.service import Service
from app.ui import address, as_of, search, url, views, wording
from app.ui.asking import LIVE, asking
from app.ui.url import Filters
from metrics import Question, find, segment_names
from value_stream import Stream

_KEPT = "streamgauge filters"


def chosen() -> Filters:
    """What the viewer chose, for the page that is running; the usual ones where no filters were drawn."""
    kept = st.session_state.get(_KEPT)
    return kept if isinstance(kept, Filters) else Filters()


def stream_of(service: Service, filters: Filters) -> Stream | None:
    """The chosen stream, else the first; None where no stream file is in force."""
    named = [stream for stream in service.streams if stream.stream == filters.stream]
    return next(iter([*named, *service.streams]), None)


def draw(service: Service, screen: Screen) -> Filters:
    """Draw the page's title with the bar beside it, and keep what is chosen for the page."""
    now = datetime.now(UTC)
    address.bring_along(screen.name, _names(service, screen))
    with st.container(key="top", horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        heading = st.empty()
        with st.container(key="filters", horizontal=True, vertical_alignment="center", gap="small", width="content"):
            narrowing = st.container(horizontal=True, vertical_alignment="center", gap="small", width="content")
            looking = st.container(width="content")
            then, shows = as_of.draw(now)
            instant, compares = url.showing(then, shows)
            with looking:
                search.draw(service, screen, instant, now)
            is_live = _live_toggle(disabled=instant is not None)
            views.draw(service.page_store, screen)
            with narrowing:
                filters = _flow_filters(service, screen, instant, now) if screen.has_stream else Filters()
    stream = stream_of(service, filters) if screen.has_stream else None
    title = f"{stream.title} · {screen.title}" if stream else screen.title
    heading.title(wording.plain(title), anchor=False, width="content")
    filters = replace(filters, as_of=instant, is_live=is_live, then=then, compares=compares)
    st.session_state[_KEPT] = filters
    return filters


def _names(service: Service, screen: Screen) -> list[str]:
    """Parameters of what stands above this page."""
    every = [url.AS_OF, url.SHOWS, url.LIVE]
    if not screen.has_stream:
        return every
    segments = {segment for stream in service.streams for segment in _segments(stream)}
    return [*every, url.STREAM, *([screen.window] if screen.window else []), *(url.WHERE + name for name in segments)]


def _live_toggle(*, disabled: bool) -> bool:
    said = address.value(url.LIVE)
    st.session_state[url.LIVE] = said != "false"
    if said not in (None, "true", "false"):
        address.fault(url.LIVE, "neither true nor false; the page is live")
    return st.toggle("Live", key=url.LIVE, disabled=disabled, on_change=_write_live)


def _write_live() -> None:
    address.put(url.LIVE, None if st.session_state[url.LIVE] else "false")


def _segments(stream: Stream) -> list[str]:
    return [path.rsplit(".", 1)[-1] for path in stream.item.segments]


def _flow_filters(service: Service, screen: Screen, instant: datetime | None, now: datetime) -> Filters:
    stream = _stream_picker(service)
    if stream is None:
        return Filters()
    for kind in url.CHOICES:
        if kind in st.query_params and screen.window not in ("", kind):
            address.fault(kind, f"this page has no {kind}, but a {screen.window}")
    window = _window_picker(screen.window) if screen.window else url.USUAL_WINDOW
    where = () if screen.is_of_one else _where_picker(service, stream, instant or LIVE.at(service, now))
    return Filters(stream.stream, window=window, where=where)


def _window_picker(kind: str) -> str:
    options, usual, label = url.CHOICES[kind]
    picked = st.segmented_control(
        label,
        list(options),
        key=address.seed(kind, list(options), usual),
        on_change=address.write,
        args=(kind, usual),
        required=True,
        label_visibility="collapsed",
    )
    return str(picked)


def _stream_picker(service: Service) -> Stream | None:
    if len(service.streams) < 2:
        only = next(iter(service.streams), None)
        if only is not None and address.value(url.STREAM) not in (None, only.stream):
            address.fault(url.STREAM, f"no stream of that name is in force; shown is {only.stream}")
        return only
    titles = {stream.stream: stream.title for stream in service.streams}
    usual = service.streams[0].stream
    name = st.selectbox(
        "Stream",
        list(titles),
        format_func=lambda name: titles[name],
        key=address.seed(url.STREAM, list(titles), usual),
        on_change=address.write,
        args=(url.STREAM, usual),
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
    segments = _segments(stream)
    for name in st.query_params:
        if name.startswith(url.WHERE) and name.removeprefix(url.WHERE) not in segments:
            known = f"it has {', '.join(segments)}" if segments else "it has none"
            address.fault(name, f"{stream.title} has no segment of that name, {known}; nothing is left out by it")
    if not segments:
        return ()
    named = [(segment, address.value(url.WHERE + segment)) for segment in segments]
    active = [f"{segment} = {value}" for segment, value in named if value]
    label = "Filter: " + ", ".join(active) if active else "Filter"
    with st.popover(wording.plain(label), icon=":material/filter_alt:"):
        picked = [(segment, _value_picker(service, stream, at, segment, value)) for segment, value in named]
        st.button("Clear", on_click=clear_where, args=(segments,), disabled=not active, icon=":material/close:")
    return tuple((segment, value) for segment, value in picked if value is not None)


def _value_picker(service: Service, stream: Stream, at: datetime, segment: str, named: str | None) -> str | None:
    with asking(service, stream, Question(as_of=at)) as ask:
        seen = [row[segment] for row in ask(find("in_flight"), by=(segment,))]
    options, name = url.values_with(sorted(set(seen)), named), url.WHERE + segment
    return st.selectbox(
        wording.plain(segment),
        options,
        index=None,
        placeholder="Any",
        key=address.seed(name, options, None),
        on_change=address.write,
        args=(name, None),
    )


def clear_where(segments: Sequence[str]) -> None:
    """Take the filters on these segments off."""
    for segment in segments:
        address.put(url.WHERE + segment, None)
