"""Stream: the drawn stream against the real one."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame
from app.ui.asking import STEADY_STEP
from app.ui.states import NO_STREAM
from app.ui.stream.page import asking_now

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)


def body() -> None:
    """All that changes with the data."""
    if stream is None:
        frame.say([NO_STREAM])
        return
    with asking_now(running, stream, chosen, datetime.now(UTC)) as page:
        page.trust_strip()
        page.parts()


frame.live(body, key="stream", refreshes=chosen.refreshes, every=STEADY_STEP.total_seconds())
