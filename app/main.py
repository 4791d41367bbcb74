"""The pages' shell: names the pages, draws the filters, runs the page that was chosen."""

from pathlib import Path

import streamlit as st

from app import service, users
from app.screens import SCREENS
from app.ui import address, filters, frame

ICON = Path(__file__).with_name("icon.png")

st.set_page_config(page_title="Streamgauge", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")
pages = {
    screen.name: st.Page(
        screen.file,
        title=screen.title,
        icon=f":material/{screen.icon}:",
        url_path=screen.path or None,
        default=not screen.path,
        visibility="hidden" if screen.is_hidden else "visible",
    )
    for screen in SCREENS
    if not screen.is_for_demo or service.current().config.demo is not None
}
page = st.navigation(list(pages.values()), position="top")
frame.style()
users.require(service.current().config)
filters.draw(service.current(), next(screen for screen in SCREENS if pages.get(screen.name) == page))
told = st.empty()
page.run()
with told:
    address.tell_faults()
