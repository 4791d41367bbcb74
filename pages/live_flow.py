"""Live flow: what is in flight right now, where it piles up, and what is late."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, flow, frame

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)


def body() -> None:
    """All that changes with the data."""
    if stream is None:
        frame.say([flow.NO_STREAM])
        return
    with flow.asking_now(running, stream, chosen, datetime.now(UTC)) as page:
        page.trust_strip()
        page.sentences()
        with frame.card("Headline figures"):
            page.headline()
        with frame.card("Value stream map"):
            page.map()
        with frame.card("What changed"):
            page.changes()
        with frame.card("Open items"):
            page.items()
        with frame.card("Split"):
            page.split()


frame.live(body, key="flow", refreshes=chosen.refreshes)
