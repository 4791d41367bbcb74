"""Saved views, above every page: keep the present address under a name, open those of the team, mend one's own."""

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from app.errors import PageStoreError
from app.page_store import PageStore, View
from app.screens import Screen, has_screen, screen
from app.ui import wording
from app.ui.address import VIEW
from app.ui.viewer import Viewer, viewer

_NAME, _CHOSEN, _NEW_NAME, _SAID = "views.name", "views.chosen", "views.new-name", "views.said"


def draw(store: PageStore, here: Screen) -> None:
    """Draw the popover with all views."""
    who = viewer()
    with st.popover("Views", icon=":material/bookmarks:"):
        if said := st.session_state.pop(_SAID, None):
            st.error(wording.plain(said))
        try:
            views = [view for view in store.views() if has_screen(view.screen)]
        except PageStoreError as error:
            st.error(wording.plain(str(error)))
            return
        _list(views, who)
        st.text_input("Name", key=_NAME, placeholder="Monday meeting", max_chars=80)
        st.button("Save this view", icon=":material/bookmark_add:", on_click=_save, args=(store, here, who))
        own = [view for view in views if view.owner == who.name or who.is_admin]
        if own:
            _mend(store, own, who)


def _list(views: list[View], who: Viewer) -> None:
    if not views:
        st.markdown("A view is this page as it is set now, under a name that everybody sees here.")
    for view in views:
        owner = "" if view.owner == who.name else f" · {view.owner}"
        given = {**dict(parse_qsl(view.address)), VIEW: str(view.view_id)}
        here = screen(view.screen)
        label = wording.plain(f"{view.name} · {here.title}{owner}")
        st.page_link(here.file, label=label, icon=f":material/{here.icon}:", query_params=given)


def _mend(store: PageStore, own: list[View], who: Viewer) -> None:
    names = {view.view_id: view for view in own}
    with st.expander("Rename or delete"):
        st.selectbox("View", list(names), key=_CHOSEN, format_func=lambda key: names[key].name if key in names else "")
        st.text_input("New name", key=_NEW_NAME, max_chars=80)
        with st.container(horizontal=True):
            st.button("Rename", on_click=_rename, args=(store, names, who), icon=":material/edit:")
            st.button("Delete", on_click=_delete, args=(store, names, who), icon=":material/delete:")


def _save(store: PageStore, here: Screen, who: Viewer) -> None:
    address = urlencode({name: value for name, value in st.query_params.to_dict().items() if name != VIEW})
    name = st.session_state[_NAME]
    _try(lambda: store.save(name, who.name, here.name, address, datetime.now(UTC)), _NAME)


def _rename(store: PageStore, names: dict[int, View], who: Viewer) -> None:
    view = names[st.session_state[_CHOSEN]]
    _try(lambda: store.rename(view, st.session_state[_NEW_NAME], who.name, is_admin=who.is_admin), _NEW_NAME)


def _delete(store: PageStore, names: dict[int, View], who: Viewer) -> None:
    _try(lambda: store.delete(names[st.session_state[_CHOSEN]], who.name, is_admin=who.is_admin), _NEW_NAME)


def _try(deed: Callable[[], None], emptied: str) -> None:
    """Do it and empty the field that was filled for it, or keep what went wrong to be said by the next run."""
    try:
        deed()
    except PageStoreError as error:
        st.session_state[_SAID] = str(error)
    else:
        st.session_state[emptied] = ""
