"""Data health: how far every figure on the other pages can be trusted."""

from datetime import UTC, datetime

import streamlit as st

from app import service
from app.ui import data_health, filters, frame, sources

chosen = filters.chosen()
running = service.current()

st.markdown("How far each source is read, what it was asked, and whether its own count agrees with ours.")


def body() -> None:
    """All that changes with the data."""
    with sources.asking_now(running, chosen, datetime.now(UTC)) as page:
        page.trust_strip()
        with frame.card("Sources"):
            page.figures()
            page.table()
        data_health.HealthParts(running, page.as_of).draw()


frame.live(body, key="health", refreshes=chosen.refreshes)
with frame.card("Data dictionary"):
    data_health.dictionary()
sources.meanings()
