"""Ask Temporal about one run: for the plan, and again just before the act."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from temporalio.api.history.v1 import HistoryEvent

from actions.errors import NotEligible
from actions.seen import Seen, closed_words, seen_in
from actions.target import Target
from actions.verb import Action, Look
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from value_stream import Stream


async def look_at(connection: Connection, target: Target, stream: Stream, run_id: str = "") -> Look:
    """The run that now goes by the target's workflow id; with `run_id` just that one, whatever followed it.

    Raises NotEligible when Temporal does not know it any more, ConnectorError when it cannot be asked.
    """
    try:
        # Without a run id it is the newest: were it asked for by id, one that was reset would look merely closed.
        answer = await connection.describe_run(target.workflow_id, run_id)
    except Fault as fault:
        if fault.is_gone:
            raise NotEligible("Temporal does not know it any more.") from fault
        raise fault.as_error(connection.where) from fault
    seen = seen_in(answer, datetime.now(UTC))
    return Look(target, stream, seen, partial(read_events, connection, target.workflow_id, seen))


async def read_events(connection: Connection, workflow_id: str, seen: Seen) -> Sequence[HistoryEvent]:
    """The run's history as far as it had come when it was described. Raises ConnectorError."""
    events: list[HistoryEvent] = []
    token = b""
    try:
        while not events or events[-1].event_id < seen.history_length:
            page, token = await connection.history_page(workflow_id, seen.run_id, token)
            events += [event for event in page if event.event_id <= seen.history_length]
            if not token or not page:
                break
    except Fault as fault:
        raise fault.as_error(connection.where) from fault
    return events


def why_not(action: Action, run_id: str, seen: Seen) -> str | None:
    """Why the verb cannot be meant for what the workflow id stands for now; None when it can."""
    if seen.run_id != run_id:
        return f"It goes on in another run now ({seen.run_id}): reset, continued or started again."
    if action.needs_open and not seen.is_open:
        return f"It has closed: {closed_words(seen)}."
    return None


def what_changed(before: Seen, now: Seen) -> str | None:
    """What is newer than the plan, in one sentence; None when the run is as it was.

    Attempts of a step that is tried again leave no event and change nothing: it still waits for the same.
    """
    if before.run_id != now.run_id:
        return f"It goes on in another run now ({now.run_id}): reset, continued or started again."
    if before.is_open and not now.is_open:
        return f"It has closed meanwhile: {closed_words(now)}."
    if before.history_length != now.history_length:
        count = now.history_length - before.history_length
        return f"It has moved on since the plan: {count} new event{'s' if count > 1 else ''}."
    if before.wait != now.wait or before.is_paused != now.is_paused:
        return "It waits for something else than when it was planned."
    return None
