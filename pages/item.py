"""Item: everything about one: what it waits for, what happened to it, and what it says of itself."""

from datetime import UTC, datetime

from app import service
from app.ui import filters, frame
from app.ui.item import page as item
from app.ui.item import questions
from app.ui.states import NO_STREAM

chosen = filters.chosen()
running = service.current()
stream = filters.stream_of(running, chosen)
name = item.named()


def body() -> None:
    """All that changes with the data."""
    if stream is None or name is None:
        frame.say([item.NO_NAME if stream else NO_STREAM])
        return
    with item.asking_now(running, stream, chosen, name, datetime.now(UTC)) as page:
        page.trust_strip()
        if not page.found:
            page.unknown()
            return
        for title, part in page.parts():
            with frame.card(title):
                part()


if stream is not None and name is not None:
    with frame.card("Nudge"), item.asking_now(running, stream, chosen, name, datetime.now(UTC)) as page:
        if page.found:
            page.nudge()
frame.live(body, key="item", refreshes=chosen.refreshes)
if stream is not None and name is not None:
    with frame.card("Ask the workflow"), item.asking_now(running, stream, chosen, name, datetime.now(UTC)) as page:
        if page.found:
            questions.draw(running, page.status, chosen)
