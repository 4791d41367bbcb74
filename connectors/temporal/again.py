"""Read whole histories once more, for values that nobody had declared when they were read first."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from connectors.temporal.attributes import Declared, DeclaredPath
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from connectors.temporal.gathering import Gathering
from connectors.temporal.histories import History, Rows
from connectors.temporal.reading import Chunk
from connectors.temporal.rounds import utc_now
from connectors.temporal.streaming import streamed
from connectors.temporal.work import Job, Work
from warehouse import Batch, KeptRun

GRACE = timedelta(days=1)  # Temporal deletes some hours after the retention ended, not at its second.


@dataclass(frozen=True)
class AgainResult:
    """How reading again went.

    runs: read to where they had been read before. gone: Temporal does not have them any more; what was kept of them
    stays as it was. failed: could not be read. requests and throttled: asked, and refused for limits. error: what went
    wrong, None when nothing did.
    """

    runs: int
    gone: int
    failed: int
    requests: int
    throttled: int
    error: str | None = None


Part = Batch | AgainResult


async def read_again(
    connection: Connection,
    *,
    runs: Iterable[KeptRun],
    declared: Iterable[DeclaredPath],
    clock: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Part]:
    """Batches of nothing but attributes of these runs, by the paths that are declared now; last an AgainResult.

    Write each batch before taking the next, as with `read_round`; within the same budget. `runs` are those of
    warehouse.runs_of_items: events that were not read yet are left to the rounds, runs past the namespace's retention
    are not asked for. Ending in the middle loses nothing: reading again from the start writes the same rows.
    """
    parts: AsyncIterator[Part] = streamed(partial(_produce, connection, list(runs), Declared(declared), clock))
    async for part in parts:
        yield part


async def _produce(
    connection: Connection,
    runs: list[KeptRun],
    declared: Declared,
    clock: Callable[[], datetime],
    put: Callable[[Part], Awaitable[None]],
) -> None:
    before = replace(connection.budget.asked)
    work, fault = Work(Gathering(put)), None
    connection.begin()
    there: list[KeptRun] = []
    try:
        there = await _still_there(connection, runs, clock())
        await work.do(Job(run.workflow_id, run.run_id, partial(_read, connection, run, declared)) for run in there)
    except Fault as ended_by:
        fault = ended_by
    await work.gathering.flush()
    lost = sum(failure.is_gone for _, failure in work.failed)
    failed = [failure for _, failure in work.failed if not failure.is_gone]
    first = fault or next(iter(failed), None)
    asked = connection.budget.asked
    await put(
        AgainResult(
            runs=len(work.done) - len(work.failed) - (fault is not None),
            gone=lost + (len(runs) - len(there) if fault is None else 0),
            failed=len(failed),
            requests=asked.requests - before.requests,
            throttled=asked.throttled - before.throttled,
            error=connection.codec_fault if first is None else str(first.as_error(connection.where)),
        )
    )


async def _still_there(connection: Connection, runs: list[KeptRun], now: datetime) -> list[KeptRun]:
    """Those that Temporal may still have, open ones first, then the newest."""
    answer = await connection.describe_namespace()
    retention = timedelta(seconds=answer.config.workflow_execution_retention_ttl.seconds)
    kept_from = now - retention - GRACE if retention else None
    there = [run for run in runs if run.closed_at is None or kept_from is None or run.closed_at >= kept_from]
    return sorted(there, key=lambda run: (run.closed_at is not None, -run.started_at.timestamp()))


async def _read(connection: Connection, run: KeptRun, declared: Declared) -> AsyncIterator[Chunk]:
    history, token = History(run.run_id, declared), b""
    while history.next_event_id < run.next_event_id:
        events, token = await connection.history_page(run.workflow_id, run.run_id, token)
        events = [event for event in events if event.event_id < run.next_event_id]
        if connection.codec is not None:
            await connection.codec.open(history.payloads(events))
        rows = history.read(events)
        yield Chunk(rows=Rows(attributes=rows.attributes))
        if not token or not events:
            return
