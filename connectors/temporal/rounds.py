"""Rounds: what the caller sees of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from connectors.temporal.attributes import Declared, DeclaredPath
from connectors.temporal.connection import Connection
from connectors.temporal.faults import Fault
from connectors.temporal.gathering import Gathering
from connectors.temporal.one_round import OneRound
from connectors.temporal.reading import Reader
from connectors.temporal.watermark import Watermark
from connectors.temporal.work import Work
from warehouse import Batch, KnownRun

Known = Callable[[list[str] | None], Mapping[str, KnownRun]]


@dataclass(frozen=True)
class RoundResult:
    """How a round went.

    is_complete: it read all it set out to read; False when the time limit cut it or something failed. as_of_at: all
    open runs were read at least up to this instant, by our clock; None when that cannot be said. watermark: where the
    next round goes on; None to stay. past_until_at: closed runs that closed before this instant are still to be read;
    None when the past was read. requests and throttled: asked, and refused for limits. runs_changed: runs that were new
    or changed. open_there: open runs by Temporal's own count. error: what went wrong, None when nothing did.
    """

    started_at: datetime
    ended_at: datetime
    is_complete: bool
    as_of_at: datetime | None = None
    watermark: str | None = None
    past_until_at: datetime | None = None
    requests: int = 0
    throttled: int = 0
    runs_changed: int = 0
    open_there: int | None = None
    error: str | None = None
    retention_seconds: int | None = None


def utc_now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)


async def read_round(
    connection: Connection,
    *,
    known: Known,
    watermark: str | None,
    declared: Iterable[DeclaredPath] = (),
    clock: Callable[[], datetime] = utc_now,
    limit_seconds: float | None = None,
) -> AsyncIterator[Batch | RoundResult]:
    """Read what is new: batches of bounded size, then one RoundResult, whatever Temporal does in between.

    Write each batch, in one transaction, before taking the next. A caller that dies between two batches, or leaves the
    loop, loses nothing and doubles nothing: the next round goes on from what `known` says. `known(run_ids)` gives what
    the warehouse holds of these runs, `known(None)` of all that are open or not read to their end (warehouse.known_runs
    of the source); it is called while the caller waits for the next part, never while it writes one. `watermark` is
    what the last RoundResult said.

    limit_seconds bounds the time spent on each part of a round: new and lately closed runs; known open runs, those not
    asked after for longest first; runs that closed long ago, newest first. What is left is left to the next round. None
    reads everything.

    Raises ConnectorError for a watermark that is not ours, and whatever `known` raises.
    """
    parts: asyncio.Queue[Part] = asyncio.Queue(maxsize=1)
    work = Work(Gathering(parts.put), limit_seconds)
    reader = Reader(connection, Declared(declared), clock)
    ask = partial(_ask, parts)
    one_round = OneRound(connection, reader, work, ask, Watermark.from_text(watermark), clock)
    task = asyncio.create_task(_run(one_round, parts, clock()))
    is_over = False
    try:
        while not is_over:
            part = await _next(parts, task)
            if isinstance(part, Question):
                part.answer.set_result(known(part.run_ids))
                continue
            is_over = isinstance(part, RoundResult)
            yield part
    finally:
        if not is_over:
            connection.memory.forget()  # Rows may not have been kept.
            task.cancel()
            await asyncio.wait([task])


@dataclass(frozen=True)
class Question:
    """What is known of these runs? Asked in line with the batches, so the answer tells of all those before it."""

    run_ids: list[str] | None
    answer: "asyncio.Future[Mapping[str, KnownRun]]"


Part = Batch | RoundResult | Question


async def _ask(parts: "asyncio.Queue[Part]", run_ids: list[str] | None) -> Mapping[str, KnownRun]:
    question = Question(run_ids, asyncio.get_running_loop().create_future())
    await parts.put(question)
    return await question.answer


async def _next(parts: "asyncio.Queue[Part]", task: "asyncio.Task[None]") -> Part:
    """The next part; raises what ended the round without a result."""
    getting = asyncio.create_task(parts.get())
    try:
        await asyncio.wait({getting, task}, return_when=asyncio.FIRST_COMPLETED)
        if not getting.done() and parts.empty():
            task.result()
        return await getting
    finally:
        getting.cancel()


async def _run(one_round: OneRound, parts: "asyncio.Queue[Part]", started_at: datetime) -> None:
    connection, work = one_round.connection, one_round.work
    connection.begin()
    before = replace(connection.budget.asked)
    fault: Fault | None = None
    try:
        await one_round.run()
    except Fault as ended_by:
        fault = ended_by
    await work.gathering.flush()
    asked, mark = connection.budget.asked, one_round.next_mark
    await parts.put(
        RoundResult(
            started_at=started_at,
            ended_at=one_round.clock(),
            is_complete=mark.is_past_read and not work.was_cut and not work.failed and fault is None,
            as_of_at=None if fault else one_round.as_of_at,
            watermark=None if fault else mark.to_text(),
            past_until_at=None if mark.is_past_read else mark.before_at or one_round.listed_at,
            requests=asked.requests - before.requests,
            throttled=asked.throttled - before.throttled,
            runs_changed=len(work.gathering.changed),
            open_there=one_round.open_there,
            error=_error(connection, work, fault),
            retention_seconds=connection.memory.retention_seconds,
        )
    )


def _error(connection: Connection, work: Work, fault: Fault | None) -> str | None:
    if fault is not None:
        return str(fault.as_error(connection.where))
    if work.failed:
        _, first = work.failed[0]
        return f"Temporal at {connection.where}: {len(work.failed)} run(s) could not be read; the first: {first}."
    return connection.codec_fault
