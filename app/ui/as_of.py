"""The bar that goes back to any instant: then, now, or the difference between them. It stands in the address."""

from datetime import datetime, timedelta

import streamlit as st

from app.ui import address, url
from app.ui.viewer import zone

AGO = {"15m": timedelta(minutes=15), "1h": timedelta(hours=1), "1d": timedelta(days=1), "7d": timedelta(days=7)}
SHOWN = (url.THEN, url.NOW, url.DIFFERENCE)
_PICKED, _WRITTEN = "as_of.instant", "as_of.written"


def draw(now: datetime) -> tuple[datetime | None, str | None]:
    """Draw the bar; gives the past instant that was chosen, and which of SHOWN is to be seen."""
    then = url.instant_of(address.value(url.AS_OF), now)
    if then is None and url.AS_OF in st.query_params:
        address.fault(url.AS_OF, "no instant of the past, such as 2026-11-22T14:30:00Z; shown is now")
    label = f"As of {then.astimezone(zone()):%d %b %H:%M}" if then else "As of now"
    with st.popover(label, icon=":material/history:"):
        _picker(then, now)
    if then is None:
        return None, None
    shows = st.segmented_control(
        "Show the figures of then, of now, or how they differ",
        SHOWN,
        key=address.seed(url.SHOWS, SHOWN, url.THEN),
        on_change=address.write,
        args=(url.SHOWS, url.THEN),
        required=True,
        label_visibility="collapsed",
    )
    return then, str(shows)


def _picker(then: datetime | None, now: datetime) -> None:
    st.markdown("Everything on the page as it was at that instant.")
    with st.container(horizontal=True):
        for text, ago in AGO.items():
            st.button(f"{text} ago", key=f"ago.{text}", on_click=_go_to, args=(now - ago,))
    st.session_state[_PICKED] = _local(then or now)
    st.datetime_input("Instant, in your time", key=_PICKED, step=timedelta(minutes=1), on_change=_go_to_picked)
    text = st.session_state[_WRITTEN] = address.value(url.AS_OF) or ""
    st.text_input("The same in UTC", key=_WRITTEN, placeholder="2026-11-22T14:30:00Z", on_change=_go_to_written)
    if text and then is None:
        st.error("That is no instant of the past. Write it like 2026-11-22T14:30:00Z.")
    st.button("Back to now", key="as_of.now", on_click=_go_to, args=(None,), disabled=not text)


def _go_to_picked() -> None:
    picked = st.session_state[_PICKED]
    _go_to(None if picked is None else picked.replace(tzinfo=zone()))


def _go_to_written() -> None:
    address.put(url.AS_OF, st.session_state[_WRITTEN].strip() or None)


def _go_to(instant: datetime | None) -> None:
    address.put(url.AS_OF, url.text_of(instant) if instant else None)
    if instant is None:
        address.put(url.SHOWS, None)


def _local(instant: datetime) -> datetime:
    return instant.astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0)
