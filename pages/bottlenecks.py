"""Bottlenecks: where time and money go, and what changed."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame
from app.ui.asking import STEADY_STEP
from app.ui.bottlenecks import style
from app.ui.bottlenecks.page import asking_now, is_paper
from app.ui.bottlenecks.parts import Parts
from app.ui.states import NO_STREAM

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)
style.add(is_paper=is_paper())


def body() -> None:
    """All that changes with the data."""
    if stream is None:
        frame.say([NO_STREAM])
        return
    with asking_now(running, stream, chosen, datetime.now(UTC)) as page:
        page.trust_strip()
        if page.sentences():
            page.above_the_fold()
            Parts(page).tabs(is_whole=is_paper())


frame.live(body, key="bottlenecks", refreshes=chosen.refreshes, every=STEADY_STEP.total_seconds())
