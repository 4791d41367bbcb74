"""Gather what is read into batches of bounded size, in the order in which it was read."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from connectors.temporal.histories import Row
from connectors.temporal.reading import Chunk
from warehouse import batch


@dataclass(frozen=True)
class Size:
    """How much of each kind a batch holds."""

    events: int
    runs: int
    samples: int


# Writing a batch costs some hundred milliseconds before its first event: worth it now and then to show what came, but
# not for every second of reading. What waits in memory is at most three batches: gathered, handed over, being written.
ENOUGH = Size(events=2_000, runs=200, samples=2_000)  # To be handed over, if none was for a while.
FULL = Size(events=20_000, runs=2_000, samples=20_000)  # To be handed over whatever came before.
ENOUGH_AFTER_SECONDS = 5.0


def table(rows: Sequence[Row], schema: pa.Schema) -> pa.Table:
    """Rows as a table; a column left out of a row is null."""
    whole = cast(pa.StructArray, pa.array(rows, type=pa.struct(schema)))  # One pass, not one for each column.
    return pa.Table.from_batches([pa.RecordBatch.from_struct_array(whole)], schema=schema)


class Gathering:
    """Takes chunks and hands over batches; waits while they are not taken, so memory stays bounded.

    Where much waits to be read, batches are large, because each costs the same before its first event; what comes
    slowly is handed over in small ones. `clock` says how many seconds went by.
    """

    def __init__(
        self, hand_over: Callable[[batch.Batch], Awaitable[None]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.changed: set[str] = set()
        self._hand_over = hand_over
        self._clock = clock
        self._turn = asyncio.Lock()
        self._handed_over_at = clock()
        self._clear()

    def _clear(self) -> None:
        self._runs: dict[str, Row] = {}
        self._events: list[Row] = []
        self._attributes: list[Row] = []
        self._pending: list[Row] = []
        self._queues: list[Row] = []

    async def add(self, chunk: Chunk) -> None:
        """Take what was learned of one run. The later row of a run replaces the earlier."""
        if chunk.run is not None:
            self._runs[chunk.run["run_id"]] = chunk.run
            self.changed.add(chunk.run["run_id"])
        self._events += chunk.rows.events
        self._attributes += chunk.rows.attributes
        self._pending += chunk.pending
        if self._is_due():
            async with self._turn:  # One at a time: a later row of a run must not overtake an earlier one.
                if self._is_due():
                    await self._hand_over_all()

    def add_queue(self, row: Row) -> None:
        """Take a sample of a task queue."""
        self._queues.append(row)

    async def flush(self) -> None:
        """Hand over what is left."""
        async with self._turn:
            if self._runs or self._events or self._attributes or self._pending or self._queues:
                await self._hand_over_all()

    def _is_due(self) -> bool:
        has_waited = self._clock() - self._handed_over_at >= ENOUGH_AFTER_SECONDS
        return self._reaches(ENOUGH) and (has_waited or self._reaches(FULL))

    def _reaches(self, size: Size) -> bool:
        return (
            len(self._events) >= size.events
            or len(self._runs) >= size.runs
            or len(self._pending) + len(self._attributes) >= size.samples
        )

    async def _hand_over_all(self) -> None:
        full = batch.Batch(
            runs=table(list(self._runs.values()), batch.RUNS),
            events=table(self._events, batch.EVENTS),
            attributes=table(self._attributes, batch.ATTRIBUTES),
            pending=table(self._pending, batch.PENDING),
            task_queues=table(self._queues, batch.TASK_QUEUES),
        )
        self._clear()
        await self._hand_over(full)
        self._handed_over_at = self._clock()
