"""Explore & export: any metric or table as rows, cut as wished, drawn once, and taken along."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame
from app.ui.asking import LIVE
from app.ui.explore.page import Explorer, extracting_page

chosen = filters.chosen()
running = service.current()
now = datetime.now(UTC)
explorer = Explorer(running, filters.stream_of(running, chosen), chosen, chosen.as_of or LIVE.at(running, now))

explorer.pick()
with frame.card("Rows"), extracting_page(explorer, explorer.wish(), now) as extract:
    explorer.cut(extract)
    explorer.rows(extract)
    explorer.take_along(extract)
    explorer.draw(extract)
