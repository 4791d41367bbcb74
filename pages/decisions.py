"""Decisions: what waits for an answer, and how answers are made."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame
from app.ui.asking import STEADY_STEP
from app.ui.decisions.page import asking_now, nothing_declared, persons_are_hidden
from app.ui.states import NO_STREAM

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)


def body() -> None:
    """All that changes with the data."""
    if stream is None:
        frame.say([NO_STREAM])
        return
    if not stream.decisions:
        frame.say([nothing_declared(stream)])
        return
    is_hidden = persons_are_hidden()
    with asking_now(running, stream, chosen, datetime.now(UTC), is_hidden=is_hidden) as page:
        page.trust_strip()
        if page.sentences():
            for name, part in (
                ("Headline figures", page.figures),
                ("Waiting for an answer", page.open_questions),
                ("How each decision is made", page.by_decision),
            ):
                with frame.card(name):
                    part()
            page.tabs()


frame.live(body, key="decisions", refreshes=chosen.refreshes, every=STEADY_STEP.total_seconds())
