"""Demo: the trouble that is planted in the demo's company, with a switch for each."""

import streamlit as st

from app import service
from app.ui import demo, filters, frame

chosen = filters.chosen()
running = service.current()

st.markdown("This company is invented, and so is its trouble. Turn it on and off, and see it come and go.")
frame.live(lambda: demo.switches(running.config), key="demo", refreshes=chosen.refreshes)
