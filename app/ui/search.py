"""Find an item from any page: its whole name opens it; for a part of a name the open items that have it are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.screens import Screen
from app.service import Service
from app.ui import address, frame, url, wording
from app.ui.asking import LIVE, asking
from app.ui.item.words import long_duration
from app.ui.links import open_screen, screen_link
from metrics import Question, find
from value_stream import Stream

STATUS, OPEN = find("item_status"), find("open_items")
MOST = 8
_ASKED, _OPENED = "search.asked", "search.opened"


@dataclass(frozen=True)
class Hit:
    """An item that the text may mean. name: its business key, else its workflow id. words: the item, for people."""

    stream: str
    name: str
    words: str


@dataclass(frozen=True)
class Found:
    """What was looked for. exact: items of that very name. partly: open ones that have it in theirs.

    Those come first that have been longest in their stage.
    """

    text: str
    exact: tuple[Hit, ...]
    partly: tuple[Hit, ...]


def draw(service: Service, screen: Screen, instant: datetime | None, now: datetime) -> None:
    """Draw the popover. instant: the past one that is shown, if any; what was not there then is not found."""
    if not service.streams:
        return
    at = instant or LIVE.at(service, now)
    if asked := st.session_state.pop(_ASKED, None):
        with frame.card("Find"):
            _open_if_exact(look_for(asked, service, at))
    # On another page it is another popover, which is closed. After an item was opened it is another input: the browser
    # still has the text in the one before, and would ask for the same with every click.
    opened = st.session_state.get(_OPENED, 0)
    here = f"{opened}.{screen.name}.{address.value(url.ITEM)}"
    listed, typed = f"search.listed.{here}", f"search.typed.{here}"
    if asked:
        st.session_state[listed] = asked
    with st.popover("Find", icon=":material/search:", key=f"search.{here}"):
        st.text_input("Business key, workflow id or run id", key=typed, on_change=_ask, args=(typed, opened))
        if listed in st.session_state:
            with frame.card("Find"):
                _list(look_for(st.session_state[listed], service, at))


def look_for(text: str, service: Service, at: datetime) -> Found:
    """The items of all streams that `text` may mean as of `at`: by their whole name, else by a part of it."""
    exact = tuple(hit for stream in service.streams for hit in _exact(text, service, stream, at))
    partly = () if exact else tuple(hit for stream in service.streams for hit in _partly(text, service, stream, at))
    return Found(text, exact, partly)


def _open_if_exact(found: Found) -> None:
    if len(found.exact) == 1:
        st.session_state[_OPENED] = st.session_state.get(_OPENED, 0) + 1
        open_screen("item", **_given(found.exact[0]))


def _exact(text: str, service: Service, stream: Stream, at: datetime) -> Iterator[Hit]:
    with asking(service, stream, Question(as_of=at)) as ask:
        rows = ask(STATUS, where=((url.ITEM, text),))
    for row in rows[:1]:  # the open and newest first; the page itself says that there are more
        where = "open" if row["closed_at"] is None else row["ended"]
        yield Hit(stream.stream, text, f"{stream.item.name.capitalize()} {row['item']}, {where}")


def _partly(text: str, service: Service, stream: Stream, at: datetime) -> Iterator[Hit]:
    part = text.casefold()
    with asking(service, stream, Question(as_of=at)) as ask:
        rows = [row for row in ask(OPEN) if part in f"{row['item']}\n{row['workflow_id']}".casefold()]
    for row in sorted(rows, key=lambda row: (-row["stay_seconds"], row["run_id"])):
        stay = long_duration(row["stay_seconds"])
        words = f"{stream.item.name.capitalize()} {row['item']}, {row['title'] or row['stage']} for {stay}"
        yield Hit(stream.stream, row["item"] or row["workflow_id"], words)


def _list(found: Found) -> None:
    hits = found.exact or found.partly
    for hit in hits[:MOST]:
        screen_link("item", wording.plain(hit.words), icon=":material/arrow_forward:", **_given(hit))
    if len(hits) > MOST:
        st.caption(wording.plain(f"{wording.count(len(hits) - MOST)} more have {found.text!r} in their name."))
    if not hits:
        st.markdown(wording.plain(f"Nothing has the name {found.text!r}, and no open item has it in its name."))


def _ask(typed: str, opened: int) -> None:
    # Until the item's page is whole, a click still brings the text that has opened it: asked again, it would open the
    # page again and lose the click.
    if opened < st.session_state.get(_OPENED, 0):
        return
    st.session_state[_ASKED] = st.session_state[typed].strip()[: url.LONGEST]
    st.session_state[typed] = ""


def _given(hit: Hit) -> dict[str, str]:
    return {url.ITEM: hit.name, url.STREAM: hit.stream}
