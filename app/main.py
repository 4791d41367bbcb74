"""The pages' shell: names the pages, draws the filters, runs the page that was chosen."""

from pathlib import Path

import streamlit as st

from app import service
from app.ui import filters, frame

PAGES = Path(__file__).parents[1] / "pages"
ICON = Path(__file__).with_name("icon.png")

st.set_page_config(page_title="Streamgauge", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")
page = st.navigation(
    [
        st.Page(PAGES / "live_flow.py", title="Live flow", icon=":material/water:", default=True),
        st.Page(PAGES / "data_health.py", title="Data health", icon=":material/monitor_heart:", url_path="data-health"),
    ],
    position="top",
)
frame.style()
filters.draw(service.current(), page.title, is_flow=page.title == "Live flow")
page.run()
