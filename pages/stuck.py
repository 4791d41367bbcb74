"""Stuck: what does not move, the one thing behind it, and since when."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame, stuck

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)


def body() -> None:
    """All that changes with the data."""
    if stream is None:
        frame.say([stuck.NO_STREAM])
        return
    with stuck.asking_now(running, stream, chosen, datetime.now(UTC)) as page:
        page.trust_strip()
        with frame.card("Stuck work"):
            page.sentences()
            page.board()


frame.live(body, key="stuck", refreshes=chosen.refreshes)
stuck.open_asked(running, stream)
